"""Suggestions: `rnnlab new` looks at someone's data and writes a first configuration for it.

It gives `commands/new.py` the survey of the data, the choices made from it, and the YAML file.
"""

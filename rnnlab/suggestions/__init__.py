"""Suggestions: `rnnlab new` reads the user's data and writes a first configuration for this data.

`commands/new.py` gets from here the survey of the data, the settings chosen for the data, and the YAML file.
"""

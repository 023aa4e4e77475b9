"""The configuration: one YAML file, as frozen pydantic models, one module for each section.

It gives every other room a checked `Experiment`, and an error with line and column where a file is wrong.
"""

"""The configuration: the sections of a YAML file as frozen pydantic models, and their reader and writer.

It gives every other room a checked `Experiment`, or an error with file, line and column.
"""

"""The configuration: the sections of a YAML file as frozen pydantic models, and their reader and writer.

The reader returns a checked `Experiment`, or raises a `ConfigError` that names file, line and column.
"""

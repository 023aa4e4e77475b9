"""The configuration: the sections of a YAML file as frozen pydantic models, and their reader and writer.

The reader returns a checked `Experiment`, or raises a `ConfigError` that names the place of each fault: file,
line and column, or the `--set` that is wrong.
"""

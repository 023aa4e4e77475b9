"""The Python interface: functions and a `Run` class that train, resume, measure, generate and export.

`rnnlab/__init__.py` lists its names; a notebook shows a `Run` as HTML.
"""

"""The Python interface: it does what the commands do, as functions and a `Run` class.

`rnnlab/__init__.py` lists its names; a notebook shows a `Run` as HTML.
"""

"""The Python interface: what the command line does, as functions; `rnnlab/__init__.py` lists it."""

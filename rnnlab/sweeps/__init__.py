"""Sweeps: a search for good settings of a configuration, with Optuna.

`search.py` makes a study or goes on with it, `results.py` reads one, and `suggested.py` chooses the space for
someone's own file.
"""

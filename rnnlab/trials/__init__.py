"""Many trainings: the trials of a comparison, of a cross-validation or of a sweep, in worker processes.

The trials of a study stand in a database: an SQLite file, or a PostgreSQL server for processes on several
machines. `runner.py` is the door for a fixed list of trials, `crew.py` for any study.
"""

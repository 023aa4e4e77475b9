"""Music: note text, and the formats in which tunes are read and written.

This package gives a `Tune` or tokens of note text to the other packages. None of its modules uses a model.
"""

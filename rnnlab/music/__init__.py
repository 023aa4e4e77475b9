"""Music: note text, and the formats in which tunes are read and written.

This room gives a `Tune` or tokens of note text to the other rooms. None of its modules uses a network.
"""

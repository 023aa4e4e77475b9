"""Music: note text, and the formats in which tunes are read and written.

It gives the other rooms a `Tune` or tokens of note text; it knows nothing of networks.
"""

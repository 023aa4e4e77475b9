"""ABC, the note text of folk music (abcnotation.com, standard 2.1): tunes read from it and written in it.

`read_abc` gives the tunes of a collection, `write_abc` a collection of one tune. What the reader does not
support is refused by line and column; nothing is guessed.
"""

from rnnlab.music.abc.collection import read_abc
from rnnlab.music.abc.writer import write_abc

__all__ = ["read_abc", "write_abc"]

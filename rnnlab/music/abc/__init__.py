"""ABC, the text format of folk music (abcnotation.com, standard 2.1): reading and writing of tunes.

`read_abc` gives the tunes of a file, and `write_abc` the text of a file with one tune. Where the reader does
not support a symbol, the error names its line and column; the reader guesses nothing.
"""

from rnnlab.music.abc.collection import read_abc
from rnnlab.music.abc.writer import write_abc

__all__ = ["read_abc", "write_abc"]

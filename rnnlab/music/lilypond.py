r"""Tunes as LilyPond files: note text is the body of a `\fixed c' { … }` block, and here is the rest.

A note that lasts over a bar line is not divided; write `rnnlab convert song.notes song.svg` for that.
"""

from rnnlab.music.duration import spell_duration
from rnnlab.music.notation import spell
from rnnlab.music.tune import Tune

_EVENTS_A_LINE = 16
_FILE = r"""\version "2.24.0"
\score {
  \fixed c' {
%s
  }
  \layout { }
  \midi { }
}
"""


def write_lilypond(tune: Tune) -> bytes:
    """A file that LilyPond engraves, and makes MIDI of; its tempo is a whole number, as LilyPond's are."""
    words = [spell(note) for note in tune.notes]
    lines = [
        " ".join(words[begin : begin + _EVENTS_A_LINE]) for begin in range(0, len(words), _EVENTS_A_LINE)
    ]
    said = []
    if tune.key:
        said.append(rf"\key {tune.key.tonic} \{tune.key.mode}")
    if tune.meter:
        said.append(rf"\time {tune.meter}")
    if tune.pickup:
        said.append(rf"\partial {spell_duration(tune.pickup)}")
    if tune.tempo is not None:
        said.append(rf"\tempo 4 = {round(tune.tempo)}")
    return (_FILE % "\n".join(f"    {line}" for line in (*said, *lines))).encode()

"""Tunes as files, by their extension: note text, MIDI, scores and sound."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from rnnlab.errors import DataError
from rnnlab.music.abc import write_abc
from rnnlab.music.files import NOTE_TEXT
from rnnlab.music.kern_writer import write_kern
from rnnlab.music.lilypond import write_lilypond
from rnnlab.music.meter import Meter
from rnnlab.music.midi import write_midi
from rnnlab.music.musicxml_writer import write_musicxml
from rnnlab.music.score import engrave, png_of
from rnnlab.music.sound import wav_of
from rnnlab.music.tune import Tune, tune_text

_WRITERS: dict[str, Callable[[Tune], bytes]] = {
    ".mid": write_midi,
    ".midi": write_midi,
    ".ly": write_lilypond,
    ".svg": lambda tune: engrave(tune).encode(),
    ".png": lambda tune: png_of(engrave(tune)),
    ".wav": wav_of,
    ".abc": write_abc,
    ".musicxml": write_musicxml,
    ".xml": write_musicxml,
    ".krn": write_kern,
}
WRITTEN = (*NOTE_TEXT, *_WRITERS)
"""The extensions; a file of the first two holds several tunes, one of any other a single one."""


def written(
    tunes: Sequence[Tune], suffix: str, *, tempo: float | None = None, meter: Meter | None = None
) -> bytes:
    """The content of a file: note text with a tune a line, or one tune in another format.

    Args:
        tunes: one at least.
        suffix: one of `WRITTEN`.
        tempo: quarter notes a minute, instead of the tunes' own.
        meter: instead of the tunes' own.

    Raises:
        DataError: there are several tunes for a format of one, or the format cannot say them.
    """
    told = [replace(tune, tempo=tempo or tune.tempo, meter=meter or tune.meter) for tune in tunes]
    if suffix in NOTE_TEXT:
        return "".join(f"{tune_text(tune)}\n" for tune in told).encode()
    if len(tunes) > 1:
        raise DataError(f"{len(tunes)} tunes, and a {suffix} file holds one; write them to a .notes file")
    if not told[0].notes:
        raise DataError(f"{told[0].name}: expected at least one note, received none")
    return _WRITERS[suffix](told[0])

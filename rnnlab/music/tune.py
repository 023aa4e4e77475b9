"""A tune: notes, and what note text keeps of a file beside them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from rnnlab.errors import DataError
from rnnlab.music.meter import KeySignature, Meter
from rnnlab.music.notation import Note, parse_notes, parse_token, spell

DEFAULT_TEMPO = 120.0
SLOWEST, FASTEST = 4, 999

_TEMPO = re.compile(r"%[ \t]*tempo[ \t]+([0-9]{1,3}(?:\.[0-9]{1,6})?)[ \t]*$", re.MULTILINE)


@dataclass(frozen=True)
class Tune:
    """The notes of one piece.

    Attributes:
        name: what messages call it: a file, and in a collection the number of the tune.
        notes: its events.
        tempo: quarter notes a minute; None where nothing says it.
        meter: the first time signature; None where nothing says it.
        key: the first key signature; None where nothing says it.
        pickup: length of an incomplete first bar in whole notes; 0 for none.
        left_out: how much of the file is not in the tune, by kind: a plural such as `notes below others`.
        largest_shift: how far the begin of a note was moved at most to lie on the grid, in quarter notes.
        remarks: sentences on what a reader chose, as `voice 1 of 3 (V:soprano)`.
    """

    name: str
    notes: tuple[Note, ...]
    tempo: float | None = None
    meter: Meter | None = None
    key: KeySignature | None = None
    pickup: Fraction = Fraction(0)
    left_out: Mapping[str, int] = field(default_factory=dict)
    largest_shift: float = 0.0
    remarks: tuple[str, ...] = ()


def parse_tune(text: str, *, name: str) -> Tune:
    """The tune of a note text; a comment `% tempo 96` gives its tempo, the first if there are several.

    Raises:
        DataError: something in it is not a note.
    """
    tokens = parse_notes(text, name=name)
    notes = {token: parse_token(token) for token in set(tokens)}
    return Tune(name, tuple(notes[token] for token in tokens), _tempo(text, name))


def tune_text(tune: Tune) -> str:
    """A line of note text, its tempo in a comment at the end: one tune a line stays one tune a line."""
    spelled = {note: spell(note) for note in set(tune.notes)}
    tempo = "" if tune.tempo is None else f" % tempo {round(tune.tempo, 3):.7g}"
    return " ".join(spelled[note] for note in tune.notes) + tempo


def _tempo(text: str, name: str) -> float | None:
    found = _TEMPO.search(text)
    if found is None:
        return None
    if not SLOWEST <= float(found[1]) <= FASTEST:
        raise DataError(f"{name}: expected a tempo of {SLOWEST} to {FASTEST}, received '{found[0]}'")
    return float(found[1])

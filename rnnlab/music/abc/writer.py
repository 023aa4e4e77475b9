"""Tunes written in ABC 2.1.

A tune with a metre is written as a score is: its notes are divided at bar lines into plain and dotted notes,
under its key signature. A tune without a metre has no bars, and each note comes back as it was. Tuplets are
written `(3`, as other programs expect, not as fractions.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from rnnlab.errors import DataError
from rnnlab.music.bars import Group, bars_of, tuplet_of
from rnnlab.music.meter import KeySignature, Meter
from rnnlab.music.notation import Pitch
from rnnlab.music.tune import Tune, held_pitches

_ACCIDENTALS = {-2: "__", -1: "_", 0: "=", 1: "^", 2: "^^"}
_SHARPS = {"isis": "##", "eses": "bb", "is": "#", "es": "b", "": ""}
_MODES = {
    "major": "",
    "minor": "m",
    "ionian": "ion",
    "dorian": "dor",
    "phrygian": "phr",
    "lydian": "lyd",
    "mixolydian": "mix",
    "aeolian": "aeo",
    "locrian": "loc",
}
_UNIT = Fraction(1, 8)
_LARGEST_TUPLET, _TRIPLET = 9, 3
_BARS_A_LINE, _EVENTS_A_LINE = 4, 16


@dataclass(frozen=True)
class _Symbol:
    """A note, chord or rest: its pitches, its written length in whole notes, and its tied pitches."""

    pitches: tuple[Pitch, ...]
    written: Fraction
    held: frozenset[int]


@dataclass(frozen=True)
class _Group:
    """Symbols of a tuplet, so many in the time of `time`; one symbol for no tuplet (1 in the time of 1)."""

    tuplet: int
    time: int
    symbols: tuple[_Symbol, ...]

    @property
    def is_whole(self) -> bool:
        """Whether the group ends where notes without a tuplet may begin."""
        length = sum((symbol.written for symbol in self.symbols), Fraction(0)) * self.time / self.tuplet
        return length.denominator & (length.denominator - 1) == 0


def write_abc(tune: Tune) -> bytes:
    """Return a collection of one tune.

    Raises:
        DataError: it has a tuplet that ABC cannot write, or more bars than a score may have.
    """
    try:
        lines = list(_bars(tune, tune.meter) if tune.meter else _events(tune))
    except DataError as error:
        raise DataError(f"{tune.name}: {error}") from None
    fields = ["X:1", f"T:{_title(tune.name)}", f"M:{tune.meter or 'none'}", f"L:{_UNIT}"]
    if tune.tempo is not None:
        fields.append(f"Q:1/4={round(tune.tempo)}")
    return "\n".join([*fields, f"K:{_key(tune.key)}", *lines, ""]).encode()


def _title(name: str) -> str:
    """The name of the tune without what would end the line or begin a comment."""
    return "".join(letter if letter.isprintable() and letter not in "%\\" else " " for letter in name)


def _key(key: KeySignature | None) -> str:
    if key is None:
        return "none"
    letter, sign = key.tonic[0].upper(), key.tonic[1:]
    return letter + _SHARPS[sign] + _MODES[key.mode]


def _bars(tune: Tune, meter: Meter) -> Iterator[str]:
    """Lines of bars; an accidental is written where neither the key nor the bar says it."""
    bars = [
        _words(map(_group_of, bar), _Accidentals(tune.key)) for bar in bars_of(tune.notes, meter, tune.pickup)
    ]
    for begin in range(0, len(bars), _BARS_A_LINE):
        end = "|]" if begin + _BARS_A_LINE >= len(bars) else "|"
        yield " | ".join(" ".join(words) for words in bars[begin : begin + _BARS_A_LINE]) + f" {end}"


def _events(tune: Tune) -> Iterator[str]:
    """Lines of notes without bars, where every note has its accidental."""
    groups: list[_Group] = []
    for note, held in zip(tune.notes, held_pitches(tune.notes), strict=True):
        tuplet, time = tuplet_of(note.duration)
        symbol = _Symbol(note.pitches, note.duration * tuplet / time, frozenset(held))
        before = groups[-1] if groups else None
        if before and before.tuplet == tuplet > 1 and not before.is_whole:
            groups[-1] = replace(before, symbols=(*before.symbols, symbol))
        else:
            groups.append(_Group(tuplet, time, (symbol,)))
    words = _words(groups, None)
    for begin in range(0, len(words), _EVENTS_A_LINE):
        yield " ".join(words[begin : begin + _EVENTS_A_LINE])


def _group_of(group: Group) -> _Group:
    symbols = tuple(_Symbol(symbol.pitches, symbol.written, symbol.held) for symbol in group.symbols)
    return _Group(group.tuplet, group.time, symbols)


class _Accidentals:
    """Which accidentals hold in a bar.

    Programs differ on whether an accidental holds in other octaves: one is written if either rule needs it.
    """

    def __init__(self, key: KeySignature | None) -> None:
        self._key = key.alterations if key else {}
        self._of_letter: dict[str, int] = {}
        self._of_place: dict[tuple[str, int], int] = {}

    def needed(self, pitch: Pitch) -> bool:
        """Return whether a pitch needs its accidental, which then holds."""
        place, of_key = (pitch.letter, pitch.octave), self._key.get(pitch.letter, 0)
        known = self._of_letter.get(pitch.letter, of_key), self._of_place.get(place, of_key)
        self._of_letter[pitch.letter] = self._of_place[place] = pitch.alteration
        return known != (pitch.alteration, pitch.alteration)


def _words(groups: Iterable[_Group], accidentals: _Accidentals | None) -> list[str]:
    """What is written of each group; with no accidentals given each note has its own."""
    return [_word(group, accidentals) for group in groups]


def _word(group: _Group, accidentals: _Accidentals | None) -> str:
    written = "".join(_symbol(symbol, accidentals) for symbol in group.symbols)
    if group.tuplet == 1:
        return written
    if group.tuplet > _LARGEST_TUPLET:
        raise DataError(
            f"ABC has tuplets of at most {_LARGEST_TUPLET} notes, and it has one of {group.tuplet}; write"
            " simpler durations"
        )
    count = len(group.symbols)
    usual = group.tuplet == count == _TRIPLET
    return (f"({group.tuplet}" if usual else f"({group.tuplet}:{group.time}:{count}") + written


def _symbol(symbol: _Symbol, accidentals: _Accidentals | None) -> str:
    length = str(symbol.written / _UNIT) if symbol.written != _UNIT else ""
    if not symbol.pitches:
        return "z" + length
    tied = [pitch.midi in symbol.held for pitch in symbol.pitches]
    heads = [_head(pitch, accidentals is None or accidentals.needed(pitch)) for pitch in symbol.pitches]
    if len(heads) == 1:
        return heads[0] + length + "-" * tied[0]
    if all(tied):
        return f"[{''.join(heads)}]{length}-"
    return "[" + "".join(head + "-" * held for head, held in zip(heads, tied, strict=True)) + "]" + length


def _head(pitch: Pitch, is_accidental_written: bool) -> str:
    letter = pitch.letter if pitch.octave > 0 else pitch.letter.upper()
    marks = "'" * (pitch.octave - 1) if pitch.octave > 0 else "," * -pitch.octave
    return (_ACCIDENTALS[pitch.alteration] if is_accidental_written else "") + letter + marks

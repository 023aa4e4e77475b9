"""Tunes written in ABC 2.1.

The notes of a tune with a metre are divided at bar lines into plain and dotted notes, as in a score. A tune
without a metre gets no bar lines, and none of its notes is divided. Tuplets are written as `(3` or
`(5:4:5`, because other programs expect this and not lengths such as `2/3`.
"""

from collections.abc import Iterator
from fractions import Fraction

from rnnlab.errors import DataError
from rnnlab.music.bars import Group, Symbol, bars_of, groups_without_bars
from rnnlab.music.meter import KeySignature, Meter
from rnnlab.music.notation import Pitch
from rnnlab.music.tune import Tune

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
_BARS_A_LINE, _GROUPS_A_LINE = 4, 16


def write_abc(tune: Tune) -> bytes:
    """Return the text of an ABC file that holds one tune; the tempo is rounded to a whole number.

    Raises:
        DataError: the tune has a tuplet of more than 9 notes, or, with a metre, more than 1,000 bars or 5,000
            symbols, or a length that a score cannot show.
    """
    try:
        lines = list(_lines_of_bars(tune, tune.meter) if tune.meter else _lines_without_bars(tune))
    except DataError as error:
        raise DataError(f"{tune.name}: {error}") from None
    fields = ["X:1", f"T:{_title(tune.name)}", f"M:{tune.meter or 'none'}", f"L:{_UNIT}"]
    if tune.tempo is not None:
        fields.append(f"Q:1/4={round(tune.tempo)}")
    return "\n".join([*fields, f"K:{_key(tune.key)}", *lines, ""]).encode()


def _title(name: str) -> str:
    """Return the name of a tune without characters that would end the line or begin a comment."""
    return "".join(letter if letter.isprintable() and letter not in "%\\" else " " for letter in name)


def _key(key: KeySignature | None) -> str:
    """Return the value of the field `K:`, such as `F#m`."""
    if key is None:
        return "none"
    letter, sign = key.tonic[0].upper(), key.tonic[1:]
    return letter + _SHARPS[sign] + _MODES[key.mode]


class _Accidentals:
    """The accidentals that hold at a place in a bar.

    Programs differ on whether an accidental also holds in the other octaves. An accidental is therefore
    written if one of the two rules needs it.
    """

    def __init__(self, key: KeySignature | None) -> None:
        self._of_key = key.alterations if key else {}
        self._of_letter: dict[str, int] = {}
        self._of_place: dict[tuple[str, int], int] = {}  # (letter, octave) → alteration

    def needed(self, pitch: Pitch) -> bool:
        """Return whether a pitch needs its accidental, and store that this accidental holds from here."""
        place, of_key = (pitch.letter, pitch.octave), self._of_key.get(pitch.letter, 0)
        known = self._of_letter.get(pitch.letter, of_key), self._of_place.get(place, of_key)
        self._of_letter[pitch.letter] = self._of_place[place] = pitch.alteration
        return known != (pitch.alteration, pitch.alteration)


def _lines_of_bars(tune: Tune, meter: Meter) -> Iterator[str]:
    """Yield lines of up to four bars, with the accidentals that `_Accidentals.needed` demands."""
    bars = []
    for groups in bars_of(tune.notes, meter, tune.pickup):
        accidentals = _Accidentals(tune.key)
        bars.append(" ".join(_group(group, accidentals) for group in groups))
    for begin in range(0, len(bars), _BARS_A_LINE):
        end = "|]" if begin + _BARS_A_LINE >= len(bars) else "|"
        yield " | ".join(bars[begin : begin + _BARS_A_LINE]) + f" {end}"


def _lines_without_bars(tune: Tune) -> Iterator[str]:
    """Yield lines of notes without bar lines; every note has its accidental."""
    words = [_group(group, None) for group in groups_without_bars(tune.notes)]
    for begin in range(0, len(words), _GROUPS_A_LINE):
        yield " ".join(words[begin : begin + _GROUPS_A_LINE])


def _group(group: Group, accidentals: _Accidentals | None) -> str:
    """Return the text of a tuplet or of a single symbol; if `accidentals` is None, each note has one."""
    written = "".join(_symbol(symbol, accidentals) for symbol in group.symbols)
    if group.tuplet == 1:
        return written
    if group.tuplet > _LARGEST_TUPLET:
        raise DataError(
            f"ABC has tuplets of at most {_LARGEST_TUPLET} notes, and the tune has one of {group.tuplet};"
            " write simpler durations"
        )
    count = len(group.symbols)
    is_triplet = group.tuplet == count == _TRIPLET
    return (f"({group.tuplet}" if is_triplet else f"({group.tuplet}:{group.time}:{count}") + written


def _symbol(symbol: Symbol, accidentals: _Accidentals | None) -> str:
    """Return the text of a note, chord or rest, with its length in units of 1/8 and its ties."""
    length = str(symbol.written / _UNIT) if symbol.written != _UNIT else ""
    if not symbol.pitches:
        return "z" + length
    tied = [pitch.midi in symbol.held for pitch in symbol.pitches]
    heads = [_pitch(pitch, accidentals is None or accidentals.needed(pitch)) for pitch in symbol.pitches]
    if len(heads) == 1:
        return heads[0] + length + "-" * tied[0]
    if all(tied):
        return f"[{''.join(heads)}]{length}-"
    return "[" + "".join(head + "-" * held for head, held in zip(heads, tied, strict=True)) + "]" + length


def _pitch(pitch: Pitch, is_accidental_written: bool) -> str:
    """Return the text of a pitch: upper case up to the B above middle C, lower case above."""
    letter = pitch.letter if pitch.octave > 0 else pitch.letter.upper()
    marks = "'" * (pitch.octave - 1) if pitch.octave > 0 else "," * -pitch.octave
    return (_ACCIDENTALS[pitch.alteration] if is_accidental_written else "") + letter + marks

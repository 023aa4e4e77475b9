"""Metres (time signatures) and key signatures."""

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from rnnlab.errors import DataError
from rnnlab.music.notation import Pitch, parse_pitch

Mode = Literal["major", "minor", "ionian", "dorian", "phrygian", "lydian", "mixolydian", "aeolian", "locrian"]

MOST_BEATS, FINEST_UNIT = 99, 64

_METER = re.compile(r"([0-9]{1,3})/([0-9]{1,3})")
_FIFTHS_OF_LETTER = {"f": -1, "c": 0, "g": 1, "d": 2, "a": 3, "e": 4, "b": 5}
_FIFTHS_OF_MODE: dict[Mode, int] = {
    "major": 0,
    "minor": -3,
    "ionian": 0,
    "dorian": -2,
    "phrygian": -4,
    "lydian": 1,
    "mixolydian": -1,
    "aeolian": -3,
    "locrian": -5,
}
_ORDER_OF_SHARPS = "fcgdaeb"


@dataclass(frozen=True)
class Meter:
    """A time signature such as 3/4.

    Attributes:
        beats: number above, 1..99.
        unit: number below, a power of two, 1..64.
    """

    beats: int
    unit: int

    @property
    def bar(self) -> Fraction:
        """Length of a bar in whole notes."""
        return Fraction(self.beats, self.unit)

    @property
    def beat(self) -> Fraction:
        """Length of a beat in whole notes.

        Three units if `unit` is 8 or more and `beats` is a multiple of 3, as in 6/8; else one unit.
        """
        compound = self.unit >= 8 and self.beats % 3 == 0
        return Fraction(3 if compound else 1, self.unit)

    def __str__(self) -> str:
        return f"{self.beats}/{self.unit}"


COMMON_TIME = Meter(4, 4)


def parse_meter(text: str) -> Meter:
    """Return the metre that a text such as `3/4` spells.

    Raises:
        DataError: the text is no metre.
    """
    match = _METER.fullmatch(text.strip())
    beats, unit = (int(number) for number in match.groups()) if match else (0, 0)
    if not 1 <= beats <= MOST_BEATS or unit not in {1, 2, 4, 8, 16, 32, FINEST_UNIT}:
        raise DataError(
            f"expected a metre such as 3/4, with 1 to {MOST_BEATS} over a power of two to {FINEST_UNIT},"
            f" received {text[:40]!r}"
        )
    return Meter(beats, unit)


@dataclass(frozen=True)
class KeySignature:
    """A key signature of a score.

    Attributes:
        tonic: Dutch name without octave, such as `ees`.
        mode: major, minor or a church mode.
    """

    tonic: str
    mode: Mode

    @property
    def fifths(self) -> int:
        """Number of sharps of the signature, negative for flats; −7..7 for keys in use."""
        pitch = parse_pitch(self.tonic)
        return _FIFTHS_OF_LETTER[pitch.letter] + 7 * pitch.alteration + _FIFTHS_OF_MODE[self.mode]

    @property
    def alterations(self) -> dict[str, int]:
        """Letters that the signature alters, each with its semitones (1 or −1)."""
        return altered_letters(self.fifths)

    def __str__(self) -> str:
        return f"{self.tonic} {self.mode}"


def altered_letters(fifths: int) -> dict[str, int]:
    """Return the letters that `fifths` sharps (flats if negative) alter, each with its semitones, 1 or −1."""
    if fifths >= 0:
        return dict.fromkeys(_ORDER_OF_SHARPS[:fifths], 1)
    return dict.fromkeys(_ORDER_OF_SHARPS[fifths:][::-1], -1)


def parse_key_signature(text: str) -> KeySignature:
    """Return the key signature that a text such as `ees major` spells.

    Raises:
        DataError: the text is no key, or one with more than seven sharps or flats.
    """
    tonic, _, mode = text.strip().partition(" ")
    modes = {name: name for name in _FIFTHS_OF_MODE}
    try:
        found = modes.get(mode.strip())  # type: ignore[call-overload]
        key = KeySignature(_tonic(tonic), found) if found else None
    except DataError:
        key = None
    if key is None or not -7 <= key.fifths <= 7:
        raise DataError(
            f"expected a key such as d minor or ees major, of at most seven sharps or flats,"
            f" received {text[:40]!r}"
        )
    return key


def key_of_fifths(fifths: int, mode: Mode = "major") -> KeySignature:
    """Return the key that has this mode and `fifths` sharps, or flats if negative."""
    number = fifths - _FIFTHS_OF_MODE[mode]
    letter = "fcgdaeb"[(number + 1) % 7]
    return KeySignature(str(Pitch(letter, (number + 1) // 7)), mode)


def _tonic(name: str) -> str:
    """Return the canonical spelling of a pitch name; refuse octave marks."""
    pitch = parse_pitch(name)
    if "," in name or "'" in name:
        raise DataError(f"expected a key name without octave marks, received {name[:40]!r}")
    return str(pitch)

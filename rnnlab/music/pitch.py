"""Pitches by their Dutch names, LilyPond's default: `c`, `cis`, `ees`, `bes'`, `a,`."""

import re
from dataclasses import dataclass

from rnnlab.errors import DataError

_SEMITONES = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
_SUFFIXES = {-2: "eses", -1: "es", 0: "", 1: "is", 2: "isis"}
_ALTERATIONS = {suffix: alteration for alteration, suffix in _SUFFIXES.items()}
_NAMES = {
    **{letter + suffix: (letter, n) for letter in _SEMITONES for suffix, n in _ALTERATIONS.items()},
    "as": ("a", -1),
    "ases": ("a", -2),
    "es": ("e", -1),
    "eses": ("e", -2),
}
_KEYS = ("c", "cis", "d", "ees", "e", "f", "fis", "g", "gis", "a", "bes", "b")
_PITCH = re.compile(r"([^',]*)('*|,*)")


@dataclass(frozen=True)
class Pitch:
    """A written pitch; enharmonics (`cis`, `des`) are two pitches that sound alike.

    Attributes:
        letter: one of c d e f g a b.
        alteration: semitones, from −2 (double flat) to 2 (double sharp).
        octave: 0 is the octave that begins with middle C, 1 the one above.
    """

    letter: str
    alteration: int = 0
    octave: int = 0

    @property
    def midi(self) -> int:
        """The MIDI note number, 0..127; middle C is 60."""
        return 60 + 12 * self.octave + _SEMITONES[self.letter] + self.alteration

    @property
    def height(self) -> tuple[int, int]:
        """What pitches are ordered by: how they sound, then where they stand on the staff."""
        return self.midi, 7 * self.octave + list(_SEMITONES).index(self.letter)

    def __str__(self) -> str:
        """The one spelling of this pitch."""
        return self.letter + _SUFFIXES[self.alteration] + "'" * self.octave + "," * -self.octave


def pitch_of(midi: int) -> Pitch:
    """The pitch of a MIDI number, 0..127; its black keys are spelled cis, ees, fis, gis and bes."""
    octave, key = divmod(midi - 60, 12)
    return Pitch(*_NAMES[_KEYS[key]], octave=octave)


def is_pitch_name(name: str) -> bool:
    """Whether a name such as `cis`, without octave marks, is a pitch's."""
    return name in _NAMES


def parse_pitch(text: str) -> Pitch:
    """The pitch that a text such as `es'` spells.

    Raises:
        DataError: no such name, octave marks of both directions, or outside MIDI's 0..127.
    """
    match = _PITCH.fullmatch(text)
    if match is None:
        raise DataError("an octave is written with ' (up) or with , (down), after the name and never both")
    name, marks = match.groups()
    if name not in _NAMES:
        raise DataError(f"expected a pitch such as c, cis or bes, received {name!r}")
    pitch = Pitch(*_NAMES[name], octave=marks.count("'") - marks.count(","))
    if not 0 <= pitch.midi <= 127:
        raise DataError("expected a pitch that MIDI has, from c,,,,, to g'''''; write fewer octave marks")
    return pitch

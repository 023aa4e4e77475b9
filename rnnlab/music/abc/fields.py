"""Values of the fields of ABC: keys, clefs, metres, unit note lengths and tempi.

Source: the ABC standard 2.1, sections 3.1, 4.6 and 7.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from rnnlab.errors import DataError
from rnnlab.music.meter import KeySignature, Meter, Mode, altered_letters
from rnnlab.music.tune import FASTEST, SLOWEST

_MODES: dict[str, Mode] = {
    "": "major",
    "maj": "major",
    "m": "minor",
    "min": "minor",
    "ion": "ionian",
    "dor": "dorian",
    "phr": "phrygian",
    "lyd": "lydian",
    "mix": "mixolydian",
    "aeo": "aeolian",
    "loc": "locrian",
}
_SPELLED = {"#": "is", "b": "es", "": ""}
_ACCIDENTALS = {"^^": 2, "^": 1, "=": 0, "_": -1, "__": -2}
_MODE_NAMES = "|".join(sorted((re.escape(name) for name in _MODES if name), key=len, reverse=True))
_TONIC = re.compile(
    rf"(?P<letter>[A-G])(?P<sign>[#b]?)\s*"
    rf"(?P<mode>(?:(?i:{_MODE_NAMES})[a-z]*(?=\s|$|[\^_]|=[A-Ga-g](?:[\s^_=]|$)))?)(?=\s|$|[\^_=]|(?<=\s))"
)
_NO_KEY = re.compile(r"(?:exp\b|[\^_=]|(?:clef|octave|transpose|t|middle|m|stafflines|staffscale)\s*=)")
_WORD = re.compile(r'[A-Za-z]+\s*=\s*(?:"[^"]*"|\S+)|"[^"]*"|\S+')
_CLEF = re.compile(
    r"(?:treble|alto|tenor|bass|perc|none|[GCFP])?(?P<line>[1-5]?)(?P<octave>[+-]8|[+-]15)?", re.IGNORECASE
)
_CLEF_NAME = re.compile(r"(?:treble|alto|tenor|bass|perc|none)(?:$|[^a-z])", re.IGNORECASE)
_PROPERTY = re.compile(r'(?P<name>[A-Za-z]+)\s*=\s*(?P<value>"[^"]*"|\S+)|(?P<word>"[^"]*"|\S+)')
_METER = re.compile(r"\(?(?P<beats>[0-9]{1,3}(?:\s*\+\s*[0-9]{1,3})*)\)?\s*/\s*(?P<unit>[0-9]{1,3})")
_LENGTH = re.compile(r"([0-9]{1,3})(?:\s*/\s*([0-9]{1,4}))?")
_NUMBER = r"[0-9]{1,4}(?:\.[0-9]{1,6})?"
_TEMPO = re.compile(rf"(?:(?P<beats>[0-9/\s]+|C[0-9]*(?:/[0-9]+)?)\s*=)?\s*(?P<rate>{_NUMBER})")
_OTHER_PITCHES = frozenset({"sound", "shift", "score", "instrument"})
"""Properties that other programs use to change the sounding pitches; they are refused."""


@dataclass(frozen=True)
class AbcTransposition:
    """The interval from the written to the sounding pitches of a voice, in semitones.

    Attributes:
        clef: semitones of the clef: −12 for `treble-8`.
        octave: semitones of `octave=`: 12 for `octave=1`.
        transpose: semitones of `transpose=`.
    """

    clef: int = 0
    octave: int = 0
    transpose: int = 0

    @property
    def semitones(self) -> int:
        """Sum of the three intervals."""
        return self.clef + self.octave + self.transpose


@dataclass(frozen=True)
class AbcKey:
    """The value of a field `K:`.

    Attributes:
        alterations: letter → alteration of the letter in semitones, in all octaves.
        signature: key signature; None for no key, `HP`, and a key with accidentals of its own.
        properties: other words after the key: a clef, and properties such as `transpose=-2`.
    """

    alterations: Mapping[str, int] = field(default_factory=dict)
    signature: KeySignature | None = None
    properties: str = ""


def read_key(text: str) -> AbcKey:
    """Return the key of the text after `K:`.

    An empty text, and a text with only a clef or properties, is a key that alters no letter.

    Raises:
        DataError: the text is not a key, or the key has more than seven sharps or flats.
    """
    text = text.strip()
    if match := re.match(r"(none|HP|Hp)(?=\s|$)", text):
        pipes = match[1] != "none"
        return _modified(AbcKey({"f": 1, "c": 1} if pipes else {}), text[match.end() :])
    match = _TONIC.match(text)
    if match is None:
        if not text or _NO_KEY.match(text) or _CLEF_NAME.match(text):
            return _modified(AbcKey(), text)
        raise DataError(f"expected a key such as G, Am, D mix or none, received {text[:40]!r}")
    if match["mode"] == "M":
        raise DataError("expected a mode such as maj, m, dor or mix after the key, received 'M'")
    mode = _MODES[match["mode"].lower()[:3]]
    key = KeySignature(match["letter"].lower() + _SPELLED[match["sign"]], mode)
    if not -7 <= key.fifths <= 7:
        raise DataError(f"expected a key of at most seven sharps or flats, received {text[:40]!r}")
    return _modified(AbcKey(altered_letters(key.fifths), key), text[match.end() :])


def read_properties(text: str, before: AbcTransposition) -> AbcTransposition:
    """Return the transposition of a voice, changed by the words after the key or the name of the voice.

    Args:
        text: clefs and properties, such as `clef=treble-8 transpose=-2 name="Tenor"`.
        before: transposition before the text, which may change its three intervals one by one.

    Raises:
        DataError: a clef or a number is wrong, or a property of other programs changes the pitches.
    """
    after = before
    for match in _PROPERTY.finditer(text):
        name, value = (match["name"] or "").lower(), (match["value"] or match["word"] or "").strip('"')
        if name == "clef" or (not name and _CLEF_NAME.match(value)):
            after = replace(after, clef=_clef(value))
        elif name in {"octave", "transpose", "t"}:
            try:
                number = int(value)
            except ValueError:
                raise DataError(f"expected a number after {name}=, received {value[:40]!r}") from None
            semitones = 12 * number if name == "octave" else number
            if abs(semitones) > 127:
                raise DataError(
                    f"{name}={number} leads outside MIDI's pitches; expected a number nearer to 0"
                )
            after = (
                replace(after, octave=semitones) if name == "octave" else replace(after, transpose=semitones)
            )
        elif name and name[:3] in _MODES:
            raise DataError(f"expected a space between the mode and {match[0].strip()[len(name) :]!r}")
        elif name in _OTHER_PITCHES:
            raise DataError(f"{name}= is not supported; write the sounding pitches, or use transpose=")
    return after


def read_meter(text: str) -> Meter | None:
    """Return the metre of the text after `M:`; None for `none` or an empty text.

    Raises:
        DataError: the text is not a metre.
    """
    text = text.strip()
    if text in {"C", "c"}:
        return Meter(4, 4)
    if text in {"C|", "c|"}:
        return Meter(2, 2)
    if text.lower() in {"none", ""}:
        return None
    match = _METER.fullmatch(text)
    beats = sum(map(int, match["beats"].split("+"))) if match else 0
    unit = int(match["unit"]) if match else 0
    if not 1 <= beats <= 99 or unit not in {1, 2, 4, 8, 16, 32, 64}:
        raise DataError(f"expected a metre such as 3/4, C, C| or none, received {text[:40]!r}")
    return Meter(beats, unit)


def read_unit(text: str) -> Fraction:
    """Return the unit note length of the text after `L:`, in whole notes.

    Raises:
        DataError: the text is not a note length.
    """
    match = _LENGTH.fullmatch(text.strip())
    if match is None or not int(match[1]) or not int(match[2] or 1):
        raise DataError(f"expected a note length such as 1/8, received {text.strip()[:40]!r}")
    return Fraction(int(match[1]), int(match[2] or 1))


def default_unit(meter: Meter | None) -> Fraction:
    """Return the unit note length of a tune without `L:`: 1/16 if a bar is shorter than 3/4, else 1/8."""
    return Fraction(1, 16) if meter is not None and meter.bar < Fraction(3, 4) else Fraction(1, 8)


def read_tempo(text: str, unit: Fraction) -> float | None:
    """Return the quarter notes a minute of the text after `Q:`; None if the text has only words.

    Args:
        text: such as `"Allegro" 1/4=120` or `3/8=80`; the older forms `120` and `C3=40` count unit notes.
        unit: unit note length in whole notes.

    Raises:
        DataError: the text is not a tempo, or the tempo is outside 4..999.
    """
    spoken = re.sub(r'"[^"]*"', " ", text).strip()
    if not spoken:
        return None
    match = _TEMPO.fullmatch(spoken)
    beats = list(_beats(match["beats"], unit)) if match else []
    quarters = 4 * float(sum(beats, Fraction(0)) * Fraction(match["rate"])) if match else 0
    if not SLOWEST <= quarters <= FASTEST:
        raise DataError(
            f"expected a tempo such as 1/4=120, of {SLOWEST} to {FASTEST} quarter notes a minute,"
            f" received {text.strip()[:40]!r}"
        )
    return quarters


def _modified(key: AbcKey, rest: str) -> AbcKey:
    """Return a key changed by the words after it.

    `=f` alters one letter, and `exp ^f` replaces all alterations. Clefs and properties are kept as text.
    """
    alterations, signature, words = dict(key.alterations), key.signature, []
    for word in _WORD.findall(rest):
        accidentals = re.fullmatch(r"(?:(?:\^\^?|__?|=)[A-Ga-g])+", word)
        if word == "exp":
            alterations, signature = {}, None
        elif accidentals:
            for sign, letter in re.findall(r"(\^\^?|__?|=)([A-Ga-g])", word):
                alterations[letter.lower()] = _ACCIDENTALS[sign]
            signature = None
        elif re.match(r"[A-Za-z]+\s*=", word) or _CLEF_NAME.match(word):
            words.append(word)
        else:
            raise DataError(
                f"expected a mode such as maj, min, dor or mix, an accidental such as ^f, or a clef after the"
                f" key, received {word[:40]!r}"
            )
    return AbcKey(alterations, signature, " ".join(words))


def _clef(text: str) -> int:
    """Return the semitones that a clef adds to its notes: 0 for `bass`, −12 for `treble-8`."""
    match = _CLEF.fullmatch(text)
    if match is None:
        raise DataError(f"expected a clef such as treble, bass or treble-8, received {text[:40]!r}")
    octaves = {"8": 12, "15": 24, "": 0}
    sign = -1 if (match["octave"] or "").startswith("-") else 1
    return sign * octaves[(match["octave"] or "").lstrip("+-")]


def _beats(text: str | None, unit: Fraction) -> Iterator[Fraction]:
    """Yield the note lengths, in whole notes, whose sum is the beat of a tempo.

    Raises:
        DataError: a word is not a note length.
    """
    if text is None:
        yield unit
    elif text.startswith("C"):
        number, _, division = text[1:].strip().partition("/")
        yield unit * read_unit(f"{number or 1}/{division or 1}")
    else:
        for word in text.split():
            yield read_unit(word)

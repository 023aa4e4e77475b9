"""Kern files (humdrum.org) as tunes, and tunes as kern files.

A part is a `**kern` spine. Parts are counted from the right, which is the top of the score. The voices of a
part are the sub-spines that `*^` splits its spine into. `kern_spines` reads the spines without a library, so
that notes keep their times where spines split, join, exchange places or begin in the middle of a bar. Repeats
are not played out. Grace notes, cue notes and unpitched notes are left out and counted.

The notes of a tune with a metre are divided and tied at bar lines when they are written. A tune without a
metre gets no bar lines, and none of its notes is divided.
"""

import codecs
import re
from collections.abc import Iterator, Sequence
from fractions import Fraction

from rnnlab.errors import DataError
from rnnlab.music.bars import BarPiece, pieces_of
from rnnlab.music.kern_spines import KernPart, Spines
from rnnlab.music.melody import Reading
from rnnlab.music.meter import KeySignature, Meter, Mode, key_of_fifths, parse_key_signature, parse_meter
from rnnlab.music.notation import Pitch
from rnnlab.music.tune import FASTEST, SLOWEST, Tune
from rnnlab.music.voice import tune_of_voice

MOST_CHARACTERS = 1 << 20
"""Most characters of a file; the longest of the 1,326 kern files in the corpus of music21 has 83,038."""

_METER = re.compile(r"\*M(?=[0-9])")
_USUAL_METER = re.compile(r"\*M([0-9]{1,3}(?:\+[0-9]{1,3})*)/([0-9]{1,3})")
_SIGNATURE = re.compile(r"\*k\[((?:[a-g](?:#|-|n))*)\]")
_TONIC = re.compile(r"\*([a-gA-G])([#-]?):(dor|phr|lyd|mix|aeo|ion|loc)?")
_EXPANSION = re.compile(r"\*>\[(.+)\]")
_TEMPO = re.compile(r"\*MM([0-9]{1,4}(?:\.[0-9]{1,4})?)")
_MODES: dict[str, Mode] = {
    "dor": "dorian",
    "phr": "phrygian",
    "lyd": "lydian",
    "mix": "mixolydian",
    "aeo": "aeolian",
    "ion": "ionian",
    "loc": "locrian",
}
_ORDER_OF_SHARPS = "fcgdaeb"
_ACCIDENTALS = {-2: "--", -1: "-", 0: "", 1: "#", 2: "##"}
_TIES = {
    (False, False): ("", ""),
    (False, True): ("[", ""),
    (True, True): ("", "_"),
    (True, False): ("", "]"),
}
_WRITTEN_MODES = {"dorian": "dor", "phrygian": "phr", "lydian": "lyd", "mixolydian": "mix", "locrian": "loc"}


def read_kern(data: bytes, *, name: str, reading: Reading) -> Iterator[Tune | DataError]:
    """Yield the tune of a kern file, or a DataError if the file cannot be read."""
    try:
        text = _text(data)
        if len(text) > MOST_CHARACTERS:
            raise DataError(
                f"expected a file of at most {MOST_CHARACTERS:,} characters, received {len(text):,}"
            )
        parts = Spines(text).parts
        for part in parts:
            _take_interpretations(part)
        yield tune_of_voice(parts, name=name, reading=reading, order=", counted from the right,")
    except DataError as error:
        yield DataError(f"{name}: {error}")


def write_kern(tune: Tune) -> bytes:
    """Return the text of a kern file with one spine."""
    interpretations = [f"*M{tune.meter}"] if tune.meter else []
    if tune.key:
        altered = "".join(letter + _ACCIDENTALS[number] for letter, number in tune.key.alterations.items())
        interpretations += [f"*k[{altered}]", _key_interpretation(tune.key)]
    if tune.tempo is not None:
        interpretations.append(f"*MM{tune.tempo:.7g}")
    lines = []
    first = 0 if tune.meter and 0 < tune.pickup < tune.meter.bar else 1
    before: frozenset[int] = frozenset()  # MIDI numbers of the pitches that are tied to the next piece
    for number, bar in enumerate(pieces_of(tune.notes, tune.meter, tune.pickup), first):
        if tune.meter:
            lines.append(f"={number}" if number else "=0-")  # the bar line before a pick-up is invisible
        for piece in bar:
            lines.append(_event(piece, before))
            before = piece.held
    end = ["=="] if tune.meter else []
    return "\n".join(["**kern", *interpretations, *lines, *end, "*-", ""]).encode()


def _text(data: bytes) -> str:
    """Return bytes as text: UTF-16 after a byte order mark of UTF-16, else UTF-8; Latin-1 if this fails."""
    is_utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return data.decode("utf-16" if is_utf16 else "utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _take_interpretations(part: KernPart) -> None:
    """Set the metres, keys and tempi of a part from its interpretations; count repeats and unusual metres."""
    part.meters = [_meter(word) for word in part.interpretations if _METER.match(word)]
    part.keys = _keys(part.interpretations)
    part.tempi = _tempi(part.interpretations)
    part.left_out["repeats"] += sum(map(_repeated, part.interpretations))
    part.left_out["meters of no usual form"] += sum(meter is None for meter in part.meters)


def _repeated(word: str) -> int:
    """Return how many sections of an expansion list stand earlier in the list too: 1 for `*>[A,A,B]`.

    It is 2 for `*>[A,A,A]`, and 0 for a word that is no expansion list.
    """
    found = _EXPANSION.fullmatch(word)
    sections = found[1].split(",") if found else []
    return len(sections) - len(set(sections))


def _tempi(interpretations: Sequence[str]) -> list[float]:
    """Return the tempi of words such as `*MM96`, in quarter notes a minute; skip tempi outside 4..999."""
    found = (float(match[1]) for word in interpretations if (match := _TEMPO.match(word)))
    return [tempo for tempo in found if SLOWEST <= tempo <= FASTEST]


def _meter(word: str) -> Meter | None:
    """Return the metre of a word such as `*M3/4` (`*M3/0` is 6/1); None for a form such as `*M3/4%2`."""
    found = _USUAL_METER.fullmatch(word)
    if found is None:
        return None
    beats, unit = sum(map(int, found[1].split("+"))), int(found[2])
    try:
        return parse_meter(f"{beats if unit else 2 * beats}/{unit or 1}")
    except DataError:
        return None


def _keys(interpretations: Sequence[str]) -> list[KeySignature | None]:
    """Return the keys of the key signatures of a part, in order.

    A tonic word, such as `*e-:`, within three words after a signature decides the mode; without such a word,
    the tonic word of the signature before it does. An unusual signature gives None. If the part has no
    signatures, each tonic word gives a key.
    """
    signatures: list[tuple[int | None, str]] = []  # sharps, and the tonic word
    tonics = [word for word in interpretations if _TONIC.fullmatch(word)]
    tonic = ""
    for index, word in enumerate(interpretations):
        if match := _SIGNATURE.fullmatch(word):
            near = [each for each in interpretations[index + 1 : index + 4] if _TONIC.fullmatch(each)]
            tonic = next(iter(near), tonic)
            signatures.append((_fifths(match[1]), tonic))
    if not signatures:
        return [_key(None, word) for word in tonics]
    return [None if fifths is None else _key(fifths, word) for fifths, word in signatures]


def _fifths(signature: str) -> int | None:
    """Return the number of sharps (negative for flats) of a text such as `f#c#`; None if it is unusual."""
    letters, marks = signature[::2], set(signature[1::2])
    count = len(letters)
    if not count:
        return 0
    if marks == {"#"} and set(letters) == set(_ORDER_OF_SHARPS[:count]):
        return count
    if marks == {"-"} and set(letters) == set(_ORDER_OF_SHARPS[::-1][:count]):
        return -count
    return None


def _key(fifths: int | None, tonic: str) -> KeySignature | None:
    """Return the key of a tonic word such as `*e-:`, or the signature's major key if the two do not fit.

    Without a signature (`fifths` is None), return the key of the tonic word, or None if it is no key.
    """
    match = _TONIC.fullmatch(tonic)
    key = None
    if match:
        letter, mark, mode = match.groups()
        name = letter.lower() + {"#": "is", "-": "es", "": ""}[mark]
        plain = "major" if letter.isupper() else "minor"
        try:
            key = parse_key_signature(f"{name} {_MODES.get(mode or '', plain)}")
        except DataError:
            key = None
    if fifths is None or (key is not None and key.fifths == fifths):
        return key
    return key_of_fifths(fifths)


def _key_interpretation(key: KeySignature) -> str:
    """Return the tonic word of a key, such as `*d:dor`; the letter is lower case if the third is minor.

    Ionian is written as major, and aeolian as minor.
    """
    letter = (
        key.tonic[0]
        if key.mode in {"minor", "aeolian", "dorian", "phrygian", "locrian"}
        else key.tonic[0].upper()
    )
    sign = {"is": "#", "es": "-", "": ""}[key.tonic[1:]]
    return f"*{letter}{sign}:{_WRITTEN_MODES.get(key.mode, '')}"


def _event(piece: BarPiece, before: frozenset[int]) -> str:
    """Return the text of a note, a chord or a rest; `before` are the MIDI numbers tied to it."""
    length = _length(piece.length)
    if not piece.pitches:
        return f"{length}r"
    spelled = []
    for pitch in piece.pitches:
        begin, end = _TIES[pitch.midi in before, pitch.midi in piece.held]
        spelled.append(begin + length + _pitch(pitch) + end)
    return " ".join(spelled)


def _length(duration: Fraction) -> str:
    """Return the text of a length in whole notes: 1/4 is `4`, 3/8 is `4.` (dotted), 5/16 is `16%5`."""
    if duration.numerator == 1:
        return str(duration.denominator)
    plain = duration * Fraction(2, 3)
    return f"{plain.denominator}." if plain.numerator == 1 else f"{duration.denominator}%{duration.numerator}"


def _pitch(pitch: Pitch) -> str:
    """Return the text of a pitch: `c` is middle C, `cc` an octave higher, `C` an octave lower."""
    up = pitch.octave >= 0
    letters = (pitch.letter if up else pitch.letter.upper()) * (pitch.octave + 1 if up else -pitch.octave)
    return letters + _ACCIDENTALS[pitch.alteration]

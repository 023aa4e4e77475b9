"""Kern as tunes: one voice of one spine, as it sounds.

A part is a `**kern` spine, counted from the right, which is the top of the score; its voices are the
sub-spines that `*^` splits it into. The spines are followed here (`kern_spines`) and not by a library, so
that a split, a join, an exchange or a new spine in any line of a bar leaves the notes around it where they
are.

Repeats are not played out. Grace notes and cue notes are left out and counted.

Tunes written in kern (humdrum.org), one spine.

A tune with a metre has bar lines, and its notes are divided there and tied. A tune without a metre has none,
and each note comes back as it was.
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
from rnnlab.music.tune import FASTEST, SLOWEST, Tune, held_pitches
from rnnlab.music.voice import changes, line_of_voice, pickup_of

MOST_CHARACTERS = 1 << 20
"""Characters of a piece in kern: the longest of the 1,326 in the corpus of music21 has 83,038."""

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


def read_kern(data: bytes, *, name: str, reading: Reading) -> Iterator[Tune | DataError]:
    """Yield the tune of a kern file, or what is wrong with it."""
    try:
        text = _text(data)
        if len(text) > MOST_CHARACTERS:
            raise DataError(
                f"expected a piece of at most {MOST_CHARACTERS:,} characters, received {len(text):,}"
            )
        yield _tune(Spines(text).parts, name, reading)
    except DataError as error:
        yield DataError(f"{name}: {error}")


def _text(data: bytes) -> str:
    """The text of bytes in UTF-8, in UTF-16 with its mark, or else in Latin-1, as old collections are."""
    is_utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return data.decode("utf-16" if is_utf16 else "utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _tune(parts: Sequence[KernPart], name: str, reading: Reading) -> Tune:
    number = reading.track or 1
    if number > len(parts):
        raise DataError(f"expected a part from 1 to {len(parts)}, received {number}")
    part = parts[number - 1]
    voices = sorted({tone.voice for tone in part.tones if tone.tone.pitch})
    if not voices:
        there = [str(index) for index, each in enumerate(parts, 1) if each.notes]
        raise DataError(
            f"expected notes, received none in part {number}; they are in part:"
            f" {', '.join(there[:8]) or 'none'}"
        )
    names = [str(voice) for voice in voices]
    voice = reading.voice or names[0]
    if voice not in names:
        raise DataError(
            f"expected a voice of part {number}, one of {', '.join(names[:16])}, received {voice[:40]!r}"
        )
    notes, left_out = line_of_voice(
        [each.tone for each in part.tones if str(each.voice) == voice],
        polyphony=reading.polyphony or "highest",
        end=part.end,
    )
    left_out += part.left_out
    left_out["notes of other voices"] += part.notes - sum(
        str(each.voice) == voice and each.tone.pitch is not None for each in part.tones
    )
    left_out["notes of other parts"] += sum(each.notes for each in parts if each is not part)
    left_out["repeats"] += sum(map(_repeated, part.said))
    meters = [_meter(word) for word in part.said if _METER.match(word)]
    left_out["meters of no usual form"] += sum(meter is None for meter in meters)
    keys = _keys(part.said)
    tempi = _tempi(part.said) or next(filter(None, (_tempi(each.said) for each in parts)), [])[:1]
    left_out["later tempi"] += changes(tempi)
    left_out["later meters"] += changes(meters)
    left_out["later keys"] += changes(keys)
    meter = next(iter(meters), None)
    remarks = [f"part {number} of {len(parts)}, counted from the right, is read"] if len(parts) > 1 else []
    remarks += [f"voice {voice} of {len(names)} is read ({', '.join(names[:16])})"] if len(voices) > 1 else []
    return Tune(
        name,
        notes,
        tempo=next(iter(tempi), None),
        meter=meter,
        key=next(iter(keys), None),
        pickup=pickup_of(part.bars, meter),
        left_out=dict(+left_out),
        remarks=tuple(remarks),
    )


def _repeated(word: str) -> int:
    """How many sections an expansion list such as `*>[A,A,B]` has once more."""
    found = _EXPANSION.fullmatch(word)
    sections = found[1].split(",") if found else []
    return len(sections) - len(set(sections))


def _tempi(said: Sequence[str]) -> list[float]:
    """Quarter notes a minute of each `*MM96`, in order."""
    found = (float(match[1]) for word in said if (match := _TEMPO.match(word)))
    return [tempo for tempo in found if SLOWEST <= tempo <= FASTEST]


def _meter(word: str) -> Meter | None:
    """The metre of `*M3/4`; 3/0 counts breves. None for one of another form, such as 3/4%2."""
    found = _USUAL_METER.fullmatch(word)
    if found is None:
        return None
    beats, unit = sum(map(int, found[1].split("+"))), int(found[2])
    try:
        return parse_meter(f"{beats if unit else 2 * beats}/{unit or 1}")
    except DataError:
        return None


def _keys(said: Sequence[str]) -> list[KeySignature | None]:
    """The key signatures of a part, in order, each with the mode that follows it; or else its keys alone."""
    signatures: list[tuple[int | None, str]] = []  # sharps, and the tonic that is said with them
    tonics = [word for word in said if _TONIC.fullmatch(word)]
    tonic = ""
    for index, word in enumerate(said):
        if match := _SIGNATURE.fullmatch(word):
            near = [each for each in said[index + 1 : index + 4] if _TONIC.fullmatch(each)]
            tonic = next(iter(near), tonic)
            signatures.append((_fifths(match[1]), tonic))
    if not signatures:
        return [_key(None, word) for word in tonics]
    return [None if fifths is None else _key(fifths, word) for fifths, word in signatures]


def _fifths(signature: str) -> int | None:
    """Sharps, or flats below 0, of `f#c#`; None for a signature of another form."""
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
    """The key that a tonic such as `*e-:` says, if it has that many sharps; else that of the signature."""
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


_ACCIDENTALS = {-2: "--", -1: "-", 0: "", 1: "#", 2: "##"}
_TIES = {
    (False, False): ("", ""),
    (False, True): ("[", ""),
    (True, True): ("", "_"),
    (True, False): ("", "]"),
}
_WRITTEN_MODES = {"dorian": "dor", "phrygian": "phr", "lydian": "lyd", "mixolydian": "mix", "locrian": "loc"}


def write_kern(tune: Tune) -> bytes:
    """Return a file of one spine."""
    said = [f"*M{tune.meter}"] if tune.meter else []
    if tune.key:
        altered = "".join(letter + _ACCIDENTALS[number] for letter, number in tune.key.alterations.items())
        said += [f"*k[{altered}]", _key_signature(tune.key)]
    if tune.tempo is not None:
        said.append(f"*MM{tune.tempo:.7g}")
    if tune.meter:
        bars = pieces_of(tune.notes, tune.meter, tune.pickup)
    else:
        held = held_pitches(tune.notes)
        notes = zip(tune.notes, map(frozenset, held), strict=True)
        bars = [
            [
                BarPiece(event, 0, note.pitches, Fraction(0), note.duration, h)
                for event, (note, h) in enumerate(notes)
            ]
        ]
    lines = []
    before: frozenset[int] = frozenset()
    for number, bar in enumerate(bars, 0 if tune.pickup else 1):
        if tune.meter:
            lines.append(f"={number}" if number else "=0-")  # a pick-up has no bar line that is seen
        for piece in bar:
            lines.append(_event(piece, before))
            before = piece.held
    end = ["=="] if tune.meter else []
    return "\n".join(["**kern", *said, *lines, *end, "*-", ""]).encode()


def _key_signature(key: KeySignature) -> str:
    """The tonic, small for a minor key, and the name of another mode."""
    letter = (
        key.tonic[0]
        if key.mode in {"minor", "aeolian", "dorian", "phrygian", "locrian"}
        else key.tonic[0].upper()
    )
    sign = {"is": "#", "es": "-", "": ""}[key.tonic[1:]]
    return f"*{letter}{sign}:{_WRITTEN_MODES.get(key.mode, '')}"


def _event(piece: BarPiece, before: frozenset[int]) -> str:
    """A note, a chord or a rest; `before` are the pitches that are tied to it."""
    length = _length(piece.length)
    if not piece.pitches:
        return f"{length}r"
    spelled = []
    for pitch in piece.pitches:
        begin, end = _TIES[pitch.midi in before, pitch.midi in piece.held]
        spelled.append(begin + length + _pitch(pitch) + end)
    return " ".join(spelled)


def _length(duration: Fraction) -> str:
    """The reciprocal of a length, a dot for three halves of one, or else the reciprocal as `16%5`."""
    if duration.numerator == 1:
        return str(duration.denominator)
    plain = duration * Fraction(2, 3)
    return f"{plain.denominator}." if plain.numerator == 1 else f"{duration.denominator}%{duration.numerator}"


def _pitch(pitch: Pitch) -> str:
    up = pitch.octave >= 0
    letters = (pitch.letter if up else pitch.letter.upper()) * (pitch.octave + 1 if up else -pitch.octave)
    return letters + _ACCIDENTALS[pitch.alteration]

"""ABC as tunes, read with music21: the first voice of a part, as it is written.

Repeats are not played out; grace notes, chord symbols and unpitched notes are left out. Pitches keep their
spelling and tied notes their ties. music21 meets damaged files with whatever comes up, and says things on the
way: any exception of it is one line here, and what it prints is dropped.
"""

import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from fractions import Fraction
from io import StringIO
from typing import Any

from rnnlab.errors import DataError
from rnnlab.music.duration import spell_duration
from rnnlab.music.extras import load_extra
from rnnlab.music.melody import Polyphony
from rnnlab.music.notation import Note
from rnnlab.music.pitch import Pitch, pitch_of
from rnnlab.music.reading import Reading
from rnnlab.music.tune import FASTEST, SLOWEST, Tune

MOST_ABC = 1 << 14
"""Characters of a tune in ABC: music21's time grows with the square of them."""

_METRE = r"(?:C\|?|none|\(?[0-9]{1,2}(?:\+[0-9]{1,2}){0,5}\)?/[0-9]{1,2})?"
_NO_METRE = re.compile(
    rf"(?:^|\[)M:(?!\s*{_METRE}\s*(?:%|\]|$))[^\n\]]*|(?:^|(?<=\t))\*M[0-9/]*[0-9]{{3}}", re.MULTILINE
)

_FINEST = 4096


def read_abc(data: bytes, *, name: str, reading: Reading) -> Iterator[Tune | DataError]:
    """Each tune of a collection, or what is wrong with it; a tune begins with its number, `X:`."""
    head, *tunes = re.split(r"^(?=X:)", _text(data), flags=re.MULTILINE)
    for tune in tunes or [head]:
        number = re.match(r"X:\s*(\w+)", tune)
        called = f"{name} (X:{number[1]})" if number and len(tunes) > 1 else name
        yield _caught(_parse_abc, head + tune if tunes else tune, called, reading)


@contextmanager
def silence() -> Iterator[None]:
    """What is printed and warned meanwhile is dropped."""
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _text(data: bytes) -> str:
    """The text of bytes in UTF-8, or else in Latin-1, as old collections are."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _parse_abc(text: str) -> Any:
    _check(text, most=MOST_ABC)
    if not re.search(r"^(L:|M:(?!\s*none))", text, flags=re.MULTILINE):
        text = text.replace("\nK:", "\nL:1/8\nK:", 1)  # the standard's, which music21 does not assume
    handler = load_extra("music21.abcFormat").ABCFile().readstr(text)
    return load_extra("music21.abcFormat.translate").abcToStreamScore(handler)


def _check(text: str, *, most: int) -> None:
    """Refuse what music21 would not come back from: it goes through every beat of a metre."""
    if len(text) > most:
        raise DataError(f"expected a tune of at most {most:,} characters, received {len(text):,}")
    if found := _NO_METRE.search(text):
        raise DataError(f"expected a metre such as 4/4, received {found[0][:40]!r}")


def _caught(
    parse: Callable[[Any], Any], source: str | bytes, name: str, reading: Reading
) -> Tune | DataError:
    """The tune of what is parsed, or one line on what went wrong."""
    try:
        with silence():
            return _tune(parse(source), name, reading)
    except DataError as error:
        return DataError(f"{name}: {error}")
    except Exception as error:
        return DataError(f"{name}: music21 cannot read it ({type(error).__name__}: {error}); correct it")


def _tune(score: Any, name: str, reading: Reading) -> Tune:
    """The tune of a part of a music21 score."""
    parts = list(score.parts) or [score]
    number = reading.track or 1
    if number > len(parts):
        raise DataError(f"expected a part from 1 to {len(parts)}, received {number}")
    part = parts[number - 1]
    notes: list[Note] = []
    now = Fraction(0)
    left_out = 0
    for begin, element in _elements(part):
        note = _note(element, reading.polyphony or "highest")
        if begin < now:
            left_out += 1
            continue
        if begin > now:
            notes.append(Note((), _spelled(begin - now)))
        notes.append(note)
        now = begin + note.duration
    if not any(note.pitches for note in notes):
        raise DataError("expected notes, received none in the first voice of the part")
    return Tune(
        name, tuple(notes), tempo=_tempo(part), left_out={"notes below others": left_out} if left_out else {}
    )


def _elements(part: Any) -> Iterator[tuple[Fraction, Any]]:
    """The notes, chords and rests of the first voice, each with its begin in whole notes."""
    bars = list(part.getElementsByClass("Measure")) or [part]
    for bar in bars:
        voices = list(bar.voices)
        begin = 0 if bar is part else bar.offset
        line = voices[0] if voices else bar
        begin += line.offset if voices else 0
        for element in line.notesAndRests:
            is_sound = element.isRest or "NotRest" in element.classes
            if is_sound and element.quarterLength > 0 and "Harmony" not in element.classes:
                yield _whole_notes(begin + element.offset), element


def _note(element: Any, polyphony: Polyphony) -> Note:
    """A note, a chord or a rest; what has no pitch is a rest."""
    sounding = sorted(getattr(element, "notes", None) or [element] * hasattr(element, "pitch"), key=_height)
    if polyphony == "refuse" and len(sounding) > 1:
        raise DataError("expected one note at a time, received a chord; take polyphony highest or chords")
    if polyphony == "highest":
        sounding = sounding[-1:]
    tied = any(each.tie is not None and each.tie.type in {"start", "continue"} for each in sounding)
    pitches = {_pitch(each.pitch) for each in sounding}
    duration = _spelled(_whole_notes(element.quarterLength))
    return Note(tuple(sorted(pitches, key=lambda pitch: pitch.height)), duration, tied)


def _height(element: Any) -> float:
    return float(element.pitch.ps)


def _pitch(pitch: Any) -> Pitch:
    """A pitch as it is spelled; one that Dutch has no name for is spelled as MIDI's are."""
    if pitch.ps != int(pitch.ps) or not 0 <= pitch.ps <= 127:
        raise DataError(f"expected a pitch that MIDI has, received {pitch.nameWithOctave}")
    alteration = int(pitch.alter)
    if abs(alteration) > 2:
        return pitch_of(int(pitch.ps))
    return Pitch(pitch.step.lower(), alteration, pitch.implicitOctave - 4)


def _whole_notes(quarters: Any) -> Fraction:
    return Fraction(quarters).limit_denominator(_FINEST) / 4


def _spelled(length: Fraction) -> Fraction:
    """A length that note text can spell."""
    spell_duration(length)
    return length


def _tempo(part: Any) -> float | None:
    """Quarter notes a minute of the first metronome mark that says it."""
    for mark in part.recurse().getElementsByClass("MetronomeMark"):
        quarters = mark.getQuarterBPM()
        if quarters is not None and SLOWEST <= quarters <= FASTEST:
            return float(quarters)
    return None

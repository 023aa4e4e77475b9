"""The settings of `dataset` for music: how files are read, how the data is transposed, and which transposed
copies training also reads."""

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from rnnlab.config.report import shown
from rnnlab.config.section import STRINGS, Section
from rnnlab.errors import DataError

FARTHEST = 127
"""Number of semitones from the lowest pitch of MIDI to the highest."""

LONGEST_VOICE = 100
"""Largest number of characters of the name of a voice."""

_RANGE = re.compile(r"([+-]?[0-9]{1,3})\s*\.\.\s*([+-]?[0-9]{1,3})")


def _spelled_grid(value: Any) -> Any:
    """Return the canonical spelling of a grid, which is given as text or as a list of note lengths."""
    from rnnlab.music.melody import parse_grid, spell_grid  # noqa: PLC0415 (few configurations need it)

    text = ",".join(map(str, value)) if isinstance(value, list | tuple) else value
    try:
        return spell_grid(parse_grid(str(text)))
    except DataError as error:
        raise PydanticCustomError("grid", "{problem}", {"problem": str(error)}) from None


_VOICE = {"anyOf": [{"type": "string"}, {"type": "integer", "minimum": 1}]}


def _voice(value: Any) -> Any:
    """Return the number or the name of a voice as text, without spaces at its ends."""
    if isinstance(value, str) and 0 < len(value.strip()) <= LONGEST_VOICE:
        return value.strip()
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return str(value)
    raise PydanticCustomError(
        "voice",
        "expected the number of a voice such as 2, or its name, received {value}",
        {"value": shown(value)},
    )


def meter_name(value: Any) -> Any:
    """Return the canonical spelling of a metre."""
    from rnnlab.music.meter import parse_meter  # noqa: PLC0415 (few configurations need it)

    try:
        return str(parse_meter(value if isinstance(value, str) else repr(value)))
    except DataError as error:
        raise PydanticCustomError("meter", "{problem}", {"problem": str(error)}) from None


class MusicReading(Section):
    """Which track, channel, voice and notes of a music file are read; see `rnnlab.music.melody`.

    Also the grid to which the times of MIDI are rounded, and the metre in which scores are drawn.
    """

    track: Annotated[int, Field(ge=1, le=65_536)] | None = Field(
        None,
        description="Track of MIDI, part of a score, or (if `voice` is left out) voice of ABC, from 1; left"
        " out, all tracks of MIDI, or the first part or voice.",
    )
    channel: Annotated[int, Field(ge=1, le=16)] | None = Field(
        None, description="Channel of MIDI; left out, all but 10, which is percussion."
    )
    polyphony: Literal["highest", "refuse", "chords"] | None = Field(
        None,
        description="Which notes are read when several sound together; left out, the highest, but chords for"
        " MIDI files that rnnlab wrote.",
    )
    grid: Annotated[str, BeforeValidator(_spelled_grid), WithJsonSchema(STRINGS)] | None = Field(
        None,
        description="Grid to which the times of MIDI are rounded, as note lengths: 1/16, [1/16, 1/24] or"
        " exact; left out, sixteenths, but exact for MIDI files that rnnlab wrote.",
    )
    voice: Annotated[str, BeforeValidator(_voice), WithJsonSchema(_VOICE)] | None = Field(
        None,
        description="Voice of a part of a score: its number, or its name in ABC; left out, the first.",
    )
    meter: Annotated[str, BeforeValidator(meter_name)] | None = Field(
        None,
        description="Metre in which scores are drawn, such as 3/4; left out, the metre of the files, or"
        " 4/4 if they do not all name the same metre.",
    )


def _transposition(value: Any) -> Any:
    """Return a number of semitones, or the name of a tonic, unchanged; refuse any other value."""
    from rnnlab.music.notation import is_pitch_name  # noqa: PLC0415 (few configurations need it)

    if isinstance(value, str) and is_pitch_name(value):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= FARTHEST:
        return value
    raise PydanticCustomError(
        "transpose",
        "expected semitones such as -3, or a tonic such as c, received {value}",
        {"value": shown(value)},
    )


def _semitones(value: Any) -> Any:
    """Return each interval once, lowest first, from a range such as `-5..6` or a list; 0 is left out."""
    found = _RANGE.fullmatch(value) if isinstance(value, str) else None
    if found and -FARTHEST <= int(found[1]) <= int(found[2]) <= FARTHEST:
        return tuple(number for number in range(int(found[1]), int(found[2]) + 1) if number)
    numbers = value if isinstance(value, list | tuple) else ("?",)
    if not all(type(number) is int and abs(number) <= FARTHEST for number in numbers):
        raise PydanticCustomError(
            "semitones",
            "expected a range such as -5..6, or a list such as [-2, 2], received {value}",
            {"value": shown(value)},
        )
    return tuple(sorted(set(numbers) - {0}))


_INTERVAL = {"type": "integer", "minimum": -FARTHEST, "maximum": FARTHEST}

Transpose = Annotated[
    int | str,
    BeforeValidator(_transposition),
    WithJsonSchema({"anyOf": [_INTERVAL, {"type": "string"}]}),
]

Semitones = Annotated[
    tuple[int, ...],
    BeforeValidator(_semitones),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": _INTERVAL}]}),
]


class Augmentation(Section):
    """Transposed copies of the training part; the validation and the test part have no copies."""

    semitones: Semitones = Field(
        (),
        description="Intervals in semitones: the training part gets a transposed copy for each. A range such"
        " as -5..6, or a list.",
    )

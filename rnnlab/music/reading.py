"""What is read of a file that holds more than one line of notes."""

from dataclasses import dataclass
from fractions import Fraction

from rnnlab.music.melody import Polyphony
from rnnlab.music.meter import Meter


@dataclass(frozen=True)
class Reading:
    """The choices, each with a default that finds a melody.

    Attributes:
        track: of MIDI, or part of a score, from 1; None for all tracks, and for the first part.
        channel: of MIDI, 1..16; None for all but 10, percussion.
        polyphony: how one line is taken; None for `highest`, `chords` in MIDI files that rnnlab wrote.
        grid: note lengths of `parse_grid` for MIDI; None for sixteenths, and for all ticks in those files.
        voice: of a part of a score: its number, or its name in ABC; None for the first.
        meter: of all tunes; None for what each file says.
    """

    track: int | None = None
    channel: int | None = None
    polyphony: Polyphony | None = None
    grid: tuple[Fraction, ...] | None = None
    voice: str | None = None
    meter: Meter | None = None

"""What sounds when: notes as MIDI knows them, without ties and rests, and the way there from note text."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from rnnlab.errors import DataError
from rnnlab.music.notation import Note

MOST_STEPS = 4 * 0x7FFF
"""Ticks of a whole note that MIDI has at most."""


@dataclass(frozen=True, order=True)
class Sound:
    """One pitch, struck once.

    Attributes:
        begin: time steps from the start of the piece.
        end: time steps, after `begin`.
        pitch: MIDI number, 0..127.
    """

    begin: int
    end: int
    pitch: int


@dataclass(frozen=True)
class Sounds:
    """A piece as sounds.

    Attributes:
        items: the sounds, by their begin.
        step: what a time step lasts, in whole notes.
        end: time steps of the whole piece, silence at its end included.
        bounds: the time steps at which one event ends and the next begins, though no sound does: between the
            parts of a tied note, and between two rests.
    """

    items: tuple[Sound, ...]
    step: Fraction
    end: int
    bounds: frozenset[int] = frozenset()


def sounds_of(notes: Sequence[Note]) -> Sounds:
    """What notes sound like: a tied pitch sounds on if the next event has it, and else stops.

    Raises:
        DataError: the durations have no common step that MIDI could count.
    """
    per_whole = _steps_per_whole({note.duration.denominator for note in notes})
    found: list[Sound] = []
    held: dict[int, int] = {}  # pitch → its begin
    now = 0
    times = []
    for note in notes:
        times.append(now)
        pitches = {pitch.midi for pitch in note.pitches}
        found += _ended(held, set(held) - pitches, now)
        for pitch in pitches:
            held.setdefault(pitch, now)
        now += int(note.duration * per_whole)
        if not note.tied:
            found += _ended(held, pitches, now)
    found += _ended(held, set(held), now)
    heard = {0, *(time for sound in found for time in (sound.begin, sound.end))}
    return Sounds(tuple(sorted(found)), Fraction(1, per_whole), now, frozenset(times) - heard)


def held_pitches(notes: Sequence[Note]) -> list[set[int]]:
    """Of each event, the MIDI numbers of the pitches that sound on into the next."""
    sounding = [{pitch.midi for pitch in note.pitches} for note in notes]
    return [
        pitches & after if note.tied else set()
        for note, pitches, after in zip(notes, sounding, [*sounding, set()][1:], strict=True)
    ]


def _steps_per_whole(denominators: Iterable[int]) -> int:
    """The fewest steps of a whole note that every duration is a multiple of."""
    steps = 1
    for denominator in denominators:
        steps = math.lcm(steps, denominator)
        if steps > MOST_STEPS:
            raise DataError(
                f"its durations divide a whole note into more than {MOST_STEPS:,} parts, which MIDI cannot"
                " count; write simpler ones"
            )
    return steps


def _ended(held: dict[int, int], pitches: Iterable[int], now: int) -> list[Sound]:
    """The sounds of pitches that end now; they are held no more."""
    return [Sound(held.pop(pitch), now, pitch) for pitch in pitches]

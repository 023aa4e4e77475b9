"""Sounds as a line of notes, by a rule that is said where several sound together.

    highest   where notes begin together the highest is taken; while it sounds, lower ones that begin are left
              out, and a higher or an equal one cuts it off (the skyline of Uitdenbogerd and Zobel, 1998)
    refuse    two notes that sound together are an error
    chords    a chord from each time to the next at which what sounds changes; it is tied if a pitch of it
              sounds on, unless another is struck again at that time: then all are

A pitch that is struck again ends the one before it.

The grid that times are moved to: multiples of one note length, or of several, whichever is nearest.

What is read of a file that holds more than one line of notes.
"""

import math
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import groupby, pairwise
from typing import Literal

from rnnlab.errors import DataError
from rnnlab.music.meter import Meter
from rnnlab.music.notation import Note, pitch_of, spell_duration
from rnnlab.music.tune import Sound, Sounds

Polyphony = Literal["highest", "refuse", "chords"]

MOST_PITCHES = 2_000_000
"""Pitches of all chords together, which bound what a damaged file can take of memory."""


@dataclass(frozen=True)
class _Chord:
    """Pitches that sound together from one time step to another."""

    pitches: tuple[int, ...]
    begin: int
    end: int
    tied: bool = False


def line_of(sounds: Sounds, *, polyphony: Polyphony) -> tuple[Note, ...]:
    """The notes, chords and rests of a piece, one after another.

    Raises:
        DataError: two notes sound together and `polyphony` is `refuse`, or a length has no spelling.
    """
    if polyphony == "refuse":
        _refuse_overlaps(sounds)
    if polyphony == "chords":
        return _with_rests(_chords(sounds), sounds)
    line = [_Chord((sound.pitch,), sound.begin, sound.end) for sound in _skyline(sounds.items)]
    return _with_rests(line, sounds)


def _refuse_overlaps(sounds: Sounds) -> None:
    for first, second in pairwise(sorted(sounds.items)):
        if second.begin < first.end:
            quarter = float(4 * second.begin * sounds.step)
            names = " and ".join(str(pitch_of(sound.pitch)) for sound in (first, second))
            raise DataError(
                f"expected one note at a time, received {names} together after {quarter:.6g} quarter notes;"
                " take another polyphony: highest or chords"
            )


def _skyline(items: Sequence[Sound]) -> list[Sound]:
    """The highest sounds, none of which overlaps the next."""
    line: list[Sound] = []
    for begin, together in groupby(sorted(items), key=lambda sound: sound.begin):
        highest = max(together, key=lambda sound: (sound.pitch, sound.end))
        if line and line[-1].end > begin:
            if line[-1].pitch > highest.pitch:
                continue
            line[-1] = replace(line[-1], end=begin)
        line.append(highest)
    return line


def _chords(sounds: Sounds) -> list[_Chord]:
    """What sounds between each two times at which it changes, or a bound is."""
    begins, ends = _changes(sounds.items)
    times = sorted({*begins, *(time for time, pitches in ends.items() if pitches), *sounds.bounds})
    chords: list[_Chord] = []
    sounding: set[int] = set()
    count = 0
    for time, following in pairwise(times):
        ended, begun = ends[time], begins[time]
        if sounding - ended and not ended & begun:
            chords[-1] = replace(chords[-1], tied=True)
        sounding = (sounding - ended) | begun
        if sounding:
            chords.append(_Chord(tuple(sorted(sounding)), time, following))
            count += len(sounding)
        if count > MOST_PITCHES:
            raise DataError(f"expected at most {MOST_PITCHES:,} pitches in chords; take polyphony highest")
    return chords


def _changes(items: Sequence[Sound]) -> tuple[defaultdict[int, set[int]], defaultdict[int, set[int]]]:
    """The pitches that begin, and those that end, at each time; a pitch ends before it is struck again."""
    begins: defaultdict[int, set[int]] = defaultdict(set)
    ends: defaultdict[int, set[int]] = defaultdict(set)
    last: dict[int, tuple[int, int]] = {}  # pitch → begin and end of the sound of it before
    for sound in sorted(items):
        begin, end = last.get(sound.pitch, (-1, -1))
        if sound.begin < end:
            ends[end].discard(sound.pitch)
            ends[sound.begin if sound.begin > begin else sound.end].add(sound.pitch)
        begins[sound.begin].add(sound.pitch)
        ends[sound.end].add(sound.pitch)
        last[sound.pitch] = sound.begin, sound.end
    return begins, ends


def _with_rests(chords: Sequence[_Chord], sounds: Sounds) -> tuple[Note, ...]:
    """The chords as notes, rests between them and at the end."""
    events = []
    now = 0
    bounds = sorted(sounds.bounds)
    for chord in (*chords, _Chord((), sounds.end, sounds.end)):
        silent = bounds[bisect_right(bounds, now) : bisect_left(bounds, chord.begin)]
        events += [_Chord((), *ends) for ends in pairwise((now, *silent, max(now, chord.begin)))]
        events.append(chord)
        now = chord.end
    lengths = {
        steps: _length(steps, sounds.step) for steps in {event.end - event.begin for event in events} if steps
    }
    return tuple(
        Note(tuple(map(pitch_of, event.pitches)), lengths[event.end - event.begin], event.tied)
        for event in events
        if event.end > event.begin
    )


def _length(steps: int, step: Fraction) -> Fraction:
    """So many time steps in whole notes, which note text can spell.

    Raises:
        DataError: it cannot.
    """
    try:
        spell_duration(steps * step)
    except DataError:
        raise DataError(
            f"a length of {steps * step} whole notes cannot be written, whose numbers go to 9999;"
            " take a coarser grid, e.g. 1/16"
        ) from None
    return steps * step


SIXTEENTHS = (Fraction(1, 16),)
FINEST = 384


@dataclass(frozen=True)
class Grid:
    """Where a file's times may lie.

    Attributes:
        ticks_per_whole: of the file.
        lengths: the note lengths whose multiples the grid has; empty if every tick is on it.
    """

    ticks_per_whole: int
    lengths: tuple[Fraction, ...]

    @cached_property
    def step(self) -> Fraction:
        """What a time step lasts, in whole notes; every time of the grid is a multiple of it."""
        if not self.lengths:
            return Fraction(1, self.ticks_per_whole)
        denominator = math.lcm(*(length.denominator for length in self.lengths))
        return Fraction(math.gcd(*(int(length * denominator) for length in self.lengths)), denominator)

    @cached_property
    def shortest(self) -> int:
        """Time steps of its shortest note."""
        return int(min(self.lengths, default=self.step) / self.step)

    def nearest(self, tick: int) -> int:
        """The time step that a tick is moved to; halfway between two it is the later one."""
        if not self.lengths:
            return tick
        multiples = (length * _rounded(tick, length * self.ticks_per_whole) for length in self.lengths)
        return int(min(multiples, key=lambda time: abs(time * self.ticks_per_whole - tick)) / self.step)

    def shift(self, tick: int) -> Fraction:
        """How far it is moved, in quarter notes."""
        if not self.lengths:
            return Fraction(0)
        return 4 * abs(self.nearest(tick) * self.step - Fraction(tick, self.ticks_per_whole))


def parse_grid(text: str) -> tuple[Fraction, ...]:
    """The note lengths of `1/16` or `1/16,1/24`; none for `exact`.

    Raises:
        DataError: not of that form, or finer than 1/384.
    """
    return () if text == "exact" else tuple(map(_grid_length, text.split(",")))


def spell_grid(lengths: Sequence[Fraction]) -> str:
    """The text that `parse_grid` reads."""
    return ",".join(map(str, lengths)) or "exact"


def _grid_length(text: str) -> Fraction:
    top, _, bottom = text.strip().partition("/")
    if top == "1" and bottom.isascii() and bottom.isdigit() and 1 <= int(bottom[:9]) <= FINEST:
        return Fraction(1, int(bottom))
    raise DataError(
        f"expected a grid such as 1/16, 1/16,1/24 (with triplets) or exact, not finer than 1/{FINEST},"
        f" received {text[:40]!r}"
    )


def _rounded(tick: int, ticks: Fraction) -> int:
    """The number of lengths of so many ticks that comes nearest to a tick."""
    return math.floor(tick / ticks + Fraction(1, 2))


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

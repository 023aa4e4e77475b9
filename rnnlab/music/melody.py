"""Conversion of sounds that may overlap into one line of notes, and the grid that times are moved to.

The setting `polyphony` says what happens where several notes sound together:

    highest   the highest of the notes that begin together is kept. While a kept note sounds, a lower note is
              left out, and a higher or equal note ends the kept note (the skyline of Uitdenbogerd and Zobel,
              1998).
    refuse    two notes that sound together are an error.
    chords    each time span without a change becomes a chord. A chord is tied to the next chord if at least
              one pitch goes on and no pitch is struck again at that time; otherwise all pitches of the next
              chord are struck. If a pitch is struck again while it sounds, its earlier sound ends.
"""

import math
import re
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
"""Most pitches of all chords together; a damaged file with more could fill the memory."""

SIXTEENTHS = (Fraction(1, 16),)
FINEST = 384
"""The finest grid is 1/384 of a whole note."""


@dataclass(frozen=True)
class Reading:
    """Settings of the readers: which notes of a file are read, and how they become one line.

    Attributes:
        track: track of a MIDI file, part of a score, or (if `voice` is None) voice of an ABC tune, from 1.
            None: all tracks, or the first part or voice.
        channel: MIDI channel, 1..16. None: all but 10, percussion.
        polyphony: the rule for notes that sound together. None: `highest`, but `chords` for MIDI files that
            rnnlab wrote.
        grid: note lengths of the grid for MIDI; empty for all ticks. None: sixteenths, but all ticks for MIDI
            files that rnnlab wrote.
        voice: voice of a part of a score, by name; in ABC by name or number; refused for MIDI. None: the
            first voice.
        meter: metre of all tunes. None: the metre that each file gives.
    """

    track: int | None = None
    channel: int | None = None
    polyphony: Polyphony | None = None
    grid: tuple[Fraction, ...] | None = None
    voice: str | None = None
    meter: Meter | None = None


def line_of(sounds: Sounds, *, polyphony: Polyphony) -> tuple[Note, ...]:
    """Return the notes, chords and rests of a piece, one after another.

    Raises:
        DataError: two notes sound together and `polyphony` is `refuse`, the chords have more than 2,000,000
            pitches, or note text cannot spell a length.
    """
    if polyphony == "refuse":
        _refuse_overlaps(sounds)
    if polyphony == "chords":
        return _with_rests(_chords(sounds), sounds)
    line = [_Chord((sound.pitch,), sound.begin, sound.end) for sound in _skyline(sounds.items)]
    return _with_rests(line, sounds)


@dataclass(frozen=True)
class Grid:
    """The times at which notes may begin and end.

    Attributes:
        ticks_per_whole: ticks of a whole note in the file.
        lengths: the grid has the multiples of these note lengths; empty for every tick.
    """

    ticks_per_whole: int
    lengths: tuple[Fraction, ...]

    @cached_property
    def step(self) -> Fraction:
        """Length of a time step in whole notes; every time of the grid is a multiple of it."""
        if not self.lengths:
            return Fraction(1, self.ticks_per_whole)
        denominator = math.lcm(*(length.denominator for length in self.lengths))
        return Fraction(math.gcd(*(int(length * denominator) for length in self.lengths)), denominator)

    @cached_property
    def shortest(self) -> int:
        """Length of the shortest note of the grid in time steps."""
        return int(min(self.lengths, default=self.step) / self.step)

    def nearest(self, tick: int) -> int:
        """Return the time of the grid nearest to a tick, in time steps.

        If two multiples of one length are equally near, the later one is taken; if multiples of two lengths
        are equally near, the one of the length that is first in `lengths`.
        """
        if not self.lengths:
            return tick
        multiples = (length * _rounded(tick, length * self.ticks_per_whole) for length in self.lengths)
        return int(min(multiples, key=lambda time: abs(time * self.ticks_per_whole - tick)) / self.step)

    def shift(self, tick: int) -> Fraction:
        """Return the distance that `nearest` moves a tick, in quarter notes."""
        if not self.lengths:
            return Fraction(0)
        return 4 * abs(self.nearest(tick) * self.step - Fraction(tick, self.ticks_per_whole))


def parse_grid(text: str) -> tuple[Fraction, ...]:
    """Return the note lengths of a grid such as `1/16` or `1/16,1/24`; empty for `exact`.

    Raises:
        DataError: the text has another form, or a length is shorter than 1/384.
    """
    return () if text == "exact" else tuple(map(_grid_length, text.split(",")))


def spell_grid(lengths: Sequence[Fraction]) -> str:
    """Return the text of a grid, such as `1/16,1/24`; `exact` if `lengths` is empty."""
    return ",".join(f"1/{length.denominator}" for length in lengths) or "exact"


@dataclass(frozen=True)
class _Chord:
    """Pitches (MIDI numbers) that sound from time step `begin` to time step `end`; empty for a rest."""

    pitches: tuple[int, ...]
    begin: int
    end: int
    tied: bool = False


def _refuse_overlaps(sounds: Sounds) -> None:
    """Raise a DataError if two notes sound together (`polyphony: refuse`)."""
    for first, second in pairwise(sorted(sounds.items)):
        if second.begin < first.end:
            quarter = float(4 * second.begin * sounds.step)
            names = " and ".join(str(pitch_of(sound.pitch)) for sound in (first, second))
            raise DataError(
                f"expected one note at a time, received {names} together after {quarter:.6g} quarter notes;"
                " choose polyphony highest or chords"
            )


def _skyline(items: Sequence[Sound]) -> list[Sound]:
    """Return the sounds that `polyphony: highest` keeps; none of them overlaps the next."""
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
    """Return the chords between neighbouring changes or bounds (`polyphony: chords`); none for silence."""
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
            raise DataError(f"expected at most {MOST_PITCHES:,} pitches in chords; choose polyphony highest")
    return chords


def _changes(items: Sequence[Sound]) -> tuple[defaultdict[int, set[int]], defaultdict[int, set[int]]]:
    """Return, by time step, the pitches that begin and the pitches that end.

    A pitch ends before it is struck again; if it is struck twice at one time, it lasts to the later end.
    """
    begins: defaultdict[int, set[int]] = defaultdict(set)
    ends: defaultdict[int, set[int]] = defaultdict(set)
    last: dict[int, tuple[int, int]] = {}  # pitch → begin and end of its previous sound
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
    """Return the chords as notes, with rests before, between and after them; bounds divide the rests."""
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
    """Return the length of `steps` time steps in whole notes.

    Raises:
        DataError: note text cannot spell the length.
    """
    try:
        spell_duration(steps * step)
    except DataError:
        raise DataError(
            f"note text cannot write a length of {steps * step} whole notes, because its largest number is"
            " 9999; choose a coarser grid, such as 1/16"
        ) from None
    return steps * step


def _grid_length(text: str) -> Fraction:
    """Return a note length of a grid, such as `1/16`, in whole notes."""
    top, _, bottom = text.strip().partition("/")
    if top == "1" and re.fullmatch("[0-9]{1,9}", bottom) and 1 <= int(bottom) <= FINEST:
        return Fraction(1, int(bottom))
    raise DataError(
        f"expected a grid such as 1/16, 1/16,1/24 (with triplets) or exact, not finer than 1/{FINEST},"
        f" received {text[:40]!r}"
    )


def _rounded(tick: int, ticks: Fraction) -> int:
    """Return n for the multiple n · `ticks` nearest to a tick; the larger n if two are equally near."""
    return math.floor(tick / ticks + Fraction(1, 2))

"""Sounds as a line of notes, by a rule that is said where several sound together.

    highest   where notes begin together the highest is taken; while it sounds, lower ones that begin are left
              out, and a higher or an equal one cuts it off (the skyline of Uitdenbogerd and Zobel, 1998)
    refuse    two notes that sound together are an error
    chords    a chord from each time to the next at which what sounds changes; it is tied if a pitch of it
              sounds on, unless another is struck again at that time: then all are

A pitch that is struck again ends the one before it.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import groupby, pairwise
from typing import Literal

from rnnlab.errors import DataError
from rnnlab.music.duration import spell_duration
from rnnlab.music.notation import Note
from rnnlab.music.pitch import pitch_of
from rnnlab.music.sounds import Sound, Sounds

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

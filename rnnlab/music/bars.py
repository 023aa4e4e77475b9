"""Notes as they are drawn: divided at bar lines, into symbols with dots, under the brackets of tuplets.

A length whose denominator has an odd part m is written as a tuplet's, m in the time of the power of two
below m: 1/12 is an eighth of three in the time of two. A length that is no plain or dotted note is divided
into several, tied. A bracket goes on until what is under it has no such part any more.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from rnnlab.errors import DataError
from rnnlab.music.meter import COMMON_TIME, Meter
from rnnlab.music.notation import Note, Pitch
from rnnlab.music.tune import held_pitches

MOST_BARS = 1000
MOST_SYMBOLS = 5000
_MOST_DOTS = 3
_SHORTEST = Fraction(1, 1024)
_LARGEST_TUPLET = 63


@dataclass(frozen=True)
class Symbol:
    """A note, a chord or a rest with one note head, or one sign.

    Attributes:
        event: the index of the note that it draws, or draws a part of.
        part: which part of it, from 0.
        pitches: low to high; none for a rest.
        base: the note length that its head and flags say, as 1/8.
        dots: after it, 0..3.
        held: MIDI numbers of the pitches that are tied to the next symbol.
    """

    event: int
    part: int
    pitches: tuple[Pitch, ...]
    base: Fraction
    dots: int
    held: frozenset[int]

    @property
    def written(self) -> Fraction:
        """Its length, were it under no bracket, in whole notes."""
        return self.base * (2 - Fraction(1, 2**self.dots))


@dataclass(frozen=True)
class Group:
    """Symbols under one bracket, or one without.

    Attributes:
        tuplet: how many are played in the time of `time`; 1 for no bracket.
        time: a power of two.
        symbols: one at least.
    """

    tuplet: int
    time: int
    symbols: tuple[Symbol, ...]

    @property
    def length(self) -> Fraction:
        """What it lasts, in whole notes."""
        return sum((symbol.written for symbol in self.symbols), Fraction(0)) * Fraction(
            self.time, self.tuplet
        )


@dataclass(frozen=True)
class BarPiece:
    """A note, or the part of one between two bar lines.

    Attributes:
        event: index of the note.
        part: which part of the note, from 0.
        pitches: low to high; none for a rest.
        begin: time since the bar line before, in whole notes.
        length: whole notes.
        held: MIDI numbers of the pitches that are tied to the next piece.
    """

    event: int
    part: int
    pitches: tuple[Pitch, ...]
    begin: Fraction
    length: Fraction
    held: frozenset[int]


def pieces_of(
    notes: Sequence[Note], meter: Meter = COMMON_TIME, pickup: Fraction = Fraction(0)
) -> list[list[BarPiece]]:
    """Return the bars of a tune, each with the pieces that bar lines divide its notes into.

    Args:
        notes: all notes of the tune.
        meter: how long a bar is; the last bar may be shorter.
        pickup: length of a shorter first bar in whole notes; 0 for none.
    """
    before = meter.bar - pickup if 0 < pickup < meter.bar else Fraction(0)  # silence that fills the first bar
    length = sum((note.duration for note in notes), before)
    bars: list[list[BarPiece]] = [[] for _ in range(math.ceil(length / meter.bar))]
    now = before
    for event, (note, held) in enumerate(zip(notes, held_pitches(notes), strict=True)):
        parts = _within_bars(now, now + note.duration, meter.bar)
        for part, (begin, end) in enumerate(parts):
            bar = int(begin / meter.bar)
            sounding = held if part == len(parts) - 1 else {pitch.midi for pitch in note.pitches}
            since = begin - bar * meter.bar - (before if bar == 0 else 0)
            bars[bar].append(BarPiece(event, part, note.pitches, since, end - begin, frozenset(sounding)))
        now += note.duration
    return bars


def bars_of(
    notes: Sequence[Note], meter: Meter = COMMON_TIME, pickup: Fraction = Fraction(0)
) -> list[tuple[Group, ...]]:
    """Return the bars of a tune as they are drawn, the last of which may be short.

    Args:
        notes: all notes of the tune.
        meter: how long a bar is.
        pickup: length of a shorter first bar in whole notes; 0 for none.

    Raises:
        DataError: the tune is too long to be drawn, or a length has no notation that a reader would know.
    """
    length = sum((note.duration for note in notes), Fraction(0)) / meter.bar
    if length > MOST_BARS:
        raise DataError(f"it has {float(length):,.0f} bars; expected at most {MOST_BARS:,} in a score")
    bars: list[tuple[Group, ...]] = []
    parts: Counter[int] = Counter()  # symbols of each event so far
    for pieces in pieces_of(notes, meter, pickup):
        bar: list[Group] = []
        for piece in pieces:
            symbols = _symbols(piece, first=parts[piece.event])
            parts[piece.event] += len(symbols)
            bar += symbols
        if parts.total() > MOST_SYMBOLS:
            raise DataError(f"it has more than {MOST_SYMBOLS:,} notes; expected fewer in a score")
        bars.append(_bracketed(bar))
    return bars


def _within_bars(begin: Fraction, end: Fraction, bar: Fraction) -> list[tuple[Fraction, Fraction]]:
    """The parts of a time that bar lines divide it into."""
    parts = []
    while begin < end:
        bar_line = (begin // bar + 1) * bar
        parts.append((begin, min(end, bar_line)))
        begin = bar_line
    return parts


def _symbols(piece: BarPiece, *, first: int) -> list[Group]:
    """The symbols of a piece, each in a group of its own; the longer ones are on the stronger beat.

    Args:
        piece: the piece.
        first: the number of its first symbol among those of its event.
    """
    tuplet, time = tuplet_of(piece.length)
    bases = _divided(piece.length * tuplet / time)
    if tuplet > _LARGEST_TUPLET or min(base for base, _ in bases) < _SHORTEST:
        raise DataError(f"a length of {piece.length} whole notes cannot be drawn; write simpler ones")
    if piece.begin:
        bases.reverse()
    through = frozenset(pitch.midi for pitch in piece.pitches)
    held = [*[through] * (len(bases) - 1), piece.held]
    return [
        Group(tuplet, time, (Symbol(piece.event, first + number, piece.pitches, base, dots, held[number]),))
        for number, (base, dots) in enumerate(bases)
    ]


def tuplet_of(length: Fraction) -> tuple[int, int]:
    """Return the tuplet of a length: how many notes in the time of how many; 1 and 1 for none."""
    tuplet = length.denominator
    while tuplet % 2 == 0:
        tuplet //= 2
    return tuplet, 1 << (tuplet.bit_length() - 1)


def _divided(length: Fraction) -> list[tuple[Fraction, int]]:
    """The plain or dotted notes, (base, dots), that make up a length; its denominator is a power of two."""
    parts = []
    while length:
        base = Fraction(1 << (length.numerator.bit_length() - 1), length.denominator)
        dots = (length.numerator + 1).bit_length() - 2
        if length.numerator + 1 != 1 << (dots + 1) or dots > _MOST_DOTS:
            dots = 0
        parts.append((base, dots))
        length -= base * (2 - Fraction(1, 2**dots))
    return parts


def _bracketed(groups: Sequence[Group]) -> tuple[Group, ...]:
    """The groups of a bar, those of a tuplet under one bracket."""
    joined: list[Group] = []
    for group in groups:
        before = joined[-1] if joined else None
        if before and before.tuplet == group.tuplet > 1 and not _is_whole(before.length):
            joined[-1] = replace(before, symbols=before.symbols + group.symbols)
        else:
            joined.append(group)
    return tuple(joined)


def _is_whole(length: Fraction) -> bool:
    """Whether its denominator is a power of two."""
    return length.denominator & (length.denominator - 1) == 0

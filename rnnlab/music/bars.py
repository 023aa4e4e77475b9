"""Notes as they are drawn: divided at the bars of 4/4, into symbols with dots, under the brackets of tuplets.

A length whose denominator has an odd part m is written as a tuplet's, m in the time of the power of two
below m: 1/12 is an eighth of three in the time of two. A length that is no plain or dotted note is divided
into several, tied. A bracket goes on until what is under it has no such part any more.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from rnnlab.errors import DataError
from rnnlab.music.notation import Note
from rnnlab.music.pitch import Pitch
from rnnlab.music.sounds import held_pitches

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


def bars_of(notes: Sequence[Note]) -> list[tuple[Group, ...]]:
    """The bars of a piece, the last of which may be short.

    Raises:
        DataError: it is too long to be drawn, or a length has no notation that a reader would know.
    """
    length = sum((note.duration for note in notes), Fraction(0))
    if length > MOST_BARS:
        raise DataError(f"it has {float(length):,.0f} bars; expected at most {MOST_BARS:,} in a score")
    bars: list[list[Group]] = [[] for _ in range(math.ceil(length))]
    now = Fraction(0)
    drawn = 0
    for event, (note, held) in enumerate(zip(notes, held_pitches(notes), strict=True)):
        parts = [
            (int(begin), group)
            for begin, end in _within_bars(now, now + note.duration)
            for group in _groups(note, event, begin, end)
        ]
        for part, (bar, group) in enumerate(parts):
            sounding = held if part == len(parts) - 1 else {pitch.midi for pitch in note.pitches}
            bars[bar].append(_told(group, part, frozenset(sounding)))
        now += note.duration
        drawn += len(parts)
        if drawn > MOST_SYMBOLS:
            raise DataError(f"it has more than {MOST_SYMBOLS:,} notes; expected fewer in a score")
    return [_bracketed(bar) for bar in bars]


def _within_bars(begin: Fraction, end: Fraction) -> list[tuple[Fraction, Fraction]]:
    """The parts of a time that bar lines divide it into."""
    parts = []
    while begin < end:
        bar_line = Fraction(int(begin) + 1)
        parts.append((begin, min(end, bar_line)))
        begin = bar_line
    return parts


def _groups(note: Note, event: int, begin: Fraction, end: Fraction) -> list[Group]:
    """The symbols of a note within a bar, the longer ones on the stronger beat."""
    length = end - begin
    tuplet = length.denominator
    while tuplet % 2 == 0:
        tuplet //= 2
    time = 1 << (tuplet.bit_length() - 1)
    bases = _divided(length * tuplet / time)
    if tuplet > _LARGEST_TUPLET or min(base for base, _ in bases) < _SHORTEST:
        raise DataError(f"a length of {length} whole notes cannot be drawn; write simpler ones")
    if begin != int(begin):
        bases.reverse()
    return [
        Group(tuplet, time, (Symbol(event, 0, note.pitches, base, dots, frozenset()),))
        for base, dots in bases
    ]


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


def _told(group: Group, part: int, held: frozenset[int]) -> Group:
    """The group of one symbol, which is told what it is a part of."""
    (symbol,) = group.symbols
    return replace(group, symbols=(replace(symbol, part=part, held=held),))


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

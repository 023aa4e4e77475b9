"""Notes as a score draws them: divided at bar lines, into plain and dotted symbols, with tuplet brackets.

Let m be the largest odd factor of the denominator of a length. If m > 1, the length belongs to a tuplet of m
notes in the time of n notes; n is the largest power of two below m. So 1/12 is an eighth note in a tuplet of
3 in the time of 2. A length that is no plain or dotted note becomes several symbols; symbols of a note are
tied. A tuplet bracket ends if the length under it has a power of two as denominator (in whole notes), before
a symbol of another tuplet or of none, and at a bar line.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import accumulate

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
    """A drawn note, chord or rest: a whole event, or one of the symbols that an event is divided into.

    Attributes:
        event: index of the event in the tune.
        part: number of the symbol among those of its event, from 0.
        pitches: from low to high; empty for a rest.
        base: written length in whole notes, without dots and without the factor of the tuplet bracket, such
            as 1/8 for a dotted eighth note. `groups_without_bars` sets no dots: there it is the whole length,
            without the factor of the bracket.
        dots: number of dots, 0..3.
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
        """Length in whole notes with the dots, but without the factor of the tuplet bracket."""
        return self.base * (2 - Fraction(1, 2**self.dots))


@dataclass(frozen=True)
class Group:
    """The symbols under one tuplet bracket, or a single symbol without a bracket.

    Attributes:
        tuplet: number of notes that are played in the time of `time` notes; 1 for no bracket.
        time: number of plain notes that last as long as `tuplet` notes, a power of two; 1 for no bracket.
        symbols: one or more.
    """

    tuplet: int
    time: int
    symbols: tuple[Symbol, ...]

    @property
    def length(self) -> Fraction:
        """Sounding length of the symbols in whole notes."""
        return sum((symbol.written for symbol in self.symbols), Fraction(0)) * Fraction(
            self.time, self.tuplet
        )


@dataclass(frozen=True)
class BarPiece:
    """The part of an event that lies between two bar lines: the whole event if no bar line crosses it.

    Attributes:
        event: index of the event in the tune.
        part: number of the piece among those of its event, from 0.
        pitches: from low to high; empty for a rest.
        begin: whole notes from the start of its bar.
        length: length in whole notes.
        held: MIDI numbers of the pitches that are tied to the next piece.
    """

    event: int
    part: int
    pitches: tuple[Pitch, ...]
    begin: Fraction
    length: Fraction
    held: frozenset[int]


def pieces_of(
    notes: Sequence[Note], meter: Meter | None, pickup: Fraction = Fraction(0)
) -> list[list[BarPiece]]:
    """Return the bars of a tune; each bar is the list of its pieces, in order.

    Args:
        notes: all events of the tune.
        meter: metre, which gives the length of a bar; the last bar may be shorter. None: one undivided bar.
        pickup: length of a shorter first bar in whole notes; 0, or a whole bar or more, for none.
    """
    held = held_pitches(notes)
    if meter is None:
        begins = accumulate((note.duration for note in notes), initial=Fraction(0))
        numbered = enumerate(zip(notes, begins, held, strict=False))
        return [
            [
                BarPiece(event, 0, note.pitches, begin, note.duration, frozenset(tied))
                for event, (note, begin, tied) in numbered
            ]
        ]
    missing = meter.bar - pickup if 0 < pickup < meter.bar else Fraction(0)  # a whole bar minus the pick-up
    length = sum((note.duration for note in notes), missing)
    bars: list[list[BarPiece]] = [[] for _ in range(math.ceil(length / meter.bar))]
    now = missing
    for event, (note, tied) in enumerate(zip(notes, held, strict=True)):
        parts = _between_bar_lines(now, now + note.duration, meter.bar)
        for part, (begin, end) in enumerate(parts):
            bar = int(begin / meter.bar)
            sounding = tied if part == len(parts) - 1 else {pitch.midi for pitch in note.pitches}
            since = begin - bar * meter.bar - (missing if bar == 0 else 0)
            bars[bar].append(BarPiece(event, part, note.pitches, since, end - begin, frozenset(sounding)))
        now += note.duration
    return bars


def bars_of(
    notes: Sequence[Note], meter: Meter = COMMON_TIME, pickup: Fraction = Fraction(0)
) -> list[tuple[Group, ...]]:
    """Return the bars of a tune as a score draws them; the last bar may be shorter.

    Args:
        notes: all events of the tune.
        meter: metre, which gives the length of a bar.
        pickup: length of a shorter first bar in whole notes; 0, or a whole bar or more, for none.

    Raises:
        DataError: the tune has more than 1,000 bars or 5,000 symbols, or a score cannot show a length.
    """
    length = sum((note.duration for note in notes), Fraction(0)) / meter.bar
    if length > MOST_BARS:
        raise DataError(
            f"the tune has {float(length):,.0f} bars; expected at most {MOST_BARS:,} in a score;"
            " write a part of the tune"
        )
    bars: list[tuple[Group, ...]] = []
    parts: Counter[int] = Counter()  # event → number of its symbols so far
    for pieces in pieces_of(notes, meter, pickup):
        bar: list[Group] = []
        for piece in pieces:
            symbols = _symbols(piece, first=parts[piece.event])
            parts[piece.event] += len(symbols)
            bar += symbols
        if parts.total() > MOST_SYMBOLS:
            raise DataError(
                f"the score needs more than {MOST_SYMBOLS:,} symbols; expected at most {MOST_SYMBOLS:,};"
                " write a part of the tune"
            )
        bars.append(_bracketed(bar))
    return bars


def groups_without_bars(notes: Sequence[Note]) -> tuple[Group, ...]:
    """Return the events in tuplet groups, with one undivided symbol for each event."""
    (pieces,) = pieces_of(notes, None)
    groups = []
    for piece in pieces:
        tuplet, time = _tuplet_of(piece.length)
        base = piece.length * tuplet / time
        groups.append(Group(tuplet, time, (Symbol(piece.event, 0, piece.pitches, base, 0, piece.held),)))
    return _bracketed(groups)


def _between_bar_lines(begin: Fraction, end: Fraction, bar: Fraction) -> list[tuple[Fraction, Fraction]]:
    """Return (begin, end), in whole notes, of the parts into which bar lines divide a time span."""
    parts = []
    while begin < end:
        bar_line = (begin // bar + 1) * bar
        parts.append((begin, min(end, bar_line)))
        begin = bar_line
    return parts


def _symbols(piece: BarPiece, *, first: int) -> list[Group]:
    """Return the symbols of a piece, each in a group of its own.

    The longest symbol is first if the piece begins at the start of its bar, else last.

    Args:
        piece: the piece.
        first: number of the first symbol of the piece among the symbols of its event.

    Raises:
        DataError: a score cannot show the length of the piece.
    """
    tuplet, time = _tuplet_of(piece.length)
    bases = _divided(piece.length * tuplet / time)
    if tuplet > _LARGEST_TUPLET or min(base for base, _ in bases) < _SHORTEST:
        raise DataError(f"a length of {piece.length} whole notes cannot be drawn; write simpler lengths")
    if piece.begin:
        bases.reverse()
    through = frozenset(pitch.midi for pitch in piece.pitches)
    held = [*[through] * (len(bases) - 1), piece.held]
    return [
        Group(tuplet, time, (Symbol(piece.event, first + number, piece.pitches, base, dots, held[number]),))
        for number, (base, dots) in enumerate(bases)
    ]


def _tuplet_of(length: Fraction) -> tuple[int, int]:
    """Return the tuplet that a length belongs to, (3, 2) for 3 notes in the time of 2; (1, 1) for none."""
    tuplet = length.denominator
    while tuplet % 2 == 0:
        tuplet //= 2
    return tuplet, 1 << (tuplet.bit_length() - 1)


def _divided(length: Fraction) -> list[tuple[Fraction, int]]:
    """Return (base, dots) of the plain and dotted notes that make up a length, longest first.

    The denominator of the length must be a power of two.
    """
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
    """Return the groups, with neighbours of the same tuplet joined until the length of a bracket is whole."""
    joined: list[Group] = []
    for group in groups:
        before = joined[-1] if joined else None
        if before and before.tuplet == group.tuplet > 1 and not _is_whole(before.length):
            joined[-1] = replace(before, symbols=before.symbols + group.symbols)
        else:
            joined.append(group)
    return tuple(joined)


def _is_whole(length: Fraction) -> bool:
    """Return whether a length is whole: its denominator is a power of two, so a bracket may end after it."""
    return length.denominator & (length.denominator - 1) == 0

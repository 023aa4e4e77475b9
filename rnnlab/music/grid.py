"""The grid that times are moved to: multiples of one note length, or of several, whichever is nearest."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from rnnlab.errors import DataError

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
    return () if text == "exact" else tuple(map(_length, text.split(",")))


def spell_grid(lengths: Sequence[Fraction]) -> str:
    """The text that `parse_grid` reads."""
    return ",".join(map(str, lengths)) or "exact"


def _length(text: str) -> Fraction:
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

"""The axes of a chart: from a figure to a place in its picture."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.reports.ticks import decade_ticks, linear_ticks

Floats = NDArray[np.floating[Any]]

DECADES = 100.0
"""Figures of which one is so many times another are drawn on a logarithmic axis."""


@dataclass(frozen=True)
class Axis:
    """A range of figures on a stretch of the picture.

    Attributes:
        low: the figure at its begin.
        high: the figure at its end, above `low`.
        begin: place of the lowest figure, in the picture's units.
        end: place of the highest.
        is_log: whether equal steps are equal ratios.
    """

    low: float
    high: float
    begin: float
    end: float
    is_log: bool = False

    def place(self, figures: Floats) -> Floats:
        """Where figures are drawn, (n,); those outside of the range at its ends."""
        inside = np.clip(np.asarray(figures, np.float64), self.low, self.high)
        low, high = (math.log(self.low), math.log(self.high)) if self.is_log else (self.low, self.high)
        along = ((np.log(inside) if self.is_log else inside) - low) / (high - low)
        return self.begin + along * (self.end - self.begin)

    def ticks(self, most: int) -> list[float]:
        """Figures to mark, lowest first."""
        ticks = decade_ticks if self.is_log else linear_ticks
        return [tick for tick in ticks(self.low, self.high, most=most) if self.low <= tick <= self.high]


def value_axis(lines: Floats, others: Floats, begin: float, end: float, *, share: bool = False) -> Axis:
    """The axis of all of some figures: from 0 to 1 for shares, logarithmic where they span decades.

    Args:
        lines: (n,) what a logarithmic axis must reach down to; zeros among it are drawn at its begin.
        others: (m,) what such an axis need not reach down to.
        begin: place of the lowest figure.
        end: place of the highest.
        share: whether the figures are shares of a whole.
    """
    if share:
        return Axis(0.0, 1.0, begin, end)
    figures = np.concatenate([lines, others])
    low, high = float(figures.min()), float(figures.max())
    positive = lines[lines > 0]
    if low >= 0 and len(positive) and high > DECADES * float(positive.min()):
        floor, ceiling = math.floor(math.log10(float(positive.min()))), math.ceil(math.log10(high))
        return Axis(10.0**floor, 10.0**ceiling, begin, end, is_log=True)
    room = 0.05 * (high - low) or abs(high) or 1.0
    return Axis(0.0 if 0 <= low < high / 2 else low - room, high + room, begin, end)

"""The axes of a chart: from a figure to a place in its picture.

Where the marks of an axis stand, and what stands beside them.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

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


def linear_ticks(low: float, high: float, *, most: int) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten from `low` to `high`, about `most`."""
    if not high > low:
        return [low]
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(number * step, 12) for number in range(first, last + 1)]


def decade_ticks(low: float, high: float, *, most: int) -> list[float]:
    """Powers of ten from `low` to `high`, equally far apart, about `most`."""
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    step = max(1, math.ceil((last - first) / most))
    return [float(10.0**power) for power in np.arange(last, first - 1, -step)[::-1].tolist()]


def figure(value: float, digits: int = 4) -> str:
    """A measure in a sentence or a table: `1.706`, `4.69 × 10⁻⁸`."""
    if value and not 1e-3 <= abs(value) < 1e15:
        digit, _, power = f"{value:.{digits - 2}e}".partition("e")
        return f"{digit} × 10{str(int(power)).translate(_RAISED)}"
    return f"{value:,.{digits}g}" if abs(value) < 10**digits else f"{value:,.0f}"


def label(value: float) -> str:
    """A figure as an axis has it: `2,000`, `0.5`, `10⁻⁶`."""
    if value == 0:
        return "0"
    power = round(math.log10(abs(value)))
    if not 1e-3 <= abs(value) < 1e7 and math.isclose(abs(value), 10.0**power):
        return f"{'−' * (value < 0)}10{str(power).translate(_RAISED)}"
    return f"{value:,.6g}".replace("-", "−")


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

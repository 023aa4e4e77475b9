"""The axes of a chart: the place of a value in the picture, and the marks and texts beside an axis."""

import math
import unicodedata
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.reports.markup import Markup, tag

Floats = NDArray[np.floating[Any]]

FONTS = "system-ui, sans-serif"
"""Fonts of all texts of a chart."""

DECADES = 100.0
"""Ratio of the highest to the lowest positive value above which an axis is logarithmic; see `value_axis`."""


@dataclass(frozen=True)
class Axis:
    """An axis: a range of values, and their places in the picture.

    Attributes:
        low: the lowest value.
        high: the highest value, above `low`.
        begin: place of the lowest value, in units of the picture.
        end: place of the highest value.
        is_log: whether the axis is logarithmic.
        is_whole: whether only whole numbers are marked.
    """

    low: float
    high: float
    begin: float
    end: float
    is_log: bool = False
    is_whole: bool = False

    def place(self, values: Floats) -> Floats:
        """Return the places of values, (n,); a value outside of the range is placed at the nearer end."""
        inside = np.clip(np.asarray(values, np.float64), self.low, self.high)
        low, high = (math.log(self.low), math.log(self.high)) if self.is_log else (self.low, self.high)
        along = ((np.log(inside) if self.is_log else inside) - low) / (high - low)  # (n,), 0 to 1
        return self.begin + along * (self.end - self.begin)

    def ticks(self, most: int) -> list[float]:
        """Return about `most` round values in the range to mark, ascending; there may be none."""
        ticks = decade_ticks if self.is_log else linear_ticks
        return [
            tick
            for tick in ticks(self.low, self.high, most=most)
            if self.low <= tick <= self.high and not (self.is_whole and tick % 1)
        ]


def value_axis(lines: Floats, others: Floats, begin: float, end: float, *, share: bool = False) -> Axis:
    """Return an axis for values: from 0 to 1 for fractions or no values, logarithmic for a large range.

    The axis is logarithmic if no value is negative and the highest is more than `DECADES` times the smallest
    positive one of `lines`. Otherwise it is linear with some room around the values, and begins at 0 if the
    lowest value is from 0 to half of the highest.

    Args:
        lines: (n,) finite values; a logarithmic axis begins at a power of ten at or below the smallest
            positive one.
        others: (m,) finite values that may lie below a logarithmic axis.
        begin: place of the lowest value.
        end: place of the highest value.
        share: whether the values are fractions, from 0 to 1.
    """
    values = np.concatenate([lines, others])
    if share or not len(values):
        return Axis(0.0, 1.0, begin, end)
    low, high = float(values.min()), float(values.max())
    positive = lines[lines > 0]
    if low >= 0 and len(positive) and high > DECADES * float(positive.min()):
        floor, ceiling = math.floor(math.log10(float(positive.min()))), math.ceil(math.log10(high))
        return Axis(10.0**floor, 10.0**ceiling, begin, end, is_log=True)
    room = 0.05 * (high - low) or abs(high) or 1.0
    return Axis(0.0 if 0 <= low < high / 2 else low - room, high + room, begin, end)


def epoch_axis(first: float, last: float, begin: float, end: float) -> Axis:
    """Return an axis from one epoch to another, on which whole epochs are marked; the two may be equal."""
    if first == last:
        first, last = first - 0.5, last + 0.5
    return Axis(first, last, begin, end, is_whole=True)


def linear_ticks(low: float, high: float, *, most: int) -> list[float]:
    """Return about `most` multiples of 1, 2 or 5 times a power of ten, from `low` to `high`.

    If `high` is not above `low`, return `low` alone.
    """
    if not high > low:
        return [low]
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(number * step, 12) for number in range(first, last + 1)]


def decade_ticks(low: float, high: float, *, most: int) -> list[float]:
    """Return about `most` powers of ten from `low` to `high`, with equal ratios."""
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    step = max(1, math.ceil((last - first) / most))
    return [float(10.0**power) for power in np.arange(last, first - 1, -step)[::-1].tolist()]


def figure(value: float, digits: int = 4) -> str:
    """Return a number as text for sentences and tables: `1.706`, `4.69 × 10⁻⁸`, `12,345`, `nan`.

    Args:
        value: the number.
        digits: number of significant digits; before a power of ten, one less. A number with more digits
            before the point is rounded to a whole number.
    """
    if not math.isfinite(value):
        return str(value)
    if value and not 1e-3 <= abs(value) < 1e15:
        digit, _, power = f"{value:.{digits - 2}e}".partition("e")
        return f"{digit} × 10{str(int(power)).translate(_RAISED)}"
    return f"{value:,.{digits}g}" if abs(value) < 10**digits - 0.5 else f"{value:,.0f}"


def tick_label(value: float) -> str:
    """Return a value as the label of a mark: `2,000`, `0.5`, `10⁻⁶`."""
    if value == 0:
        return "0"
    power = round(math.log10(abs(value)))
    if not 1e-3 <= abs(value) < 1e7 and math.isclose(abs(value), 10.0**power):
        return f"{'−' * (value < 0)}10{str(power).translate(_RAISED)}"
    return f"{value:,.6g}".replace("-", "−")


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def x_marks(xs: Axis, top: float, bottom: float, *, most: int = 6, rules: bool = False) -> list[Markup]:
    """Return about `most` labels below an x axis, and if `rules` a vertical line at each label."""
    pieces = []
    for tick, x in zip(ticks := xs.ticks(most), xs.place(np.array(ticks)).tolist(), strict=True):
        if rules:
            pieces.append(rule(x, top, x, bottom))
        pieces.append(text(tick_label(tick), x, bottom + 20, anchor="middle"))
    return pieces


def y_marks(ys: Axis, left: float, right: float) -> list[Markup]:
    """Return the labels on the left of a y axis and a horizontal line at each label."""
    pieces = []
    for tick, y in zip(ticks := ys.ticks(6), ys.place(np.array(ticks)).tolist(), strict=True):
        pieces += [rule(left, y, right, y), text(tick_label(tick), left - 8, y + 5, anchor="end")]
    return pieces


def rule(x1: float, y1: float, x2: float, y2: float, *, opacity: float = 0.16) -> Markup:
    """Return a thin straight line in the colour of the text."""
    return tag("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke="currentColor", stroke_opacity=opacity)


def text(
    words: str,
    x: float,
    y: float,
    *,
    anchor: str | None = None,
    bold: bool = False,
    size: float | None = None,
) -> Markup:
    """Return a text whose `anchor` is at x: its start (None), `middle` or `end`; its base line is at y."""
    weight = "bold" if bold else None
    return tag(
        "text", words, x=x, y=y, text_anchor=anchor, fill="currentColor", font_weight=weight, font_size=size
    )


def text_width(words: str, size: float = 13) -> float:
    """Return a width in units of the SVG, enough for a text in any common font."""
    ems = [
        1.05 if unicodedata.east_asian_width(each) in "WF" else 0.85 if each in _WIDE else 0.64
        for each in words
    ]
    return size * sum(ems)


_WIDE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZmw%@<>+=~—…\\")

"""The parts of SVG charts: lines with bands and markers, intervals, pieces of a key, and the SVG file.

Reports, `plot` and `compare` draw their charts with these parts. A chart needs no style sheet and no script.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rnnlab.reports.axes import FONTS, Axis, Floats
from rnnlab.reports.markup import Markup, tag, together

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
"""Palette of Okabe and Ito without yellow; colour-blind readers can distinguish these colours."""

INK, PAPER = "#1f1e1b", "#ffffff"

_DASHES = (None, "9 4", "2 4", "12 4 2 4")
_BINS = 700
"""Number of bins into which a long line is cut; the lowest and the highest point of each bin are drawn."""
_BAND_BINS = 120
"""Largest number of bins of a band. With more, the edges of the band would look like the teeth of a comb."""
_IN_BIN, _FEWEST_BINS = 100, 12
"""Number of steps in a bin of a band, so that its quantiles are steady; and the smallest number of bins."""
_MIDDLE = (0.05, 0.95)
"""Quantiles between which nine of ten steps lie."""
_PIECE = 28
"""Length of a line in a key, and of a line with a single point, in units of the SVG."""
_MARKERS = 8
"""Approximate number of markers on a long line; more markers would hide the line."""


@dataclass(frozen=True, eq=False)
class Series:
    """A line of a chart.

    Attributes:
        name: name of the line in the key.
        xs: (n,) ascending.
        ys: (n,); a line is drawn with finite ys, so `known` removes the points that are not finite.
        lows: (n,) lower edge of a band around the line; None for no band.
        highs: (n,) upper edge of the band; None for no band.
        colour: index of the colour; None is the colour of the text.
        dash: index of the dash pattern; 0 is a solid line.
        marker: index of the marker's shape; None for no markers.
    """

    name: str
    xs: Floats
    ys: Floats
    lows: Floats | None = None
    highs: Floats | None = None
    colour: int | None = 0
    dash: int = 0
    marker: int | None = None

    def known(self) -> "Series":
        """Return the series without the points that are not finite."""
        finite = np.isfinite(self.ys)
        lows, highs = (None if edge is None else edge[finite] for edge in (self.lows, self.highs))
        return replace(self, xs=self.xs[finite], ys=self.ys[finite], lows=lows, highs=highs)


def picture(width: float, height: float, *pieces: str, words: str) -> Markup:
    """Return the content of an SVG file with dark text on a white background.

    Args:
        width: width of the picture, in units of the SVG.
        height: height of the picture, in the same units.
        pieces: the elements of the picture.
        words: the description for readers who do not see the picture.
    """
    ground = tag("rect", x=0, y=0, width=width, height=height, fill=PAPER)
    return tag(
        "svg",
        ground,
        *pieces,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width:g} {height:g}",
        width=width,
        height=height,
        role="img",
        aria_label=words,
        color=INK,
        font_family=FONTS,
        font_size=13,
    )


def line_marks(line: Series, xs: Axis, ys: Axis) -> Markup:
    """Return a line with its band and its markers; a long line is thinned to the extremes of each bin.

    Args:
        line: the line, with one finite point or more.
        xs: the x axis.
        ys: the y axis.
    """
    kept_xs, kept_ys = thinned(line.xs, line.ys, bins=_BINS)
    places = list(zip(xs.place(kept_xs).tolist(), ys.place(kept_ys).tolist(), strict=True))
    pieces = []
    if line.lows is not None and line.highs is not None:
        pieces.append(_band(line.xs, line.lows, line.highs, line.colour, xs, ys))
    if len(places) == 1:  # a short line, since a dot would not show the dash pattern
        ((x, y),) = places
        pieces.append(_stroke(f"M{x - _PIECE / 2:.5g},{y:.5g} h{_PIECE}", line))
    else:
        pieces.append(_stroke(f"M{_points(places)}", line))
    if line.marker is not None:
        every = max(1, len(places) // _MARKERS)
        first = (
            line.marker * every // 4
        ) % every  # so that lines that coincide have their markers at different points
        pieces += [marker(line.marker, x, y, line.colour) for x, y in places[first::every]]
    return together(*pieces)


def marker(number: int, x: float, y: float, colour: int | None, *, size: float = 4) -> Markup:
    """Return a marker: a circle, a square, a triangle or one of five other shapes.

    Args:
        number: index of the shape.
        x: x of the centre.
        y: y of the centre.
        colour: index of the colour; None is the colour of the text.
        size: half of the width.
    """
    fill, shape = _colour(colour), _SHAPES[number % len(_SHAPES)]
    if not shape:
        return tag("circle", cx=x, cy=y, r=size, fill=fill, stroke=PAPER, stroke_width=0.7)
    corners = _points([(x + size * across, y + size * down) for across, down in shape])
    return tag("path", d=f"M{corners}z", fill=fill, stroke=PAPER, stroke_width=0.7)


_SHAPES: tuple[tuple[tuple[float, float], ...], ...] = (
    (),  # a circle
    ((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)),
    ((0, -1.2), (1.1, 0.8), (-1.1, 0.8)),
    ((0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)),
    ((0, 1.2), (1.1, -0.8), (-1.1, -0.8)),
    ((-1.2, -0.45), (1.2, -0.45), (1.2, 0.45), (-1.2, 0.45)),
    ((-0.45, -1.2), (0.45, -1.2), (0.45, 1.2), (-0.45, 1.2)),
    ((1.2, 0), (-0.8, 1.1), (-0.8, -1.1)),
)
"""Corners of each marker, in units of half its width. 8 shapes and 7 colours distinguish 56 lines."""


def dot(x: float, y: float, colour: int | None) -> Markup:
    """Return a dot that stays round if the chart is stretched: a short stroke with round ends."""
    return tag(
        "path",
        d=f"M{x:.5g},{y:.5g} h0.01",
        stroke=_colour(colour),
        stroke_width=9,
        stroke_linecap="round",
        vector_effect="non-scaling-stroke",
        class_=None if colour is None else f"dot-{colour}",
    )


def swatch(x: float, y: float, line: Series) -> Markup:
    """Return a short piece of a line with its marker for a key; y is the base line of the name beside it."""
    pieces = [_stroke(f"M{x:g},{y - 5:g} h{_PIECE}", line)]
    if line.marker is not None:
        pieces.append(marker(line.marker, x + _PIECE / 2, y - 5, line.colour))
    return together(*pieces)


def line_stroke(
    x1: float, y1: float, x2: float, y2: float, *, colour: int | None = None, dash: str | None = None
) -> Markup:
    """Return a straight line, 2 units wide."""
    return tag(
        "line", x1=x1, y1=y1, x2=x2, y2=y2, stroke=_colour(colour), stroke_width=2, stroke_dasharray=dash
    )


def interval_bar(low: float, high: float, y: float, colour: int) -> Markup:
    """Return a pale horizontal bar from x `low` to x `high`, 12 units high; y is its middle."""
    return tag(
        "rect",
        x=low,
        y=y - 6,
        width=max(high - low, 1),
        height=12,
        fill=_colour(colour),
        fill_opacity=0.25,
    )


def zeros_note(values: Floats) -> str:
    """Return a sentence on the values at or below 0 on a logarithmic axis; empty if there are none."""
    count = int((values <= 0).sum())
    if not count:
        return ""
    return f"{count:,} {'point is' if count == 1 else 'points are'} 0, and drawn at the lower edge."


def spoken(title: str, lines: Sequence[Series], x_label: str) -> str:
    """Return a chart in words: the first, last, lowest and highest value of each line; no line is empty."""
    said = [f"{title} by {x_label}."]
    for line in lines:
        lowest, highest = int(line.ys.argmin()), int(line.ys.argmax())
        said.append(
            f"{line.name}: from {line.ys[0]:.4g} to {line.ys[-1]:.4g},"
            f" lowest {line.ys[lowest]:.4g} at {line.xs[lowest]:,.6g},"
            f" highest {line.ys[highest]:.4g} at {line.xs[highest]:,.6g}."
        )
    return " ".join(said)


def thinned(xs: Floats, ys: Floats, *, bins: int) -> tuple[Floats, Floats]:
    """Return the first, the last, and each bin's lowest and highest point: at most 2 · bins + 2, in order.

    Args:
        xs: (n,) ascending.
        ys: (n,) finite.
        bins: number of bins; the bins have equally many points, up to one.

    Returns:
        The xs and the ys that are kept, (m,) each; all points if n ≤ 2 · bins.
    """
    if len(ys) <= 2 * bins:
        return xs, ys
    starts = _starts(len(ys), bins)  # (bins,)
    pairs = list(zip(starts.tolist(), [*starts[1:].tolist(), len(ys)], strict=True))
    lowest = [int(begin + ys[begin:end].argmin()) for begin, end in pairs]
    highest = [int(begin + ys[begin:end].argmax()) for begin, end in pairs]
    kept = np.unique([0, *lowest, *highest, len(ys) - 1])  # (m,)
    return xs[kept], ys[kept]


def envelope(xs: Floats, lows: Floats, highs: Floats, *, bins: int) -> tuple[Floats, Floats, Floats]:
    """Return the middle of each bin, its lowest low and its highest high, (m,) each; m ≤ bins.

    Args:
        xs: (n,) ascending.
        lows: (n,) lower ends of ranges.
        highs: (n,) upper ends of the ranges; equal to `lows` for single measurements.
        bins: number of bins; the bins have equally many ranges, up to one.
    """
    starts = _starts(len(xs), min(bins, len(xs)))  # (m,)
    ends = np.append(starts[1:], len(xs)) - 1  # (m,)
    middles = (xs[starts] + xs[ends]) / 2
    return middles, np.minimum.reduceat(lows, starts), np.maximum.reduceat(highs, starts)


def step_band(xs: Floats, ys: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the range of nine of ten steps of a training in each bin: the 5 % and the 95 % quantile.

    A bin has whole epochs, or an epoch has whole bins. A batch that is difficult in each epoch is then in
    each bin, or always in the same part of an epoch, and the edges of the band are smooth.

    Args:
        xs: the end of each step, counted in epochs, (n,) ascending, above 0; n is 1 or more.
        ys: a measure of each step, (n,) finite.

    Returns:
        The first x, the middle of each bin and the last x; the lower and the upper quantile at these, (m,)
        each.
    """
    epochs = math.ceil(xs[-1])
    wanted = min(max(len(xs) // _IN_BIN, _FEWEST_BINS), _BAND_BINS)
    whole, parts = math.ceil(epochs / wanted), max(wanted // epochs, 1)  # epochs in a bin, bins in an epoch
    bins = np.ceil(xs * parts / whole - 1e-9)  # number of each step's bin, from 1, (n,)
    starts = np.flatnonzero(np.diff(bins, prepend=0))  # (m - 2,)
    ends = np.append(starts[1:], len(xs)) - 1
    edges = np.array([np.quantile(each, _MIDDLE) for each in np.split(ys, starts[1:])])  # (m - 2, 2)
    lows, highs = np.concatenate([edges[:1], edges, edges[-1:]]).T  # (m,) each
    return np.concatenate([xs[:1], (xs[starts] + xs[ends]) / 2, xs[-1:]]), lows, highs


def _starts(count: int, bins: int) -> NDArray[np.int64]:
    """Return the index of the first of `count` points in each bin, (bins,)."""
    return np.arange(bins, dtype=np.int64) * count // max(bins, 1)


def _band(line_xs: Floats, lows: Floats, highs: Floats, colour: int | None, xs: Axis, ys: Axis) -> Markup:
    """Return the band around a line as an area."""
    edges = (line_xs, lows, highs)
    if len(line_xs) > _BAND_BINS:
        edges = envelope(line_xs, lows, highs, bins=_BAND_BINS)
    return area(*edges, xs, ys, fill=_colour(colour), fill_opacity=0.18)


def area(middles: Floats, lows: Floats, highs: Floats, xs: Axis, ys: Axis, **style: str | float) -> Markup:
    """Return the area between two lines over the same xs, (m,) each."""
    places = xs.place(middles).tolist()
    upper = list(zip(places, ys.place(highs).tolist(), strict=True))
    lower = list(zip(places, ys.place(lows).tolist(), strict=True))
    return tag("path", d=f"M{_points([*upper, *reversed(lower)])}z", stroke="none", **style)


def _stroke(path: str, line: Series) -> Markup:
    """Return a path in the style of a line; stretching the chart does not change the width of the path."""
    dash = _DASHES[line.dash % len(_DASHES)]
    return tag(
        "path",
        d=path,
        fill="none",
        stroke=_colour(line.colour),
        stroke_width=2,
        stroke_linejoin="round",
        stroke_linecap="round" if dash is None else None,
        stroke_dasharray=dash,
        vector_effect="non-scaling-stroke",
        class_=None if line.colour is None else f"line-{line.colour}",
    )


def _colour(number: int | None) -> str:
    return "currentColor" if number is None else COLOURS[number % len(COLOURS)]


def _points(places: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.5g},{y:.5g}" for x, y in places)

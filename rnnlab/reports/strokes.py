"""The lines of a chart, told apart by colour and by dashes."""

import numpy as np

from rnnlab.reports.axes import Axis
from rnnlab.reports.markup import Markup, tag
from rnnlab.reports.series import Level, Series
from rnnlab.reports.thinning import envelope, thinned

_BINS, _A_BIN = 700, 10  # points of a line; measurements of which a cloud shows the range, at least
_COLOURS = ("#2f78bd", "#c2611f", "#3d8a5a", "#8a5fb0", "#8a7420", "#b0486b")
_DASHES = (None, "9 4", "2 4", "12 4 2 4", "5 3", "1 3")
_LEVEL_DASHES = ("3 5", "10 5 2 5")


def line_stroke(line: Series, number: int, xs: Axis, ys: Axis) -> Markup:
    """A line, thinned such that no extreme is lost."""
    kept = thinned(line.xs, line.ys, bins=_BINS)
    points = " ".join(
        f"{x:.5g},{y:.5g}"
        for x, y in zip(xs.place(kept[0]).tolist(), ys.place(kept[1]).tolist(), strict=True)
    )
    if len(kept[0]) == 1:
        return _stroke(f"M{points} h0", number, is_dot=True)
    return _stroke(f"M{points}", number)


def cloud_shape(cloud: Series, xs: Axis, ys: Axis) -> Markup:
    """The range of measurements from bin to bin."""
    middles, lows, highs = envelope(cloud.xs, cloud.ys, bins=min(_BINS, len(cloud.ys) // _A_BIN + 1))
    places = xs.place(middles).tolist()
    upper = list(zip(places, ys.place(highs).tolist(), strict=True))
    lower = list(zip(places, ys.place(lows).tolist(), strict=True))
    points = " ".join(f"{x:.5g},{y:.5g}" for x, y in [*upper, *reversed(lower)])
    return tag("path", d=f"M{points}z", fill=_COLOURS[0], fill_opacity=0.2, stroke="none", class_="cloud")


def level_stroke(level: Level, number: int, xs: Axis, ys: Axis) -> Markup:
    """A line across the whole picture."""
    (y,) = ys.place(np.array([level.y])).tolist()
    return tag(
        "line",
        x1=xs.begin,
        x2=xs.end,
        y1=y,
        y2=y,
        stroke="currentColor",
        stroke_opacity=0.75,
        stroke_dasharray=_level_dash(number),
        vector_effect="non-scaling-stroke",
    )


def swatch(number: int) -> Markup:
    """A short piece of a line, for the key."""
    return _stroke("M1,6h26", number)


def cloud_swatch() -> Markup:
    """A piece of the range."""
    return tag("rect", x=1, y=1, width=26, height=10, fill=_COLOURS[0], fill_opacity=0.2, class_="cloud")


def level_swatch(number: int) -> Markup:
    """A short piece of a level."""
    return tag("path", d="M1,6h26", stroke="currentColor", stroke_dasharray=_level_dash(number))


def _stroke(path: str, number: int, *, is_dot: bool = False) -> Markup:
    """A line that is as wide however far its chart is drawn out."""
    dash = None if is_dot else _DASHES[number % len(_DASHES)]
    return tag(
        "path",
        d=path,
        fill="none",
        stroke=_COLOURS[number % len(_COLOURS)],
        stroke_width=7 if is_dot else 2,
        stroke_linejoin="round",
        stroke_linecap="round" if dash is None else None,
        stroke_dasharray=dash,
        vector_effect="non-scaling-stroke",
        class_=f"line-{number}",
    )


def _level_dash(number: int) -> str:
    return _LEVEL_DASHES[number % len(_LEVEL_DASHES)]

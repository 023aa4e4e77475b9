"""What a chart of curves has beside its curves: levels, the kept epoch, and the key."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from rnnlab.reports.axes import Axis, tick_label
from rnnlab.reports.charts import COLOURS, Series, dot, swatch
from rnnlab.reports.markup import Markup, tag

TOP, BOTTOM = 14, 276
_LEVEL_DASHES = ("3 5", "10 5 2 5")


@dataclass(frozen=True)
class LevelLine:
    """A horizontal line at one value, with which the lines of a chart are compared."""

    name: str
    y: float


def curves_key(
    lines: Sequence[Series], cloud: Series | None, levels: Sequence[LevelLine], kept: int | None
) -> Markup:
    """Return the key of an HTML figure: a sample and the name of each line, cloud, level and kept epoch."""
    entries = [entry_of_key(line.name, swatch(0, 11, line)) for line in lines]
    if cloud:
        colour = COLOURS[0]
        piece = tag("rect", x=1, y=1, width=26, height=10, fill=colour, fill_opacity=0.2, class_="cloud")
        entries.append(entry_of_key(cloud.name, piece))
    for number, level in enumerate(levels):
        piece = tag("path", d="M1,6h26", stroke="currentColor", stroke_dasharray=_level_dash(number))
        entries.append(entry_of_key(f"{level.name} {tick_label(float(f'{level.y:.4g}'))}", piece))
    if kept:
        piece = tag("path", d="M14,0v12", stroke="currentColor", stroke_width=1.5)
        entries.append(entry_of_key(f"epoch {kept:,}, whose weights are kept", piece))
    return tag("span", *entries, class_="key")


def entry_of_key(name: str, piece: Markup) -> Markup:
    """Return an entry of the key of an HTML figure: a sample, 28 by 12 units, and its name."""
    drawn = tag("svg", piece, width=28, height=12, viewBox="0 0 28 12", aria_hidden="true")
    return tag("span", drawn, " ", name, "\N{EM SPACE}")


def kept_mark(kept: int, xs: Axis) -> Markup:
    """Return a vertical line at the epoch whose weights are kept."""
    (x,) = xs.place(np.array([float(kept)])).tolist()
    return tag(
        "line",
        x1=x,
        x2=x,
        y1=TOP,
        y2=BOTTOM,
        stroke="currentColor",
        stroke_opacity=0.6,
        stroke_width=1.5,
        vector_effect="non-scaling-stroke",
        class_="kept",
    )


def kept_dots(kept: int, lines: Sequence[Series], xs: Axis, ys: Axis) -> Iterator[Markup]:
    """Yield a dot on each line that has a point at the kept epoch."""
    for line in lines:
        at = np.flatnonzero(line.xs == kept)
        if len(at):
            (x,), (y,) = xs.place(line.xs[at]).tolist(), ys.place(line.ys[at]).tolist()
            yield dot(x, y, line.colour)


def level_mark(level: LevelLine, number: int, xs: Axis, ys: Axis) -> Markup:
    """Return a dashed horizontal line at the value of `level`."""
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


def _level_dash(number: int) -> str:
    return _LEVEL_DASHES[number % len(_LEVEL_DASHES)]

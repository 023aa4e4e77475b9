"""Line charts as SVG, in a figure with its key: readable without a style sheet and without a script.

The parts have classes, so that a page may give them its own colours.
"""

from collections.abc import Sequence

import numpy as np

from rnnlab.reports.axes import Axis, value_axis
from rnnlab.reports.captions import key, said_of_zeros, spoken
from rnnlab.reports.markup import Markup, tag, together
from rnnlab.reports.series import Level, Series
from rnnlab.reports.strokes import cloud_shape, level_stroke, line_stroke
from rnnlab.reports.ticks import label

__all__ = ["HEIGHT", "WIDTH", "Level", "Series", "line_chart"]

WIDTH, HEIGHT = 720, 306
_LEFT, _RIGHT, _TOP, _BOTTOM = 76, 690, 14, 276


def line_chart(
    title: str,
    series: Sequence[Series],
    *,
    x_label: str,
    cloud: Series | None = None,
    levels: Sequence[Level] = (),
    share: bool = False,
) -> Markup:
    """A figure of lines over one x, with its key and a text for those who do not see it.

    Args:
        title: what the ys are, with their unit.
        series: the lines, at most six; thinned such that no extreme is lost.
        x_label: what the xs count, one of them.
        cloud: measurements that are too many for a line; drawn as the range between their extremes.
        levels: figures to hold the lines against, at most two.
        share: whether the ys are shares of a whole.

    Raises:
        ValueError: no line has a finite figure.
    """
    lines = [known for each in series if len((known := each.known()).ys)]
    if not lines:
        raise ValueError(f"no finite figure in any line of {title!r}")
    far = cloud.known() if cloud and len(cloud.known().ys) else None
    xs, ys = _axes(lines, far, levels, share=share)
    plot = [
        *([cloud_shape(far, xs, ys)] if far else []),
        *(level_stroke(level, number, xs, ys) for number, level in enumerate(levels)),
        *(line_stroke(line, number, xs, ys) for number, line in enumerate(lines)),
    ]
    picture = _picture(xs, ys, plot, words=spoken(title, lines, x_label, levels))
    scale = ", logarithmic" if ys.is_log else ""
    remark = said_of_zeros(lines) if ys.is_log else ""
    caption = tag("figcaption", tag("b", title), f" by {x_label}{scale} ", key(lines, far, levels), remark)
    return tag("figure", caption, picture, class_="curves")


def _picture(xs: Axis, ys: Axis, plot: Sequence[Markup], *, words: str) -> Markup:
    """The axes, and an inner picture of what is drawn on them, which can be drawn out by itself."""
    margin = 2  # half of the widest line
    width, height = _RIGHT - _LEFT, _BOTTOM - _TOP + 2 * margin
    inner = tag(
        "svg",
        *plot,
        class_="plot",
        x=_LEFT,
        y=_TOP - margin,
        width=width,
        height=height,
        viewBox=f"{_LEFT} {_TOP - margin} {width} {height}",
        preserveAspectRatio="none",
    )
    return tag(
        "svg",
        _grid(xs, ys),
        inner,
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        width="100%",
        role="img",
        aria_label=words,
        class_="chart",
        font_family="system-ui, sans-serif",
        font_size=14,
        data_low=xs.low,
        data_high=xs.high,
    )


def _axes(
    lines: Sequence[Series], cloud: Series | None, levels: Sequence[Level], *, share: bool
) -> tuple[Axis, Axis]:
    """Those that all that is drawn has room on."""
    every = [*lines, *([cloud] if cloud else [])]
    begin, end = min(float(each.xs[0]) for each in every), max(float(each.xs[-1]) for each in every)
    others = np.array([level.y for level in levels])
    ys = value_axis(
        np.concatenate([line.ys for line in lines]),
        np.concatenate([others, cloud.ys]) if cloud else others,
        _BOTTOM,
        _TOP,
        share=share,
    )
    return Axis(begin, max(end, begin + 1e-9), _LEFT, _RIGHT), ys


def _grid(xs: Axis, ys: Axis) -> Markup:
    """The marks of both axes."""
    pieces = []
    for tick, y in zip(ticks := ys.ticks(6), ys.place(np.array(ticks)).tolist(), strict=True):
        pieces.append(_rule(_LEFT, y, _RIGHT, y))
        pieces.append(_text(label(tick), _LEFT - 8, y + 5, "end"))
    marks = []
    for tick, x in zip(ticks := xs.ticks(6), xs.place(np.array(ticks)).tolist(), strict=True):
        is_last = x > _RIGHT - 40  # its end stays inside of the picture, however large the letters are
        marks.append(_text(label(tick), x + 16 * is_last, _BOTTOM + 22, "end" if is_last else "middle"))
    base = _rule(_LEFT, _BOTTOM, _RIGHT, _BOTTOM, opacity=0.6)
    return together(*pieces, base, tag("g", *marks, class_="marks"))


def _rule(x1: float, y1: float, x2: float, y2: float, *, opacity: float = 0.16) -> Markup:
    return tag("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke="currentColor", stroke_opacity=opacity)


def _text(text: str, x: float, y: float, anchor: str) -> Markup:
    return tag("text", text, x=x, y=y, text_anchor=anchor, fill="currentColor")

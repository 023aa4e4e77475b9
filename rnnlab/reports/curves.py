"""Line charts as SVG, in a figure with its key: readable without a style sheet and without a script.

The parts have classes, so that a page may give them its own colours.

What a chart draws: lines, and figures to hold them against.

Many measurements as few points, such that no extreme of them is lost.

The curves of a training: its loss and its accuracy, beside what they are to be held against.

What a chart says in words: its key, and a text for those who do not see it.

The lines of a chart, told apart by colour and by dashes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.evaluation.measurement import Evaluation
from rnnlab.reports.axes import Axis, label, value_axis
from rnnlab.reports.markup import Markup, tag, together
from rnnlab.runs.history import History

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Series:
    """A line.

    Attributes:
        name: what the key calls it.
        xs: (n,) ascending.
        ys: (n,); what is not finite is left out.
    """

    name: str
    xs: Floats
    ys: Floats

    def known(self) -> "Series":
        """Without what is not finite."""
        finite = np.isfinite(self.ys)
        return Series(self.name, self.xs[finite], self.ys[finite])


@dataclass(frozen=True)
class LevelLine:
    """A figure to hold the lines against."""

    name: str
    y: float


__all__ = ["HEIGHT", "WIDTH", "LevelLine", "Series", "line_chart"]

WIDTH, HEIGHT = 720, 306
_LEFT, _RIGHT, _TOP, _BOTTOM = 76, 690, 14, 276


def line_chart(
    title: str,
    series: Sequence[Series],
    *,
    x_label: str,
    cloud: Series | None = None,
    levels: Sequence[LevelLine] = (),
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
    lines: Sequence[Series], cloud: Series | None, levels: Sequence[LevelLine], *, share: bool
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


def thinned(xs: Floats, ys: Floats, *, bins: int) -> tuple[Floats, Floats]:
    """Of each bin the lowest and the highest value, in their order: at most 2 · bins points.

    Args:
        xs: (n,) ascending.
        ys: (n,) finite.
        bins: how many, of equally many measurements each.

    Returns:
        The xs and the ys that are left, (m,) each; all of them if there are no more than that.
    """
    if len(ys) <= 2 * bins:
        return xs, ys
    starts = _starts(len(ys), bins)
    lowest = [int(begin + ys[begin:end].argmin()) for begin, end in _pairs(starts, len(ys))]
    highest = [int(begin + ys[begin:end].argmax()) for begin, end in _pairs(starts, len(ys))]
    kept = np.unique([0, *lowest, *highest, len(ys) - 1])
    return xs[kept], ys[kept]


def envelope(xs: Floats, ys: Floats, *, bins: int) -> tuple[Floats, Floats, Floats]:
    """The middle of each bin, and the lowest and the highest of its values, (m,) each; m ≤ bins."""
    starts = _starts(len(ys), min(bins, len(ys)))
    ends = np.append(starts[1:], len(ys)) - 1
    return (xs[starts] + xs[ends]) / 2, np.minimum.reduceat(ys, starts), np.maximum.reduceat(ys, starts)


def _starts(count: int, bins: int) -> NDArray[np.int64]:
    """The first measurement of each bin."""
    return np.arange(bins, dtype=np.int64) * count // max(bins, 1)


def _pairs(starts: NDArray[np.int64], count: int) -> list[tuple[int, int]]:
    return list(zip(starts.tolist(), [*starts[1:].tolist(), count], strict=True))


def training_curves(history: History, evaluation: Evaluation | None = None) -> list[Markup]:
    """A chart of the losses and one of the accuracies, as far as there are any.

    Args:
        history: of the run.
        evaluation: of its model, for the n-grams and the ceiling; None: they are not drawn.
    """
    charts, epochs = [], history.epoch.astype(np.float64)
    steps = Series(
        "each step of training, from the lowest to the highest", history.steps.in_epochs(), history.steps.loss
    )
    losses = [
        Series("training", epochs, history.loss),
        Series("validation", epochs, history.validation_loss),
    ]
    if any(len(line.known().ys) for line in losses):
        charts.append(
            line_chart(
                "Loss in nats per token", losses, x_label="epoch", cloud=steps, levels=_ngrams(evaluation)
            )
        )
    accuracies = [
        Series("training", epochs, history.accuracy),
        Series("validation", epochs, history.validation_accuracy),
    ]
    if any(len(line.known().ys) for line in accuracies):
        charts.append(
            line_chart("Accuracy", accuracies, x_label="epoch", levels=_ceiling(evaluation), share=True)
        )
    return charts


def _ngrams(evaluation: Evaluation | None) -> list[LevelLine]:
    """What counting is worth on the validation part."""
    if evaluation is None or evaluation.baselines is None or evaluation.split != "validation":
        return []
    unigram, best = evaluation.baselines.unigram, evaluation.baselines.best
    return [LevelLine("unigram", unigram.loss), LevelLine(f"best n-gram, n = {best.order},", best.loss)]


def _ceiling(evaluation: Evaluation | None) -> list[LevelLine]:
    if evaluation is None or evaluation.ceiling is None or evaluation.ceiling.accuracy == 1:
        return []
    return [LevelLine("most for a model that sees only the window", evaluation.ceiling.accuracy)]


def key(lines: Sequence[Series], cloud: Series | None, levels: Sequence[LevelLine]) -> Markup:
    """What each line is."""
    entries = [_entry(line.name, swatch(number)) for number, line in enumerate(lines)]
    if cloud:
        entries.append(_entry(cloud.name, cloud_swatch()))
    for number, level in enumerate(levels):
        entries.append(_entry(f"{level.name} {label(float(f'{level.y:.4g}'))}", level_swatch(number)))
    return tag("span", *entries, class_="key")


def said_of_zeros(lines: Sequence[Series]) -> Markup:
    """What is said of figures that a logarithmic axis has no place for."""
    count = sum(int((line.ys <= 0).sum()) for line in lines)
    if not count:
        return Markup()
    noun = "point is" if count == 1 else "points are"
    return tag("span", f"{count:,} {noun} 0, and drawn at the lower edge.", class_="remark")


def spoken(title: str, lines: Sequence[Series], x_label: str, levels: Sequence[LevelLine]) -> str:
    """The chart in words."""
    said = [f"{title} by {x_label}."]
    for line in lines:
        lowest, highest = int(line.ys.argmin()), int(line.ys.argmax())
        said.append(
            f"{line.name}: from {line.ys[0]:.4g} to {line.ys[-1]:.4g},"
            f" lowest {line.ys[lowest]:.4g} at {line.xs[lowest]:,.6g},"
            f" highest {line.ys[highest]:.4g} at {line.xs[highest]:,.6g}."
        )
    return " ".join([*said, *(f"{level.name}: {level.y:.4g}." for level in levels)])


def _entry(name: str, swatch: Markup) -> Markup:
    picture = tag("svg", swatch, width=28, height=12, viewBox="0 0 28 12", aria_hidden="true")
    return tag("span", picture, " ", name, "\N{EM SPACE}")


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


def level_stroke(level: LevelLine, number: int, xs: Axis, ys: Axis) -> Markup:
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

"""The curves of trainings: losses and accuracies by epoch, in a report or as a picture of several runs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from rnnlab.errors import count_of, one_line
from rnnlab.evaluation.measurement import Evaluation
from rnnlab.reports.axes import (
    FONTS,
    Axis,
    Floats,
    epoch_axis,
    rule,
    text,
    text_width,
    tick_label,
    value_axis,
    x_marks,
    y_marks,
)
from rnnlab.reports.charts import (
    COLOURS,
    Series,
    area,
    line_marks,
    picture,
    spoken,
    step_band,
    swatch,
    zeros_note,
)
from rnnlab.reports.curve_marks import (
    BOTTOM,
    TOP,
    LevelLine,
    curves_key,
    kept_dots,
    kept_mark,
    level_mark,
)
from rnnlab.reports.markup import Markup, tag
from rnnlab.runs.history import History

WIDTH, HEIGHT = 720, 306
_LEFT, _RIGHT = 76, 690
_KEY_TOP, _KEY_ROW = 552, 24
_NONE = np.empty(0)
_PARTS = [
    Series(name, _NONE, _NONE, colour=None, dash=dash) for dash, name in enumerate(("training", "validation"))
]


def training_curves(history: History, evaluation: Evaluation | None = None, *, kept: int = 0) -> list[Markup]:
    """Return a chart of the losses and a chart of the accuracies, without a chart that has no finite value.

    Args:
        history: the history of the run.
        evaluation: the evaluation of its model. The charts show its ceiling if it is below 1, and the losses
            of its n-grams if it is of the validation part. None: neither of them.
        kept: number of the epoch whose weights are in the model file; 0 if the file does not say so.
    """
    return curves_of(
        history, kept=kept, loss_levels=_ngrams(evaluation), accuracy_levels=_ceiling(evaluation)
    )


def curves_of(
    history: History,
    *,
    kept: int = 0,
    unit: str = "token",
    loss_levels: Sequence[LevelLine] = (),
    accuracy_levels: Sequence[LevelLine] = (),
) -> list[Markup]:
    """Return a chart of the losses and a chart of the accuracies, without a chart that has no finite value.

    Both charts have the same x axis, and mark the epoch whose weights are kept.

    Args:
        history: the history of the run.
        kept: number of the epoch whose weights are in the model file; 0 if the file does not say so.
        unit: what the losses are counted in: token or example.
        loss_levels: losses with which the curves are compared, at most two.
        accuracy_levels: accuracies with which the curves are compared, at most two.
    """
    charts = []
    steps = Series("nine of ten steps of training", history.steps.in_epochs(), history.steps.loss).known()
    best = history.progress(kept).best_epoch
    xs = np.concatenate([history.epoch.astype(np.float64), steps.xs])
    span = (float(xs.min()), float(xs.max())) if len(xs) else None
    losses = _pair(history, history.loss, history.validation_loss)
    if any(len(line.known().ys) for line in losses):
        title = f"Loss in nats per {unit}"
        charts.append(
            line_chart(title, losses, x_label="epoch", cloud=steps, levels=loss_levels, span=span, kept=best)
        )
    accuracies = _pair(history, history.accuracy, history.validation_accuracy)
    if any(len(line.known().ys) for line in accuracies):
        charts.append(
            line_chart(
                "Accuracy",
                accuracies,
                x_label="epoch",
                levels=accuracy_levels,
                share=True,
                span=span,
                kept=best,
            )
        )
    return charts


def line_chart(
    title: str,
    series: Sequence[Series],
    *,
    x_label: str,
    cloud: Series | None = None,
    levels: Sequence[LevelLine] = (),
    share: bool = False,
    span: tuple[float, float] | None = None,
    kept: int | None = None,
) -> Markup:
    """Return a chart of lines as an HTML figure, with a key, and with a description in words.

    Args:
        title: the quantity on the y axis, with its unit.
        series: the lines.
        x_label: the quantity on the x axis, which is counted in whole numbers.
        cloud: measurements of the steps, too many for a line; the chart shows the range of most of them.
        levels: values with which the lines are compared, at most two.
        share: whether the ys are fractions, from 0 to 1.
        span: the lowest and the highest x of the chart; None for those of the lines and of the cloud.
        kept: the epoch whose weights are kept, which the chart marks; None for no mark.

    Raises:
        ValueError: no line has a finite value.
    """
    lines = [known for each in series if len((known := each.known()).ys)]
    if not lines:
        raise ValueError(f"no finite value in any line of {title!r}")
    far = cloud.known() if cloud and len(cloud.known().ys) else None
    band = step_band(far.xs, far.ys) if far else None
    low, high = span or _span([*lines, *([far] if far else [])])
    xs = epoch_axis(low, high, _LEFT, _RIGHT)
    others = [np.array([level.y for level in levels]), *(band[1:] if band else [])]
    ys = value_axis(
        np.concatenate([line.ys for line in lines]), np.concatenate(others), BOTTOM, TOP, share=share
    )
    drawn = [
        *([area(*band, xs, ys, fill=COLOURS[0], fill_opacity=0.2, class_="cloud")] if band else []),
        *(level_mark(level, number, xs, ys) for number, level in enumerate(levels)),
        *([kept_mark(kept, xs)] if kept else []),
        *(line_marks(line, xs, ys) for line in lines),
        *([] if kept is None else kept_dots(kept, lines, xs, ys)),
    ]
    caption = _caption(title, x_label, lines, curves_key(lines, far, levels, kept), ys)
    words = _said(spoken(title, lines, x_label), levels, kept)
    return tag("figure", caption, stretched_chart(xs, ys, drawn, words=words), class_="curves")


def _caption(title: str, x_label: str, lines: Sequence[Series], key: Markup, ys: Axis) -> Markup:
    """Return the caption of a chart, with its key, and a remark on values that its scale cannot show."""
    scale = ", logarithmic" if ys.is_log else ""
    note = zeros_note(np.concatenate([line.ys for line in lines])) if ys.is_log else ""
    remark = tag("span", note, class_="remark") if note else ""
    return tag("figcaption", tag("b", title), f" by {x_label}{scale} ", key, remark)


def _span(lines: Sequence[Series]) -> tuple[float, float]:
    """Return the lowest and the highest x of lines."""
    xs = np.concatenate([each.xs for each in lines])
    return float(xs.min()), float(xs.max())


def _said(lines: str, levels: Sequence[LevelLine], kept: int | None) -> str:
    """Return the description of a chart in words: of its lines, its levels and the kept epoch."""
    said = [lines, *(f"{level.name}: {level.y:.4g}." for level in levels)]
    return " ".join([*said, *([f"The weights of epoch {kept:,} are kept."] if kept else [])])


def history_picture(histories: Mapping[str, Sequence[History]]) -> Markup:
    """Return the losses and accuracies of runs by epoch as an SVG file, with a colour for each configuration.

    Several runs of a configuration are drawn as their mean, with a band from the lowest to the highest value.
    The mean of an epoch is the mean of the runs that have a finite value for this epoch.

    Args:
        histories: by the name of the configuration, the history of each of its runs, one or more.
    """
    measures = {
        title: [
            line
            for dash, (part, column) in enumerate(
                (("training", measure), ("validation", f"validation_{measure}"))
            )
            for line in averaged_lines(histories, part, column, dash=dash)
            if len(line.ys)
        ]
        for title, measure in (("Loss in nats per token", "loss"), ("Accuracy", "accuracy"))
    }
    has_validation = any(line.dash for lines in measures.values() for line in lines)
    key = [*_configurations(histories), *(_PARTS if has_validation else ())]
    widest = max(text_width(line.name) for line in key) + 60
    width = max(WIDTH, _LEFT + widest)
    pieces, words, remarks = [], [], [*_remarks(histories)]
    for (title, lines), (top, bottom) in zip(measures.items(), ((44, 264), (344, 484)), strict=True):
        edges = [edge for line in lines for edge in (line.ys, line.lows, line.highs) if edge is not None]
        ys = value_axis(np.concatenate([_NONE, *edges]), _NONE, bottom, top, share=title == "Accuracy")
        pieces += _history_panel(title, lines, ys, width - 30)
        if ys.is_log and (zeros := zeros_note(np.concatenate([line.ys for line in lines]))):
            remarks.append(f"{title}: {zeros}")
        words.append(spoken(title, lines, "epoch"))
    columns = max(1, int((width - _LEFT) // widest)) if len(key) > 4 else 1
    rows = -(-len(key) // columns)
    for number, line in enumerate(key):
        x, y = _LEFT + widest * (number // rows), _KEY_TOP + _KEY_ROW * (number % rows)
        pieces += [swatch(x, y, line), text(line.name, x + 38, y)]
    for number, remark in enumerate(remarks):
        pieces.append(text(remark, _LEFT, _KEY_TOP + _KEY_ROW * (rows + number)))
    return picture(width, _KEY_TOP + _KEY_ROW * (rows + len(remarks)), *pieces, words=" ".join(words))


def averaged_lines(
    histories: Mapping[str, Sequence[History]], part: str, column: str, *, dash: int
) -> Iterator[Series]:
    """Yield the mean of a column for each configuration, with a band if it has several runs.

    The mean is empty if the column has no finite value.
    """
    for number, (name, runs) in enumerate(histories.items()):
        values = [getattr(run, column) for run in runs]
        known = [np.isfinite(each) for each in values]
        places = [run.epoch[each].astype(np.float64) for run, each in zip(runs, known, strict=True)]
        epochs = np.unique(np.concatenate(places))  # (E,)
        table = np.full((len(runs), len(epochs)), np.nan)  # (R, E)
        for row, xs, ys, finite in zip(table, places, values, known, strict=True):
            row[np.searchsorted(epochs, xs)] = ys[finite]
        mean, low, high = (reduce(table, axis=0) for reduce in (np.nanmean, np.nanmin, np.nanmax))  # (E,)
        marker = number if len(histories) > 1 else None
        line = Series(f"{one_line(name)}, {part}", epochs, mean, colour=number, dash=dash, marker=marker)
        yield replace(line, lows=low, highs=high) if len(runs) > 1 else line


def _configurations(histories: Mapping[str, Sequence[History]]) -> Iterator[Series]:
    """Yield the entry of each configuration in the key: `song`, or `song, mean of 3 runs`."""
    for number, (name, runs) in enumerate(histories.items()):
        mean = f", mean of {count_of(len(runs), 'run')}" if len(runs) > 1 else ""
        marker = number if len(histories) > 1 else None
        yield Series(f"{one_line(name)}{mean}", _NONE, _NONE, colour=number, marker=marker)


def _remarks(histories: Mapping[str, Sequence[History]]) -> Iterator[str]:
    """Yield a sentence on the bands, and one on the mean of runs of different lengths."""
    if any(len(runs) > 1 for runs in histories.values()):
        yield "A band reaches from the lowest to the highest value of the runs."
    if any(len({len(run) for run in runs}) > 1 for runs in histories.values()):
        yield "After the last epoch of a run, the mean is that of the longer runs."


def _history_panel(title: str, lines: Sequence[Series], ys: Axis, right: float) -> list[Markup]:
    """Return the title, the axes and the lines of a measure; without lines, a sentence that says so."""
    bottom, top = ys.begin, ys.end
    epochs = np.concatenate([line.xs for line in lines] or [np.ones(1)])
    xs = epoch_axis(float(epochs.min()), float(epochs.max()), _LEFT, right)
    head = text(f"{title}{', logarithmic scale' * ys.is_log}", _LEFT, top - 18, bold=True)
    return [
        head,
        text("" if lines else "No finite value was measured.", right, top - 18, anchor="end"),
        *y_marks(ys, _LEFT, right),
        *x_marks(xs, top, bottom),
        rule(_LEFT, bottom, right, bottom, opacity=0.6),
        text("epoch", (_LEFT + right) / 2, bottom + 42, anchor="middle"),
        *(line_marks(line, xs, ys) for line in lines),
    ]


def stretched_chart(
    xs: Axis, ys: Axis, drawn: Sequence[Markup], *, words: str, beside: Sequence[Markup] = ()
) -> Markup:
    """Return the axes with an inner SVG, which `page.js` stretches to show only a part of the x axis.

    Args:
        xs: the x axis.
        ys: the y axis.
        drawn: what stands in the inner SVG.
        words: the chart in words.
        beside: what stands beside the inner SVG, and is not stretched.
    """
    margin = 5  # half of a dot
    width, height = _RIGHT - _LEFT, BOTTOM - TOP + 2 * margin
    inner = tag(
        "svg",
        *drawn,
        class_="plot",
        x=_LEFT,
        y=TOP - margin,
        width=width,
        height=height,
        viewBox=f"{_LEFT} {TOP - margin} {width} {height}",
        preserveAspectRatio="none",
    )
    return tag(
        "svg",
        *y_marks(ys, _LEFT, _RIGHT),
        rule(_LEFT, BOTTOM, _RIGHT, BOTTOM, opacity=0.6),
        tag("g", *_marks_inside(xs), class_="marks"),
        inner,
        *beside,
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        width="100%",
        role="img",
        aria_label=words,
        class_="chart",
        font_family=FONTS,
        font_size=14,
        data_low=xs.low,
        data_high=xs.high,
    )


def _marks_inside(xs: Axis) -> list[Markup]:
    """Return the labels of the x axis; a label near the right edge ends there, to stay in the picture."""
    marks = []
    for tick, x in zip(ticks := xs.ticks(6), xs.place(np.array(ticks)).tolist(), strict=True):
        is_last = x > _RIGHT - 40
        anchor = "end" if is_last else "middle"
        marks.append(text(tick_label(tick), x + 16 * is_last, BOTTOM + 22, anchor=anchor))
    return marks


def _pair(history: History, training: Floats, validation: Floats) -> list[Series]:
    """Return two lines by epoch: the measure on the training part, and on the validation set."""
    epochs = history.epoch.astype(np.float64)  # (E,)
    return [Series("training", epochs, training), Series("validation", epochs, validation, colour=1, dash=1)]


def _ngrams(evaluation: Evaluation | None) -> list[LevelLine]:
    """Return the losses of the unigram and the best n-gram model; empty unless measured on validation."""
    if evaluation is None or evaluation.baselines is None or evaluation.split != "validation":
        return []
    unigram, best = evaluation.baselines.unigram, evaluation.baselines.best
    return [LevelLine("unigram", unigram.loss), LevelLine(f"best n-gram, n = {best.order},", best.loss)]


def _ceiling(evaluation: Evaluation | None) -> list[LevelLine]:
    """Return the accuracy ceiling of a model that sees single windows; empty if it is 1 or unknown."""
    if evaluation is None or evaluation.ceiling is None or evaluation.ceiling.accuracy == 1:
        return []
    return [LevelLine("most for a model that sees only the window", evaluation.ceiling.accuracy)]

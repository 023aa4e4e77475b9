"""The picture of a comparison: accuracy, free running and loss of each contender, side by side."""

import math
import statistics
from collections.abc import Sequence

import numpy as np

from rnnlab.comparison.measures import Comparison, Contender
from rnnlab.errors import count_of, one_line
from rnnlab.reports.axes import Axis, rule, text, text_width, value_axis, x_marks
from rnnlab.reports.charts import interval_bar, line_stroke, marker, picture
from rnnlab.reports.markup import Markup

_ROW, _TOP = 44, 44
_PANEL, _GAP = 230, 44
_SPREAD = 11.0
"""Largest distance of a dot from the middle of the row of its contender, in units of the SVG."""


def comparison_picture(comparison: Comparison) -> Markup:
    """Return the picture of a comparison as an SVG file: a dot for each random seed, a stroke at the mean.

    Each contender has a row and a colour. The three panels are the accuracy one step at a time, the accuracy
    running free, and the loss with the 95 % interval of its mean.
    """
    contenders = comparison.contenders
    names = [one_line(contender.name) for contender in contenders]
    left = 40 + max(map(text_width, names))
    bottom = _TOP + _ROW * len(contenders)
    middles = [_TOP + _ROW * (row + 0.5) for row in range(len(contenders))]
    begins = [left + (_PANEL + _GAP) * number for number in range(3)]
    steps, free = (Axis(0.0, 1.0, begin, begin + _PANEL) for begin in begins[:2])
    losses = _loss_axis(contenders, begins[2])
    pieces = [text(name, left - 20, y + 4, anchor="end") for name, y in zip(names, middles, strict=True)]
    for axis, title, unit in (
        (steps, "One step at a time", "fraction of tokens right"),
        (free, "Running free", "fraction of tokens right"),
        (losses, f"Loss{', logarithmic scale' * losses.is_log}", "nats per token"),
    ):
        pieces += _frame(axis, title, unit, bottom)
    for row, (contender, y) in enumerate(zip(contenders, middles, strict=True)):
        if contender.loss_interval:
            low, high = losses.place(np.array(contender.loss_interval)).tolist()
            pieces.append(interval_bar(low, high, y, row))
        pieces += _dots(steps, [trial.metrics.accuracy for trial in contender.trials], y, row)
        pieces += _dots(free, [run.accuracy for run in contender.free_runs], y, row)
        pieces += _dots(losses, contender.losses, y, row)
        if ceiling := contender.trials[0].ceiling:
            (x,) = steps.place(np.array([ceiling.accuracy])).tolist()
            pieces.append(line_stroke(x, y - 0.4 * _ROW, x, y + 0.4 * _ROW, dash="2 3"))
    notes = _notes(contenders)
    pieces += [text(note, left, bottom + 72 + 20 * number) for number, note in enumerate(notes)]
    width = max(begins[2] + _PANEL + 36, left + 30 + max(map(text_width, notes)))
    return picture(width, bottom + 64 + 20 * len(notes), *pieces, words=_spoken(contenders, names))


def _loss_axis(contenders: Sequence[Contender], begin: float) -> Axis:
    """Return the axis of the losses; a logarithmic axis need not reach the lower end of an interval."""
    finite = [loss for contender in contenders for loss in contender.losses if math.isfinite(loss)]
    edges = [edge for contender in contenders for edge in contender.loss_interval or ()]
    return value_axis(np.array(finite), np.array(edges), begin, begin + _PANEL)


def _frame(axis: Axis, title: str, unit: str, bottom: float) -> list[Markup]:
    """Return the title, the marks and the unit of a panel."""
    return [
        text(title, axis.begin, _TOP - 18, bold=True),
        *x_marks(axis, _TOP, bottom, most=4, rules=True),
        rule(axis.begin, bottom, axis.end, bottom, opacity=0.6),
        text(unit, (axis.begin + axis.end) / 2, bottom + 42, anchor="middle"),
    ]


def _dots(axis: Axis, values: Sequence[float], y: float, row: int) -> list[Markup]:
    """Return a dot for each finite value, the first at the top, and for several a stroke at their mean."""
    known = [value for value in values if math.isfinite(value)]
    places = axis.place(np.array(known)).tolist()
    middle = (len(places) - 1) / 2
    pieces = []
    if len(places) > 1:
        (x,) = axis.place(np.array([statistics.fmean(known)])).tolist()
        pieces.append(line_stroke(x, y - 0.36 * _ROW, x, y + 0.36 * _ROW, colour=row))
    for number, x in enumerate(places):
        pieces.append(marker(0, x, y + _SPREAD * (number - middle) / max(middle, 1), row))
    return pieces


def _notes(contenders: Sequence[Contender]) -> list[str]:
    """Return the key of the picture as sentences, and a sentence on losses that the picture does not show."""
    is_averaged = any(len(contender.trials) > 1 for contender in contenders)
    mean = ", the stroke is the mean of the dots, the bar is the 95 % interval of the mean loss"
    notes = [f"Each dot is the result of one random seed{mean * is_averaged}."]
    if any(contender.trials[0].ceiling for contender in contenders):
        notes.append("Dotted line: the highest accuracy possible for a model that sees only the window.")
    infinite = sum(not math.isfinite(loss) for contender in contenders for loss in contender.losses)
    if infinite:
        notes.append(
            f"Not shown: {count_of(infinite, 'loss')} that {'is' if infinite == 1 else 'are'} not finite."
        )
    return notes


def _spoken(contenders: Sequence[Contender], names: Sequence[str]) -> str:
    """Return the picture in words: the mean figures of each contender."""
    said = []
    for contender, name in zip(contenders, names, strict=True):
        free = [run.accuracy for run in contender.free_runs]
        running = f", running free {statistics.fmean(free):.4g}" if free else ""
        loss = statistics.fmean(contender.losses)
        said.append(f"{name}: accuracy {contender.accuracy:.4g}{running}, loss {loss:.4g} nats per token.")
    return " ".join(said)

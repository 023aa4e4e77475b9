"""The picture of a comparison: accuracy, free running or single lengths, and loss, side by side."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rnnlab.comparison.measures import Comparison, Contender
from rnnlab.errors import count_of, one_line
from rnnlab.reports.axes import Axis, rule, text, text_width, value_axis, x_marks
from rnnlab.reports.charts import interval_bar, line_stroke, marker, picture
from rnnlab.reports.markup import Markup

ROW, TOP = 44, 44
"""Height of the row of a contender, and the place of the first row, in units of the SVG."""
_PANEL, _GAP = 230, 44
_SPREAD = 11.0
"""Largest distance of a dot from the middle of the row of its contender, in units of the SVG."""

MOST_LENGTHS = 4
"""Most lengths of generated examples that have a panel."""


@dataclass(frozen=True, eq=False)
class Panel:
    """A panel of the picture.

    Attributes:
        title: the text above it.
        unit: the text below it.
        axis: its values.
        values: the values of each contender, one for each random seed.
    """

    title: str
    unit: str
    axis: Axis
    values: Sequence[Sequence[float]]


def comparison_picture(comparison: Comparison) -> Markup:
    """Return the picture of a comparison as an SVG file: a dot for each random seed, a stroke at the mean.

    Each contender has a row and a colour. The first panels are the accuracy one step at a time and the
    accuracy running free; for a task with examples its main figure, and the fraction of right examples at
    each length. The last panel is the loss with the 95 % interval of its mean.
    """
    contenders = comparison.contenders
    names = [one_line(contender.name) for contender in contenders]
    left = 40 + max(map(text_width, names))
    bottom = TOP + ROW * len(contenders)
    middles = [TOP + ROW * (row + 0.5) for row in range(len(contenders))]
    panels = panels_of(comparison, left)
    losses = panels[-1].axis
    pieces = [text(name, left - 20, y + 4, anchor="end") for name, y in zip(names, middles, strict=True)]
    for panel in panels:
        pieces += frame_of(panel, bottom)
    for row, (contender, y) in enumerate(zip(contenders, middles, strict=True)):
        if contender.loss_interval:
            low, high = losses.place(np.array(contender.loss_interval)).tolist()
            pieces.append(interval_bar(low, high, y, row))
        for panel in panels:
            pieces += dots_of(panel.axis, panel.values[row], y, row)
        if ceiling := contender.trials[0].ceiling:
            (x,) = panels[0].axis.place(np.array([ceiling.accuracy])).tolist()
            pieces.append(line_stroke(x, y - 0.4 * ROW, x, y + 0.4 * ROW, dash="2 3"))
    notes = _notes(contenders)
    pieces += [text(note, left, bottom + 72 + 20 * number) for number, note in enumerate(notes)]
    width = max(losses.end + 36, left + 30 + max(map(text_width, notes)))
    words = _spoken(comparison, names)
    return picture(width, bottom + 64 + 20 * len(notes), *pieces, words=words)


def panels_of(comparison: Comparison, left: float) -> list[Panel]:
    """Return the panels from left to right; the last one has the losses."""
    contenders, figures = comparison.contenders, comparison.figures
    accuracies = [contender.accuracies for contender in contenders]
    shares: list[tuple[str, str, list[list[float]]]] = []
    if not figures.example:
        free = [[run.accuracy for run in contender.free_runs] for contender in contenders]
        shares = [("One step at a time", figures.right, accuracies), ("Running free", figures.right, free)]
    elif figures.share:
        shares = [(figures.share.capitalize(), figures.right, accuracies)]
    for length in _shown(contenders[0].lengths):
        own = [contender.shares(length) for contender in contenders]
        shares.append((f"Length {length:,}", "fraction of examples right", own))
    begins = [left + (_PANEL + _GAP) * number for number in range(len(shares) + 1)]
    panels = [
        Panel(title, unit, Axis(0.0, 1.0, begin, begin + _PANEL), values)
        for (title, unit, values), begin in zip(shares, begins, strict=False)
    ]
    losses = _loss_axis(contenders, begins[-1])
    title, unit = f"Loss{', logarithmic scale' * losses.is_log}", f"nats per {figures.unit}"
    return [*panels, Panel(title, unit, losses, [contender.losses for contender in contenders])]


def _shown(lengths: Sequence[int]) -> list[int]:
    """Return the lengths that have a panel: all, or `MOST_LENGTHS` of them, with the first and the last."""
    places = np.linspace(0, len(lengths) - 1, min(MOST_LENGTHS, len(lengths))).round().astype(int)
    return [lengths[place] for place in places.tolist()]


def _loss_axis(contenders: Sequence[Contender], begin: float) -> Axis:
    """Return the axis of the losses; a logarithmic axis need not reach the lower end of an interval."""
    finite = [loss for contender in contenders for loss in contender.losses if math.isfinite(loss)]
    edges = [edge for contender in contenders for edge in contender.loss_interval or ()]
    return value_axis(np.array(finite), np.array(edges), begin, begin + _PANEL)


def frame_of(panel: Panel, bottom: float) -> list[Markup]:
    """Return the title, the marks and the unit of a panel."""
    axis = panel.axis
    return [
        text(panel.title, axis.begin, TOP - 18, bold=True),
        *x_marks(axis, TOP, bottom, most=4, rules=True),
        rule(axis.begin, bottom, axis.end, bottom, opacity=0.6),
        text(panel.unit, (axis.begin + axis.end) / 2, bottom + 42, anchor="middle"),
    ]


def dots_of(axis: Axis, values: Sequence[float], y: float, row: int) -> list[Markup]:
    """Return a dot for each finite value, the first at the top, and for several a stroke at their mean."""
    known = [value for value in values if math.isfinite(value)]
    places = axis.place(np.array(known)).tolist()
    middle = (len(places) - 1) / 2
    pieces = []
    if len(places) > 1:
        (x,) = axis.place(np.array([statistics.fmean(known)])).tolist()
        pieces.append(line_stroke(x, y - 0.36 * ROW, x, y + 0.36 * ROW, colour=row))
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
    lengths = contenders[0].lengths
    if len(lengths) > MOST_LENGTHS:
        notes.append(
            f"Not shown: {count_of(len(lengths) - MOST_LENGTHS, 'more length')}, which the table has."
        )
    infinite = sum(not math.isfinite(loss) for contender in contenders for loss in contender.losses)
    if infinite:
        notes.append(
            f"Not shown: {count_of(infinite, 'loss')} that {'is' if infinite == 1 else 'are'} not finite."
        )
    return notes


def _spoken(comparison: Comparison, names: Sequence[str]) -> str:
    """Return the picture in words: the mean figures of each contender."""
    figures, said = comparison.figures, []
    share = figures.share if figures.example else "accuracy"
    for contender, name in zip(comparison.contenders, names, strict=True):
        means = [(share, contender.accuracies)] if contender.accuracies else []
        means.append(("running free", [run.accuracy for run in contender.free_runs]))
        means += [(f"length {length:,}", contender.shares(length)) for length in contender.lengths]
        known = "".join(f"{each} {statistics.fmean(values):.4g}, " for each, values in means if values)
        loss = statistics.fmean(contender.losses)
        said.append(f"{name}: {known}loss {loss:.4g} nats per {figures.unit}.")
    return " ".join(said)

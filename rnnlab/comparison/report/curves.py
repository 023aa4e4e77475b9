"""The averaged curves of a comparison: a line for each configuration, with a band over its random seeds."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from rnnlab.comparison.report.letters import letter_of, own_colour
from rnnlab.errors import count_of
from rnnlab.reports.axes import Axis, Floats, epoch_axis, text, value_axis
from rnnlab.reports.charts import Series, line_marks, spoken, swatch, zeros_note
from rnnlab.reports.curve_marks import entry_of_key
from rnnlab.reports.curves import averaged_lines, stretched_chart
from rnnlab.reports.markup import Markup, tag
from rnnlab.runs.history import History

_LEFT, _RIGHT, _TOP, _BOTTOM = 76, 690, 14, 276
_APART = 26
"""Least distance between two letters at the ends of lines, in units of the SVG."""
_NONE = np.empty(0)


def averaged_charts(histories: Mapping[str, Sequence[History]], *, unit: str) -> list[Markup]:
    """Return charts of the losses and the accuracies by epoch, on the validation set and in training.

    A line is the mean over the random seeds of a configuration; its band reaches from the lowest to the
    highest value. Charts without a finite value are left out.

    Args:
        histories: by the name of the configuration, the history of each of its trainings, none or more.
        unit: what the losses are counted in: token or example.
    """
    charts = []
    known = {name: own for name, own in histories.items() if own}
    numbers = [number for number, own in enumerate(histories.values()) if own]
    for title, measure in ((f"loss in nats per {unit}", "loss"), ("accuracy", "accuracy")):
        for part, column in (("validation", f"validation_{measure}"), ("training", measure)):
            lines = [
                _styled(line, number)
                for number, line in zip(numbers, averaged_lines(known, part, column, dash=0), strict=True)
                if len(line.ys)
            ]
            if lines:
                charts.append(_chart(f"{part.capitalize()} {title}", lines, share=measure == "accuracy"))
    return charts


def seeds_remark(histories: Mapping[str, Sequence[History]]) -> str:
    """Return what a line and a band are, and how a mean goes on after the last epoch of a training."""
    counts = {len(own) for own in histories.values() if own}
    if max(counts, default=0) < 2:
        return "A letter stands at the end of each line."
    number = count_of(max(counts), "random seed") if len(counts) == 1 else "the random seeds"
    said = f"A line is the mean over {number}; its band reaches from the lowest to the highest of them."
    if any(len({len(run) for run in own}) > 1 for own in histories.values()):
        said += " After the last epoch of a training, the mean is that of the longer trainings."
    return f"{said} A letter stands at the end of each line."


def _styled(line: Series, number: int) -> Series:
    """Return a line in the colour and the dash pattern of its configuration, named by its letter and name."""
    name = line.name.rpartition(", ")[0]
    return replace(
        line, name=f"{letter_of(number)} {name}", colour=own_colour(number), dash=number, marker=None
    )


def _chart(title: str, lines: Sequence[Series], *, share: bool) -> Markup:
    """Return a chart as an HTML figure, with a key and a description in words."""
    last = max(float(line.xs[-1]) for line in lines)
    xs = epoch_axis(min(float(line.xs[0]) for line in lines), last, _LEFT, _RIGHT)
    edges = [edge for line in lines for edge in (line.ys, line.lows, line.highs) if edge is not None]
    means: Floats = np.concatenate([line.ys for line in lines])
    ys = value_axis(np.concatenate([means, *edges]), _NONE, _BOTTOM, _TOP, share=share)
    scale = ", logarithmic" if ys.is_log else ""
    zeros = zeros_note(means) if ys.is_log else ""
    key = tag("span", *(entry_of_key(line.name, swatch(0, 11, line)) for line in lines), class_="key")
    remark = tag("span", zeros, class_="remark") if zeros else ""
    caption = tag("figcaption", tag("b", title), f" by epoch{scale} ", key, remark)
    drawn = [line_marks(line, xs, ys) for line in lines]
    chart = stretched_chart(
        xs, ys, drawn, words=spoken(title, lines, "epoch"), beside=_letters(lines, xs, ys)
    )
    return tag("figure", caption, chart, class_="curves averaged")


def _letters(lines: Sequence[Series], xs: Axis, ys: Axis) -> list[Markup]:
    """Return the letter of each line, beside its last point; letters do not cover each other."""
    ends = [float(ys.place(line.ys[-1:])[0]) for line in lines]
    heights = spread(ends, _TOP + 8, _BOTTOM, apart=min(_APART, (_BOTTOM - _TOP) / len(lines)))
    pieces = []
    for line, y in zip(lines, heights, strict=True):
        x = float(xs.place(line.xs[-1:])[0])
        letter = text(line.name.partition(" ")[0], x + 7, y + 5, bold=True)
        pieces.append(tag("g", letter, class_=f"end own-{line.colour}", aria_hidden="true"))
    return pieces


def spread(places: Sequence[float], low: float, high: float, *, apart: float) -> list[float]:
    """Return places between two bounds near the wished ones, in the same order, each `apart` from the next.

    Args:
        places: the wished places, in any order.
        low: the lower bound.
        high: the upper bound.
        apart: least distance between two places; there must be room for all of them.
    """
    order = sorted(range(len(places)), key=lambda number: (places[number], number))
    found = [0.0] * len(places)
    at = low - apart
    for number in order:  # from below: each is moved up as far as it must be
        at = found[number] = max(places[number], at + apart)
    at = high + apart
    for number in reversed(order):  # and back from above, if the last one is too high
        at = found[number] = min(found[number], at - apart)
    return found

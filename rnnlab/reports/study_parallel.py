"""The parallel coordinates of a study: an axis for each setting and the measure, a line for each trial."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from rnnlab.config.sweep import Dimension
from rnnlab.errors import count_of
from rnnlab.reports.axes import FONTS, Axis, figure, rule, text, text_width, tick_label
from rnnlab.reports.curve_marks import entry_of_key
from rnnlab.reports.markup import Markup, tag
from rnnlab.reports.study_charts import (
    cut_remark,
    drawn_trials,
    in_order,
    left_out_remark,
    measure_axis,
    short_names,
    trial_words,
)
from rnnlab.reports.tables import scroller
from rnnlab.sweeps.results import StudyResults, TrialRecord

FIFTHS = 5
"""Number of colours of the lines."""

_AXIS_TOP, _AXIS_BOTTOM, _ABSENT = 48, 300, 334
_LEAST_GAP, _LEAST_WIDTH = 120, 704


def parallel_coordinates(results: StudyResults) -> Markup:
    """Return a chart with an axis for each varied setting and one for the measure, and a line for each trial.

    Args:
        results: the study; a trial or more has a measure.
    """
    measured = drawn_trials(results, [each for each in results.trials if each.value is not None])
    values = np.array([each.value for each in measured], np.float64)
    ys = measure_axis(results, values, _AXIS_BOTTOM, _AXIS_TOP)
    order = _fifths(results, measured)
    measure = results.plan.page.objective.measure
    caption = tag(
        "figcaption",
        tag("b", f"Settings and {measure} of each trial"),
        f" ({count_of(len(measured), 'trial')}) ",
        tag("span", *_fifths_key(order), class_="key"),
        cut_remark(values, ys),
        left_out_remark(sum(each.value is not None for each in results.trials)),
    )
    space = results.plan.page.space
    columns = [_column(space[key], [each.values.get(key) for each in measured]) for key in space]
    titles = [*short_names(list(space)).values(), measure]
    words = _spoken(results, len(measured))
    picture = _picture(titles, [*columns, _Measured(ys)], order, results, words=words)
    return tag("figure", caption, scroller(picture, "parallel coordinates"))


def _picture(
    titles: Sequence[str],
    columns: "Sequence[_Choices | _Numbers | _Measured]",
    order: Sequence[Sequence[TrialRecord]],
    results: StudyResults,
    *,
    words: str,
) -> Markup:
    """Return the axes and the lines as SVG, wide enough for all titles; the best lines are on top."""
    left, end = (max(40.0, text_width(each, 13) / 2 + 8) for each in (titles[0], titles[-1]))
    gap = max(_LEAST_GAP, *(text_width(each, 13) + 20 for each in titles))
    right = max(left + gap * (len(columns) - 1), _LEAST_WIDTH - end)
    xs = np.linspace(left, right, len(columns)).tolist()
    lines, axes = list[Markup](), list[Markup]()
    for fifth in reversed(range(FIFTHS)):
        for trial in order[fifth]:
            values = [*(trial.values.get(key) for key in results.plan.page.space), str(trial.value)]
            ys = [column.place(value) for column, value in zip(columns, values, strict=True)]
            lines.append(_polyline(xs, ys, class_=f"fifth-{fifth}", title=trial_words(trial, results)))
    for x, column, title in zip(xs, columns, titles, strict=True):
        axes += [
            text(title, x, _AXIS_TOP - 22, anchor="middle", bold=True),
            rule(x, _AXIS_TOP, x, _AXIS_BOTTOM, opacity=0.7),
            *_axis_labels(column, x),
        ]
    height = 16 + (_ABSENT if any(column.has_absent for column in columns) else _AXIS_BOTTOM)
    return tag(
        "svg",
        *lines,
        *axes,
        viewBox=f"0 0 {right + end:g} {height}",
        width=right + end,
        height=height,
        role="img",
        aria_label=words,
        class_="parallel",
        font_family=FONTS,
        font_size=13,
    )


@dataclass(frozen=True)
class _Choices:
    """An axis of choices, evenly spaced, the first at the bottom; `has_absent` adds a place for no value."""

    names: tuple[str, ...]
    has_absent: bool

    def place(self, value: str | None) -> float:
        if value not in self.names:
            return _ABSENT
        return self._at(self.names.index(value))

    def labels(self) -> Iterator[tuple[float, str]]:
        yield from ((self._at(number), name) for number, name in enumerate(self.names))

    def _at(self, number: int) -> float:
        share = number / (len(self.names) - 1) if len(self.names) > 1 else 0.5
        return _AXIS_BOTTOM + share * (_AXIS_TOP - _AXIS_BOTTOM)


@dataclass(frozen=True)
class _Numbers:
    """An axis of numbers, logarithmic for a logarithmic range; `has_absent` adds a place for no value."""

    axis: Axis
    has_absent: bool

    def place(self, value: str | None) -> float:
        number = _number(value)
        return _ABSENT if number is None else self.axis.place(np.array([number])).item()

    def labels(self) -> Iterator[tuple[float, str]]:
        ends = [self.axis.low, self.axis.high]
        places = self.axis.place(np.array(ends)).tolist()
        for tick in self.axis.ticks(4):
            y = self.axis.place(np.array([tick])).item()
            if all(abs(y - place) > 24 for place in places):
                yield y, tick_label(tick)
        yield from zip(places, map(tick_label, ends), strict=True)


@dataclass(frozen=True)
class _Measured:
    """The axis of the measure."""

    axis: Axis
    has_absent: bool = False

    def place(self, value: str | None) -> float:
        return self.axis.place(np.array([float(value or 0)])).item()

    def labels(self) -> Iterator[tuple[float, str]]:
        ticks = self.axis.ticks(5)
        yield from zip(self.axis.place(np.array(ticks)).tolist(), map(tick_label, ticks), strict=True)


def _column(dimension: Dimension, values: Sequence[str | None]) -> _Choices | _Numbers:
    """Return the axis of a setting; a range of one number is an axis with one choice."""
    low, high = dimension.integer or dimension.float_ or (0, 0)
    if dimension.choice is not None or low == high:
        names = dimension.grid() if dimension.choice is not None else [each for each in values if each]
        return _Choices(tuple(dict.fromkeys(names)), any(each not in names for each in values))
    whole = dimension.integer is not None
    axis = Axis(float(low), float(high), _AXIS_BOTTOM, _AXIS_TOP, is_log=dimension.log, is_whole=whole)
    return _Numbers(axis, any(_number(each) is None for each in values))


def _number(value: str | None) -> float | None:
    try:
        return None if value is None or not np.isfinite(float(value)) else float(value)
    except ValueError:
        return None


def _axis_labels(column: "_Choices | _Numbers | _Measured", x: float) -> Iterator[Markup]:
    """Yield the marks and labels of an axis, and of the place for trials without the setting."""
    absent = [(float(_ABSENT), "–")] if column.has_absent else []
    for y, label in [*column.labels(), *absent]:
        yield tag("line", x1=x - 4, x2=x + 4, y1=y, y2=y, stroke="currentColor", stroke_opacity=0.7)
        yield tag("text", _shortened(label), x=x + 8, y=y + 4.5, class_="halo", fill="currentColor")


def _shortened(label: str) -> str:
    return label if len(label) <= 16 else f"{label[:15]}…"


def _fifths(results: StudyResults, measured: Sequence[TrialRecord]) -> list[list[TrialRecord]]:
    """Return the trials in five groups of equal size, the best group first, each with its best trial last."""
    ordered = in_order(results, measured)
    ends = [round(len(ordered) * share / FIFTHS) for share in range(FIFTHS + 1)]
    ends[1] = max(ends[1], 1)
    return [ordered[low:high][::-1] for low, high in pairwise(ends)]


def _fifths_key(order: Sequence[Sequence[TrialRecord]]) -> Iterator[Markup]:
    words = ("best fifth", "second", "third", "fourth", "worst fifth")
    for number, (name, group) in enumerate(zip(words, order, strict=True)):
        if group:
            ends = dict.fromkeys(figure(each.value or 0.0) for each in (group[-1], group[0]))
            piece = tag("path", d="M1,6h26", class_=f"fifth-{number}")
            yield entry_of_key(f"{name}, {' to '.join(ends)}", piece)


def _spoken(results: StudyResults, drawn: int) -> str:
    best, space = results.best, results.plan.page.space
    held = "" if best is None else f" The best: {trial_words(best, results)}."
    return f"A line for each of {count_of(drawn, 'trial')} through {', '.join(space)} and the measure.{held}"


def _polyline(xs: Sequence[float], ys: Sequence[float], *, class_: str, title: str) -> Markup:
    d = "M" + " ".join(f"{x:.5g},{y:.5g}" for x, y in zip(xs, ys, strict=True))
    return tag("g", tag("path", d=d, class_=class_), tag("title", title))

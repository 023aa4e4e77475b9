"""The charts of a study: the measure of each trial, and the losses of all trainings."""

from collections.abc import Iterator, Sequence
from itertools import accumulate

import numpy as np

from rnnlab.errors import count_of
from rnnlab.reports.axes import (
    FONTS,
    Axis,
    Floats,
    epoch_axis,
    rule,
    text,
    value_axis,
    x_marks,
    y_marks,
)
from rnnlab.reports.charts import Series, swatch
from rnnlab.reports.curve_marks import entry_of_key
from rnnlab.reports.curves import stretched_chart
from rnnlab.reports.markup import Markup, tag
from rnnlab.sweeps.results import COMPLETE, PRUNED, StudyResults, TrialRecord

MOST_LINES = 400
"""Largest number of trials in a chart; the best are drawn."""

_WIDTH, _HEIGHT = 720, 322
_LEFT, _RIGHT, _TOP, _BOTTOM = 76, 690, 14, 262
_MANY = 200
"""Number of trials from which on the dots are small."""
_NONE = np.empty(0)


def history_chart(results: StudyResults) -> Markup:
    """Return a chart of the measure of each trial by its number, with the best so far as a line.

    Args:
        results: the study; a trial or more has a measure.
    """
    trials, measure = results.trials, results.plan.page.objective.measure
    measured = [each for each in trials if each.value is not None]
    xs = epoch_axis(float(trials[0].number), float(trials[-1].number), _LEFT + 8, _RIGHT - 8)
    values = np.array([each.value for each in measured], np.float64)
    ys = measure_axis(results, values, _BOTTOM, _TOP)
    failed = [each.number for each in trials if each.value is None]
    radius = 4.5 if len(measured) < _MANY else 2
    drawn = [
        *y_marks(ys, _LEFT, _RIGHT),
        rule(_LEFT, _BOTTOM, _RIGHT, _BOTTOM, opacity=0.6),
        *x_marks(xs, _TOP, _BOTTOM),
        text("number of the trial", (_LEFT + _RIGHT) / 2, _BOTTOM + 50, anchor="middle"),
        _stairs(results, measured, xs, ys),
        *(_dot(each, xs, ys, radius=radius) for each in measured),
        *(_cross(x, _BOTTOM - 8) for x in xs.place(np.array(failed, np.float64)).tolist()),
    ]
    key = tag("span", *_history_key(results), class_="key")
    caption = tag(
        "figcaption",
        tag("b", f"{_name(measure)} of each trial"),
        f"{_scale(ys)} ",
        key,
        cut_remark(values, ys),
    )
    return tag("figure", caption, _still(drawn, words=_history_words(results)))


def losses_chart(results: StudyResults) -> Markup | None:
    """Return a chart of the validation losses of all trials by epoch; None if no trial has a loss.

    Of folds, the chart shows the measure of each fold.
    """
    objective = results.plan.page.objective
    kept = drawn_trials(results, [each for each in results.trials if each.losses])
    if not kept:
        return None
    values = np.array([loss for each in kept for _, loss in each.losses], np.float64)
    steps = [step for each in kept for step, _ in each.losses]
    xs = epoch_axis(float(min(steps)), float(max(steps)), _LEFT, _RIGHT)
    ys = _clipped_axis(values, objective.direction if objective.folds else "minimize", 276, _TOP)
    strong = _strong(results)
    others = [each for each in kept if each not in [trial for trial, _, _ in strong]]
    drawn = [
        *(_path(each, xs, ys, class_="faint") for each in others),
        *(_path(each, xs, ys, class_=f"strong line-{colour}", dash=colour) for each, colour, _ in strong),
    ]
    title, x_label = "Validation loss in nats", "epoch"
    if objective.folds:
        title, x_label = f"{_name(objective.measure)} of each fold", "number of the fold"
    caption = tag(
        "figcaption",
        tag("b", title),
        f" by {x_label}{_scale(ys)} ",
        tag("span", *_losses_key(strong, len(others)), class_="key"),
        cut_remark(values, ys),
        left_out_remark(sum(bool(each.losses) for each in results.trials)),
    )
    said = [f"{title} by {x_label}: {count_of(len(kept), 'trial')}."]
    for each, _, name in strong:
        ends = f"from {each.losses[0][1]:.4g} to {each.losses[-1][1]:.4g}"
        said.append(f"Trial {each.number}, {name}: {ends}.")
    return tag("figure", caption, stretched_chart(xs, ys, drawn, words=" ".join(said)), class_="curves")


def _strong(results: StudyResults) -> list[tuple[TrialRecord, int, str]]:
    """Return the first guess and the best trial, if they have losses: the trial, its colour and its name."""
    best, first = results.best, results.first
    named = [(first, 1, "the first guess"), (best, 0, "the best")]
    if best is first:
        named = [(best, 0, "the first guess and best")]
    return [(each, colour, name) for each, colour, name in named if each and each.losses]


def _losses_key(strong: Sequence[tuple[TrialRecord, int, str]], others: int) -> Iterator[Markup]:
    for each, colour, name in reversed(strong):
        sample = Series("", _NONE, _NONE, colour=colour, dash=colour)
        yield entry_of_key(f"trial {each.number}, {name}", swatch(0, 11, sample))
    if others:
        faint = tag("path", d="M1,6h26", class_="faint")
        yield entry_of_key(count_of(others, "other trial"), faint)


def short_names(keys: Sequence[str]) -> dict[str, str]:
    """Return the last part of each dotted name; the whole name if two have the same last part."""
    last = [key.rpartition(".")[2] for key in keys]
    return {key: key if last.count(short) > 1 else short for key, short in zip(keys, last, strict=True)}


def in_order(results: StudyResults, trials: Sequence[TrialRecord]) -> list[TrialRecord]:
    """Return the trials, the best first; those without a measure last."""
    sign = 1 if results.plan.page.objective.direction == "minimize" else -1
    return sorted(trials, key=lambda each: (each.value is None, sign * (each.value or 0.0), each.number))


def drawn_trials(results: StudyResults, trials: Sequence[TrialRecord]) -> list[TrialRecord]:
    """Return at most `MOST_LINES` trials, the best and the first guess, by number."""
    kept = in_order(results, trials)[:MOST_LINES]
    first = results.first
    if first in trials and first not in kept:
        kept[-1:] = [first] if first else []
    return sorted(kept, key=lambda each: each.number)


def left_out_remark(count: int) -> Markup | str:
    """Return a remark on how many of `count` trials are drawn; an empty text if all are."""
    if count <= MOST_LINES:
        return ""
    return tag("span", f" The {MOST_LINES} best of {count:,} trials are drawn.", class_="remark")


def measure_axis(results: StudyResults, values: Floats, begin: float, end: float) -> Axis:
    """Return an axis for the measures of trials, (n,), from one place on the page to another, in pixels."""
    return _clipped_axis(values, results.plan.page.objective.direction, begin, end)


def _clipped_axis(values: Floats, direction: str, begin: float, end: float) -> Axis:
    """Return an axis for the values without the worst of them, if these would squeeze all others.

    Worst are values beyond the third quartile by more than three times the interquartile range.
    """
    low, high = np.quantile(values, [0.25, 0.75]).tolist()
    reach = 3 * (high - low)
    kept = values
    if reach > 0:
        kept = values[values <= high + reach] if direction == "minimize" else values[values >= low - reach]
    if not len(kept):
        kept = values
    room = 0.05 * float(kept.max() - kept.min()) or abs(float(kept.max())) or 1.0
    axis = value_axis(kept, _NONE, begin, end)
    if axis.is_log:
        return axis
    least = float(kept.min())
    lowest = max(least - room, 0.0) if least >= 0 else least - room
    return Axis(lowest, float(kept.max()) + room, begin, end)


def cut_remark(values: Floats, ys: Axis) -> Markup | str:
    """Return a remark on values outside of the axis; empty if there are none."""
    count = int(((values > ys.high) | (values < ys.low)).sum())
    if not count:
        return ""
    outside = f"{count_of(count, 'value')} {'lies' if count == 1 else 'lie'} outside"
    return tag("span", f"{outside}, and {'is' if count == 1 else 'are'} drawn at the edge.", class_="remark")


def _scale(ys: Axis) -> str:
    return ", logarithmic" if ys.is_log else ""


def _name(measure: str) -> str:
    words = measure.replace("_", " ")
    return words[0].upper() + words[1:]


def _stairs(results: StudyResults, measured: Sequence[TrialRecord], xs: Axis, ys: Axis) -> Markup:
    """Return the best value so far as a line of steps."""
    best = max if results.plan.page.objective.direction == "maximize" else min
    values = np.array(list(accumulate((each.value or 0.0 for each in measured), best)))
    across = xs.place(np.array([each.number for each in measured], np.float64)).tolist()
    path = [f"M{across[0]:.5g},{ys.place(values[:1]).item():.5g}"]
    for x, y in zip(across[1:], ys.place(values[1:]).tolist(), strict=True):
        path.append(f"H{x:.5g}V{y:.5g}")
    path.append(f"H{_RIGHT}")
    return tag("path", d="".join(path), fill="none", stroke_width=2, class_="line-0")


def _dot(trial: TrialRecord, xs: Axis, ys: Axis, *, radius: float) -> Markup:
    x = xs.place(np.array([float(trial.number)])).item()
    y = ys.place(np.array([trial.value or 0.0])).item()
    kind = "complete" if trial.state == COMPLETE else "early"
    hint = tag("title", f"trial {trial.number}: {trial.value:.4g}")
    return tag("g", tag("circle", cx=x, cy=y, r=radius, class_=kind), hint)


def _cross(x: float, y: float) -> Markup:
    return tag("path", d=f"M{x - 5:.5g},{y - 5:.5g}l10,10m0,-10l-10,10", class_="failed")


def _history_key(results: StudyResults) -> Iterator[Markup]:
    states = {each.state if each.value is not None else "" for each in results.trials}
    yield entry_of_key("best so far", tag("path", d="M1,6h26", fill="none", stroke_width=2, class_="line-0"))
    if COMPLETE in states:
        yield entry_of_key("complete", tag("circle", cx=14, cy=6, r=4.5, class_="complete"))
    if PRUNED in states:
        yield entry_of_key("ended early", tag("circle", cx=14, cy=6, r=4.5, class_="early"))
    if "" in states:
        yield entry_of_key("failed, without a measure", _cross(14, 6))


def _history_words(results: StudyResults) -> str:
    measure, best = results.plan.page.objective.measure, results.best
    measured = [each for each in results.trials if each.value is not None]
    early = sum(each.state == PRUNED for each in measured)
    failed = len(results.trials) - len(measured)
    leads = f" The best is trial {best.number} with {best.value:.4g}." if best else ""
    counts = f"{count_of(len(measured), 'trial')}, {early} ended early, and {failed} failed."
    return f"{_name(measure)} of each trial by its number: {counts}{leads}"


def trial_words(trial: TrialRecord, results: StudyResults) -> str:
    """Return a trial in words: its number, its measure and its settings."""
    names = short_names(list(results.plan.page.space))
    settings = ", ".join(f"{names.get(key, key)} {value}" for key, value in trial.values.items())
    return f"trial {trial.number}, {results.plan.page.objective.measure} {trial.value:.4g}: {settings}"


def _still(pieces: Sequence[Markup], *, words: str) -> Markup:
    return tag(
        "svg",
        *pieces,
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        width="100%",
        role="img",
        aria_label=words,
        class_="still",
        font_family=FONTS,
        font_size=14,
    )


def _path(trial: TrialRecord, xs: Axis, ys: Axis, *, class_: str, dash: int = 0) -> Markup:
    """Return the losses of a trial as a line; of a single loss, as a short line."""
    epochs, losses = np.array(trial.losses, np.float64).T  # (n,), (n,)
    places = list(zip(xs.place(epochs).tolist(), ys.place(losses).tolist(), strict=True))
    d = "M" + " ".join(f"{x:.5g},{y:.5g}" for x, y in places)
    if len(places) == 1:
        d += "h8"
    line = tag(
        "path",
        d=d,
        fill="none",
        stroke_dasharray="9 4" if dash else None,
        vector_effect="non-scaling-stroke",
        class_=class_,
    )
    return tag("g", line, tag("title", f"trial {trial.number}"))

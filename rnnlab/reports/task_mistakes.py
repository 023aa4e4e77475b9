"""What a network for examples confuses, and the mistakes that surprise it most, as tables and a heat map."""

from collections.abc import Sequence
from math import exp, isfinite

import numpy as np
from numpy.typing import NDArray

from rnnlab.evaluation.example_measurement import Mistake
from rnnlab.evaluation.label_measures import ClassFigures
from rnnlab.reports.axes import figure
from rnnlab.reports.markup import Markup, tag, together
from rnnlab.reports.overview import SHADES
from rnnlab.reports.tables import scroller
from rnnlab.reports.task_tables import MOST_CLASSES, data_table, more_classes

MOST_IN_MAP = 25
"""Most labels of a confusion matrix."""

MOST_WITH_SHARES = 16
"""Most labels of a confusion matrix that shows the share of each count."""

MOST_CONFUSED_PAIRS = 10
"""Most pairs of a true and a predicted label or tag that are listed."""

MOST_MISTAKES_SHOWN = 12
"""Most mistakes that are listed."""

MOST_TEXT = 120
"""Most characters of an input or a target in a table."""


def class_table(noun: str, names: Sequence[str], figures: Sequence[ClassFigures]) -> Markup:
    """Return precision, recall and F1 of the labels or tags, those with most targets first.

    Args:
        noun: label or tag.
        names: the labels or tags.
        figures: their figures.
    """
    order = sorted(range(len(figures)), key=lambda number: -figures[number].support)
    rows = []
    for number in order[:MOST_CLASSES]:
        each = figures[number]
        shares = (f"{each.precision:.4f}", f"{each.recall:.4f}", f"{each.f1:.4f}")
        rows.append([names[number], *shares, f"{each.support:,}"])
    table = data_table(f"Each {noun}", [noun, "precision", "recall", "F1", "targets"], rows, code=1)
    return together(table, more_classes(len(order) - len(rows), noun))


def confusion_map(names: Sequence[str], counts: NDArray[np.int64]) -> Markup:
    """Return the confusion matrix of labels as a heat map: rows are true labels, columns predicted ones.

    Each cell has its count, is shaded by its share of the row, and has this share if there is room. Of more
    than 25 labels, the
    25 with the most mistakes are shown.

    Args:
        names: the L labels.
        counts: (L, L) numbers of examples by true label and predicted label.
    """
    wrong = counts - np.diag(np.diag(counts))  # (L, L)
    order = np.argsort(-(wrong.sum(axis=0) + wrong.sum(axis=1)), kind="stable")
    shown = sorted(order[:MOST_IN_MAP].tolist())
    totals = counts.sum(axis=1).tolist()
    head = [tag("td"), *(tag("th", tag("span", _cut(names[label])), scope="col") for label in shown)]
    rows = [
        tag(
            "tr",
            tag("th", _cut(names[wanted]), scope="row"),
            *(_cell(int(counts[wanted, found]), totals[wanted], wanted == found) for found in shown),
        )
        for wanted in shown
    ]
    more = f"; the {MOST_IN_MAP} of {len(names):,} labels with the most mistakes" * (len(names) > MOST_IN_MAP)
    caption = tag("caption", f"True labels in rows, predicted ones in columns{more}")
    columns = tag("colgroup", tag("col"), tag("col", span=len(shown)))
    kind = "heat confusion many" if len(shown) > MOST_WITH_SHARES else "heat confusion"
    table = tag("table", caption, columns, tag("thead", tag("tr", *head)), tag("tbody", *rows), class_=kind)
    return scroller(table, "confusion matrix")


def confused_table(
    noun: str, names: Sequence[str], confused: Sequence[tuple[int, int, int]], totals: Sequence[int]
) -> Markup:
    """Return the most frequent mistakes.

    Args:
        noun: label or tag.
        names: the labels or tags.
        confused: (true, predicted, count), the most frequent first.
        totals: number of targets of each label or tag.
    """
    if not confused:
        return tag("p", f"No mistakes: the most probable {noun} was always the target.")
    rows = [
        [names[wanted], names[found], f"{times:,} of {totals[wanted]:,}"]
        for wanted, found, times in confused[:MOST_CONFUSED_PAIRS]
    ]
    return data_table("The most frequent mistakes", ["target", "predicted", "how often"], rows, code=2)


def confused_labels(counts: NDArray[np.int64]) -> list[tuple[int, int, int]]:
    """Return the mistakes of a confusion matrix (L, L): (true, predicted, count), the most frequent first."""
    wrong = counts - np.diag(np.diag(counts))
    rows, columns = np.nonzero(wrong)
    found = zip(rows.tolist(), columns.tolist(), wrong[rows, columns].tolist(), strict=True)
    return sorted(found, key=lambda each: -each[2])


def mistakes_table(task: str, mistakes: Sequence[Mistake], *, words: bool) -> Markup:
    """Return the mistakes whose true target has the highest cross-entropy.

    Args:
        task: label, tags, pairs or from_label.
        mistakes: the mistakes, the one with the highest cost first.
        words: whether the tokens of the inputs are words.
    """
    header = ["input", "target", "predicted", "probability of the target"]
    if task == "tags":
        header[1:3] = ["wrong tags"]
    if task == "from_label":
        header = ["label", "sequence", "probability of the sequence"]
    rows = []
    for each in mistakes[:MOST_MISTAKES_SHOWN]:
        cells = [each.input, each.target, each.predicted]
        if task == "tags":
            cells = [each.input, _wrong_tags(each, words=words)]
        if task == "from_label":
            cells = [each.input, each.target]
        rows.append([*map(_cut, cells), _probability(each.cost)])
    return data_table(
        "The highest cross-entropy of the true target first", header, rows, code=len(header) - 1
    )


def _wrong_tags(mistake: Mistake, *, words: bool) -> str:
    """Return the tokens of a sequence whose tags are wrong: `barks NOUN, not VERB`."""
    tokens = mistake.input.split(" ") if words else list(mistake.input)
    tags = zip(tokens, mistake.target.split(" "), mistake.predicted.split(" "), strict=False)
    return ", ".join(f"{token} {found}, not {wanted}" for token, wanted, found in tags if wanted != found)


def _probability(cost: float) -> str:
    """Return the probability of a target of this cross-entropy in nats."""
    return f"{figure(exp(-cost), 3)}" if isfinite(cost) else "unknown to the model"


def _cell(times: int, total: int, is_right: bool) -> Markup:
    share = times / max(total, 1)
    shade = min(int(share * SHADES * 2) + 1, SHADES) if times else 0
    kind = "right" if is_right else f"heat-{shade}"
    if not times:
        return tag("td", "·", class_=kind)
    percent = f"{100 * share:.0f} %" if share >= 0.01 else "< 1 %"
    return tag("td", f"{times:,}", tag("small", percent), class_=kind)


def _cut(text: str) -> str:
    return text if len(text) <= MOST_TEXT else f"{text[: MOST_TEXT - 1]}…"

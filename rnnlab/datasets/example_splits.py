"""The split of examples into the parts train, validation and test, or into the folds of a cross-validation.

Equal examples form a group, and a group is never divided: a held-out input was not trained on. Only with
files of its own for each part, equal inputs stay in the part of their file, and a note counts them.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.config.dataset import SequencesSplit, StratifiedSplit
from rnnlab.config.task_data import RowsDataset
from rnnlab.datasets.corpus import equals_together, nearest_edges
from rnnlab.datasets.examples import Numbers
from rnnlab.datasets.row_formats import FieldText
from rnnlab.datasets.row_tokens import kinds_of, tokens_of_text
from rnnlab.datasets.rows import Row
from rnnlab.datasets.splits import members, stratified_folds, stratified_shuffle
from rnnlab.errors import Argument, DataError, count_of

PARTS = ("train", "validation", "test")

_SHOWN_NAMES = 6


def split_rows(rows: Sequence[Row], dataset: RowsDataset) -> tuple[dict[str, Numbers], tuple[str, ...]]:
    """Return the numbers of the examples of each part, in rising order and train first, and notes.

    Args:
        rows: K rows.
        dataset: the section of the configuration.

    Raises:
        DataError: a part is empty, or the labels do not allow the stratified split.
    """
    groups = _groups_of_rows(rows, dataset)
    split, notes = dataset.split, list[str]()
    if isinstance(split, SequencesSplit):
        names = _of_sequences(groups, split)
    elif isinstance(split, StratifiedSplit):
        names, notes = _stratified(groups, _labels_of_rows(rows, dataset.task), split)
    else:
        names = np.array([PARTS.index(row.part) for row in rows])
    parts = {}
    for number, part in enumerate(PARTS):
        if not dataset.has_part(part):
            continue
        parts[part] = np.flatnonzero(names == number)
        if not len(parts[part]):
            hint = " (an empty line ends a sequence)" if dataset.task == "tags" and len(rows) == 1 else ""
            raise DataError(
                f"the {part} part is empty: the data has {count_of(len(rows), 'example')}, and this part gets"
                f" 0; add examples{hint}, or change dataset.split"
            )
    what = _what_is_equal(dataset.task)
    if split.kind == "files":
        notes += _notes_of_shared(groups, parts, what)
    elif len(parts) > 1:
        notes += _notes_of_equals(groups, what, "part")
    return parts, tuple(notes)


def fold_rows(
    rows: Sequence[Row], dataset: RowsDataset, *, folds: int, random_seed: int
) -> tuple[list[Numbers], tuple[str, ...]]:
    """Return the numbers of the examples that each fold holds out, in rising order, and notes.

    Each example is held out by one fold. If the task has labels, each label is about equally frequent in all
    folds; a label of fewer groups than folds is missing from some of them.

    Args:
        rows: K rows.
        dataset: the section of the configuration.
        folds: number of folds, 2 or more.
        random_seed: the seed with which the folds are drawn.

    Raises:
        DataError: there are too few different examples, or too few of every label.
    """
    groups, notes, task = _groups_of_rows(rows, dataset), list[str](), dataset.task
    parts = f"{count_of(folds, 'part')} of {count_of(len(rows), 'example')}"
    note = f"each fold holds out one of {parts}, drawn with"
    if task in ("label", "from_label"):
        held, notes = _stratified_groups(groups, _labels_of_rows(rows, task), folds, random_seed)
        notes = [f"{note} training.random_seed; each label is about equally frequent in all", *notes]
    else:
        held, notes = _random_folds(groups, folds, random_seed), [f"{note} training.random_seed"]
    return held, (*notes, *_notes_of_equals(groups, _what_is_equal(task), "fold"))


def shown_names(names: Sequence[str]) -> str:
    """Return names in quotes, at most 6 of them."""
    return " ".join(map(repr, names[:_SHOWN_NAMES])) + " …" * (len(names) > _SHOWN_NAMES)


def _groups_of_rows(rows: Sequence[Row], dataset: RowsDataset) -> NDArray[np.int64]:
    """Return the group of each row, (K,), counted up from 0: equal inputs, or for from_label equal rows.

    Texts are equal if their tokens are: of words, white space between them makes no difference.
    """
    groups: dict[Any, int] = {}
    kinds, whole = kinds_of(dataset), dataset.task == "from_label"
    inputs = (tuple(tokens_of_text(row.input, kinds[0])) for row in rows)
    targets = (tuple(tokens_of_text(row.target, kinds[1])) if whole else () for row in rows)
    keys = zip(inputs, targets, strict=True)
    return np.fromiter((groups.setdefault(key, len(groups)) for key in keys), np.int64, len(rows))


def _labels_of_rows(rows: Sequence[Row], task: str) -> list[FieldText]:
    """Return the label of each row."""
    return [row.target if task == "label" else row.input for row in rows]


def _what_is_equal(task: str) -> str:
    """Return what the examples of a group have in common, as a plural."""
    return "rows" if task == "from_label" else "inputs"


def _random_folds(groups: NDArray[np.int64], folds: int, random_seed: int) -> list[Numbers]:
    """Return the examples that each fold holds out: groups that are drawn at random.

    Raises:
        DataError: there are fewer groups than folds.
    """
    count = int(groups.max()) + 1
    if count < folds:
        raise DataError(
            Argument("folds", folds),
            f": expected {folds} different inputs or more, received {count}; use fewer folds, or add"
            " examples",
        )
    drawn = equals_together(groups, np.random.default_rng(random_seed).permutation(count))
    cuts = np.cumsum([len(part) for part in np.array_split(drawn, folds)])[:-1]
    return [np.sort(part) for part in np.split(drawn, nearest_edges(groups[drawn], cuts.tolist()))]


def _stratified_groups(
    groups: NDArray[np.int64], labels: Sequence[FieldText], folds: int, random_seed: int
) -> tuple[list[Numbers], list[str]]:
    """Return the examples that each fold holds out, and a note on labels that some folds do not hold out.

    Raises:
        DataError: no label has as many groups as there are folds.
    """
    known, of_group = _labels_of_groups(groups, labels)
    counts = np.bincount(of_group, minlength=len(known))  # (L,)
    most = int(counts.max())
    if most < folds:
        remedy = f"use {most} folds or fewer" if most > 1 else "add examples"
        raise DataError(
            Argument("folds", folds),
            f": expected a label with {folds} different examples or more, one for each fold, received at most"
            f" {count_of(most, 'example')} of a label; {remedy}",
        )
    drawn = stratified_folds(of_group, folds=folds, random_seed=random_seed)
    rare = known[(counts > 0) & (counts < folds)].tolist()
    notes = []
    if rare:
        notes = [
            f"labels with fewer different examples than folds, which some folds lack: {shown_names(rare)}"
        ]
    return [np.flatnonzero(np.isin(groups, held)) for _, held in drawn], notes


def _of_sequences(groups: NDArray[np.int64], split: SequencesSplit) -> NDArray[np.int64]:
    """Return the number of the part of each example, (K,): the groups are drawn at random, or in order."""
    count = len(groups)
    order = np.arange(int(groups.max()) + 1)
    if split.shuffle:
        order = np.random.default_rng(split.random_seed).permutation(len(order))
    drawn = equals_together(groups, order)  # (K,) numbers of examples, group after group
    # the first example of each held-out part, moved to the nearest place between two groups
    test = count - round(count * split.test)
    firsts = {"validation": test - round(count * split.validation), "test": test}
    firsts = {part: first for part, first in firsts.items() if getattr(split, part) > 0}
    edges = nearest_edges(groups[drawn], [*firsts.values()])
    names = np.zeros(count, np.int64)
    for part, edge in zip(firsts, edges, strict=True):
        names[drawn[edge:]] = PARTS.index(part)
    return names


def _stratified(
    groups: NDArray[np.int64], labels: Sequence[FieldText], split: StratifiedSplit
) -> tuple[NDArray[np.int64], list[str]]:
    """Return the number of the part of each example, (K,), and notes.

    A label of one group stays in training.
    """
    known, of_group = _labels_of_groups(groups, labels)
    left, part_of_group = np.arange(len(of_group)), np.zeros(len(of_group), np.int64)
    for part in ("test", "validation"):
        share = getattr(split, part) * len(of_group) / len(left)
        if not share:
            continue
        _require_room(of_group[left], share, part)
        [(kept, held)] = stratified_shuffle(
            of_group[left], held_out=share, splits=1, random_seed=split.random_seed
        )
        part_of_group[left[held]] = PARTS.index(part)
        left = left[kept]
    alone = known[np.unique(of_group[members(of_group) < 2])].tolist()
    notes = [f"labels with one example stay in training: {shown_names(alone)}"] if alone else []
    return part_of_group[groups], notes


def _labels_of_groups(
    groups: NDArray[np.int64], labels: Sequence[FieldText]
) -> tuple[NDArray[np.str_], NDArray[np.int64]]:
    """Return the L labels, sorted, and the number of the label of each group, (G,).

    The label of a group is the rarest label of its examples.
    """
    known, of_example = np.unique(np.array(labels), return_inverse=True)  # (L,) and (K,)
    # sorted by group, and in each group the rarest label first
    rarity = np.bincount(of_example)[of_example]  # (K,)
    order = np.lexsort((rarity, groups))
    _, begins = np.unique(groups[order], return_index=True)  # (G,)
    return known, of_example[order[begins]]


def _require_room(labels: NDArray[np.int64], share: float, part: str) -> None:
    """Refuse a stratified split without labels of two examples, or with too few examples for all labels.

    Args:
        labels: (G,) the label of each group.
        share: fraction of the groups that is held out.
        part: the held-out part.

    Raises:
        DataError: the message gives the cause and the remedy.
    """
    shared = labels[members(labels) > 1]
    total, classes = len(shared), len(np.unique(shared))
    if not total:
        raise DataError(
            "dataset.split: every label has one example, so no example can be held out; add examples, or set"
            " dataset.split.kind to sequences or none"
        )
    if not classes <= math.ceil(share * total) <= total - classes:
        raise DataError(
            f"dataset.split.{part}: expected a part with room for each of {count_of(classes, 'label')},"
            f" received {math.ceil(share * total):,} of {count_of(total, 'different example')}; change"
            f" dataset.split.{part}, add examples, or set dataset.split.kind to sequences"
        )


def _notes_of_equals(groups: NDArray[np.int64], what: str, place: str) -> list[str]:
    """Return a note on the examples that occur more than once; no note if there are none.

    Args:
        groups: (K,) the group of each example.
        what: what is equal, as a plural.
        place: part or fold.
    """
    repeated = int((members(groups) > 1).sum())
    if not repeated:
        return []
    of = count_of(len(groups), "example")
    return [f"{what} that occur more than once: {repeated:,} of {of}; equal {what} are in one {place}"]


def _notes_of_shared(groups: NDArray[np.int64], parts: dict[str, Numbers], what: str) -> list[str]:
    """Return a note for each held-out part with inputs that are also in the train part."""
    notes = []
    for part in [part for part in parts if part != "train"]:
        equal = int(np.isin(groups[parts[part]], groups[parts["train"]]).sum())
        if equal:
            of = count_of(len(parts[part]), "example")
            notes.append(f"{what} of the {part} part that are also in the train part: {equal:,} of {of}")
    return notes

"""Held-out sets that hold each label in its share of the whole, drawn by scikit-learn.

The labels are the W target tokens of windows. scikit-learn takes a second to import: only what needs it does.
"""

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.errors import DataError, count_of

Indices = NDArray[np.int64]
Fold = tuple[Indices, Indices]
Labels = NDArray[np.integer[Any]]


def stratified_shuffle(labels: Labels, *, held_out: float, splits: int, random_seed: int) -> list[Fold]:
    """Independent random splits; each is (training indices, held-out indices) into the labels.

    A label with one member cannot be on both sides: it stays in training.

    Args:
        labels: (W,) integers.
        held_out: fraction that is held out, in (0, 1), of the labels with two members or more.
        splits: how many.
        random_seed: of scikit-learn's `StratifiedShuffleSplit`.

    Raises:
        DataError: one side is too small to hold every label.
    """
    from sklearn.model_selection import StratifiedShuffleSplit  # noqa: PLC0415 (slow)

    rare = members(labels) < 2
    once, shared = np.flatnonzero(rare), np.flatnonzero(~rare)
    _require_room(labels[shared], held_out)
    splitter = StratifiedShuffleSplit(n_splits=splits, test_size=held_out, random_state=random_seed)
    with _silent():
        drawn = list(splitter.split(shared, labels[shared]))
    return [(np.concatenate([shared[train], once]), shared[held]) for train, held in drawn]


def stratified_folds(labels: Labels, *, folds: int, random_seed: int) -> list[Fold]:
    """Folds that hold out each index once; each is (training indices, held-out indices) into the labels.

    A label with fewer members than folds is held out in as many folds as it has members.

    Raises:
        DataError: no label has as many members as there are folds.
    """
    from sklearn.model_selection import StratifiedKFold  # noqa: PLC0415 (slow)

    most = int(members(labels).max(initial=0))
    if most < folds:
        remedy = f"use {most} folds or fewer" if most > 1 else "add data"
        raise DataError(
            f"expected a target token that occurs {folds} times, once in each fold, the most frequent"
            f" occurs {count_of(most, 'time')}; {remedy}"
        )
    splitter = StratifiedKFold(folds, shuffle=True, random_state=random_seed)
    with _silent():
        return list(splitter.split(labels, labels))


def members(labels: Labels) -> Indices:
    """(W,) how many of the labels equal each one."""
    _, inverse, counts = np.unique(labels, return_inverse=True, return_counts=True)
    of_each: Indices = counts[inverse]
    return of_each


def drop_overlapping(train_starts: Indices, held_out_starts: Indices, *, window: int) -> Indices:
    """The training windows that share no token, neither input nor target, with a held-out window.

    Args:
        train_starts: (W,) first token of each training window.
        held_out_starts: first token of each held-out window, at least one.
        window: time steps; a window and its target are window + 1 tokens.
    """
    held = np.sort(held_out_starts)
    place = np.searchsorted(held, train_starts)
    before = train_starts - held[np.maximum(place - 1, 0)]
    after = held[np.minimum(place, len(held) - 1)] - train_starts
    apart: NDArray[np.bool_] = (np.abs(before) > window) & (np.abs(after) > window)
    return train_starts[apart]


def _require_room(labels: Labels, held_out: float) -> None:
    """Both sides of a split must be as large as there are labels."""
    total, classes = len(labels), len(np.unique(labels))
    if not total:
        raise DataError(
            "dataset.split: every target token occurs only once, so none can be in both parts;"
            " set dataset.split.kind to contiguous, or add data"
        )
    if not classes <= math.ceil(held_out * total) <= total - classes:
        least = math.ceil(1000 * classes / total) / 1000
        raise DataError(
            f"dataset.split.validation: expected {least:g} to {1 - least:g}, so that both parts have room for"
            f" each of the {count_of(classes, 'target token')} of {count_of(total, 'window')}, received"
            f" {held_out:g}"
        )


@contextmanager
def _silent() -> Iterator[None]:
    """Leave out scikit-learn's warnings of rare labels: `Splits.notes` names the tokens instead."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield

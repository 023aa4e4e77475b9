"""Stratified held-out sets."""

import numpy as np
import pytest

from rnnlab.datasets.stratification import drop_overlapping, members, stratified_folds, stratified_shuffle
from rnnlab.errors import DataError

LECTURE = np.array([0, 0, 0, 1, 1, 1, 1, 1, 1])


def test_the_lecture_s_three_splits_come_out_index_for_index():
    """E6: random state 0, 3 of 9 held out."""
    splits = stratified_shuffle(LECTURE, held_out=0.3, splits=3, random_seed=0)

    assert [(train.tolist(), held.tolist()) for train, held in splits] == [
        ([1, 5, 4, 2, 7, 6], [3, 8, 0]),
        ([8, 6, 5, 7, 1, 0], [3, 2, 4]),
        ([8, 7, 4, 2, 1, 5], [6, 3, 0]),
    ]


def test_the_lecture_s_folds_each_hold_out_one_0_and_two_1s():
    """E6: three folds that are disjoint and together everything."""
    folds = stratified_folds(LECTURE, folds=3, random_seed=0)

    assert sorted(np.concatenate([held for _, held in folds])) == list(range(9))
    for train, held in folds:
        assert sorted(LECTURE[held]) == [0, 1, 1]
        assert sorted(np.concatenate([train, held])) == list(range(9))


def test_a_label_with_one_member_stays_in_training():
    """It cannot be on both sides; everything is still on one."""
    labels = np.array([0, 0, 0, 0, 7, 1, 1, 1, 1, 9])

    for train, held in stratified_shuffle(labels, held_out=0.5, splits=20, random_seed=3):
        assert {4, 9} <= set(train)
        assert sorted(np.concatenate([train, held])) == list(range(10))


def test_a_label_with_fewer_members_than_folds_is_held_out_once_for_each():
    """Every index is held out exactly once; scikit-learn's warning would be an error here."""
    labels = np.array([0] * 9 + [1, 1] + [2])

    folds = stratified_folds(labels, folds=3, random_seed=0)

    assert sorted(np.concatenate([held for _, held in folds])) == list(range(12))


def test_sides_too_small_for_the_labels_are_refused_with_the_fractions_that_do():
    """Each side has room for each label, or the split is not stratified."""
    labels = np.repeat(np.arange(5), 4)

    with pytest.raises(
        DataError,
        match=r"validation: expected 0\.25 to 0\.75, .* 5 target tokens of 20 windows, received 0\.1",
    ):
        stratified_shuffle(labels, held_out=0.1, splits=1, random_seed=0)
    with pytest.raises(DataError, match=r"received 0\.9$"):
        stratified_shuffle(labels, held_out=0.9, splits=1, random_seed=0)
    for fraction in (0.25, 0.75):
        stratified_shuffle(labels, held_out=fraction, splits=1, random_seed=0)


def test_labels_that_all_occur_once_are_refused():
    """Nothing can be stratified."""
    with pytest.raises(DataError, match="occurs only once"):
        stratified_shuffle(np.arange(5), held_out=0.3, splits=1, random_seed=0)
    with pytest.raises(DataError, match=r"occurs 1 time; add data$"):
        stratified_folds(np.arange(5), folds=2, random_seed=0)


def test_members_counts_a_label_s_equals():
    """Worked by hand."""
    assert members(np.array([5, 3, 5, 5])).tolist() == [3, 1, 3, 3]


def test_windows_that_share_a_token_with_a_held_out_one_are_dropped():
    """Kept if and only if inputs and target are disjoint from those of every held-out window."""
    rng = np.random.default_rng(0)
    for window in (1, 4, 10):
        order = rng.permutation(100)
        train, held = order[:80], rng.permutation(order[80:86])
        taken = {token for start in held for token in range(start, start + window + 1)}

        kept = drop_overlapping(train, held, window=window)

        assert kept.tolist() == [
            start for start in train if taken.isdisjoint(range(start, start + window + 1))
        ]
        assert 0 < len(kept) < 80

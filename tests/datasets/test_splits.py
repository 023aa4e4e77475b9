"""Training, validation and test parts."""

import subprocess
import sys

import numpy as np
import pytest

from rnnlab.datasets.corpus import load_corpus
from rnnlab.datasets.splits import (
    drop_overlapping,
    members,
    split_corpus,
    stratified_folds,
    stratified_parts,
    stratified_shuffle,
)
from rnnlab.errors import DataError

WINDOWS = "batching: windows, batch_size: 2"
FAR_APART = "kind: text, inline: '" + "abcd" * 100 + "', window: 3, target: next"


def test_without_a_split_everything_is_for_training(numbered, experiment):
    """One part, with all tokens and all windows."""
    splits = split_corpus(numbered(20), experiment("kind: text, inline: a, window: 4", training=WINDOWS))

    assert list(splits.parts) == ["train"]
    assert (splits.parts["train"].begin, splits.parts["train"].end) == (0, 20)
    assert splits.parts["train"].window_count == 16
    assert splits.notes == ()


def test_a_contiguous_split_cuts_training_validation_and_test_in_that_order(numbered, experiment):
    """Fractions of the tokens; parts are disjoint, and so are their windows."""
    dataset = (
        "kind: text, inline: a, window: 4, split: {kind: contiguous, validation: 0.2, test: 0.3, gap: 0}"
    )

    parts = split_corpus(numbered(60, 40), experiment(dataset, training=WINDOWS)).parts

    ranges = {name: (part.begin, part.end) for name, part in parts.items()}
    assert ranges == {"train": (0, 50), "validation": (50, 70), "test": (70, 100)}
    assert parts["validation"].window_starts.tolist() == [50, 51, 52, 53, 54, 55, 60, 61, 62, 63, 64, 65]
    read = [
        {token for start in part.window_starts for token in range(start, start + 5)}
        for part in parts.values()
    ]
    assert len(set().union(*read)) == sum(map(len, read))


def test_a_fraction_of_0_makes_no_part(numbered, experiment):
    """Only parts that exist are listed."""
    dataset = "kind: text, inline: a, window: 4, split: {kind: contiguous, validation: 0.2, test: 0.0}"

    assert list(split_corpus(numbered(50), experiment(dataset)).parts) == ["train", "validation"]


def test_a_part_without_a_window_is_refused(numbered, experiment):
    """3 tokens of validation hold no window of 5."""
    dataset = "kind: text, inline: a, window: 4, split: {kind: contiguous, validation: 0.1, test: 0.0}"

    with pytest.raises(DataError, match="the validation part is too short"):
        split_corpus(numbered(30), experiment(dataset, training=WINDOWS))


def test_sequences_shorter_than_a_window_are_told(numbered, experiment):
    """They are in no batch, and the user hears it."""
    splits = split_corpus(numbered(9, 4, 5), experiment("kind: text, inline: a, window: 4", training=WINDOWS))

    assert splits.notes == ("1 of 3 sequences has fewer than 5 tokens, so no window",)


def test_training_windows_that_overlap_validation_are_dropped_and_told(experiment):
    """No token of a validation window, input or target, is read in training."""
    dataset = FAR_APART + ", split: {kind: stratified_shuffle, validation: 0.05}"
    settings = experiment(dataset, training=WINDOWS)

    splits = split_corpus(load_corpus(settings.dataset), settings)

    train, validation = splits.parts["train"].window_starts, splits.parts["validation"].window_starts
    assert np.abs(train[:, None] - validation).min() == 4
    assert len(validation) == 20
    (note,) = splits.notes
    assert note.startswith(f"{377 - len(train)} of 377 training windows share tokens")


def test_overlapping_windows_stay_where_the_configuration_allows_it(experiment):
    """As the lectures do it: all windows are used, in training or in validation."""
    split = "kind: stratified_shuffle, validation: 0.05, splits: 3, use: 1, allow_overlap: true"
    settings = experiment(f"{FAR_APART}, split: {{{split}}}", training=WINDOWS)

    splits = split_corpus(load_corpus(settings.dataset), settings)

    train, validation = splits.parts["train"].window_starts, splits.parts["validation"].window_starts
    assert sorted([*train, *validation]) == list(range(397))
    assert len(splits.folds) == 3
    assert sorted(splits.folds[1][1]) == validation.tolist()
    assert splits.notes == ()


def test_windows_of_a_target_that_occurs_once_stay_in_training_and_are_told(experiment):
    """The note names the tokens."""
    text = "abababababababababab!ababababababababab?abab"
    split = "split: {kind: stratified_shuffle, validation: 0.2, allow_overlap: true}"
    settings = experiment(f"kind: text, inline: '{text}', window: 2, {split}", training=WINDOWS)

    splits = split_corpus(load_corpus(settings.dataset), settings)

    assert {18, 37} <= set(splits.parts["train"].window_starts)
    assert splits.notes == ("target tokens of fewer than 2 windows stay in training: '!' '?'",)


def test_nothing_left_to_train_on_is_refused_with_the_remedy(experiment):
    """Long windows overlap everything."""
    dataset = FAR_APART.replace("window: 3", "window: 100") + ", split: {kind: stratified_shuffle}"
    settings = experiment(dataset, training=WINDOWS)

    with pytest.raises(DataError, match="set allow_overlap: true"):
        split_corpus(load_corpus(settings.dataset), settings)


def test_each_window_is_validated_in_one_fold(experiment):
    """Folds are stratified on the target token, and their training windows stay clear of validation."""
    settings = experiment(
        "kind: text, inline: '" + "abcdefgh" * 40 + "', window: 1, target: next", training=WINDOWS
    )

    folds = stratified_parts(load_corpus(settings.dataset), settings, 8)

    held = [fold.parts["validation"].window_starts for fold in folds]
    assert sorted(np.concatenate(held)) == list(range(319))
    for fold, validation in zip(folds, held, strict=True):
        assert np.abs(fold.parts["train"].window_starts[:, None] - validation).min() > 1


def test_targets_rarer_than_the_folds_are_told(experiment):
    """They are held out, but not in every fold."""
    split = "split: {kind: stratified_shuffle, allow_overlap: true}"
    settings = experiment(
        f"kind: text, inline: '{'ab' * 20}c{'ab' * 20}', window: 2, {split}", training=WINDOWS
    )

    folds = stratified_parts(load_corpus(settings.dataset), settings, 3)

    assert folds[0].notes == ("target tokens of fewer than 3 windows are missing from some folds: 'c'",)


def test_scikit_learn_is_imported_only_to_stratify():
    """It takes a second, and most runs do without."""
    code = "import rnnlab.datasets.splits, rnnlab.datasets.batches, sys; print('sklearn' in sys.modules)"

    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert finished.stdout == "False\n"


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

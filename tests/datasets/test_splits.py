"""Training, validation and test parts."""

import subprocess
import sys

import numpy as np
import pytest

from rnnlab.datasets.corpus import load_corpus
from rnnlab.datasets.splits import split_corpus, stratified_parts
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
    code = "import rnnlab.datasets.splits, rnnlab.datasets.batching, sys; print('sklearn' in sys.modules)"

    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert finished.stdout == "False\n"

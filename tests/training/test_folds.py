"""Cross-validation trains each model anew and measures it on what it has not seen."""

import pytest

from rnnlab.datasets.corpus import Corpus, load_corpus
from rnnlab.datasets.folds import fold_data
from rnnlab.datasets.splits import Splits
from rnnlab.training.folds import cross_validate_config, measure_fold
from tests.experiments import SONG, experiment

NAMES = "ada bea cleo dora ella fay gwen hal ida joe kim leo mia ned"


def test_each_fold_is_measured_on_its_own_windows() -> None:
    """The held-out targets of all folds are the windows of the data; two processes give the same bits."""
    wanted = experiment(
        SONG,
        f"dataset={{kind: text, inline: '{NAMES}', window: 2, target: next,"
        " split: {kind: stratified_shuffle, allow_overlap: true}}",
        "model={kind: mlp, units: 8}",
        "generation={length: 5}",
    )
    lines: list[str] = []

    crossed = cross_validate_config(wanted, 2, report=lines.append)

    assert sum(fold.tokens for fold in crossed.folds) == len(NAMES) - 2
    assert lines[-2:] == ["fold 1 of 2", "fold 2 of 2"]
    assert crossed.folds[0].loss != crossed.folds[1].loss

    lines.clear()
    assert cross_validate_config(wanted, 2, jobs=2, report=lines.append) == crossed
    assert sorted(lines[-2:]) == ["fold 1 of 2 is done", "fold 2 of 2 is done"]


def test_each_fold_is_trained_on_copies_of_its_own_training_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a training is; what it holds out is as it was."""
    wanted = experiment(SONG, "dataset.augment={semitones: [-1, 1]}", "dataset.window=1")
    (fold, _) = fold_data(load_corpus(wanted.dataset), wanted, 2)
    trained: list[int] = []

    class Trainer:
        """Notes what it is given."""

        def __init__(self, _: object, corpus: Corpus, splits: Splits) -> None:
            trained.append(splits.parts["train"].window_count)
            raise KeyboardInterrupt

    monkeypatch.setattr("rnnlab.training.folds.Trainer", Trainer)
    with pytest.raises(KeyboardInterrupt):
        measure_fold(wanted, fold)

    assert trained == [3 * fold.splits.parts["train"].window_count]

"""Cross-validation trains each model anew and measures it on what it has not seen."""

from rnnlab.training.folds import cross_validate_config
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

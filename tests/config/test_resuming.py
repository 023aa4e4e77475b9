"""What a run is resumed with is checked as a whole."""

from pathlib import Path

import pytest

from rnnlab.config.resuming import resumed_experiment
from rnnlab.errors import ConfigError

BEGUN = """
dataset: {kind: text, inline: abcabcabcabc, window: 2, split: {kind: contiguous, validation: 0.3}}
model: {kind: lstm, units: 4}
training: {epochs: 10, batch_size: 1}
evaluation: {every: 5}
"""


def run_of(folder: Path) -> Path:
    """The configuration of a run."""
    (folder / "config.yaml").write_text(BEGUN)
    return folder / "config.yaml"


def test_epochs_may_change_as_long_as_one_is_validated(tmp_path: Path) -> None:
    """Fewer epochs than one validation takes would choose no weights."""
    own = run_of(tmp_path)

    assert resumed_experiment(own, None, ["training.epochs=5"]).training.epochs == 5
    with pytest.raises(ConfigError, match=r"evaluation\.every: expected at most training.epochs, which is 4"):
        resumed_experiment(own, None, ["training.epochs=4"])


def test_what_a_page_leaves_open_is_checked_as_it_was_chosen(tmp_path: Path) -> None:
    """The page alone says nothing wrong: the run has fewer epochs than it has between two validations."""
    own, page = run_of(tmp_path), tmp_path / "page.yaml"
    page.write_text(BEGUN.replace("epochs: 10, ", "").replace("every: 5", "every: 20"))

    with pytest.raises(
        ConfigError, match=r"evaluation\.every: expected at most training.epochs, which is 10"
    ):
        resumed_experiment(own, page, [])

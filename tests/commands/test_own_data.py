"""The training data that `generate` and `trace` compare with: the user's own, small and unchanged."""

from pathlib import Path

import pytest

from rnnlab.commands import own_data
from rnnlab.commands.own_data import own_training_data
from rnnlab.runs.folder import RunFolder
from tests.trained import STREAM, run_of

FOX = "the quick brown fox jumps over the lazy dog\n" * 3


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    monkeypatch.chdir(tmp_path)
    Path("fox.txt").write_text(FOX)
    return run_of(STREAM, "dataset.inline=null", "dataset.path=fox.txt")


def test_the_training_part_of_a_run_of_ones_own(run):
    """Its last fifth is held out."""
    found = own_training_data(run.load_model(), run.path)

    assert found is not None
    assert (found.part.name, len(found.corpus.ids)) == ("train", len(FOX))
    assert found.part.end < len(FOX)


def test_a_model_file_opens_no_data(run):
    """Anyone may have written what it names."""
    assert own_training_data(run.load_model(), run.model_path) is None


def test_data_that_has_changed_or_is_gone_is_not_that_of_the_training(run):
    """Then there is none."""
    model = run.load_model()
    Path("fox.txt").write_text(FOX + "the dog")
    changed = own_training_data(model, run.path)
    Path("fox.txt").unlink()

    assert (changed, own_training_data(model, run.path)) == (None, None)


def test_large_data_is_not_read(run, monkeypatch):
    """It would take longer than what it is for."""
    monkeypatch.setattr(own_data, "MOST_BYTES", len(FOX) - 1)

    assert own_training_data(run.load_model(), run.path) is None

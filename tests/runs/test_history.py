"""The history of a run, as arrays."""

from pathlib import Path

import numpy as np
import pytest

from rnnlab.errors import RunError
from rnnlab.runs.history import read_history

EPOCHS = """epoch,loss,accuracy,validation_loss,validation_accuracy,learning_rate,seconds
1,2,0.25,,,,0.5
2,1.5,0.5,1.75,0.375,0.001,1
"""
OLD_EPOCHS = """epoch,loss,accuracy,validation_loss,validation_accuracy,seconds
1,2,0.25,,,0.5
2,1.5,0.5,1.75,0.375,1
"""
STEPS = "step,epoch,loss,accuracy\n1,1,2.5,0\n2,1,1.5,0.5\n3,2,1,1\n4,2,nan,0\n"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    (tmp_path / "history.csv").write_text(EPOCHS)
    (tmp_path / "losses.csv").write_text(STEPS)
    return tmp_path


def test_each_column_is_an_array(run):
    """Epochs and steps are whole numbers; what was not measured is NaN."""
    history = read_history(run)

    assert history.epoch.tolist() == [1, 2]
    assert history.loss.tolist() == [2.0, 1.5]
    np.testing.assert_array_equal(history.validation_loss, [np.nan, 1.75])
    np.testing.assert_array_equal(history.learning_rate, [np.nan, 0.001])
    assert history.seconds.tolist() == [0.5, 1.0]
    assert history.steps.epoch.tolist() == [1, 1, 2, 2]
    assert history.steps.accuracy.tolist() == [0.0, 0.5, 1.0, 0.0]
    assert (len(history), len(history.steps)) == (2, 4)


def test_the_columns_are_what_a_table_is_made_of(run):
    """A dict of arrays of equal length, as `pandas.DataFrame` takes it, in the order of the file."""
    columns = read_history(run).columns()

    assert list(columns) == EPOCHS.partition("\n")[0].split(",")
    assert {len(array) for array in columns.values()} == {2}


def test_a_history_without_learning_rates_is_read(run):
    """An earlier rnnlab wrote it: the rates are NaN, and every other figure is what it was."""
    now = read_history(run)
    (run / "history.csv").write_text(OLD_EPOCHS)

    before = read_history(run)

    assert np.isnan(before.learning_rate).all()
    for name in ("epoch", "loss", "accuracy", "validation_loss", "validation_accuracy", "seconds"):
        np.testing.assert_array_equal(getattr(before, name), getattr(now, name))


def test_before_anything_is_saved_it_is_empty(tmp_path):
    """A run that has just begun has a history without rows."""
    assert len(read_history(tmp_path)) == len(read_history(tmp_path).steps) == 0


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("history.csv", "epoch,loss\n1,2\n"),
        ("history.csv", "learning_rate,epoch,loss\n0.1,1,2\n"),
        ("history.csv", EPOCHS.replace("0.001,1", "1")),
        ("history.csv", OLD_EPOCHS.replace("0.375,1", "0.375,0.001,1")),
        ("history.csv", EPOCHS.replace("2,1.5", "x,1.5")),
        ("history.csv", EPOCHS.replace("2,1.5", "2.5,1.5")),
        ("losses.csv", STEPS + "5,3\n"),
        ("losses.csv", STEPS.replace("4,2", ",2")),
        ("losses.csv", ""),
    ],
)
def test_a_damaged_table_is_named(run, name, text):
    """Whoever reads it is told which, and why."""
    (run / name).write_text(text)

    with pytest.raises(RunError, match=f"{name}: not what training wrote"):
        read_history(run)


def test_a_table_elsewhere_is_not_followed(run):
    """A link out of the run's folder is refused, and a pipe is not waited for."""
    (run / "losses.csv").unlink()
    (run / "losses.csv").symlink_to("/dev/zero")

    with pytest.raises(RunError, match="leads outside its folder"):
        read_history(run)

"""The history of a run, as arrays."""

import math
import os
from math import inf, nan
from pathlib import Path

import numpy as np
import pytest

from rnnlab.errors import RunError
from rnnlab.runs.history import (
    EPOCH_COLUMNS,
    EpochRecord,
    best_epoch,
    history_csv,
    losses_csv,
    read_history,
)

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


SIX, SEVEN = "expected 6 numbers", "expected 7 numbers"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("history.csv", "", "1: expected the columns epoch,loss"),
        ("history.csv", "epoch,loss\n1,2\n", "1: expected the columns epoch,loss"),
        ("history.csv", "learning_rate,epoch,loss\n0.1,1,2\n", "1: expected the columns epoch,loss"),
        ("history.csv", EPOCHS.replace("0.001,1", "1"), f"3: {SEVEN}, received '2,1.5,0.5,1.75,0.375,1'"),
        ("history.csv", OLD_EPOCHS.replace("0.375,1", "0.375,0.001,1"), f"3: {SIX}"),
        ("history.csv", EPOCHS.replace("2,1.5", "x,1.5"), f"3: {SEVEN}"),
        ("history.csv", EPOCHS.replace("2,1.5", "2.5,1.5"), "3: expected epoch 2, received"),
        ("history.csv", EPOCHS.replace("2,1.5", "inf,1.5"), "3: expected epoch 2, received"),
        ("history.csv", EPOCHS.replace("2,1.5", ",1.5"), f"3: {SEVEN}"),
        ("history.csv", EPOCHS.replace("2,1.5", "3,1.5"), "3: expected epoch 2, received"),
        ("history.csv", EPOCHS.replace("1,2,", "\n1,2,"), f"2: {SEVEN}, received ''"),
        ("history.csv", EPOCHS.replace("0.25", "# 0.25"), f"2: {SEVEN}"),
        ("history.csv", EPOCHS.replace("0.25", "\x00"), f"2: {SEVEN}"),
        (
            "losses.csv",
            STEPS + "5,3\n",
            "6: expected 4 numbers, received '5,3'; restore ",
        ),
        ("losses.csv", STEPS.replace("4,2", ",2"), "5: expected 4 numbers, received ',2,nan,0'"),
        ("losses.csv", STEPS.replace("4,2", "5,2"), "5: expected step 4, received '5,2,nan,0'"),
        ("losses.csv", STEPS.replace("4,2", "4,1e300"), "5: expected the number of an epoch"),
        ("losses.csv", STEPS.replace("4,2", "4,1.5"), "5: expected the number of an epoch"),
        ("losses.csv", STEPS.replace("4,2", "4,nan"), "5: expected the number of an epoch"),
        ("losses.csv", "", "1: expected the columns step,epoch,loss,accuracy, received ''"),
    ],
)
def test_a_damaged_table_is_named(run, name, text, message):
    """The error is one line with the file, the line, what was expected and what was received."""
    (run / name).write_text(text)

    with pytest.raises(RunError) as caught:
        read_history(run)

    assert str(caught.value).startswith(f"{run / name}:{message}")
    assert "\n" not in str(caught.value)


def test_the_first_damaged_line_of_many_is_found(run):
    """However far below the header it is, and whatever follows it."""
    rows = [f"{number},1,2,0.5" for number in range(1, 5001)]
    rows[3210] = rows[4000] = "3211,1,two,0.5"
    (run / "losses.csv").write_text("\n".join(["step,epoch,loss,accuracy", *rows]))

    with pytest.raises(RunError, match=r"losses.csv:3212: expected 4 numbers, received '3211,1,two,0.5'"):
        read_history(run)


@pytest.mark.parametrize("name", ["history.csv", "losses.csv"])
def test_a_lenient_reader_keeps_the_other_table(run, name):
    """The table that is damaged or missing has no row, and a note says why."""
    (run / name).write_text("x")
    damaged = read_history(run, lenient=True)
    (run / name).unlink()
    missing = read_history(run, lenient=True)

    for history in (damaged, missing):
        assert [len(history), len(history.steps)] == ([0, 4] if name == "history.csv" else [2, 0])
    assert damaged.notes[0].startswith(f"{run / name}:1: expected the columns ")
    assert missing.notes == (f"{run / name}: no such file; its curve is left out",)


def test_steps_are_left_out_if_nobody_asks_for_them(run):
    """A damaged `losses.csv` does not matter then."""
    (run / "losses.csv").write_text("x")

    history = read_history(run, with_steps=False)

    assert (len(history), len(history.steps)) == (2, 0)


@pytest.mark.parametrize(
    ("times", "seconds"), [([4, 5, 6], 3), ([4], 4), (["", 5], None), ([5, ""], None), ([], None)]
)
def test_the_time_of_training_is_without_compiling(run, times, seconds):
    """The first epoch contains the compilation; of 3 epochs the last 2 took 2 s, so all 3 take 3 s."""
    rows = "".join(f"{number},1,1,,,{time}\n" for number, time in enumerate(times, start=1))
    (run / "history.csv").write_text(OLD_EPOCHS.partition("\n")[0] + "\n" + rows)

    assert read_history(run).seconds_without_compiling() == seconds


def test_what_is_written_is_read_back(tmp_path):
    """Each column of a row has its own figure; None and NaN are read as NaN, infinity stays."""
    records = [
        EpochRecord(1, 4.5, 0.25, None, None, 0.125, 1.5),
        EpochRecord(2, math.nan, math.nan, 2.5, 0.5, None, 2.5),
        EpochRecord(3, math.inf, 0.75, 3.5, 0.625, 0.0625, 3.5),
    ]
    losses, accuracies = np.float32([4.5, math.nan, 2.5]), np.float32([0.25, 0.5, 0.75])
    (tmp_path / "history.csv").write_text(history_csv(records))
    (tmp_path / "losses.csv").write_text(
        losses_csv(losses=losses, accuracies=accuracies, ends=np.array([1, 3, 3]))
    )

    history = read_history(tmp_path)

    for name in EPOCH_COLUMNS:
        figures = [getattr(record, name) for record in records]
        expected = [math.nan if figure is None else figure for figure in figures]
        np.testing.assert_array_equal(getattr(history, name), expected)
    assert (history.steps.step.tolist(), history.steps.epoch.tolist()) == ([1, 2, 3], [1, 2, 2])
    np.testing.assert_array_equal(history.steps.loss, losses)
    np.testing.assert_array_equal(history.steps.accuracy, accuracies)
    assert history.steps.in_epochs().tolist() == [1, 2, 3]


def test_a_table_that_is_too_large_is_refused(run, monkeypatch):
    """A hostile file does not fill the memory."""
    monkeypatch.setattr("rnnlab.runs.history._MOST_BYTES", {"history.csv": len(EPOCHS) - 1})

    with pytest.raises(RunError, match=rf"history.csv: expected at most {len(EPOCHS) - 1} bytes"):
        read_history(run)


@pytest.mark.parametrize("name", ["history.csv", "losses.csv"])
def test_a_table_elsewhere_is_not_followed(run, name):
    """A link out of the run's folder is refused, and a pipe is not waited for."""
    (run / name).unlink()
    (run / name).symlink_to("/dev/zero")
    with pytest.raises(RunError, match="leads outside its folder"):
        read_history(run)

    (run / name).unlink()
    os.mkfifo(run / name)
    with pytest.raises(RunError, match="expected a file"):
        read_history(run)


@pytest.mark.parametrize(
    ("losses", "validation", "best"),
    [
        ([3, 1, 5, 2, 2.5], [], 4),  # of the second epoch, the updates at its end were bad: the third has 5
        ([3, 2, 1], [], 3),  # the last epoch counts with its own loss
        ([1, 1, 1], [], 1),
        ([1, nan, 2, 2], [], 3),
        ([1, nan], [], None),
        ([nan, nan], [nan, 2], 2),
        ([3, 1, 0.5], [2, 1, 1], 2),
        ([3, 1, 0.5], [inf, 5, nan], 2),
        ([], [], None),
    ],
)
def test_the_best_epoch_is_that_whose_weights_training_keeps(losses, validation, best):
    """By the validation loss; without one, by the larger of an epoch's loss and that of the next."""
    padded = [*validation, *[nan] * (len(losses) - len(validation))]

    assert best_epoch(np.array(losses, float), np.array(padded, float)) == best


@pytest.mark.parametrize(("kept", "shown"), [(0, (2, 0.5)), (1, (1, 0.5)), (3, (3, 0.5)), (9, (2, 0.5))])
def test_the_kept_epoch_of_the_model_file_counts(run, kept, shown):
    """Also if another epoch has the same loss; a number that is no epoch of the history does not count."""
    rows = "1,0.5,0.5,,,,1\n2,0.5,0.5,,,,2\n3,0.5,0.5,,,,3\n"
    rows = rows.replace("1,0.5,", "1,0.75,", 1) if kept in (0, 9) else rows
    (run / "history.csv").write_text(EPOCHS.partition("\n")[0] + "\n" + rows)

    progress = read_history(run).progress(kept)

    assert (progress.best_epoch, progress.best_loss) == shown


def test_the_kept_losses_are_those_of_the_best_epoch(run):
    """Training and validation loss of the epoch with the lowest validation loss; without one, neither."""
    rows = "1,2,0.25,1.5,,,0.5\n2,1.5,0.5,1.25,,,1\n3,0.5,0.9,1.75,,,2\n"
    (run / "history.csv").write_text(EPOCHS.partition("\n")[0] + "\n" + rows)

    validated = read_history(run).kept_losses()
    (run / "history.csv").write_text(EPOCHS.replace("1.75,0.375", ","))

    assert validated == (1.5, 1.25)
    assert read_history(run).kept_losses() == (None, None)

"""A history is read back as training wrote it, or what is wrong with it is said."""

from pathlib import Path

import pytest

from rnnlab.errors import RunError
from rnnlab.reports.histories import read_history
from rnnlab.runs.folder import RunFolder

HEADER = "epoch,loss,accuracy,validation_loss,validation_accuracy,seconds\n"


def history_of(folder: Path, text: str) -> RunFolder:
    """A run folder with a history."""
    (folder / "history.csv").write_text(text)
    return RunFolder(folder)


def test_figures_are_read_back_and_gaps_are_none(tmp_path):
    """Validation may come every other epoch, and a loss may have been no number."""
    run = history_of(tmp_path, HEADER + "1,2.5,0.1,,,4\n2,inf,0.2,2.25,0.25,5\n3,1e-3,0.3,,,6\n")

    history = read_history(run)

    assert history.epochs == (1, 2, 3)
    assert history.loss == (2.5, None, 0.001)
    assert history.accuracy == (0.1, 0.2, 0.3)
    assert (history.validation_loss, history.validation_accuracy) == ((None, 2.25, None), (None, 0.25, None))


def test_the_learning_rate_is_passed_over(tmp_path):
    """A history with it, or with empty cells for it, is the same as one of an earlier rnnlab without it."""
    old = HEADER + "1,2.5,0.1,,,4\n2,inf,0.2,2.25,0.25,5\n"
    new = HEADER.replace("seconds", "learning_rate,seconds") + "1,2.5,0.1,,,,4\n2,inf,0.2,2.25,0.25,0.01,5\n"

    assert read_history(history_of(tmp_path, new)) == read_history(history_of(tmp_path, old))


@pytest.mark.parametrize(
    ("times", "seconds"), [([4, 5, 6], 3), ([4], 4), (["", 5], None)]
)  # of 3 epochs the last 2 took 2 s, compiling was in the first
def test_the_time_of_training_is_without_compiling(tmp_path, times, seconds):
    """The first epoch has it in, so the others say how long one takes."""
    rows = "".join(f"{number},1,1,,,{time}\n" for number, time in enumerate(times, start=1))

    assert read_history(history_of(tmp_path, HEADER + rows)).seconds == seconds


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEADER, "history.csv: no epoch has ended in this run yet"),
        ("a,b\n1,2\n", "history.csv:1: expected the columns epoch,loss"),
        (
            HEADER + "1,2,3,,,4\n2,x,3,,,4\n",
            "history.csv:3: expected 6 numbers, received '2,x,3,,,4'; restore",
        ),
        (HEADER + "1,2,3\n", "history.csv:2: expected 6 numbers, received '1,2,3'"),
        (HEADER + "1,2,3,,,4,5\n", "history.csv:2: expected 6 numbers"),
        (HEADER + "1.5,2,3,,,4\n", "history.csv:2: expected 6 numbers"),
        (HEADER + "inf,2,3,,,4\n", "history.csv:2: expected 6 numbers"),
        (HEADER + "nan,2,3,,,4\n", "history.csv:2: expected 6 numbers"),
        (HEADER + "\n", "history.csv:2: expected 6 numbers"),
        ("", "history.csv: the file is empty"),
    ],
)
def test_what_is_not_a_history_is_one_line_with_its_place(tmp_path, text, message):
    """Whoever sent it."""
    with pytest.raises(RunError) as caught:
        read_history(history_of(tmp_path, text))

    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_run_without_a_history_is_said_to_have_none(tmp_path):
    """It may not have been saved yet."""
    with pytest.raises(RunError, match=r"no history.csv in this run yet; wait for its first save"):
        read_history(RunFolder(tmp_path))


def test_a_history_that_leads_elsewhere_is_not_read(tmp_path):
    """A stranger's run shows no other file of the reader's."""
    (tmp_path / "secret").write_text(HEADER)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "history.csv").symlink_to(tmp_path / "secret")

    with pytest.raises(RunError, match="leads outside its folder"):
        read_history(RunFolder(tmp_path / "run"))

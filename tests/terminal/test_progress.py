"""Training's progress, on a terminal and in a pipe."""

from collections.abc import Iterable
from itertools import count, repeat

import pytest

from rnnlab.runs.progress import Progress
from rnnlab.terminal.progress import ProgressReport, ReadingReport


def progress(step: int, steps: int, **changes: float) -> Progress:
    """Where a training of one epoch stands."""
    settings = {
        "epoch": 1, "epochs": 3, "step": step, "steps": steps, "loss": 0.5, "accuracy": 0.25,
        "validation_loss": None, "steps_per_second": 1234.5, "seconds_left": 3723.0, **changes,
    }  # fmt: skip
    return Progress(**settings)


def be_a_terminal(monkeypatch: pytest.MonkeyPatch, *, clock: Iterable[float] = count(1.0)) -> None:
    """Make stderr a terminal of 100 columns, and give the time from a clock that moves as it is read."""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    times = iter(clock)
    monkeypatch.setattr("rnnlab.terminal.progress.time.monotonic", lambda: next(times))
    monkeypatch.setenv("COLUMNS", "100")


def run_through(steps: int, *, quiet: bool = False) -> None:
    """A training that reports after each of its steps."""
    with ProgressReport(quiet=quiet) as report:
        for step in range(1, steps + 1):
            report.show(progress(step, steps))


@pytest.mark.parametrize("steps", [10, 11, 137, 10_000])
def test_about_ten_lines_are_printed_into_a_pipe(capsys, steps):
    """One for each tenth of the steps, the last of them at the end; nothing on stdout."""
    run_through(steps)

    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert out == ""
    assert len(lines) == 10
    assert "100 %" in lines[-1]
    assert "\r" not in err


def test_a_training_of_few_steps_has_fewer_lines(capsys):
    """No line is said twice."""
    run_through(3)

    assert [line.split("  ")[1].strip() for line in capsys.readouterr().err.splitlines()] == [
        "33 %", "66 %", "100 %"
    ]  # fmt: skip


@pytest.mark.parametrize("live", [False, True])
def test_quiet_shows_nothing(capsys, monkeypatch, live):
    """On a terminal as in a pipe."""
    if live:
        be_a_terminal(monkeypatch)

    run_through(50, quiet=True)

    assert capsys.readouterr() == ("", "")


def test_a_line_says_where_training_stands(capsys):
    """Loss, accuracy, speed and time left; the held-out loss where there is one."""
    with ProgressReport(quiet=False) as report:
        report.show(progress(1, 2))
        report.show(progress(2, 2, validation_loss=0.123456, seconds_left=61.4))

    assert capsys.readouterr().err.splitlines() == [
        "epoch 1/3   50 %  loss 0.5  accuracy 0.250  1,234 steps/s  1:02:03 left",
        "epoch 1/3  100 %  loss 0.5  validation 0.1235  accuracy 0.250  1,234 steps/s  1:01 left",
    ]


def test_a_live_line_is_drawn_over_itself_and_ended(capsys, monkeypatch):
    """Each drawing covers the one before, also a longer one; what follows begins on a line of its own."""
    be_a_terminal(monkeypatch)
    with ProgressReport(quiet=False) as report:
        report.show(progress(1, 3, validation_loss=0.123456))
        report.show(progress(2, 3))
        report.show(progress(3, 3))

    err = capsys.readouterr().err
    start, *drawings = err.removesuffix("\n").split("\r")
    assert start == ""
    assert err.count("\n") == 1
    assert err.endswith("\n")
    assert [drawing[:16].rstrip() for drawing in drawings] == [
        "compiling …",
        "epoch 1/3   33 %",
        "epoch 1/3   66 %",
        "epoch 1/3  100 %",
    ]
    assert len(drawings[2]) == len(drawings[1]) > len(drawings[2].rstrip())


def test_a_live_line_is_ended_when_training_fails(capsys, monkeypatch):
    """The error does not stand in the middle of it."""
    be_a_terminal(monkeypatch)

    def fail():
        with ProgressReport(quiet=False) as report:
            report.show(progress(1, 3))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert capsys.readouterr().err.endswith(" left\n")


def test_a_live_line_fits_the_terminal(capsys, monkeypatch):
    """A wrapped line could not be drawn over."""
    be_a_terminal(monkeypatch)
    monkeypatch.setenv("COLUMNS", "30")

    run_through(3)

    lines = capsys.readouterr().err.replace("\n", "").split("\r")
    assert max(map(len, lines)) <= 29


@pytest.mark.parametrize(
    ("columns", "line"),
    [
        (100, "epoch 1/3   50 %  loss 0.5  validation 0.25  accuracy 0.250  1,234 steps/s  1:02:03 left"),
        (80, "epoch 1/3   50 %  loss 0.5  validation 0.25  accuracy 0.250  1:02:03 left"),
        (60, "epoch 1/3   50 %  loss 0.5  validation 0.25  1:02:03 left"),
        (40, "epoch 1/3  loss 0.5  1:02:03 left"),
        (12, "epoch 1/3"),
        (8, "epoch …"),
    ],
)
def test_a_narrow_terminal_gets_the_figures_that_say_most(capsys, monkeypatch, columns, line):
    """Whole ones: a figure that is cut is another figure."""
    be_a_terminal(monkeypatch)
    monkeypatch.setenv("COLUMNS", str(columns))

    with ProgressReport(quiet=False) as report:
        report.show(progress(1, 2, validation_loss=0.25))

    assert capsys.readouterr().err.split("\r")[-1].rstrip() == line


def test_a_live_line_follows_a_terminal_that_becomes_narrower(capsys, monkeypatch):
    """What covers the last line is not wider than the terminal is now."""
    be_a_terminal(monkeypatch)

    with ProgressReport(quiet=False) as report:
        report.show(progress(1, 3))
        monkeypatch.setenv("COLUMNS", "40")
        report.show(progress(2, 3))

    assert len(capsys.readouterr().err.split("\r")[-1].removesuffix("\n")) == 39


def test_wide_letters_count_as_two(capsys, monkeypatch):
    """A name in Korean is cut to the terminal as it is shown."""
    be_a_terminal(monkeypatch)
    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.setattr("rnnlab.terminal.progress.PATIENCE_SECONDS", 0)

    with ReadingReport(quiet=False) as report:
        report.show("reading 나비야나비야나비야.txt", 0.5)

    assert capsys.readouterr().err.split("\r")[1] == "reading 나비야나비…"


def test_a_live_line_is_not_drawn_more_often_than_one_can_see(capsys, monkeypatch):
    """The last step is always drawn."""
    be_a_terminal(monkeypatch, clock=repeat(5.0))

    run_through(1000)

    assert [drawing[11:16] for drawing in capsys.readouterr().err.split("\r")[1:]] == ["", "  0 %", "100 %"]

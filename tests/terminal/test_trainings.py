"""The live lines of many trainings, on a terminal of which the time is known."""

from collections.abc import Callable
from typing import Any

import pytest

from rnnlab.runs.progress import Progress
from rnnlab.terminal.trainings import TrainingLabel, TrainingsReport
from tests.at_a_terminal import Terminal, terminal

NAMES = ("lstm", "lstm", "stateful_lstm", "stateful_lstm")


class Clock:
    """A time that a test moves."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time of the report, which believes the first progress."""
    made = Clock()
    monkeypatch.setattr("rnnlab.terminal.trainings.STEADY_SECONDS", 0.0)
    monkeypatch.setattr("rnnlab.terminal.trainings.time.monotonic", made)
    return made


def progress(epoch: int, *, left: float, **changes: Any) -> Progress:
    """Where a training of 400 epochs stands."""
    settings: dict[str, Any] = {
        "epoch": epoch, "epochs": 400, "step": epoch, "steps": 400, "loss": 0.5336, "accuracy": 0.25,
        "validation_loss": None, "steps_per_second": 10.0, "seconds_left": left, **changes,
    }  # fmt: skip
    return Progress(**settings)


def report(**settings: Any) -> TrainingsReport:
    """Two configurations with two random seeds each, two trainings at a time."""

    def named(number: int) -> TrainingLabel:
        name = NAMES[number]
        return TrainingLabel(f"run {number + 1} of 4", f"{name}, seed {number % 2}", alike=name)

    return TrainingsReport(named, **{"total": 4, "at_once": 2, **settings})


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Callable[..., Terminal]:
    """Shows what a function tells a report at a terminal of some columns; each call is a second later."""

    def call(columns: int, *news: Any, **settings: Any) -> Terminal:
        monkeypatch.setenv("COLUMNS", str(columns))
        with terminal(monkeypatch) as screen, report(**settings) as live:
            for each in news:
                clock.now += 1.0
                live.tell(each) if isinstance(each, str) else live.hear(*each)
        return screen

    return call


def test_each_training_that_runs_has_a_line(shown):
    """Which of how many, what it is, where it stands; at the end of the last line the time left of all.

    Of the two that run 7 s and 90 s are left; those that wait take 10 s and 92 s, two at a time.
    """
    screen = shown(100, (0, ""), (2, ""), (0, progress(120, left=8.0)), (2, progress(40, left=90.0)))

    first, *_, last = screen.pictures
    assert first == ["run 1 of 4  lstm, seed 0  starting …"]
    assert last == [
        "run 1 of 4  lstm, seed 0           epoch 120/400  loss 0.5336",
        "run 3 of 4  stateful_lstm, seed 0  epoch 40/400   loss 0.5336  1:40 left of all",
    ]


LINE = "run 3 of 4  stateful_lstm, seed 0  epoch 40/400"


@pytest.mark.parametrize(
    ("columns", "line"),
    [
        (100, f"{LINE}  loss 0.5336  validation 0.25  3:02 left of all"),
        (80, f"{LINE}  loss 0.5336  3:02 left of all"),
        (70, "run 3 of 4  statefu…ed 0  epoch 40/400  loss 0.5336  3:02 left of all"),
        (60, "run 3 of 4  stateful_…eed 0  epoch 40/400  3:02 left of all"),
        (40, "run 3 of 4  stateful…ed 0  epoch 40/400"),
    ],
)
def test_a_narrow_terminal_gets_whole_figures(shown, columns, line):
    """What says least is left out; no number is cut. This one still takes 60 s, each other one 61 s."""
    news = progress(40, left=60.0, validation_loss=0.25)

    screen = shown(columns, (2, ""), (2, news), at_once=1, total=3)

    assert screen.pictures[-1] == [line]
    assert len(line) < columns


def test_what_is_told_stands_above_the_lines(shown):
    """They are cleared for it, and drawn again; at the end nothing is left of them."""
    screen = shown(80, (0, ""), "1 of 4  runs/a", (0, progress(1, left=1.0)), (0, None), "2 of 4  runs/b")

    assert [line for line in screen.shown.replace("\x1b[J", "\n").splitlines() if "runs/" in line] == [
        "1 of 4  runs/a",
        "2 of 4  runs/b",
    ]
    assert screen.shown.endswith("2 of 4  runs/b\n")


def test_more_trainings_than_lines_are_counted(shown):
    """The time left stays at the end."""
    settings = {"total": 12, "at_once": 12}
    monkey = [(number, "words") for number in range(10)]

    def named(number: int) -> TrainingLabel:
        return TrainingLabel(f"trial {number}")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.terminal.test_trainings.report", lambda **_: TrainingsReport(named, **settings))
        screen = shown(80, *monkey, (0, progress(1, left=9.0)))

    assert screen.pictures[-1][0].startswith("trial 0     words  epoch 1/400  loss 0.5336")
    assert screen.pictures[-1][6:] == ["trial 6     words  starting …", screen.pictures[-1][7]]
    assert screen.pictures[-1][7].startswith("and 3 more")
    assert screen.pictures[-1][7].endswith(" left of all")


def test_what_comes_after_the_end_is_not_shown(shown):
    """Of a study, a result may be known before the news of its training."""
    screen = shown(80, (1, None), (1, ""), (1, progress(1, left=1.0)))

    assert screen.pictures == []


def test_nothing_is_drawn_without_a_terminal(capsys, clock):
    """What is told is printed."""
    with report() as live:
        live.hear(0, "")
        live.hear(0, progress(3, left=1.0))
        live.tell("1 of 4  runs/a")

    assert capsys.readouterr() == ("", "1 of 4  runs/a\n")


def test_nothing_is_drawn_where_the_cursor_cannot_move(monkeypatch, clock):
    """The lines would fill the screen."""
    with terminal(monkeypatch) as screen:
        monkeypatch.setenv("TERM", "dumb")
        with report() as live:
            live.hear(0, progress(3, left=1.0))
            live.tell("1 of 4  runs/a")

    assert screen.shown == "1 of 4  runs/a\n"


def test_the_time_left_is_that_of_the_trainings_alike(clock):
    """10 s for an lstm and 30 s for a stateful one: two at a time take half of what is left."""
    live = report()
    assert live.seconds_left() is None
    live.hear(0, "")
    live.hear(2, "")
    clock.now += 10
    live.hear(0, None)
    live.hear(2, progress(1, left=20.0))
    live.hear(1, "")

    assert live.seconds_left() == pytest.approx((10 + 20 + 30) / 2)
    clock.now += 5
    assert live.seconds_left() == pytest.approx((5 + 15 + 30) / 2)


def test_the_first_progress_tells_no_time_left(clock, monkeypatch):
    """The first steps of a training are slow; a second later its time left is believed."""
    monkeypatch.setattr("rnnlab.terminal.trainings.STEADY_SECONDS", 1.0)
    live = report(total=1)
    live.hear(0, "")
    live.hear(0, progress(1, left=9999.0))
    early = live.seconds_left()
    clock.now += 1
    live.hear(0, progress(2, left=60.0))

    assert (early, live.seconds_left()) == (None, 60.0)


def test_a_training_that_is_alone_at_the_end_is_waited_for(clock):
    """However many could run beside it."""
    live = report(at_once=4)
    for number in range(3):
        live.hear(number, None)
    live.hear(3, "")
    live.hear(3, progress(1, left=60.0))

    assert live.seconds_left() == 60.0


def test_a_limit_of_time_ends_all(clock):
    """If the number of trainings is open, nothing else does."""
    open_end = report(total=None, seconds=30.0)
    closed = report(seconds=30.0)
    closed.hear(0, "")
    closed.hear(0, progress(1, left=500.0))
    clock.now += 10

    assert (open_end.seconds_left(), closed.seconds_left()) == (20.0, 20.0)
    assert report(total=None).seconds_left() is None

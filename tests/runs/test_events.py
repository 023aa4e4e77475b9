"""The log of a run: a JSON object a line, and the logs of early versions."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from rnnlab.runs.events import RunEvent, begun_at, event_line, events_in, state_of

TIME = "2026-03-01T10:00:00+00:00"
OLD = f"""{TIME} training begins
2026-03-01T11:00:00+00:00 interrupted after 3 epochs, all of it saved
2026-03-01T12:00:00+00:00 training is resumed after step 27
2026-03-01T12:00:09+00:00 training ends after 2,000 epochs, 8.500 s
2026-03-01T12:00:09+00:00 skipped 7 steps, as not finite
"""


def line_of(**fields: object) -> str:
    """A line of a log with any fields."""
    return json.dumps({"time": TIME, "event": "something", **fields}) + "\n"


def test_an_event_is_one_line_and_is_read_back():
    """Whatever its sentence holds: line ends, quotes, letters of any alphabet, bytes that are not UTF-8."""
    sentence = 'a "quoted"\nline \u2028 나비야 \udcff \x1b[2J'
    line = event_line(sentence, state="done", step=9, epochs=3, seconds=1.5)

    (event,) = events_in(line.decode())

    assert line.count(b"\n") == 1
    assert "나비야" in line.decode()
    assert event.sentence == 'a "quoted"\\nline \\u2028 나비야 \\udcff \\x1b[2J'
    assert (event.state, event.step, event.epochs, event.seconds) == ("done", 9, 3, 1.5)
    assert datetime.now(UTC) - datetime.fromisoformat(event.time) < timedelta(hours=1)


def test_a_field_that_is_not_known_is_left_out():
    """A line has its time and its sentence, and no `null`."""
    assert list(json.loads(event_line("something"))) == ["time", "event"]


def test_the_log_of_an_early_version_has_the_same_fields():
    """It has the time and the sentence alone; state and figures are taken from the sentence."""
    events = events_in(OLD)

    assert [event.state for event in events] == ["training", "interrupted", "training", "done", None]
    assert (events[2].step, events[3].epochs, events[3].seconds) == (27, 2000, 8.5)
    assert [str(event) for event in events] == OLD.splitlines()
    assert begun_at(OLD) == datetime(2026, 3, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("last", "state"),
    [
        ("training begins", "interrupted"),
        ("training is resumed after step 9", "interrupted"),
        ("interrupted after 3 epochs, all of it saved; go on with: rnnlab train --resume x", "interrupted"),
        ("training ends after 1 epoch, 1.0 s", "done"),
        (f"training ends after 3 epochs, 1.0 s\n{TIME} 7 steps were skipped", "done"),
        ("training ends after a while", "done"),
        ("training failed: the loss is no number", "failed"),
        ("x: cannot write (No space left); training stops after step 9, all up to 3 is kept: y", "failed"),
        ("something of a later version", "done"),
    ],
)
def test_the_state_is_that_of_the_last_event_that_has_one(last, state):
    """In a new log and in an old one; an event without a state leaves it to the event before."""
    before = f"{TIME} training ends after 2 epochs, 1.0 s\n"
    old = f"{before}{TIME} {last}\n"
    new = "".join(line_of(state=event.state) for event in events_in(old))

    assert state_of(old) == state_of(new) == state


@pytest.mark.parametrize("log", ["", "\n", "x", "{", "[]", "null", line_of(time=[]), "[" * 100_000])
def test_a_log_that_tells_nothing_is_that_of_an_interrupted_run(log):
    """Whoever wrote it."""
    assert state_of(log) == "interrupted"
    assert begun_at(log) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"state": "running"},
        {"state": ["done"]},
        {"step": -1, "epochs": 1.5, "seconds": -1},
        {"step": True, "epochs": "3", "seconds": None},
        {"step": 10**400, "epochs": 10**400, "seconds": float("inf")},
        {"seconds": float("nan")},
    ],
)
def test_a_field_that_rnnlab_does_not_write_is_not_known(fields):
    """A log may come from anywhere."""
    assert events_in(line_of(**fields)) == (RunEvent(TIME, "something"),)

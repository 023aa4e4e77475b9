"""The log of a run, `events.log`: a JSON object on each line, oldest first.

    {"time": "2026-03-01T10:00:00+00:00", "event": "training begins", "state": "training"}
    {"time": …, "event": "training ends after 3 epochs, 3.5 s", "state": "done", "epochs": 3, "seconds": 3.5}

`event` is a sentence for people. `state` is there if the event changes the state of the run. The other fields
are figures of the event. Early versions of rnnlab wrote only the time and the sentence of each event; such
logs can still be read.
"""

import json
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from rnnlab.errors import one_line

TRAINING, DONE, INTERRUPTED, FAILED = "training", "done", "interrupted", "failed"
"""States of a run. If the state is `training` and no process holds the lock, the run was killed."""

_STATES = (TRAINING, DONE, INTERRUPTED, FAILED)
_LONGEST_TIME = 40
_LARGEST = 1 << 53


@dataclass(frozen=True)
class RunEvent:
    """One event of a run.

    Attributes:
        time: the time as the log has it; rnnlab writes ISO 8601 in UTC.
        sentence: description of the event, for people.
        state: the state of the run after the event; None if the event does not change it.
        step: number of steps before a training was resumed, or before it stopped because a save failed; None
            for other events.
        epochs: number of finished epochs; None if the event has no such figure.
        seconds: duration of the training since its start, or since it was resumed; None if the event has no
            such figure.
    """

    time: str
    sentence: str
    state: str | None = None
    step: int | None = None
    epochs: int | None = None
    seconds: float | None = None

    def __str__(self) -> str:
        return f"{self.time} {self.sentence}".strip()


def event_line(
    sentence: str,
    *,
    state: str | None = None,
    step: int | None = None,
    epochs: int | None = None,
    seconds: float | None = None,
) -> bytes:
    """Return the log line of an event at the present time; fields that are None are left out."""
    record = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "event": sentence,
        "state": state,
        "step": step,
        "epochs": epochs,
        "seconds": seconds,
    }
    known = {name: value for name, value in record.items() if value is not None}
    return json.dumps(known, ensure_ascii=False).encode(errors="backslashreplace") + b"\n"


def events_in(log: str) -> tuple[RunEvent, ...]:
    """Return the events of a log, oldest first."""
    return tuple(_event(line) for line in log.split("\n") if line)


def begun_at(log: str) -> datetime | None:
    """Return the time of the first event, in UTC; None if the first line has no valid time."""
    first, _, _ = log.partition("\n")
    try:
        return datetime.fromisoformat(_event(first).time).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def state_of(log: str) -> str:
    """Return the state of a run that no process is training: `done`, `interrupted` or `failed`.

    A run that was killed counts as interrupted, and so does a run whose log has no event with a state.
    """
    states = (state for line in reversed(log.split("\n")) if (state := _event(line).state))
    state = next(states, TRAINING)
    return INTERRUPTED if state == TRAINING else state


def _event(line: str) -> RunEvent:
    """Return the event of a line in JSON or in the format of early versions; invalid figures become None."""
    try:
        record = json.loads(line)
        time, sentence = record["time"], record["event"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return _old_event(line)
    return RunEvent(
        one_line(str(time))[:_LONGEST_TIME],
        one_line(str(sentence)),
        state=state if (state := record.get("state")) in _STATES else None,
        step=_whole(record.get("step")),
        epochs=_whole(record.get("epochs")),
        seconds=_duration(record.get("seconds")),
    )


def _whole(value: Any) -> int | None:
    return value if type(value) is int and 0 <= value < _LARGEST else None


def _duration(value: Any) -> float | None:
    """Return a duration in seconds; None for a value that is not a duration."""
    return float(value) if type(value) in {int, float} and 0 <= value < _LARGEST else None


_OLD_STATES = {
    "training begins": TRAINING,
    "training is resumed ": TRAINING,
    "training ends after ": DONE,
    "training failed: ": FAILED,
    "interrupted ": INTERRUPTED,
}
"""First words of the sentences with which early versions of rnnlab recorded the state of a run."""

_OLD_FIGURES = re.compile(
    r"training is resumed after step (\d{1,15})"
    r"|training ends after (\d[\d,]{,14}) epochs?, (\d{1,15}(?:\.\d{1,15})?) s"
)


def _old_event(line: str) -> RunEvent:
    """Return the event of a log line in the format of early versions: the time, a space, the sentence."""
    time, _, sentence = line.partition(" ")
    states = (state for beginning, state in _OLD_STATES.items() if sentence.startswith(beginning))
    state = FAILED if "; training stops after step " in sentence else next(states, None)
    event = RunEvent(one_line(time)[:_LONGEST_TIME], one_line(sentence), state)
    if not (found := _OLD_FIGURES.fullmatch(sentence)):
        return event
    step, epochs, seconds = found.groups()
    return replace(
        event,
        step=int(step) if step else None,
        epochs=int(epochs.replace(",", "")) if epochs else None,
        seconds=float(seconds) if seconds else None,
    )

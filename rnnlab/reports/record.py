"""When and where a run was trained, as its folder says."""

import json
import re
from dataclasses import dataclass, field

from rnnlab.errors import DataError, RunError
from rnnlab.files import check_inside, read_text
from rnnlab.runs import EVENTS, Run

_ENVIRONMENT = "environment.json"
_MOST_BYTES = 1 << 20
_BEGUN = re.compile(r"^(\S{1,40}) training begins$", re.MULTILINE)
_ENDED = re.compile(r"^\S{1,40} training ends after (\d{1,12}) epochs, ([\d.]{1,20}) s$", re.MULTILINE)


@dataclass(frozen=True)
class Record:
    """What is known of a training beside its configuration and its losses.

    Attributes:
        begun: the time in UTC, as `2026-01-31 12:00`; empty where nothing says it.
        epochs: how many were finished; None where nothing says that it ended.
        seconds: how long its last session took.
        was_resumed: whether it had several sessions.
        environment: versions and processor, by what they are of.
    """

    begun: str
    epochs: int | None
    seconds: float | None
    was_resumed: bool
    environment: dict[str, str] = field(default_factory=dict)


def read_record(run: Run) -> Record:
    """The record of a run; what is missing, or is not what training wrote, is left open."""
    events = _text(run, EVENTS)
    begun, ended = _BEGUN.search(events), _ENDED.findall(events)
    return Record(
        begun=begun[1][:16].replace("T", " ") if begun else "",
        epochs=int(ended[-1][0]) if ended else None,
        seconds=_number(ended[-1][1]) if ended else None,
        was_resumed="training is resumed" in events,
        environment=_environment(_text(run, _ENVIRONMENT)),
    )


def _text(run: Run, name: str) -> str:
    path = run.path / name
    if not path.is_file():  # to open a pipe would wait for a writer
        return ""
    try:
        check_inside(path)
        return read_text(path, most_bytes=_MOST_BYTES)
    except (DataError, RunError):
        return ""


def _environment(text: str) -> dict[str, str]:
    try:
        facts = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    items = facts.items() if isinstance(facts, dict) else ()
    return {name: value for name, value in items if isinstance(value, str) and value}


def _number(digits: str) -> float | None:
    try:
        return float(digits)
    except ValueError:
        return None

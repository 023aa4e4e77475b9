"""The folder of a comparison in `runs/`: a run for each training, `<configuration>-seed-<seed>`."""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rnnlab.errors import RunError
from rnnlab.runs.events import DONE, begun_at, state_of
from rnnlab.runs.layout import CONFIG, EVENTS, small_text
from rnnlab.runs.lock import holder

COMPARISON = "comparison.json"
"""The results, in the folder of a comparison that was measured."""

MOST_BYTES = 1 << 22
"""Of a log."""


@dataclass(frozen=True)
class ComparisonFolder:
    """What the folder of a comparison holds.

    Attributes:
        configurations: their names, in order.
        runs: how many trainings have begun.
        done: how many of them have ended.
        begun: when the first began, in UTC; None if no log says so.
        owner: who trains one of them, if anyone does.
        is_measured: whether its results are there.
    """

    configurations: tuple[str, ...]
    runs: int
    done: int
    begun: datetime | None
    owner: str | None
    is_measured: bool


def is_comparison_folder(path: Path) -> bool:
    """Whether a folder is no run, and holds runs of a comparison."""
    return not os.path.lexists(path / CONFIG) and any(_runs(path))


def comparison_folder(path: Path) -> ComparisonFolder:
    """Return what the folder of a comparison holds, by its small files."""
    runs = list(_runs(path))
    logs = [_log(run) for run in runs]
    begun = [time for time in map(begun_at, logs) if time]
    owners = [owner for owner in map(holder, runs) if owner]
    return ComparisonFolder(
        configurations=tuple(dict.fromkeys(run.name.rpartition("-seed-")[0] for run in runs)),
        runs=len(runs),
        done=sum(state_of(log) == DONE for log in logs),
        begun=min(begun, default=None),
        owner=owners[0] if owners else None,
        is_measured=os.path.isfile(path / COMPARISON),
    )


def _runs(path: Path) -> Iterator[Path]:
    """The runs in a folder, by name; no link is followed."""
    with suppress(OSError):
        for each in sorted(os.scandir(path), key=lambda entry: entry.name):
            is_run = each.is_dir(follow_symlinks=False) and "-seed-" in each.name
            if is_run and os.path.isfile(os.path.join(each.path, CONFIG)):
                yield Path(each.path)


def _log(run: Path) -> str:
    with suppress(RunError):
        return small_text(run / EVENTS, most_bytes=MOST_BYTES) or ""
    return ""

"""The details of one run, read from the small files of its folder."""

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnnlab.errors import RunError
from rnnlab.runs.events import RunEvent, events_in
from rnnlab.runs.layout import CHECKPOINTS, EVENTS, FOLDS, METRICS, small_text, snapshot_paths

MOST_DETAIL_BYTES = 1 << 22
"""Largest size in bytes of a file that is read for the list, and of one that is read for the details."""


@dataclass(frozen=True)
class Details:
    """Details of a run that its entry lacks; None or empty for a file that is missing, damaged or too large.

    Attributes:
        events: the events of the log, oldest first.
        metrics: the last evaluation.
        folds: the last cross-validation of the run's configuration.
        environment: versions and processor.
        split: which data belongs to the training, validation and test part.
        checkpoints: names of the checkpoints, oldest first.
        snapshots: the epochs whose weights are kept, in ascending order.
        sizes: bytes of each file and each subfolder of the run, by name.
    """

    events: tuple[RunEvent, ...]
    metrics: dict[str, Any] | None
    folds: dict[str, Any] | None
    environment: dict[str, Any] | None
    split: dict[str, Any] | None
    checkpoints: tuple[str, ...]
    snapshots: tuple[int, ...]
    sizes: dict[str, int]


def details_of(path: Path) -> Details:
    """Return the details of a run folder."""
    return Details(
        events=events_in(detail_text(path / EVENTS)),
        metrics=_object(path / METRICS),
        folds=_object(path / FOLDS),
        environment=_object(path / "environment.json"),
        split=_object(path / "split.json"),
        checkpoints=tuple(name for name, _ in _sizes_in(path / CHECKPOINTS)),
        snapshots=_snapshots_in(path),
        sizes=dict(_sizes_in(path)),
    )


def bytes_of(path: Path) -> int:
    """Return the bytes of all files in a folder and its subfolders, without hidden names and links."""
    return sum(size for _, size in _sizes_in(path))


def _sizes_in(folder: Path) -> list[tuple[str, int]]:
    """Return the name and the bytes of each file and folder in a folder, without hidden names and links."""
    found = []
    with suppress(OSError):
        for each in os.scandir(folder):
            if each.is_dir(follow_symlinks=False):
                found.append((each.name, bytes_of(Path(each.path))))
            elif each.is_file(follow_symlinks=False):
                found.append((each.name, each.stat(follow_symlinks=False).st_size))
    return sorted(pair for pair in found if not pair[0].startswith("."))


def _snapshots_in(path: Path) -> tuple[int, ...]:
    """Return the epochs whose weights a run keeps; none if their folder cannot be read."""
    with suppress(RunError):
        return tuple(snapshot_paths(path))
    return ()


def _object(path: Path) -> dict[str, Any] | None:
    """Return the JSON object of a file; None if the file is missing, unreadable or no JSON object."""
    with suppress(ValueError, RecursionError):
        value = json.loads(detail_text(path) or "null")
        return value if isinstance(value, dict) else None
    return None


def detail_text(path: Path) -> str:
    """Return the text of a small file; empty if it is missing or cannot be read."""
    with suppress(RunError):
        return small_text(path, most_bytes=MOST_DETAIL_BYTES) or ""
    return ""

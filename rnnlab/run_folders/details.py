"""Everything about one run that its small files say."""

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnnlab.errors import RunError
from rnnlab.run_folders.places import CHECKPOINTS, EVENTS, FOLDS, METRICS
from rnnlab.run_folders.small_files import small_text

MOST_BYTES = 1 << 22


@dataclass(frozen=True)
class Details:
    """What `rnnlab runs show` adds to the line of the list; None for a file that is missing or damaged.

    Attributes:
        events: what happened, a line each with its time.
        metrics: the last evaluation.
        folds: the last cross-validation of its configuration.
        environment: versions and processor.
        split: what is trained on, and what is held out.
        checkpoints: their names, oldest first.
        sizes: bytes of each file in the folder, and of the checkpoints together, by name.
    """

    events: tuple[str, ...]
    metrics: dict[str, Any] | None
    folds: dict[str, Any] | None
    environment: dict[str, Any] | None
    split: dict[str, Any] | None
    checkpoints: tuple[str, ...]
    sizes: dict[str, int]


def details_of(path: Path) -> Details:
    """The details of a run folder."""
    return Details(
        events=tuple((_text(path / EVENTS) or "").splitlines()),
        metrics=_object(path / METRICS),
        folds=_object(path / FOLDS),
        environment=_object(path / "environment.json"),
        split=_object(path / "split.json"),
        checkpoints=tuple(name for name, _ in _scanned(path / CHECKPOINTS)),
        sizes=dict(_scanned(path)),
    )


def bytes_of(path: Path) -> int:
    """Bytes of all files in a folder and in those in it; links count nothing."""
    return sum(size for _, size in _scanned(path))


def _scanned(folder: Path) -> list[tuple[str, int]]:
    """What a folder holds, but hidden names and links: each name with its bytes."""
    found = []
    with suppress(OSError):
        for each in os.scandir(folder):
            if each.is_dir(follow_symlinks=False):
                found.append((each.name, bytes_of(Path(each.path))))
            elif each.is_file(follow_symlinks=False):
                found.append((each.name, each.stat(follow_symlinks=False).st_size))
    return sorted(pair for pair in found if not pair[0].startswith("."))


def _object(path: Path) -> dict[str, Any] | None:
    """The JSON object of a file."""
    with suppress(ValueError, RecursionError):
        value = json.loads(_text(path) or "null")
        return value if isinstance(value, dict) else None
    return None


def _text(path: Path) -> str | None:
    with suppress(RunError):
        return small_text(path, most_bytes=MOST_BYTES)
    return None

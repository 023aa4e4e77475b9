"""The runs of `runs/`, newest first, each by its small files; what is damaged or foreign is listed too.

Everything about one run that its small files say.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import isfinite, prod
from pathlib import Path
from typing import Any

from rnnlab.errors import RnnlabError, RunError
from rnnlab.files import check_inside
from rnnlab.models.tensor_file import open_tensor_file
from rnnlab.runs.comparisons import ComparisonFolder, comparison_folder, is_comparison_folder
from rnnlab.runs.events import RunEvent, begun_at, events_in, state_of
from rnnlab.runs.history import NO_PROGRESS, EpochProgress, read_history
from rnnlab.runs.layout import (
    CHECKPOINTS,
    CONFIG,
    EVENTS,
    FOLDS,
    LATEST,
    METRICS,
    MODEL,
    RUNS,
    is_of_here,
    small_text,
)
from rnnlab.runs.lock import holder
from rnnlab.runs.settings import Settings, settings_in

RUNNING, DAMAGED, COMPARISON, FOREIGN = "running", "damaged", "comparison", "no run"

MOST_BYTES = 1 << 25
"""Of any file: a history of half a million epochs."""


@dataclass(frozen=True)
class Evaluated:
    """The last evaluation.

    Attributes:
        split: the part that was measured; `folds` where all of it was, in turns.
        accuracy: 0..1, one step at a time.
        right: tokens of the free run that were right; None where there was none.
        length: tokens of the free run.
    """

    split: str
    accuracy: float
    right: int | None = None
    length: int | None = None


@dataclass(frozen=True)
class RunEntry:
    """A line of the list.

    Attributes:
        path: the folder.
        state: done, interrupted, failed, running, damaged, comparison, or `no run`.
        begun: when its training, or the first of a comparison, began, in UTC.
        settings: what is trained; None where its configuration cannot be read.
        parameters: of its model; None where none has been saved.
        progress: how far it came.
        evaluated: the last evaluation, if there was one.
        owner: who trains it, where it is running.
        problems: what is wrong with it, a line each.
        comparison: what the folder of a comparison holds; None for all others.
    """

    path: Path
    state: str
    begun: datetime
    settings: Settings | None = None
    parameters: int | None = None
    progress: EpochProgress = NO_PROGRESS
    evaluated: Evaluated | None = None
    owner: str | None = None
    problems: tuple[str, ...] = ()
    comparison: ComparisonFolder | None = None


def read_entries() -> list[RunEntry]:
    """All that lies in `runs/`, newest first; hidden names and the link to the newest are left out.

    Raises:
        RunError: the folder cannot be read.
    """
    try:
        names = [name for name in os.listdir(RUNS) if name != LATEST and not name.startswith(".")]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise RunError(f"{RUNS}: cannot be read ({error.strerror or error}); check its permissions") from None
    return newest_first([_listed(RUNS / name) for name in names])


def newest_first(entries: list[RunEntry]) -> list[RunEntry]:
    """Entries by their begin; of one second, the higher number first."""
    return sorted(entries, key=lambda entry: (entry.begun, _by_number(entry.path.name)), reverse=True)


def read_entry(path: Path) -> RunEntry:
    """The entry of a run folder, wherever it is."""
    reading = _Reading(path)
    log = reading.text(EVENTS) or ""
    entry = RunEntry(
        path,
        state=state_of(log),
        begun=begun_at(log) or _changed(path),
        settings=reading.settings(),
        parameters=reading.parameters(),
        progress=reading.progress(),
        evaluated=reading.evaluated(),
        owner=holder(path),
        problems=tuple(reading.problems),
    )
    if entry.owner:
        return replace(entry, state=RUNNING)
    return replace(entry, state=DAMAGED) if entry.problems else entry


def begun(path: Path) -> datetime:
    """When the training of a run began, in UTC; where its log does not say, when its folder changed."""
    return begun_at(_Reading(path).text(EVENTS) or "") or _changed(path)


def _listed(path: Path) -> RunEntry:
    """The entry of what lies in `runs/`, whatever it is."""
    if problem := _foreign(path):
        return RunEntry(path, FOREIGN, _changed(path), problems=(problem,))
    if is_comparison_folder(path):
        held = comparison_folder(path)
        return RunEntry(path, COMPARISON, held.begun or _changed(path), owner=held.owner, comparison=held)
    return read_entry(path)


def _changed(path: Path) -> datetime:
    """When a folder or a file last changed, in UTC."""
    try:
        return datetime.fromtimestamp(os.lstat(path).st_mtime, UTC)
    except (OSError, OverflowError, ValueError):
        return datetime.fromtimestamp(0, UTC)


def _foreign(path: Path) -> str | None:
    """Why something is no run folder; None if it is one."""
    try:
        if not is_of_here(path):
            return f"{path}: leads outside {RUNS}/, to {path.resolve()}"
        if path.is_symlink():
            return f"{path}: a link to {path.resolve().name}"
        if not path.is_dir():
            return f"{path}: not a folder"
        if not is_comparison_folder(path):
            os.lstat(path / CONFIG)
    except FileNotFoundError:
        return f"{path}: not a run folder (it holds no {CONFIG})"
    except (OSError, RuntimeError) as error:  # a link that leads to itself
        return f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})"
    return None


class _Reading:
    """Reads what a run folder says, and collects what is wrong with it."""

    def __init__(self, path: Path) -> None:
        self._path, self.problems = path, list[str]()

    def text(self, name: str) -> str | None:
        """The text of a file, if there is one that can be read."""
        with self._noted():
            return small_text(self._path / name, most_bytes=MOST_BYTES)
        return None

    def settings(self) -> Settings | None:
        """What is trained."""
        path = self._path / CONFIG
        with self._noted():
            return settings_in(path, small_text(path, most_bytes=MOST_BYTES) or "")
        return None

    def parameters(self) -> int | None:
        """How many the header of the model's file tells."""
        path = self._path / MODEL
        with self._noted():
            if os.path.lexists(path):
                check_inside(path)
                with open_tensor_file(path) as file:
                    return sum(prod(stored.shape) for stored in file.layout().values())
        return None

    def progress(self) -> EpochProgress:
        """How far training came."""
        with self._noted():
            return read_history(self._path, with_steps=False).progress()
        return NO_PROGRESS

    def evaluated(self) -> Evaluated | None:
        """The last evaluation; where there was none, the last cross-validation."""
        for name in (METRICS, FOLDS):
            with self._noted(name):
                if text := self.text(name):
                    return _evaluated(json.loads(text))
        return None

    @contextmanager
    def _noted(self, name: str = "") -> Iterator[None]:
        """Note what is wrong, and go on."""
        try:
            yield
        except RnnlabError as error:
            self.problems.append(str(error))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            self.problems.append(f"{self._path / name}: it is not what was written")


def _evaluated(metrics: dict[str, Any]) -> Evaluated:
    """The figures of `metrics.json` or `folds.json`, which anyone may have written."""
    if "folds" in metrics:
        return Evaluated("folds", _figure(metrics["mean"]["accuracy"]))
    running = metrics.get("free_running")
    counts = (int(running["correct"]), int(running["length"])) if running else (None, None)
    return Evaluated(str(metrics["split"]), _figure(metrics["accuracy"]), *counts)


def _figure(value: Any) -> float:
    if not isfinite(number := float(value)):
        raise ValueError("not a figure")
    return number


def _by_number(name: str) -> tuple[str, int, str]:
    stem, _, digits = name.rpartition("-")
    return (stem, int(digits), name) if digits.isdecimal() and len(digits) < 19 else (name, 0, name)


MOST_DETAIL_BYTES = 1 << 22


@dataclass(frozen=True)
class Details:
    """What `rnnlab runs show` adds to the line of the list; None for a file that is missing or damaged.

    Attributes:
        events: what happened, oldest first.
        metrics: the last evaluation.
        folds: the last cross-validation of its configuration.
        environment: versions and processor.
        split: what is trained on, and what is held out.
        checkpoints: their names, oldest first.
        sizes: bytes of each file in the folder, and of the checkpoints together, by name.
    """

    events: tuple[RunEvent, ...]
    metrics: dict[str, Any] | None
    folds: dict[str, Any] | None
    environment: dict[str, Any] | None
    split: dict[str, Any] | None
    checkpoints: tuple[str, ...]
    sizes: dict[str, int]


def details_of(path: Path) -> Details:
    """The details of a run folder."""
    return Details(
        events=events_in(_text(path / EVENTS) or ""),
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
        return small_text(path, most_bytes=MOST_DETAIL_BYTES)
    return None

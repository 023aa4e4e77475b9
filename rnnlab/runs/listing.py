"""The list of runs, newest first, and the details of one run, both read from small files of the run folders.

Comparisons, studies, damaged runs and other files in `runs/` are listed too, with a line on each problem.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import isfinite, prod
from pathlib import Path
from typing import Any

from rnnlab.errors import RnnlabError, RunError
from rnnlab.files import check_inside
from rnnlab.models.tensor_file import kept_epoch, open_tensor_file
from rnnlab.runs.details import detail_text
from rnnlab.runs.events import DONE, begun_at, state_of
from rnnlab.runs.history import NO_PROGRESS, EpochProgress, read_history
from rnnlab.runs.layout import (
    COMPARISON,
    CONFIG,
    EVENTS,
    FOLDS,
    LATEST,
    METRICS,
    MODEL,
    RUNS,
    is_comparison_folder,
    is_directly_in_runs,
    is_study_folder,
    runs_of_comparison,
    small_text,
)
from rnnlab.runs.lock import holder
from rnnlab.runs.settings import Settings, settings_in
from rnnlab.runs.study import StudyFolder, read_study_folder, runs_of_study

RUNNING, DAMAGED, COMPARED, STUDIED, FOREIGN = "running", "damaged", "comparison", "study", "no run"

MOST_BYTES = 1 << 25


@dataclass(frozen=True)
class Evaluated:
    """The last evaluation or cross-validation of a run.

    Attributes:
        split: the part of the data that was measured; `folds` after a cross-validation.
        accuracy: accuracy one step at a time, 0 to 1; of a cross-validation the mean. None for the task
            `from_label`, which has no accuracy.
        right: number of correct tokens of the free run; None if there was no free run.
        length: number of tokens of the free run; None if there was no free run.
        loss: cross-entropy, nats per token, if there is no accuracy; else None.
    """

    split: str
    accuracy: float | None
    right: int | None = None
    length: int | None = None
    loss: float | None = None


@dataclass(frozen=True)
class ComparisonFolder:
    """The folder of a comparison, which holds a run for each training.

    Attributes:
        configurations: names of the configurations, in the order of the runs.
        runs: number of trainings that have begun.
        done: number of trainings whose state is `done`.
        begun: time at which the first training began, in UTC; None if no log has a time.
        owner: the process that trains one of the runs; None if no run is in training.
        is_measured: whether the folder holds the results, `comparison.json`.
        entries: an entry for each run, by configuration and random seed.
    """

    configurations: tuple[str, ...]
    runs: int
    done: int
    begun: datetime | None
    owner: str | None
    is_measured: bool
    entries: "tuple[RunEntry, ...]" = ()


@dataclass(frozen=True)
class RunEntry:
    """An entry of the list.

    Attributes:
        path: the folder.
        state: done, interrupted, failed, running, damaged, comparison, study, or `no run`.
        begun: time at which the training, or the first of a comparison or a study, began, in UTC; if no log
            has it, the time of the folder's last change.
        settings: the settings that the list shows; None if the folder is no run, or its configuration cannot
            be read.
        parameters: number of parameters of the model; None if no model is saved or it is damaged.
        progress: finished epochs, best epoch and time of the training.
        evaluated: the last evaluation, else the last cross-validation; None if there is no readable file of
            either.
        owner: the process that trains the run, or a run of the comparison; None if no process does.
        problems: a line for each thing that is wrong with the folder.
        comparison: the content of the folder of a comparison; None for all other folders.
        study: the content of the folder of a study; None for all other folders.
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
    study: StudyFolder | None = None


def read_entries() -> list[RunEntry]:
    """Return an entry for each name in `runs/`, except hidden names and the link `latest`; newest first.

    The list is empty if there is no folder `runs/`.

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
    """Return the entries, the latest begin first; at equal times by name and number, descending."""
    return sorted(entries, key=lambda entry: (entry.begun, _by_number(entry.path.name)), reverse=True)


def read_entry(path: Path) -> RunEntry:
    """Return the entry of a run folder, wherever the folder lies."""
    reading = _Reading(path)
    log = reading.text(EVENTS) or ""
    settings, (parameters, kept) = reading.settings(), reading.model()
    entry = RunEntry(
        path,
        state=state_of(log),
        begun=begun_at(log) or _changed(path),
        settings=settings,
        parameters=parameters,
        progress=reading.progress(kept),
        evaluated=reading.evaluated(),
        owner=holder(path),
        problems=tuple(reading.problems),
    )
    if entry.owner:
        return replace(entry, state=RUNNING)
    return replace(entry, state=DAMAGED) if entry.problems else entry


def read_study_entry(path: Path) -> RunEntry:
    """Return the entry of the folder of a study, wherever the folder lies."""
    first = next(runs_of_study(path), None)
    when = begun(first) if first else _changed(path)
    try:
        held = read_study_folder(path)
    except RunError as error:
        return RunEntry(path, DAMAGED, when, problems=(str(error),))
    return RunEntry(path, STUDIED, when, owner=held.owner, study=held)


def read_comparison_entry(path: Path) -> RunEntry:
    """Return the entry of the folder of a comparison, wherever the folder lies, with those of its runs."""
    held = _comparison_in(path)
    return RunEntry(path, COMPARED, held.begun or _changed(path), owner=held.owner, comparison=held)


def begun(path: Path) -> datetime:
    """Return the time at which a training began, in UTC; if the log has no time, that of the last change."""
    return begun_at(_Reading(path).text(EVENTS) or "") or _changed(path)


def _listed(path: Path) -> RunEntry:
    """Return the entry of a run, a comparison, a study, or of something else that lies in `runs/`."""
    if problem := _why_no_run(path):
        return RunEntry(path, FOREIGN, _changed(path), problems=(problem,))
    if is_study_folder(path):
        return read_study_entry(path)
    return read_comparison_entry(path) if is_comparison_folder(path) else read_entry(path)


def _why_no_run(path: Path) -> str | None:
    """Return why a name in `runs/` is no run, comparison or study; None if it is one of them."""
    try:
        if not is_directly_in_runs(path):
            return f"{path}: leads outside {RUNS}/, to {path.resolve()}"
        if path.is_symlink():
            return f"{path}: a link to {path.resolve().name}"
        if not path.is_dir():
            return f"{path}: not a folder"
        if not (is_study_folder(path) or is_comparison_folder(path)):
            os.lstat(path / CONFIG)
    except FileNotFoundError:
        return f"{path}: not a run folder (it holds no {CONFIG})"
    except (OSError, RuntimeError) as error:  # a link that leads to itself
        return f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})"
    return None


def _comparison_in(path: Path) -> ComparisonFolder:
    """Return a summary of the runs in the folder of a comparison, from their small files."""
    runs = sorted(runs_of_comparison(path), key=lambda run: _by_number(run.name))
    logs = [detail_text(run / EVENTS) for run in runs]
    return ComparisonFolder(
        configurations=tuple(dict.fromkeys(run.name.rpartition("-seed-")[0] for run in runs)),
        runs=len(runs),
        done=sum(state_of(log) == DONE for log in logs),
        begun=min((time for time in map(begun_at, logs) if time), default=None),
        owner=next(filter(None, map(holder, runs)), None),
        is_measured=os.path.isfile(path / COMPARISON),
        entries=tuple(map(read_entry, runs)),
    )


def _changed(path: Path) -> datetime:
    """Return the time of the last change of a folder or a file, in UTC; 1970 if it cannot be read."""
    try:
        return datetime.fromtimestamp(os.lstat(path).st_mtime, UTC)
    except (OSError, OverflowError, ValueError):
        return datetime.fromtimestamp(0, UTC)


class _Reading:
    """Reader of the small files of a run folder; `problems` collects the errors, a line each."""

    def __init__(self, path: Path) -> None:
        self._path, self.problems = path, list[str]()

    def text(self, name: str) -> str | None:
        """Return the text of a file; None if the file is missing or cannot be read."""
        with self._noted():
            return small_text(self._path / name, most_bytes=MOST_BYTES)
        return None

    def settings(self) -> Settings | None:
        """Return the settings that the list shows; None if the configuration is missing or wrong."""
        path = self._path / CONFIG
        with self._noted():
            return settings_in(path, small_text(path, most_bytes=MOST_BYTES) or "")
        return None

    def model(self) -> tuple[int | None, int]:
        """Return the number of parameters and the kept epoch from the header of the model file.

        Without a readable file they are None and 0; without a kept epoch in the header, the epoch is 0.
        """
        path = self._path / MODEL
        with self._noted():
            if os.path.lexists(path):
                check_inside(path)
                with open_tensor_file(path) as file:
                    parameters = sum(prod(stored.shape) for stored in file.layout().values())
                    return parameters, kept_epoch(file.metadata)
        return None, 0

    def progress(self, kept: int) -> EpochProgress:
        """Return the progress of the training from its history; no epochs if the history is damaged.

        Args:
            kept: as in `History.progress`.
        """
        with self._noted():
            return read_history(self._path, with_steps=False).progress(kept)
        return NO_PROGRESS

    def evaluated(self) -> Evaluated | None:
        """Return the last evaluation; without one, the last cross-validation; None if neither can be read."""
        for name in (METRICS, FOLDS):
            with self._noted(name):
                if text := self.text(name):
                    return _evaluated(json.loads(text))
        return None

    @contextmanager
    def _noted(self, name: str = "") -> Iterator[None]:
        """Add an error of the `with` block to the problems instead of raising it."""
        try:
            yield
        except RnnlabError as error:
            self.problems.append(str(error))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            self.problems.append(f"{self._path / name}: not what rnnlab wrote; restore it from a copy")


def _evaluated(metrics: dict[str, Any]) -> Evaluated:
    """Return the figures of `metrics.json` or `folds.json`.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: a figure is missing or is not a finite number.
    """
    if "folds" in metrics:
        mean = metrics["mean"]
        if "accuracy" not in mean:  # of the task from_label
            return Evaluated("folds", None, loss=_finite(mean["loss"]))
        return Evaluated("folds", _finite(mean["accuracy"]))
    running = metrics.get("free_running")
    counts = (int(running["correct"]), int(running["length"])) if running else (None, None)
    if "labels" in metrics:  # of the task from_label
        return Evaluated(str(metrics["split"]), None, loss=_finite(metrics["loss"]))
    return Evaluated(str(metrics["split"]), _finite(metrics["accuracy"]), *counts)


def _finite(value: Any) -> float:
    if not isfinite(number := float(value)):
        raise ValueError("not a finite number")
    return number


def _by_number(name: str) -> tuple[str, int, str]:
    """Return a key that sorts the names of runs by their numbers: `song-9` before `song-10`."""
    stem, _, digits = name.rpartition("-")
    return (stem, int(digits), name) if digits.isdecimal() and len(digits) < 19 else (name, 0, name)

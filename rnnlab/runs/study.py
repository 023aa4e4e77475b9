"""The folder of a sweep's study: a summary of its `study.json` for lists and messages, without Optuna."""

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from rnnlab.errors import RunError
from rnnlab.runs.layout import CONFIG, STUDY, small_bytes
from rnnlab.runs.lock import holder

MOST_STUDY_BYTES = 1 << 28


@dataclass(frozen=True)
class StudyFolder:
    """The folder of a study, which holds a run for each trial, unless the trials are measured over folds.

    Attributes:
        searched: name of the configuration whose settings are varied.
        measure: the measure that the sweep optimises.
        ended: number of trials that have ended.
        total: number of trials of the budget; None if only the time is limited, and for a grid.
        best: the best value of the measure; None if no trial has one.
        best_run: path of the run with the best value; None if there is none.
        training: number of trials that are in training now on this machine.
        owner: the process that trains one of the runs; None if no run is in training.
    """

    searched: str
    measure: str
    ended: int
    total: int | None
    best: float | None
    best_run: Path | None
    training: int
    owner: str | None


def read_study_folder(path: Path) -> StudyFolder:
    """Return the summary of the folder of a study.

    Raises:
        RunError: `study.json` cannot be read, or is damaged.
    """
    data = small_bytes(path / STUDY, most_bytes=MOST_STUDY_BYTES) or b""
    try:
        record = json.loads(data)
        return _summary(path, record["sweep"], record["trials"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise RunError(f"{path / STUDY}: damaged; restore it from a copy") from None


def runs_of_study(path: Path) -> Iterator[Path]:
    """Yield the run folders `trial-<number>` in the folder of a study, sorted by name; links are left out."""
    with suppress(OSError):
        for each in sorted(os.scandir(path), key=lambda entry: entry.name):
            is_run = each.is_dir(follow_symlinks=False) and each.name.startswith("trial-")
            if is_run and os.path.isfile(os.path.join(each.path, CONFIG)):
                yield Path(each.path)


def why_no_run(path: Path) -> str:
    """Return the error for the folder of a study where a run is expected, with the path of the best run."""
    try:
        found = read_study_folder(path)
    except RunError as error:
        return f"{path}: the study of a sweep, not a run; {error}"
    where = f"its best run is {found.best_run}" if found.best_run else "no trial of it has a model yet"
    if found.best is not None and not found.best_run:
        where = "its trials are measured over folds, and have no model"
    return f"{path}: the study of a sweep, not a run; {where}"


def _summary(path: Path, sweep: dict[str, Any], trials: list[dict[str, Any]]) -> StudyFolder:
    from rnnlab.config.sweep import MEASURES  # noqa: PLC0415 (most lists have no study)

    measure, total = str(sweep["page"]["objective"]["measure"]), sweep["page"].get("trials")
    sign = 1 if MEASURES[measure] == "minimize" else -1
    measured = [each for each in trials if each["value"] is not None and isfinite(each["value"])]
    best = min(measured, key=lambda each: (sign * each["value"], each["number"]), default=None)
    ended = {str(each["run"]) for each in trials}
    owners = [owner for run in runs_of_study(path) if run.name not in ended and (owner := holder(run))]
    return StudyFolder(
        searched=str(sweep["name"]),
        measure=measure,
        ended=len(trials),
        total=None if total is None else int(total),
        best=None if best is None else float(best["value"]),
        best_run=path / best["run"] if best and _is_name(best["run"]) else None,
        training=len(owners),
        owner=owners[0] if owners else None,
    )


def _is_name(run: str) -> bool:
    return bool(run) and Path(run).name == run

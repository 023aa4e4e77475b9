"""The results of a sweep: a record of each trial, in the file `study.json` of the folder of the study.

The file is written again whenever a trial ends. Reading it needs neither Optuna nor the database.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rnnlab.config.overrides import Setting
from rnnlab.config.sweep import SweepPage, SweepPlan
from rnnlab.errors import RunError
from rnnlab.files import write_durably
from rnnlab.runs.layout import STUDY, small_bytes

COMPLETE, PRUNED, FAILED = "complete", "pruned", "failed"
"""States of a trial that has ended."""

MOST_BYTES = 1 << 28


@dataclass(frozen=True)
class TrialRecord:
    """A trial that has ended.

    Attributes:
        number: its number, from 0.
        state: complete, pruned (it was ended early) or failed.
        values: the value of each varied setting as YAML, by dotted name.
        value: the measure that the sweep optimises; None if the trial failed.
        run: name of its run folder in the folder of the study; empty for folds, and if it has none.
        epochs: number of finished epochs; of folds, of trained folds.
        best_epoch: the epoch whose weights are kept, from 1; 0 for folds.
        seconds: time of the training, without the time before an interruption.
        ended: why the trial was ended early; empty if it was not.
        failure: why the trial failed; empty if it did not.
        losses: (epoch, validation loss) of each epoch; for folds (number, measure) of each fold.
        attempts: number of workers that had the trial; more than 1 if one died or was stopped.
    """

    number: int
    state: str
    values: dict[str, str]
    value: float | None = None
    run: str = ""
    epochs: int = 0
    best_epoch: int = 0
    seconds: float = 0.0
    ended: str = ""
    failure: str = ""
    losses: tuple[tuple[int, float], ...] = ()
    attempts: int = 1


def settings_words(values: dict[str, str]) -> str:
    """Return the varied settings of a trial in a few words, as `units 64, learning_rate 0.003`."""
    return ", ".join(f"{key.rpartition('.')[2]} {value}" for key, value in values.items())


@dataclass(frozen=True)
class StudyResults:
    """A sweep and its trials that have ended.

    Attributes:
        folder: the folder of the study.
        plan: the sweep.
        trials: the trials by number.
        has_first_guess: whether trial 0 has the values of the configuration itself.
        importance: share of each setting in the variance of the measure, 0 to 1 (fANOVA, Hutter et al.,
            2014); empty if there are too few trials.
        storage: the URL of the database without a password; empty for the file in the folder.
    """

    folder: Path
    plan: SweepPlan
    trials: tuple[TrialRecord, ...] = ()
    has_first_guess: bool = False
    importance: dict[str, float] = field(default_factory=dict)
    storage: str = ""

    @property
    def best(self) -> TrialRecord | None:
        """The trial with the best measure; None if no trial has one."""
        return best_of(self.trials, self.plan.page.objective.direction)

    @property
    def first(self) -> TrialRecord | None:
        """The trial with the values of the configuration itself; None if there is none, or it failed."""
        found = [each for each in self.trials if each.number == 0 and each.value is not None]
        return found[0] if self.has_first_guess and found else None


def best_of(trials: Sequence[TrialRecord], direction: str) -> TrialRecord | None:
    """Return the trial with the best measure, the earlier one of equals; None if no trial has a measure."""
    sign = 1 if direction == "minimize" else -1
    measured = [each for each in trials if each.value is not None]
    return min(measured, key=lambda each: (sign * (each.value or 0.0), each.number), default=None)


def write_results(results: StudyResults) -> None:
    """Replace `study.json`.

    Raises:
        RunError: the file cannot be written.
    """
    plan = results.plan
    record = {
        "sweep": {
            "page": plan.page.model_dump(mode="json", by_alias=True, exclude_none=True),
            "config": plan.text,
            "name": plan.name,
            "folder": str(plan.folder),
            "settings": [[each.name, each.value] for each in plan.settings],
            "best": [[each.name, each.value] for each in plan.best],
        },
        "has_first_guess": results.has_first_guess,
        "importance": results.importance,
        "storage": results.storage,
        "trials": [asdict(each) for each in results.trials],
    }
    text = json.dumps(record, indent=1, ensure_ascii=False)
    write_durably(results.folder / STUDY, f"{text}\n".encode(errors="backslashreplace"))


def read_results(folder: Path) -> StudyResults:
    """Return the results of a study from its folder.

    Raises:
        RunError: the folder has no `study.json`, or it is damaged.
    """
    data = small_bytes(folder / STUDY, most_bytes=MOST_BYTES)
    if data is None:
        raise RunError(f"{folder}: expected the folder of a sweep, found no {STUDY} in it")
    try:
        record = json.loads(data)
        return StudyResults(
            folder,
            _plan(record["sweep"]),
            tuple(_trial(each) for each in record["trials"]),
            bool(record["has_first_guess"]),
            {str(key): float(value) for key, value in record["importance"].items()},
            str(record["storage"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise RunError(f"{folder / STUDY}: damaged ({error!r}); restore it from a copy") from None


def _plan(record: dict[str, Any]) -> SweepPlan:
    return SweepPlan(
        SweepPage.model_validate(record["page"]),
        text=str(record["config"]),
        name=str(record["name"]),
        folder=Path(record["folder"]),
        settings=tuple(Setting(str(name), str(value)) for name, value in record["settings"]),
        best=tuple(Setting(str(name), str(value)) for name, value in record.get("best", [])),
    )


def _trial(record: dict[str, Any]) -> TrialRecord:
    value = record["value"]
    if value is not None and not math.isfinite(float(value)):
        raise ValueError("a measure is not finite")
    if Path(record["run"]).name != record["run"]:
        raise ValueError("a run lies outside of the folder")
    losses = tuple((int(epoch), float(loss)) for epoch, loss in record["losses"])
    values = {str(key): str(each) for key, each in record["values"].items()}
    return TrialRecord(**{**record, "losses": losses, "values": values})

"""A search: its study in a database, its folder, and the processes that work on it.

runs/<name>-<number>/     the folder of a study in a file of its own
  study.db                the study, for Optuna
  study.json              the sweep and its trials (`results.py`)
  best.yaml               the configuration of the best trial so far
  trial-0000/ …           the run of each trial
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import optuna
from optuna.exceptions import StorageInternalError
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.exc import SQLAlchemyError

from rnnlab.config.sweep import SweepPlan
from rnnlab.config.writing import write_experiment
from rnnlab.datasets.task_loading import load_any_data
from rnnlab.errors import RunError
from rnnlab.files import Report, unreported, write_durably
from rnnlab.runs.folder import claim_numbered, folder_of_study
from rnnlab.runs.progress import Watcher
from rnnlab.sweeps.results import (
    COMPLETE,
    FAILED,
    PRUNED,
    StudyResults,
    TrialRecord,
    read_results,
    write_results,
)
from rnnlab.sweeps.space import first_guess, given, grid
from rnnlab.sweeps.work import SETTINGS, SweepWork
from rnnlab.trials import slots
from rnnlab.trials.crew import Crew
from rnnlab.trials.patient import close_study
from rnnlab.trials.slots import FAILURE, RESULT
from rnnlab.trials.storage import checked_url, shown_url, sqlite_url
from rnnlab.trials.study import join_study, plan_digest
from rnnlab.trials.worker import StudyPlace

DATABASE, BEST = "study.db", "best.yaml"

LEAST_FOR_IMPORTANCE = 8
"""Number of complete trials from which on the importance of the settings is estimated."""


@dataclass(frozen=True)
class Search:
    """A sweep with the place of its study.

    Attributes:
        plan: the sweep.
        folder: the folder of the study.
        place: the database and the name of the study.
        storage: the URL of the database without a password; empty for the file in the folder.
        data: digest of the data.
    """

    plan: SweepPlan
    folder: Path
    place: StudyPlace
    storage: str
    data: str

    @property
    def total(self) -> int | None:
        """Number of trials; None if as many are made as fit into the time."""
        page = self.plan.page
        return len(grid(page.space)) if page.sampler == "grid" else page.trials

    def run(
        self,
        *,
        workers: int,
        tell: Callable[[str], None] = lambda _: None,
        heard: Watcher = lambda *_: None,
    ) -> Iterator[tuple[TrialRecord, StudyResults]]:
        """Search until the budget is used up; yield each trial that ends, here or elsewhere, and all so far.

        Trials that had ended before are not yielded.

        Args:
            workers: number of processes of this command; the cores are divided among them.
            tell: receives notes for the user, one sentence a call.
            heard: receives the number of a trial, and what is new of its training in a process of this
                command.

        Raises:
            UsageError: the database has a study of this name with another plan.
            RunError: the database does not answer, or a file cannot be written.
            TrainingError: several workers were killed one after the other.
        """
        page = self.plan.page
        guess = None if page.sampler == "grid" else first_guess(self.plan)
        fixed = self._slots(guess)
        study = join_study(
            self.place, self._agreed(), slots=fixed, direction=page.objective.direction, tell=tell
        )
        crew = self._crew(workers, tell=tell, heard=heard)
        known = dict(slots.done_slots(study))
        records = tuple(_record(number, trial, study) for number, trial in known.items())
        results = StudyResults(
            self.folder, self.plan, records, has_first_guess=guess is not None, storage=self.storage
        )
        write_results(replace(results, importance=_importance(study)))
        for number in known:
            heard(number, None)
        try:
            for number, trial in crew.run(study, known):
                record = _record(number, trial, study)
                before, results = results.best, _with(results, record)
                write_results(results)
                if results.best != before:
                    self._write_best(results)
                yield record, results
        finally:
            write_results(replace(results, importance=_importance(study)))
            close_study(study)

    def _crew(self, workers: int, **options: Any) -> Crew:
        """Return the processes that work on the study."""
        work, seconds = SweepWork(self.plan, self.folder.absolute()), self.plan.page.seconds or math.inf
        return Crew(self.place, work, workers=workers, most=self.total, seconds=seconds, **options)

    def _slots(self, guess: dict[str, str] | None) -> list[dict[str, Any]]:
        """Return the given parameters of each slot; of an open study those of the first."""
        page = self.plan.page
        if page.sampler == "grid":
            return [given(page.space, values) for values in grid(page.space)]
        first = [given(page.space, guess)] if guess else []
        return [*first, *[{}] * ((page.trials or 0) - len(first))][: page.trials]

    def _agreed(self) -> dict[str, Any]:
        """Return what all processes of the study must agree on."""
        page = self.plan.page.model_dump(mode="json", by_alias=True, exclude={"seconds", "sweep", "set"})
        settings = [[each.name, each.value] for each in self.plan.settings if each.name != "dataset.path"]
        return {
            "configuration": plan_digest({"text": self.plan.text}),
            "settings": settings,
            "data": self.data,
            **page,
        }

    def _write_best(self, results: StudyResults) -> None:
        if best := results.best:
            experiment = self.plan.best_experiment(best.values)
            text = write_experiment(experiment, folder=self.folder.absolute())
            write_durably(self.folder / BEST, text.encode(errors="backslashreplace"))


def new_search(
    plan: SweepPlan, *, name: str, storage: str | None, study: str | None, report: Report = unreported
) -> Search:
    """Return a search of a plan, in a study of its own, or in one that other processes share.

    Args:
        plan: the sweep.
        name: name of the sweep; without a database its folder is `runs/<name>-<number>`.
        storage: URL of a database; None for a file in the folder of the study.
        study: name of the study in the database, and of its folder in `runs/`; None for `name`.
        report: receives the progress of reading the data.

    Raises:
        ConfigError: the configuration has faults.
        DataError: the data cannot be read, or a library is not installed.
        UsageError: the URL is none.
        RunError: the folder cannot be made.
    """
    url = checked_url(storage or sqlite_url(Path(DATABASE)))
    data = _data_digest(plan, report)
    if storage is None:
        folder = claim_numbered(name)
        return Search(plan, folder, _embedded(folder), "", data)
    title = study or name
    folder = folder_of_study(title)
    return Search(plan, folder, StudyPlace(url, title), shown_url(url), data)


def resumed_search(
    folder: Path, *, storage: str | None, seconds: float | None = None, report: Report = unreported
) -> Search:
    """Return the search of a folder that another call has made.

    Args:
        folder: the folder of the study.
        storage: URL of its database, if the study does not stand in a file of the folder.
        seconds: another time for this call; None for that of the sweep.
        report: receives the progress of reading the data.

    Raises:
        RunError: the folder is none of a sweep, or its study stands in another database.
        DataError: the data cannot be read.
    """
    results = read_results(folder)
    plan = results.plan
    if seconds is not None:
        plan = replace(plan, page=plan.page.model_copy(update={"seconds": seconds}))
    data = _data_digest(plan, report)
    if storage is None:
        if results.storage:
            raise RunError(f"{folder}: its study stands in {results.storage}; name this database")
        return Search(plan, folder, _embedded(folder), "", data)
    url = checked_url(storage)
    return Search(plan, folder, StudyPlace(url, folder.name), shown_url(url), data)


def _embedded(folder: Path) -> StudyPlace:
    return StudyPlace(checked_url(sqlite_url(folder / DATABASE)), folder.name)


def _data_digest(plan: SweepPlan, report: Report) -> str:
    """Return the digest of the data, and check that there is a validation set.

    Raises:
        DataError: the data cannot be read, or has no validation set.
    """
    from rnnlab.datasets.examples import TaskData  # noqa: PLC0415
    from rnnlab.errors import DataError  # noqa: PLC0415

    data = load_any_data(plan.experiment(), report=report)
    parts = data.examples.parts if isinstance(data, TaskData) else data.splits.parts
    if "validation" not in parts and plan.page.objective.folds is None:
        raise DataError(
            f"{plan.name}: a sweep needs a validation set, and the data has none; set dataset.split, or"
            " objective.folds in the sweep"
        )
    return data.examples.sha256 if isinstance(data, TaskData) else data.corpus.sha256


def _with(results: StudyResults, record: TrialRecord) -> StudyResults:
    """Return the results with a trial that has ended."""
    trials = [*(each for each in results.trials if each.number != record.number), record]
    return replace(results, trials=tuple(sorted(trials, key=lambda each: each.number)))


_STATES = {TrialState.COMPLETE: COMPLETE, TrialState.PRUNED: PRUNED}


def _record(number: int, trial: FrozenTrial, study: optuna.Study) -> TrialRecord:
    """Return the record of the trial that did the work of a slot."""
    result = trial.user_attrs.get(RESULT) or {}
    return TrialRecord(
        number,
        _STATES.get(trial.state, FAILED),
        trial.user_attrs.get(SETTINGS, {}),
        value=result.get("value"),
        run=result.get("run", ""),
        epochs=result.get("epochs", result.get("folds", 0)),
        best_epoch=result.get("best_epoch", 0),
        seconds=result.get("seconds", 0.0),
        ended=result.get("ended", ""),
        failure=trial.user_attrs.get(FAILURE, ""),
        losses=tuple(sorted(trial.intermediate_values.items())),
        attempts=len(slots.slots_of(study)[number].trials),
    )


def _importance(study: optuna.Study) -> dict[str, float]:
    """Return the share of each setting in the variance of the measure; empty if it cannot be estimated."""
    try:
        complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    except (StorageInternalError, SQLAlchemyError):  # the database is away
        return {}
    if len(complete) < LEAST_FOR_IMPORTANCE or len({each.value for each in complete}) < 2:
        return {}
    try:
        evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
        found = optuna.importance.get_param_importances(study, evaluator=evaluator)
    except (ValueError, RuntimeError):  # no setting is in all trials, or none varies
        return {}
    return {name: float(share) for name, share in found.items()}

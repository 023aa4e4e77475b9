"""The work of one trial of a sweep: an ordinary run with the trial's settings, or a model for each fold.

A training reports the validation loss of each epoch to the study, and ends early if the pruner or the time
says so. A trial that was interrupted goes on from the last checkpoint of its run.
"""

import math
import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import optuna
from optuna.exceptions import StorageInternalError
from sqlalchemy.exc import SQLAlchemyError

from rnnlab.config.reading import AnyExperiment
from rnnlab.config.sweep import SweepPlan
from rnnlab.config.tasks import TaskExperiment
from rnnlab.datasets.task_loading import load_any_data
from rnnlab.errors import TrainingError, UsageError
from rnnlab.processes import cores
from rnnlab.runs.folder import RunFolder
from rnnlab.runs.layout import CONFIG
from rnnlab.runs.progress import News, Progress, seldom
from rnnlab.sweeps.results import settings_words
from rnnlab.sweeps.sampler import SlotSampler
from rnnlab.sweeps.space import drawn_values
from rnnlab.trials.trainings import wait_until_free
from rnnlab.trials.worker import Done

if TYPE_CHECKING:
    from rnnlab.training.session import Outcome

SETTINGS = "settings"
"""The attribute of a trial with its values, as YAML by dotted name."""

PRUNED, OUT_OF_TIME = "pruned", "out of time"
"""Why a trial was ended early."""

LEAST_TRIALS, LEAST_EPOCHS = 4, 2
"""Number of trials that must have ended before one is pruned, and of epochs before which none is pruned."""


@dataclass(frozen=True)
class SweepWork:
    """The work of a sweep.

    Attributes:
        plan: the sweep.
        folder: the folder of the study, which gets a run folder for each trial.
    """

    plan: SweepPlan
    folder: Path

    def begin(self, number: int, workers: int) -> None:
        """Give a worker its share of the cores of this command."""
        if workers > 1:
            divide_cores(number, workers)

    def sampler(self) -> optuna.samplers.BaseSampler:
        """Return the sampler."""
        return SlotSampler(self.plan.page.sampler, self.plan.page.random_seed)

    def pruner(self) -> optuna.pruners.BasePruner:
        """Return the pruner."""
        match self.plan.page.pruning:
            case "median":
                return optuna.pruners.MedianPruner(n_startup_trials=LEAST_TRIALS, n_warmup_steps=LEAST_EPOCHS)
            case "halving":
                return optuna.pruners.SuccessiveHalvingPruner()
            case "wilcoxon":
                return optuna.pruners.WilcoxonPruner(n_startup_steps=2)
            case _:
                return optuna.pruners.NopPruner()

    def __call__(
        self, trial: optuna.Trial, slot: int, deadline: float, report: Callable[[News], None]
    ) -> Done:
        """Train and measure a trial.

        Raises:
            RnnlabError: the values of the trial contradict one another, or its training failed.
            Interrupted: a signal came, and the training is saved.
        """
        values = drawn_values(self.plan.page.space, trial)
        trial.set_user_attr(SETTINGS, values)
        report(settings_words(values))
        experiment = self.plan.experiment(values)
        if folds := self.plan.page.objective.folds:
            return self._over_folds(trial, experiment, folds, deadline, report)
        return self._trained(trial, experiment, self.folder / trial_folder(slot), deadline, report)

    def _trained(
        self,
        trial: optuna.Trial,
        experiment: AnyExperiment,
        folder: Path,
        deadline: float,
        report: Callable[[News], None],
    ) -> Done:
        """Train or resume the run of a trial, and measure its validation set."""
        from rnnlab.training.session import Session  # noqa: PLC0415 (loads TensorFlow)

        wait_until_free(folder)
        data = load_any_data(experiment)
        begun = RunFolder(folder) if (folder / CONFIG).is_file() else None
        session = Session(data, name="", run_dir=folder, resumed=begun)
        if not session.trainer.validates:
            raise UsageError(
                f"{self.plan.name}: a sweep needs a validation set; set dataset.split, or objective.folds"
            )
        reported, ended, show = 0, "", seldom(report)

        def watch(progress: Progress) -> None:
            nonlocal reported, ended
            show(progress)
            with suppress(StorageInternalError, SQLAlchemyError):  # the next look reports what is missing
                for epoch, loss in session.validation_losses(after=reported):
                    if epoch not in known and math.isfinite(loss):
                        trial.report(loss, epoch)
                    reported = epoch
                if not ended and (ended := _why_ended(trial, deadline)):
                    session.stop(ended)

        known = set(trial.study.get_trials(deepcopy=False)[trial.number].intermediate_values)
        outcome = session.train(report=watch)
        if outcome.epochs == experiment.training.epochs:
            ended = ""
        value = self._measured(outcome, data, ended)
        result = {
            "run": folder.name,
            "value": value,
            "epochs": outcome.epochs,
            "best_epoch": outcome.best.epoch,
            "seconds": round(outcome.seconds, 3),
            "ended": ended,
        }
        return Done(value or 0.0, bool(ended), result)

    def _measured(self, outcome: "Outcome", data: Any, ended: str) -> float | None:
        """Return the measure of a training; None if it was ended before its first validation.

        Raises:
            TrainingError: no epoch has a finite validation loss.
        """
        from rnnlab.sweeps.measures import validation_measure  # noqa: PLC0415 (loads the NumPy engine)

        if outcome.best.monitored != "validation":
            if ended:
                return None
            raise TrainingError("no epoch has a finite validation loss; try a lower learning rate")
        name = self.plan.page.objective.measure
        return (
            outcome.best.loss
            if name == "loss"
            else validation_measure(name, outcome.run.load_any_model(), data)
        )

    def _over_folds(
        self,
        trial: optuna.Trial,
        experiment: AnyExperiment,
        folds: int,
        deadline: float,
        report: Callable[[News], None],
    ) -> Done:
        """Train a model for each fold that has no measure yet, and return the mean of the measure."""
        begun = time.monotonic()
        known = dict(trial.study.get_trials(deepcopy=False)[trial.number].intermediate_values)
        ended = ""
        for number, measured in enumerate(
            _fold_measures(experiment, folds, self.plan.page.objective.measure)
        ):
            if number in known:
                continue
            if ended := _why_ended(trial, deadline) if known else "":
                break
            known[number] = measured(_of_all_folds(report, folds - number - 1))
            trial.report(known[number], number)
        value = sum(known.values()) / len(known)
        seconds = round(time.monotonic() - begun, 3)
        result = {"run": "", "value": value, "folds": len(known), "seconds": seconds, "ended": ended}
        return Done(value, bool(ended), result)


def trial_folder(slot: int) -> str:
    """Return the name of the run folder of a trial."""
    return f"trial-{slot:04}"


def divide_cores(number: int, workers: int) -> None:
    """Keep this process, which has not loaded TensorFlow yet, to its share of the cores: one or more.

    Args:
        number: number of the process, from 0.
        workers: number of processes that share the cores.
    """
    own = max(1, cores() // workers)
    if hasattr(os, "sched_setaffinity"):
        known = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {known[(number * own + each) % len(known)] for each in range(own)})
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", str(own))
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", str(own))


def _why_ended(trial: optuna.Trial, deadline: float) -> str:
    if time.monotonic() >= deadline:
        return OUT_OF_TIME
    return PRUNED if trial.should_prune() else ""


def _fold_measures(experiment: AnyExperiment, folds: int, name: str) -> Iterator[Any]:
    """Yield a function for each fold, which trains a model and returns its measure on the fold.

    The function has an argument: it receives what is new of the training.
    """
    from rnnlab.datasets.corpus import load_corpus  # noqa: PLC0415
    from rnnlab.datasets.example_loading import fold_examples  # noqa: PLC0415
    from rnnlab.evaluation.fold_measures import measures_of  # noqa: PLC0415
    from rnnlab.sweeps.measures import named  # noqa: PLC0415
    from rnnlab.training.example_folds import measure_examples_of_fold  # noqa: PLC0415 (loads TensorFlow)
    from rnnlab.training.folds import fold_data, measure_fold  # noqa: PLC0415 (loads TensorFlow)

    if isinstance(experiment, TaskExperiment):
        for examples in fold_examples(experiment, folds):
            yield lambda report, held=examples: named(
                name, measures_of(measure_examples_of_fold(experiment, held, report))
            )
    else:
        for fold in fold_data(load_corpus(experiment.dataset), experiment, folds):
            yield lambda report, held=fold: named(name, measure_fold(experiment, held, report))


def _of_all_folds(report: Callable[[News], None], left: int) -> Callable[[News], None]:
    """Return a function that passes on what is new of a fold; the time left has that of `left` folds more."""

    def pass_on(news: News) -> None:
        if isinstance(news, Progress):
            more = left * news.steps / news.steps_per_second
            report(replace(news, seconds_left=news.seconds_left + more))

    return pass_on

"""The folds of a cross-validation as trials that several commands share."""

from collections.abc import Callable
from typing import Any

from rnnlab.config.schema import Experiment
from rnnlab.config.tasks import TaskExperiment
from rnnlab.config.writing import write_experiment
from rnnlab.datasets.corpus import load_corpus
from rnnlab.datasets.example_loading import fold_examples
from rnnlab.evaluation.example_measurement import TaskEvaluation
from rnnlab.evaluation.fold_measures import TaskCrossValidation
from rnnlab.evaluation.metrics import CrossValidation, Metrics
from rnnlab.runs.progress import News, Watcher
from rnnlab.trials.runner import Shared, run_trials


def shared_cross_validation(
    experiment: Experiment,
    folds: int,
    *,
    jobs: int,
    shared: Shared,
    report: Callable[[str], None] = lambda _: None,
    heard: Watcher | None = None,
) -> CrossValidation:
    """Return what `cross_validate_config` does; several commands train the folds of the study.

    Raises:
        RnnlabError: as for `cross_validate_config`, and for `run_trials`.
    """
    options = {"jobs": jobs, "shared": shared, "tell": report, "heard": heard}
    measured = _measured(_measure_fold, Metrics, experiment, folds, **options)
    return CrossValidation(tuple(measured), load_corpus(experiment.dataset).left_out)


def shared_task_cross_validation(
    experiment: TaskExperiment,
    folds: int,
    *,
    jobs: int,
    shared: Shared,
    report: Callable[[str], None] = lambda _: None,
    heard: Watcher | None = None,
) -> TaskCrossValidation:
    """Return what `cross_validate_task` does; several commands train the folds of the study.

    Raises:
        RnnlabError: as for `cross_validate_task`, and for `run_trials`.
    """
    options = {"jobs": jobs, "shared": shared, "tell": report, "heard": heard}
    measured = _measured(_measure_examples, TaskEvaluation, experiment, folds, **options)
    return TaskCrossValidation(tuple(measured))


def fold_plan(experiment: Experiment | TaskExperiment, folds: int) -> dict[str, Any]:
    """Return what all commands that share a cross-validation must agree on."""
    from pathlib import Path  # noqa: PLC0415

    from rnnlab.trials.study import plan_digest  # noqa: PLC0415 (loads Optuna)

    return {
        "folds": folds,
        "configuration": plan_digest({"text": write_experiment(experiment, folder=Path.cwd())}),
    }


def _measured(
    work: Callable[..., Any],
    result: Any,
    experiment: Experiment | TaskExperiment,
    folds: int,
    **options: Any,
) -> list[Any]:
    """Return the measures of all folds, in the order of the folds; the options are those of `run_trials`."""
    tasks = [(experiment, folds, number) for number in range(folds)]
    tell, heard, found = options["tell"], options["heard"], {}
    for number, measures in run_trials(work, tasks, result=result, **options):
        found[number] = measures
        if heard:
            heard(number, None)
        tell(f"fold {number + 1} of {folds} is done")
    return [found[number] for number in range(folds)]


def _measure_fold(
    experiment: Experiment, folds: int, number: int, report: Callable[[News], None] = lambda _: None
) -> Metrics:
    """Train a model for one fold of the data, and return its measures."""
    from rnnlab.training.folds import fold_data, measure_fold  # noqa: PLC0415 (loads TensorFlow)

    data = fold_data(load_corpus(experiment.dataset), experiment, folds)
    return measure_fold(experiment, _at(data, number), report)


def _measure_examples(
    experiment: TaskExperiment, folds: int, number: int, report: Callable[[News], None] = lambda _: None
) -> TaskEvaluation:
    """Train a model for one fold of the examples, and return its measures."""
    from rnnlab.training.example_folds import measure_examples_of_fold  # noqa: PLC0415 (loads TensorFlow)

    return measure_examples_of_fold(experiment, _at(fold_examples(experiment, folds), number), report)


def _at(folds: Any, number: int) -> Any:
    """Return the fold of a number, from 0."""
    return next(fold for index, fold in enumerate(folds) if index == number)

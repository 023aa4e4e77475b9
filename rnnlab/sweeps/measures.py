"""The measure of a trial: of the validation set after a training, or of one fold."""

from typing import Any

from rnnlab.config.reading import AnyExperiment
from rnnlab.config.tasks import TaskExperiment
from rnnlab.datasets.examples import TaskData
from rnnlab.datasets.loading import Data
from rnnlab.errors import UsageError
from rnnlab.evaluation.example_measurement import measure_fold_alone
from rnnlab.evaluation.example_selection import part_of
from rnnlab.evaluation.fold_measures import measures_of
from rnnlab.evaluation.measurement import evaluate
from rnnlab.evaluation.metrics import Metrics, held_out_metrics
from rnnlab.models.model_file import Trained, TrainedTask

_FREE = "free_running_accuracy"


def validation_measure(name: str, trained: Trained, data: Data | TaskData) -> float:
    """Return a measure of a trained model on the validation set of its data.

    Args:
        name: a name of `MEASURES` in `config/sweep.py`.
        trained: the model.
        data: the data that it was trained on.

    Raises:
        UsageError: the task has no such measure.
    """
    if isinstance(trained, TrainedTask) or isinstance(data, TaskData):
        if not (isinstance(trained, TrainedTask) and isinstance(data, TaskData)):
            raise TypeError("the model and the data are of different tasks")
        parts = data.examples.parts
        kept, held = (part_of(data.examples, parts[part]) for part in ("train", "validation"))
        return named(name, measures_of(measure_fold_alone(trained, kept, held)), trained.experiment)
    if name == _FREE:
        run = evaluate(trained, seeds=0).free_running
        if run is None:
            raise UsageError(f"objective.measure: {_FREE} needs generation.seed in the configuration")
        return run.correct / run.length
    return named(name, held_out_metrics(trained, trained.experiment, data), trained.experiment)


def named(name: str, measures: Any, experiment: AnyExperiment) -> float:
    """Return a measure by its name.

    Args:
        name: the name.
        measures: `Metrics`, or the measures of a task by name.
        experiment: the experiment, for the message.

    Raises:
        UsageError: the task has no such measure.
    """
    value = getattr(measures, name, None) if isinstance(measures, Metrics) else measures.get(name)
    if value is None:
        own = ["loss", "bits_per_token", "perplexity", "accuracy", "top_5_accuracy", _FREE]
        known = (
            own
            if isinstance(measures, Metrics)
            else [each for each in measures if measures[each] is not None]
        )
        task = experiment.task if isinstance(experiment, TaskExperiment) else "next_token"
        raise UsageError(f"objective.measure: task {task} has no {name}; it has {', '.join(known)}")
    return float(value)

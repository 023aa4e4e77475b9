"""The measure of a trial: of the validation set after a training, or of one fold."""

from rnnlab.datasets.examples import TaskData
from rnnlab.datasets.loading import Data
from rnnlab.errors import TrainingError, UsageError
from rnnlab.evaluation.example_measurement import measure_fold_alone
from rnnlab.evaluation.example_selection import part_of
from rnnlab.evaluation.fold_measures import Figures, measures_of
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
        UsageError: the model is to run freely, and the configuration has no seed.
        TrainingError: the validation set has no such measure.
    """
    if isinstance(trained, TrainedTask) or isinstance(data, TaskData):
        if not (isinstance(trained, TrainedTask) and isinstance(data, TaskData)):
            raise TypeError("the model and the data are of different tasks")
        parts = data.examples.parts
        kept, held = (part_of(data.examples, parts[part]) for part in ("train", "validation"))
        return named(name, measures_of(measure_fold_alone(trained, kept, held)))
    if name == _FREE:
        run = evaluate(trained, seeds=0).free_running
        if run is None:
            raise UsageError(f"objective.measure: {_FREE} needs generation.seed in the configuration")
        return run.correct / run.length
    return named(name, held_out_metrics(trained, trained.experiment, data))


def named(name: str, measures: Metrics | Figures) -> float:
    """Return a measure by its name.

    Args:
        name: the name.
        measures: `Metrics`, or the measures of a task by name.

    Raises:
        TrainingError: the data has no such measure, such as the accuracy of unseen tokens without any.
    """
    value = getattr(measures, name) if isinstance(measures, Metrics) else measures[name]
    if value is None:
        raise TrainingError(f"the validation set has no {name}; choose another objective.measure")
    return float(value)

"""Cross-validation of a task with examples: a model trained from scratch for each fold of the examples.

For label and from_label, each label is about equally frequent in all folds; for tags and pairs, whole
sequences are drawn at random. Equal inputs are in one fold. Vocabularies, unknown tokens and class weights
are those of the examples that a fold trains on.
"""

from collections.abc import Callable
from dataclasses import replace

from rnnlab.config.tasks import TaskExperiment
from rnnlab.datasets.example_loading import fold_examples
from rnnlab.datasets.examples import Examples
from rnnlab.evaluation.example_measurement import TaskEvaluation, evaluate_fold
from rnnlab.evaluation.example_selection import part_of
from rnnlab.evaluation.fold_measures import TaskCrossValidation
from rnnlab.models.model_file import TrainedTask
from rnnlab.runs.progress import News, Watcher, seldom
from rnnlab.training.example_problem import ExampleProblem
from rnnlab.training.folds import measured_folds, told
from rnnlab.training.loop import TrainingLoop
from rnnlab.training.trainer import Trainer


def cross_validate_task(
    experiment: TaskExperiment,
    folds: int,
    *,
    jobs: int = 1,
    report: Callable[[str], None] = lambda _: None,
    heard: Watcher | None = None,
) -> TaskCrossValidation:
    """Return the held-out measures of K models, each trained on all folds but one, and of the baselines.

    A model has the weights of its best epoch by the training losses; the held-out fold is only measured.

    Args:
        experiment: the configuration.
        folds: K, at least 2.
        jobs: number of processes that train at once; the result has the same bits.
        report: receives notes for the user, one sentence a call.
        heard: receives the number of a fold, from 0, and what is new of its training.

    Raises:
        UsageError: the examples are generated.
        DataError: the data cannot be read, or there is too little of it.
        ConfigError: the network has too many weights, or a batch is too large for memory.
        TrainingError: the loss of a fold is not finite, too many of its steps were skipped, or its process
            was killed.
    """
    data = told(fold_examples(experiment, folds), lambda fold: fold.notes, report)
    tasks = ((experiment, fold) for fold in data)
    return TaskCrossValidation(measured_folds(measure_examples_of_fold, tasks, folds, jobs, report, heard))


def measure_examples_of_fold(
    experiment: TaskExperiment, fold: Examples, report: Callable[[News], None] = lambda _: None
) -> TaskEvaluation:
    """Train a model on the training part of a fold, and return its measures on the held-out part."""
    report("")
    kept, held = (part_of(fold, fold.parts[name]) for name in ("train", "validation"))
    trainer = Trainer(ExampleProblem(experiment, replace(fold, parts={"train": fold.parts["train"]})))
    TrainingLoop(trainer, report=seldom(report)).run()
    trained = trainer.best_model()
    if not isinstance(trained, TrainedTask):
        raise TypeError("a problem of examples trains a model of a task")
    return evaluate_fold(trained, kept, held)

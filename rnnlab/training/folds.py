"""Cross-validation of a configuration: a model is trained from scratch for each fold."""

from collections.abc import Callable, Iterator

from rnnlab.config.schema import Experiment
from rnnlab.datasets.corpus import load_corpus
from rnnlab.datasets.folds import fold_data
from rnnlab.datasets.loading import Data
from rnnlab.datasets.splits import Splits
from rnnlab.errors import count_of
from rnnlab.evaluation.metrics import CrossValidation, Metrics, held_out_metrics
from rnnlab.processes import in_processes
from rnnlab.training.loop import TrainingLoop
from rnnlab.training.trainer import Trainer


def cross_validate_config(
    experiment: Experiment, folds: int, *, jobs: int = 1, report: Callable[[str], None] = lambda _: None
) -> CrossValidation:
    """Return the held-out measures of K models, each trained on all the data but one fold.

    The model of a fold has the weights of its lowest training loss; the held-out fold is only measured.

    Args:
        experiment: the configuration.
        folds: K, at least 2.
        jobs: number of processes that train at once. Rounding depends on the number of threads, so each
            process has as many as one alone would have: the result has the same bits.
        report: receives what the user should know, a sentence a call.

    Raises:
        DataError: there is too little data.
        TrainingError: the loss of a fold is no longer a number, or its process was killed.
    """
    corpus = load_corpus(experiment.dataset)
    data = _told(fold_data(corpus, experiment, folds), report)
    measured: dict[int, Metrics] = {}
    if jobs == 1:
        for number, fold in enumerate(data):
            report(f"fold {number + 1} of {folds}")
            measured[number] = measure_fold(experiment, fold)
    else:
        report(f"{folds} folds in {count_of(min(jobs, folds), 'process')}")
        tasks = ((experiment, fold) for fold in data)
        for number, metrics in in_processes(measure_fold, tasks, jobs=min(jobs, folds)):
            measured[number] = metrics
            report(f"fold {number + 1} of {folds} is done")
    return CrossValidation(tuple(measured[number] for number in sorted(measured)), corpus.left_out)


def measure_fold(experiment: Experiment, fold: Data) -> Metrics:
    """Train a model on the training part of a fold, and return its measures on the held-out part."""
    read = fold.as_trained_on()
    trainer = Trainer(fold.experiment, read.corpus, Splits({"train": read.splits.parts["train"]}))
    TrainingLoop(trainer).run()
    return held_out_metrics(trainer.best_model(), experiment, fold)


def _told(folds: Iterator[Data], report: Callable[[str], None]) -> Iterator[Data]:
    """The folds; the notes on the first hold for all, and are reported once."""
    for number, fold in enumerate(folds):
        for note in fold.splits.notes if number == 0 else ():
            report(note)
        yield fold

"""K-fold cross-validation: K models, each measured on the part of the data that it has not seen."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rnnlab.config.schema import Experiment
from rnnlab.datasets.batching import make_batches
from rnnlab.datasets.corpus import Corpus
from rnnlab.datasets.splits import Splits
from rnnlab.engines.numpy_engine import numpy_model
from rnnlab.evaluation.metrics import Metrics, measure
from rnnlab.models.model_file import TrainedModel


@dataclass(frozen=True)
class CrossValidation:
    """The held-out measures of each fold.

    Attributes:
        folds: in order.
    """

    folds: tuple[Metrics, ...]

    def mean(self, name: str) -> float:
        """Mean over the folds of `loss` or `accuracy`."""
        return float(statistics.fmean(getattr(fold, name) for fold in self.folds))

    def standard_deviation(self, name: str) -> float:
        """Sample standard deviation over the folds of `loss` or `accuracy`."""
        return float(statistics.stdev(getattr(fold, name) for fold in self.folds))


def cross_validate(
    experiment: Experiment,
    corpus: Corpus,
    folds: Sequence[Splits],
    train: Callable[[Splits], TrainedModel],
) -> CrossValidation:
    """Train and measure a model for each fold.

    Args:
        experiment: the configuration.
        corpus: the data.
        folds: what each model is trained on and measured on.
        train: trains a new model, from scratch, on the train part.
    """
    measured = []
    for splits in folds:
        batches = make_batches(splits.parts["validation"], corpus, experiment, shuffle=False)
        model = numpy_model(train(splits))
        measured.append(measure(model, corpus, batches, target=experiment.dataset.target))
    return CrossValidation(tuple(measured))

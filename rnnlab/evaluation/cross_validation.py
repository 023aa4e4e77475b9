"""K-fold cross-validation: K models, each measured on the part of the data that it has not seen."""

import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field

from rnnlab.config.schema import Experiment
from rnnlab.datasets.batching import reading_order
from rnnlab.datasets.loading import Data
from rnnlab.engines.numpy_engine import numpy_model
from rnnlab.evaluation.metrics import Metrics, measure
from rnnlab.evaluation.significance import student_interval
from rnnlab.models.model_file import TrainedModel


@dataclass(frozen=True)
class CrossValidation:
    """The held-out measures of each fold.

    Attributes:
        folds: in order.
        left_out: how much of the files' music is not in the data, by kind.
    """

    folds: tuple[Metrics, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)

    def mean(self, name: str) -> float:
        """Mean over the folds of `loss` or `accuracy`."""
        return float(statistics.fmean(self._values(name)))

    def standard_deviation(self, name: str) -> float:
        """Sample standard deviation over the folds of `loss` or `accuracy`."""
        return float(statistics.stdev(self._values(name)))

    def confidence_interval(self, name: str) -> tuple[float, float]:
        """The ends of Student's 95 % interval of the mean, with K − 1 degrees of freedom.

        Folds share training data, so that their figures are not independent, as the interval takes them to
        be: it is rather too narrow (Bengio and Grandvalet, 2004).
        """
        return student_interval(self._values(name))

    def _values(self, name: str) -> list[float]:
        return [getattr(fold, name) for fold in self.folds]


def held_out_metrics(trained: TrainedModel, experiment: Experiment, fold: Data) -> Metrics:
    """The measures of a fold's model on what the fold holds out."""
    order = reading_order(fold.splits.parts["validation"], fold.corpus, experiment)
    return measure(numpy_model(trained), fold.corpus, order, target=experiment.dataset.target)

"""The measures of a task over the folds of a cross-validation: mean, standard deviation and interval."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from rnnlab.evaluation.example_measurement import TaskEvaluation
from rnnlab.evaluation.label_measures import LabelMeasures
from rnnlab.evaluation.label_ngram import FromLabelMeasures
from rnnlab.evaluation.pair_measures import PairMeasures
from rnnlab.evaluation.significance import student_interval
from rnnlab.evaluation.tag_measures import TagMeasures

Figures = dict[str, float | None]
"""Measures by name; None for a measure that a fold does not have, such as that of unseen tokens."""


@dataclass(frozen=True)
class OverFolds:
    """One measure over K folds.

    Attributes:
        mean: the mean.
        standard_deviation: the sample standard deviation.
        confidence_interval: the ends of Student's 95 % interval of the mean, with K − 1 degrees of freedom.
            It assumes independent values. The models of the folds share training data, so the interval is
            more often too narrow than too wide (Bengio and Grandvalet, 2004).
    """

    mean: float
    standard_deviation: float
    confidence_interval: tuple[float, float]


@dataclass(frozen=True, eq=False)
class TaskCrossValidation:
    """K-fold cross-validation of a task with examples.

    Attributes:
        folds: the measures of K models, each on the fold that it was not trained on, with the baselines that
            were learnt from the other folds.
    """

    folds: tuple[TaskEvaluation, ...]

    @property
    def measures(self) -> dict[str, OverFolds | None]:
        """The measures of the network over the folds, by name; None for one that a fold does not have."""
        return _over([measures_of(fold) for fold in self.folds])

    @property
    def baselines(self) -> dict[str, dict[str, OverFolds | None]]:
        """The measures of each baseline over the folds, by the names of the baseline and of the measure."""
        found = [baselines_of(fold) for fold in self.folds]
        return {name: _over([each[name] for each in found]) for name in found[0]}


def measures_of(fold: TaskEvaluation) -> Figures:
    """Return the measures of the network on one fold that are averaged over the folds."""
    measures = fold.measures
    if isinstance(measures, LabelMeasures):
        return {"accuracy": measures.accuracy, "macro_f1": measures.macro_f1, "loss": measures.loss}
    if isinstance(measures, TagMeasures):
        return {**_of_tags(measures), "loss": measures.loss}
    if isinstance(measures, PairMeasures):
        return {
            "exact_match": measures.greedy.exact_match,
            "token_error_rate": measures.greedy.token_error_rate,
            "accuracy": measures.accuracy,
            "loss": measures.loss,
        }
    return {"loss": measures.loss}


def baselines_of(fold: TaskEvaluation) -> dict[str, Figures]:
    """Return the measures of each baseline on one fold, by name."""
    found: dict[str, Figures] = {}
    baselines, measures = fold.baselines, fold.measures
    if baselines is None:
        return found
    for name, each in (("majority", baselines.majority), ("naive_bayes", baselines.naive_bayes)):
        if each:
            found[name] = {"accuracy": each.accuracy, "macro_f1": each.macro_f1, "loss": each.loss}
    if baselines.most_frequent_tag:
        found["most_frequent_tag"] = _of_tags(baselines.most_frequent_tag)
    if baselines.nearest_source:
        written = baselines.nearest_source.written
        found["nearest_source"] = {
            "exact_match": written.exact_match,
            "token_error_rate": written.token_error_rate,
        }
    if isinstance(measures, FromLabelMeasures):
        found["ngram"] = {"loss": measures.ngram_loss}
    return found


def _of_tags(measures: TagMeasures) -> Figures:
    return {
        "accuracy": measures.accuracy,
        "sequence_accuracy": measures.sequence_accuracy,
        "unseen_accuracy": measures.unseen_accuracy,
    }


def _over(folds: Sequence[Figures]) -> dict[str, OverFolds | None]:
    """Return each measure over K ≥ 2 folds."""
    found: dict[str, OverFolds | None] = {}
    for name in folds[0]:
        values = [value for fold in folds if (value := fold[name]) is not None]
        found[name] = None
        if len(values) == len(folds):
            mean, deviation = statistics.fmean(values), statistics.stdev(values)
            found[name] = OverFolds(mean, deviation, student_interval(values))
    return found

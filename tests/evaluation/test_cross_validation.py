"""K models, each measured on what it was not trained on."""

import math
import statistics

import pytest

from rnnlab.datasets.corpus import load_corpus
from rnnlab.datasets.splits import Splits, fold_parts
from rnnlab.evaluation.cross_validation import CrossValidation, cross_validate
from rnnlab.evaluation.metrics import Metrics
from rnnlab.models.model_file import TrainedModel
from tests.evaluation.digits import digits
from tests.evaluation.opinionated import model_that_expects

ONES = ("dataset.window=1", "training.shuffle=true", "model={kind: mlp, units: 2}")
DATA = "0010201040301020103040102"


def test_each_fold_is_measured_by_the_model_that_was_trained_for_it() -> None:
    """Training is asked once for each fold, in order; its first model expects 0, its second 1."""
    experiment = digits(DATA, settings=ONES)
    corpus = load_corpus(experiment.dataset)
    folds = _parts(2)
    trained_on: list[Splits] = []

    def train(splits: Splits) -> TrainedModel:
        trained_on.append(splits)
        return model_that_expects("01"[len(trained_on) - 1], experiment, odds=4)

    crossed = cross_validate(experiment, corpus, folds, train)

    assert trained_on == folds
    for token, splits, metrics in zip((0, 1), folds, crossed.folds, strict=True):
        targets = corpus.ids[splits.parts["validation"].window_starts + 1]
        right = int((targets == token).sum())
        assert (metrics.correct, metrics.tokens) == (right, len(targets))
        assert metrics.total_loss == pytest.approx(
            right * math.log(8 / 4) + (len(targets) - right) * math.log(8), rel=1e-6
        )
    assert sum(metrics.tokens for metrics in crossed.folds) == len(DATA) - 1


def _parts(count: int) -> list[Splits]:
    """Folds without a look at what overlaps: here that is for training alone."""
    experiment = digits(
        DATA, settings=(*ONES, "dataset.split={kind: stratified_shuffle, allow_overlap: true}")
    )
    return fold_parts(load_corpus(experiment.dataset), experiment, count)


def test_the_mean_and_its_deviation_are_over_the_folds() -> None:
    """Each fold counts the same, however many tokens it has; the deviation is the sample's (K − 1)."""
    crossed = CrossValidation((Metrics(2.0, 1, 2), Metrics(8.0, 4, 4), Metrics(30.0, 0, 10)))

    assert crossed.mean("loss") == pytest.approx((1 + 2 + 3) / 3)
    assert crossed.mean("accuracy") == pytest.approx((0.5 + 1 + 0) / 3)
    assert crossed.standard_deviation("loss") == pytest.approx(1.0)
    assert crossed.standard_deviation("accuracy") == pytest.approx(statistics.stdev([0.5, 1, 0]))

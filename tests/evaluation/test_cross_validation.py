"""K models, each measured on what it was not trained on."""

import math
import statistics

import pytest

from rnnlab.datasets.corpus import load_corpus
from rnnlab.datasets.folds import fold_data
from rnnlab.evaluation.cross_validation import CrossValidation, held_out_metrics
from rnnlab.evaluation.metrics import Metrics
from tests.evaluation.digits import digits
from tests.evaluation.opinionated import model_that_expects

ONES = (
    "dataset.window=1",
    "dataset.split={kind: stratified_shuffle, allow_overlap: true}",
    "training.shuffle=true",
    "model={kind: mlp, units: 2}",
)
DATA = "0010201040301020103040102"


def test_each_fold_is_measured_by_its_own_model() -> None:
    """The first fold's model expects 0, the second's 1; each is asked for the targets that were held out."""
    experiment = digits(DATA, settings=ONES)
    corpus = load_corpus(experiment.dataset)
    folds = [*fold_data(corpus, experiment, 2)]

    measured = [
        held_out_metrics(model_that_expects(token, experiment, odds=4), experiment, fold)
        for token, fold in zip("01", folds, strict=True)
    ]

    for token, fold, metrics in zip((0, 1), folds, measured, strict=True):
        targets = corpus.ids[fold.splits.parts["validation"].window_starts + 1]
        right = int((targets == token).sum())
        assert (metrics.correct, metrics.tokens) == (right, len(targets))
        assert metrics.total_loss == pytest.approx(
            right * math.log(8 / 4) + (len(targets) - right) * math.log(8), rel=1e-6
        )
    assert sum(metrics.tokens for metrics in measured) == len(DATA) - 1


def test_the_mean_and_its_deviation_are_over_the_folds() -> None:
    """Each fold counts the same, however many tokens it has; the deviation is the sample's (K − 1)."""
    crossed = CrossValidation((Metrics(2.0, 1, 2), Metrics(8.0, 4, 4), Metrics(30.0, 0, 10)))

    assert crossed.mean("loss") == pytest.approx((1 + 2 + 3) / 3)
    assert crossed.mean("accuracy") == pytest.approx((0.5 + 1 + 0) / 3)
    assert crossed.standard_deviation("loss") == pytest.approx(1.0)
    assert crossed.standard_deviation("accuracy") == pytest.approx(statistics.stdev([0.5, 1, 0]))


def test_the_confidence_interval_is_students() -> None:
    """Three folds have two degrees of freedom, whose 97.5 % quantile is 4.3027 in any table."""
    crossed = CrossValidation((Metrics(2.0, 1, 2), Metrics(8.0, 4, 4), Metrics(30.0, 0, 10)))

    low, high = crossed.confidence_interval("loss")

    assert (low, high) == pytest.approx((2 - 4.3027 / math.sqrt(3), 2 + 4.3027 / math.sqrt(3)), abs=1e-4)

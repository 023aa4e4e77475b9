"""Measures of predicted labels, by hand and against scikit-learn."""

import math

import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    confusion_matrix,
    f1_score,
    log_loss,
    precision_recall_fscore_support,
)

from rnnlab.evaluation.label_measures import ClassFigures, measure_labels

TARGETS = np.array([0, 0, 0, 1, 1, -1])
PREDICTED = [0, 0, 1, 1, 0, 1]


def logits_of(predicted, labels):
    """Logits that predict labels: the probability of a predicted label is twice that of each other label."""
    return math.log(2) * np.eye(labels)[predicted]


def test_six_labels_by_hand():
    """Label 0: 2 of 3 right, predicted 3 times. Label 1: 1 of 2 right, predicted 3 times, once for label −1.

    Of three labels the predicted one has the probability 2/4, each other one 1/4.
    """
    measures = measure_labels(TARGETS, logits_of(PREDICTED, 3))

    assert (measures.correct, measures.counted, measures.known) == (3, 6, 5)
    assert measures.accuracy == 3 / 6
    assert measures.confusion.tolist() == [[2, 1, 0], [1, 1, 0], [0, 0, 0]]
    assert measures.labels == (
        ClassFigures(2 / 3, 2 / 3, 2 / 3, 3),
        ClassFigures(1 / 3, 1 / 2, 2 / 5, 2),
        ClassFigures(0.0, 0.0, 0.0, 0),
    )
    assert measures.macro_f1 == pytest.approx((2 / 3 + 2 / 5) / 2)  # label 2 does not occur
    assert measures.loss == pytest.approx((3 * math.log(2) + 2 * math.log(4)) / 5)


def test_shares_are_fractions_of_each_true_label():
    """Each row of the confusion matrix sums to 1, and to 0 if the label does not occur."""
    measures = measure_labels(TARGETS, logits_of(PREDICTED, 3))

    assert measures.shares == pytest.approx(np.array([[2 / 3, 1 / 3, 0], [1 / 2, 1 / 2, 0], [0, 0, 0]]))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("unknown", [False, True])
def test_measures_are_those_of_scikit_learn(seed, unknown):
    """Labels that do not occur are left out of the mean F1; some labels are never predicted."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(40, 7)) - 3 * (np.arange(7) == 2)
    targets = rng.choice([0, 1, 2, 4, 6, *([-1] if unknown else [])], size=40)
    predicted, known = logits.argmax(axis=1), targets >= 0
    occurring = np.unique(targets[known])

    measures = measure_labels(targets, logits)

    assert measures.accuracy == pytest.approx(accuracy_score(targets, predicted))
    assert measures.macro_f1 == pytest.approx(
        f1_score(targets, predicted, labels=occurring, average="macro", zero_division=0)
    )
    assert (measures.confusion == confusion_matrix(targets[known], predicted[known], labels=range(7))).all()
    peer = precision_recall_fscore_support(targets, predicted, labels=range(7), zero_division=0)
    ours = [(each.precision, each.recall, each.f1, each.support) for each in measures.labels]
    assert np.array(ours) == pytest.approx(np.array(peer).T)
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert measures.loss == pytest.approx(log_loss(targets[known], shares[known], labels=range(7)))


def test_large_logits_do_not_overflow():
    """The loss of a label whose logit is 2000 below the largest one is 2000 nats."""
    measures = measure_labels(np.array([0, 1]), np.array([[1000, -1000], [1000, -1000]], np.float32))

    assert measures.loss == 1000


def test_labels_that_the_model_does_not_know_have_no_loss():
    """Every prediction is wrong, and nothing can be said of the probability of the label."""
    measures = measure_labels(np.array([-1, -1]), logits_of([0, 1], 2))

    assert (measures.accuracy, measures.macro_f1, measures.loss, measures.known) == (0.0, 0.0, None, 0)
    assert measures.confusion.tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize("targets", [[], [0]])
def test_as_many_targets_as_predictions_are_needed(targets):
    """No example has no accuracy."""
    with pytest.raises(ValueError, match="needs K of both"):
        measure_labels(np.array(targets, int), np.zeros((2 * len(targets), 3)))

"""Measures of predicted labels: accuracy, precision, recall, F1, loss, and the confusion matrix.

A target −1 is a label that the model does not know, so its prediction is always wrong.
"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import GetPydanticSchema
from pydantic_core import core_schema

from rnnlab.evaluation.scoring import cross_entropies
from rnnlab.evaluation.significance import wilson_interval

Ids = NDArray[np.integer[Any]]
Counts = Annotated[
    NDArray[np.int64],
    GetPydanticSchema(
        lambda *_: core_schema.no_info_plain_validator_function(
            lambda value: np.asarray(value, np.int64),
            serialization=core_schema.plain_serializer_function_ser_schema(lambda value: value.tolist()),
        )
    ),
]
"""An array of counts; pydantic writes it as lists."""


@dataclass(frozen=True)
class ClassFigures:
    """How well one class, a label or a tag, is predicted.

    Attributes:
        precision: fraction of the predictions of the class that are right, 0 to 1; 0 without predictions.
        recall: fraction of the targets of the class that are predicted right, 0 to 1; 0 without targets.
        f1: harmonic mean of precision and recall, 0 to 1; 0 if both are 0.
        support: number of targets of the class.
    """

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, eq=False)
class LabelMeasures:
    """The measures of K predicted labels, of L labels that the model knows.

    Attributes:
        accuracy: fraction of the K labels that are predicted right, 0 to 1.
        interval: the ends of Wilson's 95 % interval of the accuracy, for independent examples.
        macro_f1: mean of the F1 of the labels that occur among the targets, 0 to 1. A known label that does
            not occur is left out of the mean, and so is −1; 0 if no known label occurs.
        loss: cross-entropy, nats per example whose label the model knows; None if there is no such example.
        confusion: (L, L) number of examples by true label (row) and predicted label (column). Examples whose
            label the model does not know are in no row.
        labels: the figures of each of the L labels; an example whose label the model does not know lowers
            the precision of the label that is predicted for it.
        counted: number of examples K.
        correct: number of examples whose label is predicted right.
        known: number of examples whose label the model knows.
    """

    accuracy: float
    interval: tuple[float, float]
    macro_f1: float
    loss: float | None
    confusion: Counts
    labels: tuple[ClassFigures, ...]
    counted: int
    correct: int
    known: int

    @property
    def shares(self) -> NDArray[np.float64]:
        """The confusion matrix as fractions of each row, 0 to 1, (L, L); a row without examples has zeros."""
        totals = self.confusion.sum(axis=1, keepdims=True)  # (L, 1)
        return np.asarray(self.confusion / np.maximum(totals, 1), np.float64)


def measure_labels(targets: Ids, logits: NDArray[np.floating[Any]]) -> LabelMeasures:
    """Return the measures of K ≥ 1 predictions; of equal logits the lowest label is predicted.

    Args:
        targets: (K,) the true label of each example, or −1.
        logits: (K, L) the logit, or the logarithm of the probability, of each label.

    Raises:
        ValueError: there is no example, or the arrays differ in K.
    """
    if not len(targets) or len(targets) != len(logits):
        raise ValueError(f"targets ({len(targets)},) for logits {logits.shape}: needs K of both, at least 1")
    predicted = logits.argmax(axis=-1)  # (K,)
    is_known = targets >= 0  # (K,)
    known = int(np.count_nonzero(is_known))
    costs = cross_entropies(logits[is_known], targets[is_known])  # (known,)
    labels = class_figures(targets, predicted, classes=logits.shape[1])
    correct = int(np.count_nonzero(predicted == targets))
    return LabelMeasures(
        accuracy=correct / len(targets),
        interval=wilson_interval(correct, len(targets)),
        macro_f1=macro_f1(labels),
        loss=float(costs.mean()) if known else None,
        confusion=confusion_counts(targets, predicted, classes=logits.shape[1]),
        labels=labels,
        counted=len(targets),
        correct=correct,
        known=known,
    )


def confusion_counts(targets: Ids, predicted: Ids, *, classes: int) -> Counts:
    """Return the number of targets by true class (row) and predicted class (column), (C, C).

    Args:
        targets: (n,) the true classes; those that are −1 are in no row.
        predicted: (n,) the predicted classes, 0 to C − 1.
        classes: number of classes C.
    """
    is_known = targets >= 0
    # The two classes of an example as one number: row · C + column.
    cells = targets[is_known].astype(np.int64) * classes + predicted[is_known]
    return np.bincount(cells, minlength=classes * classes).reshape(classes, classes).astype(np.int64)


def class_figures(targets: Ids, predicted: Ids, *, classes: int) -> tuple[ClassFigures, ...]:
    """Return the figures of each of C classes; the arguments are those of `confusion_counts`."""
    right = np.bincount(targets[targets == predicted], minlength=classes)  # (C,)
    wanted = np.bincount(targets[targets >= 0], minlength=classes)  # (C,)
    found = np.bincount(predicted, minlength=classes)  # (C,)
    figures = np.stack(
        [_quotients(right, found), _quotients(right, wanted), _quotients(2 * right, found + wanted)]
    )
    return tuple(
        ClassFigures(precision, recall, f1, support)
        for (precision, recall, f1), support in zip(figures.T.tolist(), wanted.tolist(), strict=True)
    )


def macro_f1(classes: Sequence[ClassFigures]) -> float:
    """Return the mean F1 of the classes that occur among the targets, 0 to 1; 0 if none occurs."""
    occurring = [each.f1 for each in classes if each.support]
    return statistics.fmean(occurring) if occurring else 0.0


def _quotients(numerators: Counts, denominators: Counts) -> NDArray[np.float64]:
    """Return the quotients, 0 where the denominator is 0 (`zero_division=0` of scikit-learn)."""
    quotients: NDArray[np.float64] = numerators / np.maximum(denominators, 1)
    return quotients

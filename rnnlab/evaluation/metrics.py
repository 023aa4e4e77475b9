"""One-step measures (teacher forcing): loss, accuracy and confusions; loss and accuracy also over K folds."""

import math
import statistics
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from rnnlab.config.schema import Experiment
from rnnlab.datasets.batches import Batches, reading_order
from rnnlab.datasets.corpus import Corpus
from rnnlab.datasets.loading import Data
from rnnlab.engines import Stepper
from rnnlab.engines.numpy import numpy_model
from rnnlab.evaluation.scoring import Scores, score
from rnnlab.evaluation.significance import student_interval
from rnnlab.models.model_file import TrainedModel

TOP = 5

MOST_LOSS = math.log(sys.float_info.max)
"""Loss, in nats per token, from which on the perplexity does not fit into a float: 709.8."""

OVER_ALL = "over 1e308"
"""The text that is shown for an infinite perplexity."""

Watch = Callable[[Scores], None]


@dataclass(frozen=True)
class Metrics:
    """Sums over the targets of a part.

    Attributes:
        total_loss: cross-entropy in nats.
        correct: number of targets that were the most probable token.
        tokens: number of targets.
        top_5: number of targets among the five most probable tokens; None if the vocabulary has five tokens
            or fewer.
    """

    total_loss: float
    correct: int
    tokens: int
    top_5: int | None = None

    @property
    def loss(self) -> float:
        """Cross-entropy, nats per token."""
        mean = self.total_loss / self.tokens
        return 0.0 if mean <= 0 else mean  # rounding may leave −0.0 or less, which become 0; NaN stays NaN

    @property
    def bits_per_token(self) -> float:
        """Cross-entropy, bits per token."""
        return self.loss / math.log(2)

    @property
    def perplexity(self) -> float:
        """exp(loss), the number of equally likely tokens with the same loss; infinite above 1.79e308."""
        return math.inf if self.loss >= MOST_LOSS else math.exp(self.loss)

    @property
    def accuracy(self) -> float:
        """Fraction of the targets that were the most probable token, 0 to 1."""
        return self.correct / self.tokens

    @property
    def top_5_accuracy(self) -> float | None:
        """Fraction of the targets among the five most probable tokens, 0 to 1; None if `top_5` is None."""
        return None if self.top_5 is None else self.top_5 / self.tokens


def unwatched(scores: Scores) -> None:
    """Ignore the scores."""


def measure(
    model: Stepper,
    corpus: Corpus,
    order: Batches,
    *,
    target: Literal["next", "shifted"],
    watch: Watch = unwatched,
) -> Metrics:
    """Return the measures of a model on a part, as if a single lane had read the part; see `score`.

    Args:
        model: the model.
        corpus: the data.
        order: the batches of the part, from `reading_order`.
        target: `next` counts the last target of each window, `shifted` the targets of all time steps.
        watch: called with the scores of each batch of targets.
    """
    total, correct, tokens, top = 0.0, 0, 0, 0
    for scores in score(model, corpus, order, target=target):
        total += float(scores.costs.sum())
        correct += int(np.count_nonzero(scores.expected == scores.targets))
        tokens += len(scores.costs)
        watch(scores)
        top += int(np.count_nonzero(scores.ranks <= TOP))
    return Metrics(total, correct, tokens, top if len(corpus.vocabulary) > TOP else None)


_SHIFT = 32


@dataclass
class Confusions:
    """Counts of (target, most probable token), the entries of the confusion matrix that are not 0.

    Attributes:
        pairs: number of targets by (target id, predicted id). The two ids of a right prediction are equal.
    """

    pairs: Counter[tuple[int, int]] = field(default_factory=Counter)

    def count(self, scores: Scores) -> None:
        """Add the targets of a batch."""
        # A pair of ids as one integer: the target in the high bits, the prediction in the low ones.
        codes = scores.targets.astype(np.int64) << _SHIFT | scores.expected
        for code, times in zip(
            *(part.tolist() for part in np.unique(codes, return_counts=True)), strict=True
        ):
            self.pairs[code >> _SHIFT, code & (1 << _SHIFT) - 1] += times

    def wanted(self, token: int) -> int:
        """Return how often a token was the target."""
        return sum(times for (wanted, _), times in self.pairs.items() if wanted == token)

    def worst(self, most: int) -> list[tuple[int, int, int]]:
        """Return the most frequent mistakes, at most `most`, as (target id, predicted id, count).

        The largest count is first; mistakes with equal counts are in the order of their ids.
        """
        wrong = [(wanted, found, times) for (wanted, found), times in self.pairs.items() if wanted != found]
        return sorted(wrong, key=lambda pair: (-pair[2], pair))[:most]


@dataclass(frozen=True)
class CrossValidation:
    """K-fold cross-validation: the measures of K models, each on the fold that it was not trained on.

    Attributes:
        folds: the measures on each fold, in order.
        left_out: number of elements of the music files that are not in the data, by kind.
    """

    folds: tuple[Metrics, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)

    def mean(self, name: str) -> float:
        """Return the mean over the folds of `loss` or `accuracy`."""
        return float(statistics.fmean(self._values(name)))

    def standard_deviation(self, name: str) -> float:
        """Return the sample standard deviation over the folds of `loss` or `accuracy`."""
        return float(statistics.stdev(self._values(name)))

    def confidence_interval(self, name: str) -> tuple[float, float]:
        """Return the ends of Student's 95 % interval of the mean, with K − 1 degrees of freedom.

        The interval assumes independent values. The models of the folds share training data, so the interval
        is more often too narrow than too wide (Bengio and Grandvalet, 2004).
        """
        return student_interval(self._values(name))

    def _values(self, name: str) -> list[float]:
        return [getattr(fold, name) for fold in self.folds]


def held_out_metrics(trained: TrainedModel, experiment: Experiment, fold: Data) -> Metrics:
    """Return the measures of the model of a fold on the validation set of this fold."""
    order = reading_order(fold.splits.parts["validation"], fold.corpus, experiment)
    return measure(numpy_model(trained), fold.corpus, order, target=experiment.dataset.target)

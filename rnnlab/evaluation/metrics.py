"""One-step measures: what the model expects of each next token, given the true ones before it.

Which tokens a model takes for which others.

K-fold cross-validation: K models, each measured on the part of the data that it has not seen.
"""

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
from rnnlab.engines.numpy import numpy_model
from rnnlab.engines.stepper import Stepper
from rnnlab.evaluation.scoring import Scores, score
from rnnlab.evaluation.significance import student_interval
from rnnlab.models.model_file import TrainedModel

TOP = 5

MOST_LOSS = math.log(sys.float_info.max)
"""Nats per token, 709.8: of a larger loss the perplexity is no number that a float holds."""

OVER_ALL = "over 1e308"
"""What is shown in the place of an infinite perplexity."""

Watch = Callable[[Scores], None]


@dataclass(frozen=True)
class Metrics:
    """Sums over the targets of a part.

    Attributes:
        total_loss: cross-entropy in nats.
        correct: targets that were the most probable token.
        tokens: targets.
        top_5: targets that were among the five most probable tokens; None where there are no more than five.
    """

    total_loss: float
    correct: int
    tokens: int
    top_5: int | None = None

    @property
    def loss(self) -> float:
        """Cross-entropy, nats per token."""
        return max(0.0, self.total_loss / self.tokens)  # in this order −0.0 becomes 0.0

    @property
    def bits_per_token(self) -> float:
        """Cross-entropy, bits per token."""
        return self.loss / math.log(2)

    @property
    def perplexity(self) -> float:
        """exp(loss): among how many equally likely tokens it is as uncertain; infinite over 1.79e308."""
        return math.exp(self.loss) if self.loss < MOST_LOSS else math.inf

    @property
    def accuracy(self) -> float:
        """Share of the targets that were the most probable token."""
        return self.correct / self.tokens

    @property
    def top_5_accuracy(self) -> float | None:
        """Share of the targets that were among the five most probable tokens."""
        return None if self.top_5 is None else self.top_5 / self.tokens


def unwatched(scores: Scores) -> None:
    """What watches nothing."""


def measure(
    model: Stepper,
    corpus: Corpus,
    order: Batches,
    *,
    target: Literal["next", "shifted"],
    watch: Watch = unwatched,
) -> Metrics:
    """The one-step measures of a model over a part, as one lane reads it from a zero state.

    Args:
        model: the model.
        corpus: the data.
        order: in which the part is read, by `reading_order`.
        target: which targets count.
        watch: is shown the scores of each batch, for what else is to be known of them.
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
    """How often each token was wanted, and each other token expected most in its place.

    Attributes:
        pairs: (wanted id, expected id) → targets; both are equal where the model was right.
    """

    pairs: Counter[tuple[int, int]] = field(default_factory=Counter)

    def count(self, scores: Scores) -> None:
        """Count the targets of a batch in."""
        codes = scores.targets.astype(np.int64) << _SHIFT | scores.expected
        for code, times in zip(
            *(part.tolist() for part in np.unique(codes, return_counts=True)), strict=True
        ):
            self.pairs[code >> _SHIFT, code & (1 << _SHIFT) - 1] += times

    def wanted(self, token: int) -> int:
        """How often a token was the target."""
        return sum(times for (wanted, _), times in self.pairs.items() if wanted == token)

    def worst(self, most: int) -> list[tuple[int, int, int]]:
        """The commonest mistakes as (wanted id, expected id, targets); equally common ones by their ids."""
        wrong = [(wanted, found, times) for (wanted, found), times in self.pairs.items() if wanted != found]
        return sorted(wrong, key=lambda pair: (-pair[2], pair))[:most]


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

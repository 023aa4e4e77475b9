"""One-step measures: what the model expects of each next token, given the true ones before it."""

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from rnnlab.datasets.batching import Batches
from rnnlab.datasets.corpus import Corpus
from rnnlab.engines.stepper import Stepper
from rnnlab.evaluation.scoring import Scores, score

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

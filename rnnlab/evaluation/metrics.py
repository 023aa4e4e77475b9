"""One-step measures: what the model expects of each next token, given the true ones before it."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rnnlab.datasets.batching import Batch, Batches, gather
from rnnlab.datasets.corpus import Corpus
from rnnlab.engines.stepper import Stepper

LANES_AT_ONCE = 256
"""Windows that each start from a zero state are measured so many at a time, however training batched them."""


@dataclass(frozen=True)
class Metrics:
    """Sums over the targets of a part.

    Attributes:
        total_loss: cross-entropy in nats.
        correct: targets that were the most probable token.
        tokens: targets.
    """

    total_loss: float
    correct: int
    tokens: int

    @property
    def loss(self) -> float:
        """Cross-entropy, nats per token."""
        return self.total_loss / self.tokens

    @property
    def bits_per_token(self) -> float:
        """Cross-entropy, bits per token."""
        return self.loss / math.log(2)

    @property
    def perplexity(self) -> float:
        """exp(loss): among how many equally likely tokens the model is as uncertain."""
        return math.exp(min(self.loss, 700.0))

    @property
    def accuracy(self) -> float:
        """Share of the targets that were the most probable token."""
        return self.correct / self.tokens


def measure(
    model: Stepper, corpus: Corpus, batches: Batches, *, target: Literal["next", "shifted"]
) -> Metrics:
    """The one-step measures of a model over all batches of a part, in order, from a zero state."""
    total, correct, tokens = 0.0, 0, 0
    state, lanes = None, -1
    for batch, starts_anew in _data(corpus, batches, target):
        if state is None or starts_anew or lanes != len(batch.inputs):
            lanes = len(batch.inputs)
            state = model.zero_state(lanes)
        logits, state = model.forward(batch.inputs, batch.resets, state, last_only=target == "next")
        counted = batch.weights[:, -logits.shape[1] :] > 0
        costs, right = _costs(logits, batch.targets[:, -logits.shape[1] :])
        total += float(costs[counted].sum())
        correct += int(right[counted].sum())
        tokens += int(counted.sum())
    return Metrics(total, correct, tokens)


def _data(
    corpus: Corpus, batches: Batches, target: Literal["next", "shifted"]
) -> Iterator[tuple[Batch, bool]]:
    """The batches of an epoch, and whether each starts from a zero state."""
    starts, counts = batches.epoch(0)
    if not batches.carries_state:
        filled = counts.ravel() > 0
        flat_starts, flat_counts = starts.ravel()[filled], counts.ravel()[filled]
        cuts = range(LANES_AT_ONCE, len(flat_starts), LANES_AT_ONCE)
        steps = list(zip(np.split(flat_starts, cuts), np.split(flat_counts, cuts), strict=True))
    else:
        steps = list(zip(starts, counts, strict=True))
    for number, (first, count) in enumerate(steps):
        anew = number == 0 or not batches.carries_state
        yield gather(corpus, first, count, window=batches.window, target=target, first=anew), anew


def _costs(
    logits: NDArray[np.float32], targets: NDArray[np.integer[Any]]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Cross-entropy in nats of each target (N, T), and whether it was the most probable token."""
    wide = logits.astype(np.float64)
    wide -= wide.max(axis=-1, keepdims=True)
    places = targets.astype(np.int64)[..., None]
    costs = np.log(np.exp(wide).sum(axis=-1)) - np.take_along_axis(wide, places, axis=-1)[..., 0]
    return costs, logits.argmax(axis=-1) == targets

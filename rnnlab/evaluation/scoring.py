"""What a model makes of each target of a part: its cost, its rank, and the token that was expected most."""

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


@dataclass(frozen=True, eq=False)
class Scores:
    """What a model made of n targets.

    Attributes:
        places: (n,) their indices in the corpus.
        targets: (n,) their ids.
        costs: (n,) their cross-entropy, nats.
        ranks: (n,) 1 for the most probable token; of equal ones the lower id comes first.
        expected: (n,) the id of the most probable token.
    """

    places: NDArray[np.int64]
    targets: NDArray[np.integer[Any]]
    costs: NDArray[np.float64]
    ranks: NDArray[np.int64]
    expected: NDArray[np.int64]


def score(
    model: Stepper, corpus: Corpus, batches: Batches, *, target: Literal["next", "shifted"]
) -> Iterator[Scores]:
    """The targets of all batches of a part that count, in order, from a zero state."""
    state, lanes = None, -1
    for starts, batch, starts_anew in _data(corpus, batches, target):
        if state is None or starts_anew or lanes != len(starts):
            lanes = len(starts)
            state = model.zero_state(lanes)
        logits, state = model.forward(batch.inputs, batch.resets, state, last_only=target == "next")
        steps = logits.shape[1]
        counted = batch.weights[:, -steps:] > 0
        places = starts[:, None] + np.arange(batches.window - steps, batches.window) + 1
        yield _scores(logits[counted], batch.targets[:, -steps:][counted], places[counted])


def _data(
    corpus: Corpus, batches: Batches, target: Literal["next", "shifted"]
) -> Iterator[tuple[NDArray[np.int64], Batch, bool]]:
    """Of each batch the first token of its lanes (N,), its data, and whether it starts from a zero state."""
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
        batch = gather(corpus, first, count, window=batches.window, target=target, first=anew)
        yield first, batch, anew


def _scores(
    logits: NDArray[np.float32], targets: NDArray[np.integer[Any]], places: NDArray[np.int64]
) -> Scores:
    """The scores of targets (n,) with their logits (n, V)."""
    columns = targets.astype(np.int64)[:, None]
    own = np.take_along_axis(logits, columns, axis=-1)
    ahead = ~(logits <= own)  # with NaN, nothing is known to be behind
    ahead |= (logits == own) & (np.arange(logits.shape[-1]) < columns)
    wide = logits.astype(np.float64)
    wide -= wide.max(axis=-1, keepdims=True)
    costs = np.log(np.exp(wide).sum(axis=-1)) - np.take_along_axis(wide, columns, axis=-1)[:, 0]
    return Scores(places, targets, costs, ahead.sum(axis=-1) + 1, logits.argmax(axis=-1))

"""What a model makes of each target of a part: its cost, its rank, and the token that was expected most."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rnnlab.datasets.batches import Batches, gather
from rnnlab.datasets.corpus import Corpus
from rnnlab.datasets.side_by_side import LanePiece, Parts, read_side_by_side
from rnnlab.engines.stepper import State, Stepper

MOST_LANES = 32
"""More lanes make a product of NumPy no faster, and each reads the beginning of its block twice."""

TOKENS_OF_A_LANE = 8192
"""A long text is read in rounds. Each lane reads so many tokens in a round; memory holds one round."""


Places = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Scores:
    """What a model made of n targets.

    Attributes:
        places: (n,) their indices in the corpus.
        steps: (n,) the time step of the window at which each is the target, from 0.
        targets: (n,) their ids.
        costs: (n,) their cross-entropy, nats.
        ranks: (n,) 1 for the most probable token; of equal ones the lower id comes first.
        expected: (n,) the id of the most probable token.
    """

    places: NDArray[np.int64]
    steps: NDArray[np.int64]
    targets: NDArray[np.integer[Any]]
    costs: NDArray[np.float64]
    ranks: NDArray[np.int64]
    expected: NDArray[np.int64]


def score(
    model: Stepper, corpus: Corpus, order: Batches, *, target: Literal["next", "shifted"]
) -> Iterator[Scores]:
    """The scores of all targets of a part that count, as one lane would read it from a zero state.

    Args:
        model: the model.
        corpus: the data.
        order: in which the part is read, by `reading_order`.
        target: `next` or `shifted`.

    Yields:
        Some targets at a time; not in the order of the part where several lanes read it.
    """
    reader = Reader(model, corpus, order.window, target)
    size, state = MOST_LANES * max(TOKENS_OF_A_LANE // order.window, 1), None
    for begin in range(0, order.steps, size):
        end = min(begin + size, order.steps)
        pieces, state = read_side_by_side(
            order, reader.read, begin=begin, end=end, before=state, most_lanes=MOST_LANES
        )
        for scores in pieces:
            yield from scores


class Reader:
    """Reads pieces of a part.

    Args:
        model: what reads.
        corpus: the data.
        window: T.
        target: `next` or `shifted`.
    """

    def __init__(
        self, model: Stepper, corpus: Corpus, window: int, target: Literal["next", "shifted"]
    ) -> None:
        self._model, self._corpus, self._window, self._target = model, corpus, window, target

    def read(self, piece: LanePiece, before: Parts | None) -> tuple[list[Scores], Parts]:
        """The scores of the targets of a piece, step by step, and the state after it."""
        zero = self._model.zero_state(piece.starts.shape[1])
        state, found = zero if before is None else _packed(before, zero), []
        for starts, counts in zip(piece.starts, piece.counts, strict=True):
            state, scores = self._step(starts, counts, zero if piece.anew else state)
            found.append(scores)
        return found, [part for layer in state for part in layer]

    def _step(self, starts: Places, counts: NDArray[np.int32], state: State) -> tuple[State, Scores]:
        """Read one step of each lane (N,): the state after it, and the scores of the targets that count."""
        last_only = self._target == "next"
        batch = gather(self._corpus, starts, counts, window=self._window, target=self._target, first=False)
        logits, state = self._model.forward(batch.inputs, batch.resets, state, last_only=last_only)
        read = logits.shape[1]  # T time steps, or the last one
        counted = batch.weights[:, -read:] > 0  # (N, read)
        steps = np.broadcast_to(np.arange(self._window - read, self._window), counted.shape)
        places = starts[:, None] + steps + 1
        return state, _scores(
            logits[counted], batch.targets[:, -read:][counted], places[counted], steps[counted]
        )


def _packed(parts: Parts, like: State) -> State:
    """Parts as the state of each layer."""
    each = iter(parts)
    return tuple(tuple(next(each) for _ in layer) for layer in like)


def _scores(
    logits: NDArray[np.float32],
    targets: NDArray[np.integer[Any]],
    places: NDArray[np.int64],
    steps: NDArray[np.int64],
) -> Scores:
    """The scores of targets (n,) with their logits (n, V)."""
    columns = targets.astype(np.int64)[:, None]
    own = np.take_along_axis(logits, columns, axis=-1)
    ahead = ~(logits <= own)  # with NaN, nothing is known to be behind
    ahead |= (logits == own) & (np.arange(logits.shape[-1]) < columns)
    wide = logits.astype(np.float64)
    wide -= wide.max(axis=-1, keepdims=True)
    costs = np.log(np.exp(wide).sum(axis=-1)) - np.take_along_axis(wide, columns, axis=-1)[:, 0]
    return Scores(places, steps, targets, costs, ahead.sum(axis=-1) + 1, logits.argmax(axis=-1))

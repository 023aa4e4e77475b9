"""Scores: the cost and the rank of each target of a part, and the most probable token at its position."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rnnlab.datasets.batches import Batches, gather
from rnnlab.datasets.corpus import Corpus
from rnnlab.datasets.side_by_side import LanePiece, Parts, read_side_by_side
from rnnlab.engines import State, Stepper

MOST_LANES = 32
"""Largest number of lanes for a carried state. More are not faster, and each lane reads some tokens twice."""

TOKENS_OF_A_LANE = 8192
"""A round reads this many tokens, or one window, times `MOST_LANES`; the memory holds a round's scores."""


Places = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Scores:
    """The scores of n targets.

    Attributes:
        places: (n,) indices of the targets in the corpus.
        steps: (n,) the time step of its window that predicts each target, from 0.
        targets: (n,) ids of the targets.
        costs: (n,) cross-entropy of each target, nats.
        ranks: (n,) rank of each target by probability, from 1; of equally probable tokens the lowest id has
            the lowest rank.
        expected: (n,) id of the most probable token.
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
    """Score all targets of a part, as if a single lane had read it; see `LARGEST_GAP` for the largest error.

    If the state is carried, the lane begins with a zero state; otherwise each window does.

    Args:
        model: the model.
        corpus: the data.
        order: the batches of the part, from `reading_order`.
        target: `next` scores the last target of each window, `shifted` the targets of all time steps.

    Yields:
        The scores of the targets of one step of all lanes. If several lanes read, the targets are not in the
        order of the part.
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
    """The function `read` for `read_side_by_side`: it scores the targets of a piece with one model.

    Args:
        model: the model.
        corpus: the data.
        window: time steps T of a window.
        target: `next` or `shifted`, as in `score`.
    """

    def __init__(
        self, model: Stepper, corpus: Corpus, window: int, target: Literal["next", "shifted"]
    ) -> None:
        self._model, self._corpus, self._window, self._target = model, corpus, window, target

    def read(self, piece: LanePiece, before: Parts | None) -> tuple[list[Scores], Parts]:
        """Read the steps of N lanes; return the scores of each step and the state after the last step.

        Args:
            piece: the steps. If `piece.anew`, each of them begins with a zero state.
            before: the state before the first step, each array (N, H); None: zeros.
        """
        zero = self._model.zero_state(piece.starts.shape[1])
        state, found = zero if before is None else _packed(before, zero), []
        for starts, counts in zip(piece.starts, piece.counts, strict=True):
            state, scores = self._step(starts, counts, zero if piece.anew else state)
            found.append(scores)
        return found, [part for layer in state for part in layer]

    def _step(self, starts: Places, counts: NDArray[np.int32], state: State) -> tuple[State, Scores]:
        """Read one window of each lane; return the state after the window and the scores of its targets.

        Args:
            starts: first token of each lane's window, (N,).
            counts: number of targets of each lane that count, (N,).
            state: the state before the window.
        """
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


def cross_entropies(
    logits: NDArray[np.floating[Any]], targets: NDArray[np.integer[Any]]
) -> NDArray[np.float64]:
    """Return the cross-entropy of each of n targets in nats, log Σ exp(logits) − the target's logit, (n,).

    Args:
        logits: (n, V).
        targets: (n,) ids; the cross-entropy of a target −1, which the model does not know, is NaN.
    """
    # In float64, with the largest logit at 0.
    wide = logits.astype(np.float64)  # (n, V)
    wide -= wide.max(axis=-1, keepdims=True)
    own = np.take_along_axis(wide, targets.astype(np.int64)[:, None], axis=-1)[:, 0]  # (n,)
    costs: NDArray[np.float64] = np.log(np.exp(wide).sum(axis=-1)) - own
    return np.where(targets < 0, np.nan, costs)


def _packed(parts: Parts, like: State) -> State:
    """Return the arrays of a state grouped by layer, as they are grouped in the state `like`."""
    each = iter(parts)
    return tuple(tuple(next(each) for _ in layer) for layer in like)


def _scores(
    logits: NDArray[np.float32],
    targets: NDArray[np.integer[Any]],
    places: NDArray[np.int64],
    steps: NDArray[np.int64],
) -> Scores:
    """Return the scores of n targets from the logits at their positions, (n, V)."""
    columns = targets.astype(np.int64)[:, None]  # (n, 1)
    own = np.take_along_axis(logits, columns, axis=-1)  # (n, 1) the logit of each target
    # Tokens that rank before the target, (n, V); the comparison puts NaN before it too.
    ahead = ~(logits <= own)
    ahead |= (logits == own) & (np.arange(logits.shape[-1]) < columns)
    costs = cross_entropies(logits, targets)
    return Scores(places, steps, targets, costs, ahead.sum(axis=-1) + 1, logits.argmax(axis=-1))

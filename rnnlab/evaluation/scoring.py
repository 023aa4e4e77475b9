"""What a model makes of each target of a part: its cost, its rank, and the token that was expected most."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rnnlab.datasets.batching import Batches, gather
from rnnlab.datasets.corpus import Corpus
from rnnlab.datasets.side_by_side import MOST_LANES, SideBySide, dealt, largest_gap, read_side_by_side
from rnnlab.engines.stepper import State, Stepper

LANES_AT_ONCE = 256
"""Windows that each start from a zero state are read so many at a time."""

TOKENS_OF_A_LANE = 2048
"""A long text is read in rounds. Each lane reads so many tokens in a round; memory holds one round."""


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
        The targets in the order of the windows, or of blocks that are read side by side.
    """
    reader = _Reader(model, corpus, order, target)
    if not order.carries_state:
        for begin in range(0, order.steps, LANES_AT_ONCE):
            end = min(begin + LANES_AT_ONCE, order.steps)
            yield from reader.read(dealt(order, begin, end, lanes=end - begin, warm_up=0))[0]
        return
    size, warm_up = MOST_LANES * max(TOKENS_OF_A_LANE // order.window, 1), 0
    for begin in range(0, order.steps, size):
        end = min(begin + size, order.steps)
        scores, warm_up = read_side_by_side(order, reader.read, begin=begin, end=end, warm_up=warm_up)
        yield from scores
        reader.go_on()


class _Reader:
    """Reads steps of a part round after round; each round goes on with the state after the one before."""

    def __init__(
        self, model: Stepper, corpus: Corpus, order: Batches, target: Literal["next", "shifted"]
    ) -> None:
        self._model, self._corpus, self._window, self._target = model, corpus, order.window, target
        self._before = self._after = model.zero_state(1)

    def go_on(self) -> None:
        """Begin the next round with the state after this one."""
        self._before = self._after

    def read(self, lanes: SideBySide) -> tuple[list[Scores], float]:
        """The scores of the lanes' own targets, and the gap between their states."""
        state = self._model.zero_state(lanes.starts.shape[1])
        begun, scores = state, []
        for time in range(len(lanes.starts)):
            if time == lanes.warm_up:
                begun = state = _with_first(state, self._before)
            state, found = self._step(lanes, time, state)
            scores += [found] if time >= lanes.warm_up else []
        self._after = tuple(tuple(part[lanes.used - 1 : lanes.used] for part in layer) for layer in state)
        return scores, largest_gap(_parts(begun), _parts(state), used=lanes.used)

    def _step(self, lanes: SideBySide, time: int, state: State) -> tuple[State, Scores]:
        """Read one step of each lane (N,): the state after it, and the scores of the targets that count."""
        starts, counts, last_only = lanes.starts[time], lanes.counts[time], self._target == "next"
        batch = gather(
            self._corpus, starts, counts, window=self._window, target=self._target, first=lanes.anew[time]
        )
        logits, state = self._model.forward(batch.inputs, batch.resets, state, last_only=last_only)
        read = logits.shape[1]  # T time steps, or the last one
        counted = batch.weights[:, -read:] > 0  # (N, read)
        steps = np.broadcast_to(np.arange(self._window - read, self._window), counted.shape)
        places = starts[:, None] + steps + 1
        return state, _scores(
            logits[counted], batch.targets[:, -read:][counted], places[counted], steps[counted]
        )


def _with_first(state: State, first: State) -> State:
    """A state (N, H) of each part, with that of the first lane (1, H) put in place."""
    return tuple(
        tuple(np.concatenate([own, part[1:]]) for own, part in zip(mine, layer, strict=True))
        for mine, layer in zip(first, state, strict=True)
    )


def _parts(state: State) -> list[NDArray[np.float32]]:
    """The parts of all layers' states, (N, H) each."""
    return [part for layer in state for part in layer]


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

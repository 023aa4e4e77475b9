"""Stacks of recurrent layers over examples of different length, in NumPy.

Examples of similar length are the lanes of one batch, aligned at the right: the last token of every lane is
at time step T − 1. A layer that reads forwards begins each lane with a zero state at its first token, and a
layer that reads backwards begins all lanes at their last token. Arrays have features first, (K, T, N).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from rnnlab.engines import Ids, State
from rnnlab.engines.numpy.equation import Floats
from rnnlab.engines.numpy.network import Recurrence
from rnnlab.models.architecture import Layer
from rnnlab.models.model_file import Weights
from rnnlab.models.task_architecture import Stack

Numbers = NDArray[np.int64]
P = ParamSpec("P")
R = TypeVar("R")

MOST_LANES = 256
"""Most examples of a batch: more lanes save little time, and their lengths differ more."""

MOST_STEPS = 16_384
"""Most time steps of all lanes of a batch together, T·N, so that long examples need little memory."""


def on_one_thread(function: Callable[P, R]) -> Callable[P, R]:
    """Return a function whose matrix products use one thread.

    A second thread saves little for products of this size. If other programs use the cores too, the threads
    wait for each other at every product, which takes ten times as long.
    """

    @wraps(function)
    def limited(*args: P.args, **settings: P.kwargs) -> R:
        with threadpool_limits(1, user_api="blas"):
            return function(*args, **settings)

    return limited


@dataclass(frozen=True, eq=False)
class LaneBatch:
    """N examples of similar length.

    Attributes:
        numbers: the number of the example of each lane, (N,).
        begins: index of the first token of each lane, (N,).
        lengths: number of tokens of each lane, (N,).
        steps: the largest of the lengths, at least 1, T.
    """

    numbers: Numbers
    begins: Numbers
    lengths: Numbers
    steps: int

    @property
    def valid(self) -> NDArray[np.bool_]:
        """Whether there is a token, (T, N)."""
        return np.arange(self.steps)[:, None] >= self.steps - self.lengths

    @property
    def first(self) -> Numbers:
        """The time step of the first token of each lane, (N,); T − 1 if the lane has no token."""
        return np.minimum(self.steps - self.lengths, self.steps - 1)

    def places(self, *, turned: bool = False) -> Numbers:
        """Return the index of the token at each time step, (T, N), 0 where there is none.

        Args:
            turned: whether the tokens of each lane stand in the opposite order.
        """
        steps = np.arange(self.steps)[:, None]  # (T, 1)
        if turned:
            places = self.begins + self.steps - 1 - steps  # (T, N)
        else:
            places = self.begins + self.lengths - self.steps + steps  # (T, N)
        return np.where(self.valid, places, 0)


def lane_batches(
    begins: Numbers, ends: Numbers, *, beside: Numbers | int = 0, most: int = MOST_LANES
) -> Iterator[LaneBatch]:
    """Yield all examples in batches, the shortest first.

    Args:
        begins: index of the first token of each example, (K,).
        ends: index after the last token of each example, (K,).
        beside: number of further time steps of each example, such as those of its target, (K,).
        most: most lanes of a batch.
    """
    lengths = ends - begins
    order = np.lexsort((lengths, lengths + beside))
    steps = np.maximum((lengths + beside)[order], 1)  # (K,) from the smallest on
    begin = 0
    while begin < len(order):
        needed = steps[begin : begin + most] * np.arange(1, len(steps[begin : begin + most]) + 1)
        count = max(int(np.searchsorted(needed, MOST_STEPS, side="right")), 1)
        numbers = order[begin : begin + count]
        longest = int(lengths[numbers].max())
        yield LaneBatch(numbers, begins[numbers], lengths[numbers], max(longest, 1))
        begin += count


class NumpyStack:
    """A stack of recurrent layers over token ids.

    Args:
        stack: the layers.
        weights: the model's weights, by their names in a model file.
        encoding: the layer that encodes the ids.

    Attributes:
        units: units of each direction of the last layer, H.
    """

    def __init__(self, stack: Stack, weights: Weights, encoding: Layer) -> None:
        self._layers = [Recurrence(layer, weights) for layer in stack.layers]
        self._backward = [Recurrence(layer, weights) for layer in stack.backward]
        self.units = stack.layers[-1].units
        self._residual, self._size = stack.residual, encoding.units
        table = weights[f"{encoding.name}/embeddings"] if encoding.weights else None  # (V, D)
        # The first layer's input pre-activations in each direction, one column for each token.
        self._products = [self._product(layer, table) for layer in self._first]  # (G·H, V) each
        self._columns = [each + layer.bias for each, layer in zip(self._products, self._first, strict=True)]

    @property
    def _first(self) -> list[Recurrence]:
        """The first layer in each direction."""
        return [*self._layers[:1], *self._backward[:1]]

    def _product(self, layer: Recurrence, table: Floats | None) -> Floats:
        """Return Wᵀ times the vector of each token, (G·H, V); a one-hot vector selects a column of Wᵀ."""
        kernel = np.ascontiguousarray(layer.kernel[:, : self._size])  # (G·H, D)
        return kernel if table is None else kernel @ table.T

    def zero_state(self, lanes: int) -> State:
        """Return the zero state of the layers that read forwards."""
        return tuple(layer.zero_state(lanes) for layer in self._layers)

    def inputs(self, ids: Ids, extra: Floats | None = None) -> list[Floats]:
        """Return the first layer's input pre-activations in each direction, (G·H, T, N) each.

        Args:
            ids: token ids, (T, N).
            extra: further inputs below the vectors of the tokens, (C, T, N).
        """
        found = [columns.take(ids, axis=1) for columns in self._columns]  # (G·H, T, N) each
        if extra is not None:
            flat = extra.reshape(len(extra), -1)  # (C, T·N)
            more = (layer.kernel[:, self._size :] @ flat for layer in self._first)  # (G·H, T·N) each
            found = [x + other.reshape(x.shape) for x, other in zip(found, more, strict=True)]
        return found

    def added(self, ids: Ids) -> Floats:
        """Return what the vectors of tokens add to the pre-activations of other tokens, (G·H, N), of (N,)."""
        return self._products[0].take(ids, axis=1)

    def run(
        self, x: Sequence[Floats], valid: NDArray[np.bool_] | None, state: State | None = None
    ) -> tuple[Floats, State]:
        """Return the outputs (H, T, N), or (2·H, T, N) in both directions, and the last state, (N, H) each.

        Args:
            x: the first layer's input pre-activations in each direction, (G·H, T, N) each.
            valid: whether there is a token, (T, N); None if every lane begins at its first time step. Outputs
                where there is no token, and the state of a lane without tokens, are zeros.
            state: the state before the first step, (N, H) each; None for zeros.
        """
        filled = valid is not None and not valid.all()
        keep = None
        if valid is not None and filled:  # a zero state at the first token, and before it
            keep = valid & np.vstack([np.zeros_like(valid[:1]), valid[:-1]])  # (T, N)
        lanes, after = x[0].shape[2], list[tuple[Floats, ...]]()
        before = self.zero_state(lanes) if state is None else state
        values = x[0][:0]
        for number, layer in enumerate(self._layers):
            own = x[0] if number == 0 else layer.inputs(values)  # (G·H, T, N)
            hidden, last = layer.run(own, keep, before[number])  # (H, T, N), (N, H) each
            if self._backward:
                other = self._backward[number]
                own = x[1] if number == 0 else other.inputs(values)  # (G·H, T, N)
                back, _ = other.run(own[:, ::-1], None, other.zero_state(lanes))
                hidden = np.concatenate([hidden, back[:, ::-1]])  # (2·H, T, N)
            values = hidden + values if self._residual and number else hidden
            after.append(last)
        if valid is not None and filled:
            values *= valid
            after = [tuple(part * valid[-1][:, None] for part in parts) for parts in after]
        return values, tuple(after)

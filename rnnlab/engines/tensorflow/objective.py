"""What a training step computes: the costs of the targets of a batch, from the weights and from indices.

An `Objective` gathers its batch on the device by index, runs the network, and compares the logits with the
targets. `TokenObjective` reads windows or lanes of a stream of tokens; `ExampleObjective` reads examples.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from rnnlab.engines.tensorflow.data import BatchGatherer
from rnnlab.engines.tensorflow.examples import ExampleData
from rnnlab.engines.tensorflow.forward import ForwardPass, NetworkState
from rnnlab.engines.tensorflow.start import tf
from rnnlab.engines.tensorflow.task_forward import TaskForward

Tensor = Any


class Costs:
    """The cross-entropy of a batch: the sums for the history, and the loss that training lowers.

    Args:
        logits: (T, N, V).
        targets: token ids, (T, N).
        counted: whether each target counts, (T, N), 1 or 0.
        importance: factor of each target in the loss that training lowers, (T, N); None for 1.

    Attributes:
        sums: (cross-entropy in nats, correct targets, counted targets) summed over the batch, (3,).
    """

    def __init__(
        self, logits: Tensor, targets: Tensor, counted: Tensor, importance: Tensor | None = None
    ) -> None:
        self._logits, self._counted, self._importance = logits, counted, importance
        costs = tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits)
        right = tf.cast(tf.equal(tf.argmax(logits, axis=-1, output_type=tf.int32), targets), tf.float32)
        self._costs = costs
        sums = [tf.reduce_sum(costs * counted), tf.reduce_sum(right * counted), tf.reduce_sum(counted)]
        self.sums = tf.stack(sums)

    def lowered(self, label_smoothing: float) -> Tensor:
        """Return the loss that training lowers: the cross-entropy with smoothed targets, summed over a batch.

        Args:
            label_smoothing: the fraction of each target that is spread evenly over all V tokens, [0, 1)
                (Szegedy et al., 2016, section 7).
        """
        total, counted = self.sums[0], self._counted
        if self._importance is not None:
            counted = counted * self._importance
            total = tf.reduce_sum(self._costs * counted)
        if not label_smoothing:
            return total
        even = tf.reduce_logsumexp(self._logits, axis=-1) - tf.reduce_mean(self._logits, axis=-1)
        return (1 - label_smoothing) * total + label_smoothing * tf.reduce_sum(even * counted)


class Objective(Protocol):
    """The costs of a batch, as a function of the weights.

    Attributes:
        figures: the type of each of `Chunk.figures`.
    """

    @property
    def figures(self) -> tuple[Any, ...]: ...

    def zero_state(self, lanes: int) -> NetworkState:
        """Return the state of N lanes before the first step; empty if no state is carried."""

    def __call__(
        self,
        weights: dict[str, Tensor],
        figures: Sequence[Tensor],
        fresh: Tensor,
        state: NetworkState,
        seed: Tensor | None,
    ) -> tuple[Costs, NetworkState]:
        """Return the costs of a batch, and the state after it.

        Args:
            weights: the weights, by their names in a model file.
            figures: what each lane reads, (N,) integers each, as `Chunk.figures` has them.
            fresh: whether the state is zeroed before the step.
            state: the state before the step.
            seed: two integers (2,) that decide what dropout drops; None drops nothing.
        """


class TokenObjective:
    """The next token of windows, or of lanes of a stream.

    Args:
        forward: the network's equations.
        batches: gathers the tokens of a batch.
    """

    figures = (np.int64, np.int32)

    def __init__(self, forward: ForwardPass, batches: BatchGatherer) -> None:
        self._forward, self._batches = forward, batches

    def zero_state(self, lanes: int) -> NetworkState:
        """Return the zero state of every recurrent layer, (H, N) each."""
        return self._forward.zero_state(lanes)

    def __call__(
        self,
        weights: dict[str, Tensor],
        figures: Sequence[Tensor],
        fresh: Tensor,
        state: NetworkState,
        seed: Tensor | None,
    ) -> tuple[Costs, NetworkState]:
        """Return the costs of a batch, and the state after it; `figures` are starts and counts, (N,) each."""
        starts, counts = figures
        inputs, targets, counted, keep = self._batches(starts, counts)
        state = tf.nest.map_structure(partial(zeroed, where=fresh), state)
        logits, state = self._forward(weights, inputs, keep, state, seed)
        return Costs(logits, targets, counted), state


class ExampleObjective:
    """The costs of a batch of examples of one bucket.

    Args:
        forward: the network's equations.
        data: the examples.
        shape: most tokens of an input, and of a target, (T, U).
        importance: for each label, the factor of its targets in the loss that training lowers, (L,); None
            for 1.
    """

    figures = (np.int32,)

    def __init__(
        self,
        forward: TaskForward,
        data: ExampleData,
        shape: tuple[int, int],
        importance: NDArray[np.float32] | None = None,
    ) -> None:
        self._forward, self._data, self._shape = forward, data, shape
        self._importance = None if importance is None else tf.constant(importance)

    def zero_state(self, lanes: int) -> NetworkState:
        """Return no state: every example begins with zeros."""
        del lanes
        return ()

    def __call__(
        self,
        weights: dict[str, Tensor],
        figures: Sequence[Tensor],
        fresh: Tensor,
        state: NetworkState,
        seed: Tensor | None,
    ) -> tuple[Costs, NetworkState]:
        """Return the costs of a batch; `figures` are the numbers of the examples, from 1, (N,)."""
        del fresh, state
        (numbers,) = figures
        lanes = self._data.batch(numbers, *self._shape)
        logits = self._forward(weights, lanes, seed)
        importance = None if self._importance is None else tf.gather(self._importance, lanes.targets)
        return Costs(logits, lanes.targets, lanes.counted, importance), ()


def zeroed(part: Tensor, *, where: Tensor) -> Tensor:
    """Return a part of a state (H, N), or zeros if the condition `where` holds."""
    return tf.where(where, tf.zeros_like(part), part)

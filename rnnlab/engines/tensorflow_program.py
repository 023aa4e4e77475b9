"""Many training steps as one compiled XLA program.

The program keeps the token ids on the device, gathers each batch from them by index, and steps the optimizer;
it gives back what each step truly cost. How many steps a call takes is an argument of the program, with room
for a fixed most: neither what is compiled nor a bit of the result depends on where a run is cut into chunks.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.engines.tensorflow_best import BestWeights
from rnnlab.engines.tensorflow_data import BatchGatherer, TokenData
from rnnlab.engines.tensorflow_forward import ForwardPass, NetworkState
from rnnlab.engines.tensorflow_start import tf

Tensor = Any

MOST_STEPS = 8192
MOST_INDICES = 2**20
"""Room of a chunk: at most so many steps, and so many lanes over all steps."""


@dataclass(frozen=True)
class Chunk:
    """Training steps that follow one another.

    Attributes:
        starts: first token of each lane at each step, (B, N).
        counts: how many targets of each lane count at each step, (B, N).
        fresh: whether the state is zeroed before the step, (B,).
        ends_epoch: whether the step is the last of its epoch, (B,).
    """

    starts: NDArray[np.integer[Any]]
    counts: NDArray[np.integer[Any]]
    fresh: NDArray[np.bool_]
    ends_epoch: NDArray[np.bool_]


@dataclass(frozen=True)
class StepRecords:
    """What steps measured on their own batches, before each update; (B,) each.

    Attributes:
        losses: mean cross-entropy, nats per token.
        correct: targets that were the most probable token.
        counted: targets that counted.
    """

    losses: NDArray[np.float32]
    correct: NDArray[np.float32]
    counted: NDArray[np.float32]


class TrainingProgram:
    """A network, its optimizer and its corpus, compiled.

    Args:
        forward: the network's equations.
        variables: its Keras variables, by their names in a model file.
        optimizer: a Keras optimizer.
        data: the corpus.
        lanes: lanes N of a batch.
        dropout_seed: the number that, with the step's own, decides what dropout drops.
        track_best: whether to keep the weights of the epoch with the lowest training loss.
    """

    def __init__(
        self,
        forward: ForwardPass,
        variables: dict[str, Any],
        optimizer: Any,
        data: TokenData,
        *,
        lanes: int,
        dropout_seed: int,
        track_best: bool,
    ) -> None:
        self.room = max(1, min(MOST_STEPS, MOST_INDICES // lanes))
        self._forward, self._variables, self._optimizer = forward, variables, optimizer
        optimizer.build(list(variables.values()))
        self._batches = BatchGatherer(data)
        self._dropout_seed = dropout_seed
        self._state = forward.zero_state(lanes)
        self._best = BestWeights(variables) if track_best else None
        self._train = _compiled(self._train_steps)
        self._measure = _compiled(self._measure_steps)

    @property
    def best_epoch(self) -> int:
        """Number of the epoch, from 0, whose training loss was lowest; −1 before the first has ended."""
        return -1 if self._best is None else int(self._best.epoch)

    @property
    def best_loss(self) -> float:
        """The training loss of the best epoch, nats per token; infinite before the first has ended."""
        return float("inf") if self._best is None else float(self._best.loss)

    def weights(self) -> dict[str, NDArray[np.float32]]:
        """A copy of the weights as they are."""
        return {name: variable.numpy().copy() for name, variable in self._variables.items()}

    def best_weights(self) -> dict[str, NDArray[np.float32]]:
        """A copy of the weights at the end of the best epoch."""
        if self._best is None:
            return self.weights()
        return {name: copy.numpy().copy() for name, copy in self._best.copies.items()}

    def train(self, chunk: Chunk, *, first_step: int) -> StepRecords:
        """Take the steps of a chunk, which has at most `room` of them.

        Args:
            chunk: the steps.
            first_step: number of the chunk's first step since training began, from 0.
        """
        steps = len(chunk.fresh)
        padded = [
            np.resize(array, (self.room, *array.shape[1:]))
            for array in (chunk.starts, chunk.counts, chunk.fresh, chunk.ends_epoch)
        ]
        records, self._state = self._train(*padded, np.int32(steps), np.int32(first_step), self._state)
        return StepRecords(*records.numpy()[:steps].T)

    def measure(self, chunk: Chunk) -> StepRecords:
        """The same figures for batches of held-out data, with the weights as they are, from a zero state."""
        records = self._measure(chunk.starts, chunk.counts, chunk.fresh)
        return StepRecords(*records.numpy().T)

    def _train_steps(
        self,
        starts: Tensor,
        counts: Tensor,
        fresh: Tensor,
        ends_epoch: Tensor,
        steps: Tensor,
        first_step: Tensor,
        state: NetworkState,
    ) -> tuple[Tensor, NetworkState]:
        records = tf.TensorArray(tf.float32, self.room, element_shape=(3,))

        def step(k: Tensor, _: Tensor, records: Any, state: NetworkState) -> tuple[Any, ...]:
            seed = tf.stack([self._dropout_seed, first_step + k])
            record, state = self._update(starts[k], counts[k], fresh[k], state, seed)
            if self._best:
                self._best.add(record)
            return k + 1, ends_epoch[k], records.write(k, record), state

        def epoch(k: Tensor, records: Any, state: NetworkState) -> tuple[Any, ...]:
            k, ended, records, state = tf.while_loop(
                lambda k, ended, *_: (k < steps) & ~ended, step, (k, tf.constant(False), records, state)
            )
            if self._best:
                self._best.end_epoch(ended)
            return k, records, state

        _, records, state = tf.while_loop(lambda k, *_: k < steps, epoch, (tf.constant(0), records, state))
        return records.stack(), state

    def _update(
        self, starts: Tensor, counts: Tensor, fresh: Tensor, state: NetworkState, seed: Tensor
    ) -> tuple[Tensor, NetworkState]:
        """One step of the optimizer: (loss, correct, counted) of its batch, and the state after it."""
        variables = list(self._variables.values())
        with tf.GradientTape() as tape:
            record, state = self._measured(starts, counts, fresh, state, seed)
            loss = record[0]
        gradients = tape.gradient(loss, [variable.value for variable in variables])
        self._optimizer.apply(gradients, variables)
        return record, state

    def _measure_steps(self, starts: Tensor, counts: Tensor, fresh: Tensor) -> Tensor:
        steps, lanes = starts.shape
        records = tf.TensorArray(tf.float32, steps, element_shape=(3,))

        def step(k: Tensor, records: Any, state: NetworkState) -> tuple[Tensor, Any, NetworkState]:
            record, state = self._measured(starts[k], counts[k], fresh[k], state, None)
            return k + 1, records.write(k, record), state

        first = (tf.constant(0), records, self._forward.zero_state(lanes))
        return tf.while_loop(lambda k, *_: k < steps, step, first)[1].stack()

    def _measured(
        self, starts: Tensor, counts: Tensor, fresh: Tensor, state: NetworkState, seed: Tensor | None
    ) -> tuple[Tensor, NetworkState]:
        inputs, targets, counted, keep = self._batches(starts, counts)
        state = tf.nest.map_structure(lambda part: tf.where(fresh, tf.zeros_like(part), part), state)
        weights = {name: variable.value for name, variable in self._variables.items()}
        logits, state = self._forward(weights, inputs, keep, state, seed)
        return _record(logits, targets, counted), state


def _record(logits: Tensor, targets: Tensor, counted: Tensor) -> Tensor:
    """(mean cross-entropy in nats per token, correct targets, counted targets), (3,)."""
    costs = tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits)
    right = tf.cast(tf.equal(tf.argmax(logits, axis=-1, output_type=tf.int32), targets), tf.float32)
    total = tf.reduce_sum(counted)
    loss = tf.math.divide_no_nan(tf.reduce_sum(costs * counted), total)
    return tf.stack([loss, tf.reduce_sum(right * counted), total])


def _compiled(function: Callable[..., Any]) -> Any:
    return tf.function(function, jit_compile=True, autograph=False)

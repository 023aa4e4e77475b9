"""Many training steps in one call of compiled code.

The program keeps the token ids on the device, gathers each batch from them by index, steps the optimizer, and
returns the loss of each step on its own batch. The number of steps is an argument of the program, up to a
fixed maximum. So the compiled code and every bit of the result are the same however a training is cut into
chunks.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.engines.tensorflow.data import (
    BatchGatherer,
    Chunk,
    MeasuredSteps,
    StepRecords,
    TokenData,
    lane_groups,
)
from rnnlab.engines.tensorflow.forward import ForwardPass, NetworkState
from rnnlab.engines.tensorflow.start import tf
from rnnlab.engines.tensorflow.update import BestWeights, Snapshot, Snapshots, Update, held_variables

Tensor = Any

MOST_STEPS = 8192
MOST_INDICES = 2**17
"""Largest chunk: MOST_STEPS steps, and MOST_INDICES lanes, summed over the steps."""

MEASURED_AT_ONCE = 1024
"""Steps that one call measures; for more steps, the same compiled program is called several times."""


class Costs:
    """The cross-entropy of a batch: the sums for the history, and the loss that training lowers.

    Args:
        logits: (T, N, V).
        targets: token ids, (T, N).
        counted: whether each target counts, (T, N), 1 or 0.

    Attributes:
        sums: (cross-entropy in nats, correct targets, counted targets) summed over the batch, (3,).
    """

    def __init__(self, logits: Tensor, targets: Tensor, counted: Tensor) -> None:
        self._logits, self._counted = logits, counted
        costs = tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits)
        right = tf.cast(tf.equal(tf.argmax(logits, axis=-1, output_type=tf.int32), targets), tf.float32)
        sums = [tf.reduce_sum(costs * counted), tf.reduce_sum(right * counted), tf.reduce_sum(counted)]
        self.sums = tf.stack(sums)

    def lowered(self, label_smoothing: float) -> Tensor:
        """Return the loss that training lowers: the cross-entropy with smoothed targets, summed over a batch.

        Args:
            label_smoothing: the fraction of each target that is spread evenly over all V tokens, [0, 1)
                (Szegedy et al., 2016, section 7).
        """
        if not label_smoothing:
            return self.sums[0]
        even = tf.reduce_logsumexp(self._logits, axis=-1) - tf.reduce_mean(self._logits, axis=-1)
        return (1 - label_smoothing) * self.sums[0] + label_smoothing * tf.reduce_sum(even * self._counted)


class TrainingProgram:
    """A network, its optimizer and its corpus, compiled.

    If a step takes long, the lanes of a batch are divided into groups, at most one for each core
    (`lane_groups` decides). An XLA program computes the gradients of one group on one core: the cores then
    wait for one another once in a step, and not at every product. Otherwise all steps are one XLA program.

    Args:
        forward: the network's equations.
        variables: the network's Keras variables, by their names in a model file.
        optimizer: a Keras optimizer.
        data: the corpus.
        lanes: lanes N of a batch.
        dropout_seed: a number that decides, together with the number of the step, what dropout drops.
        label_smoothing: fraction of each target that is spread over all tokens, as in `Costs.lowered`.
        track_best: whether to keep the weights of the best epoch, as `BestWeights` does.
        skips: whether a step is undone if its loss, or a weight or a moment after it, is not finite.
        chains_lanes: whether, when an epoch begins, each lane takes the last state of the lane before it (the
            windows of that lane come before its own). The first lane begins each epoch with zeros; in the
            first epoch, all lanes begin with zeros.
        cores: largest number of groups of lanes.
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
        label_smoothing: float = 0.0,
        track_best: bool,
        skips: bool = False,
        chains_lanes: bool = False,
        cores: int = 1,
    ) -> None:
        self.room = max(1, min(MOST_STEPS, MOST_INDICES // lanes))
        self._forward, self._variables = forward, variables
        optimizer.build(list(variables.values()))
        self._batches = BatchGatherer(data)
        self._dropout_seed, self._label_smoothing = dropout_seed, label_smoothing
        weights = sum(math.prod(variable.shape) for variable in variables.values())
        self._groups = lane_groups(lanes, weights=weights, tokens=lanes * data.window, cores=cores)
        self._best = BestWeights(variables) if track_best else None
        self._snapshots = Snapshots(held_variables(variables, optimizer, self._best), lanes=lanes)
        self.reset()
        self._in_groups, self._skips = self._groups.count > 1, skips
        self._chains_lanes = chains_lanes
        update = Update(variables, optimizer, self._best, skips=skips)
        self._parts: list[Callable[..., Any]] = [self._gradients, update]
        if self._in_groups:
            self._parts = [_compiled(part) for part in self._parts]
        self._train = self._compiled_loop()
        self._measure = _compiled(self._measure_steps)

    def reset(self) -> None:
        """Set the state to zero, and forget the best epoch; the caller resets weights and optimizer."""
        self._state = [self._forward.zero_state(self._groups.lanes) for _ in range(self._groups.count)]
        if self._best:
            self._best.reset()

    def snapshot(self) -> Snapshot:
        """Return a copy of all arrays that the next step depends on, without the number of the step."""
        return self._snapshots.take(self._state)

    def restore(self, snapshot: Snapshot) -> None:
        """Restore a snapshot: the next step continues from it.

        Raises:
            ValueError: the snapshot is from another program.
        """
        self._state = self._snapshots.put(snapshot, self._state)

    @property
    def best_epoch(self) -> int:
        """Number of the best epoch, from 0; −1 without `track_best`, and while no epoch has a finite loss."""
        return -1 if self._best is None else int(self._best.kept.epoch)

    @property
    def best_loss(self) -> float:
        """Training loss of the best epoch, nats per token; infinite if there is no best epoch."""
        return float("inf") if self._best is None else float(self._best.kept.loss)

    def weights(self) -> dict[str, NDArray[np.float32]]:
        """Return a copy of the current weights."""
        return {name: variable.numpy().copy() for name, variable in self._variables.items()}

    def best_weights(self) -> dict[str, NDArray[np.float32]]:
        """Return a copy of the weights of the best epoch, or of the current weights without `track_best`.

        If no epoch is the best yet (`best_epoch` is −1), the weights are meaningless.
        """
        if self._best is None:
            return self.weights()
        return {name: copy.numpy().copy() for name, copy in self._best.kept.copies.items()}

    def train(self, chunk: Chunk, *, first_step: int) -> StepRecords:
        """Train on all steps of a chunk; return the figures of each step.

        Args:
            chunk: the steps; a chunk must not have more than `room`.
            first_step: the number of the chunk's first step in the training, from 0.
        """
        steps = len(chunk.fresh)
        starts = self._groups.dealt(chunk.starts.astype(np.int64))
        counts = self._groups.dealt(chunk.counts.astype(np.int32))
        arrays = [starts, counts, chunk.fresh, chunk.ends_epoch]
        if not self._in_groups:
            arrays = [np.resize(array, (self.room, *array.shape[1:])) for array in arrays]
        records, self._state = self._train(*arrays, np.int32(steps), np.int32(first_step), self._state)
        return StepRecords(*records.numpy()[:steps].T)

    def measure(
        self, passage: MeasuredSteps, before: list[NDArray[np.float32]] | None = None
    ) -> tuple[StepRecords, list[NDArray[np.float32]]]:
        """Measure steps with the current weights; return their figures, and the state after the last step.

        Args:
            passage: the steps, with any number of lanes N.
            before: each part of the state before the first step, (N, H); None for a zero state.

        Returns:
            The figures of each step, and each part of the state after the last step, (N, H).
        """
        steps, lanes = passage.starts.shape
        state = self._forward.zero_state(lanes)
        if before is not None:
            state = tf.nest.pack_sequence_as(state, [tf.constant(part.T) for part in before])
        pieces = []
        for begin in range(0, steps, MEASURED_AT_ONCE):
            own = [column[begin : begin + MEASURED_AT_ONCE] for column in (passage.starts, passage.counts)]
            read = len(own[0])
            starts, counts = (np.resize(column, (MEASURED_AT_ONCE, lanes)) for column in own)
            records, state = self._measure(
                starts.astype(np.int64), counts.astype(np.int32), passage.anew, np.int32(read), state
            )
            pieces.append(records.numpy()[:read])
        return StepRecords(*np.concatenate(pieces).T), [part.numpy().T for part in tf.nest.flatten(state)]

    def _compiled_loop(self) -> Any:
        """Return the loop over steps: one XLA program, or in groups a loop that calls XLA programs."""
        steps = None if self._in_groups else self.room
        dealt = (steps, self._groups.count, self._groups.lanes)  # starts and counts; flags are (steps,)
        signature = [
            tf.TensorSpec(dealt, tf.int64),
            tf.TensorSpec(dealt, tf.int32),
            *[tf.TensorSpec((steps,), tf.bool)] * 2,
            *[tf.TensorSpec((), tf.int32)] * 2,
            tf.nest.map_structure(lambda part: tf.TensorSpec(part.shape, part.dtype), self._state),
        ]
        return tf.function(
            self._train_steps,
            input_signature=signature,
            jit_compile=not self._in_groups,
            autograph=False,
        )

    def _train_steps(
        self,
        starts: Tensor,
        counts: Tensor,
        fresh: Tensor,
        ends_epoch: Tensor,
        steps: Tensor,
        first_step: Tensor,
        states: list[NetworkState],
    ) -> tuple[Tensor, list[NetworkState]]:
        """Return the figures of each step, (room, 3) or in groups (steps, 3), and each group's last state."""
        room = steps if self._in_groups else self.room
        records = tf.TensorArray(tf.float32, room, element_shape=(3,))

        def step(k: Tensor, _: Tensor, records: Any, states: list[NetworkState]) -> tuple[Any, ...]:
            gradients, update = self._parts
            weights = {name: variable.value for name, variable in self._variables.items()}
            zeroed = fresh[k]
            if self._chains_lanes:
                states, zeroed = _chained(states, fresh[k]), tf.constant(False)
            elif self._skips:  # the state is zeroed even if the step is skipped
                states = tf.nest.map_structure(partial(_zeroed, where=fresh[k]), states)
            # Each group's (sums, gradients, state after).
            found = []
            for group, state in enumerate(states):
                seed = tf.stack([self._dropout_seed + (group << 16), first_step + k])
                found.append(gradients(weights, starts[k, group], counts[k, group], zeroed, state, seed))
            record = update([own[0] for own in found], [own[1] for own in found])  # (3,)
            after = [own[2] for own in found]  # (H, lanes of a group) each
            if self._chains_lanes:
                after = [
                    tf.nest.map_structure(partial(tf.where, counts[k, group] > 0), own, state)
                    for group, (own, state) in enumerate(zip(after, states, strict=True))
                ]
            if self._skips:
                after = tf.nest.map_structure(partial(tf.where, record[2] > 0), after, states)
            return k + 1, ends_epoch[k], records.write(k, record), after

        def epoch(k: Tensor, records: Any, states: list[NetworkState]) -> tuple[Any, ...]:
            k, ended, records, states = tf.while_loop(
                lambda k, ended, *_: (k < steps) & ~ended, step, (k, tf.constant(False), records, states)
            )
            if self._best:
                self._best.end_epoch(ended)
            return k, records, states

        _, records, states = tf.while_loop(lambda k, *_: k < steps, epoch, (tf.constant(0), records, states))
        return records.stack(), states

    def _gradients(
        self,
        weights: dict[str, Tensor],
        starts: Tensor,
        counts: Tensor,
        fresh: Tensor,
        state: NetworkState,
        seed: Tensor,
    ) -> tuple[Tensor, dict[str, Tensor], NetworkState]:
        """Return a group's sums (3,), the gradients of its loss by weight, and its state after the step."""
        with tf.GradientTape() as tape:
            tape.watch(weights)
            costs, state = self._costs(weights, starts, counts, fresh, state, seed)
            lowered = costs.lowered(self._label_smoothing)
        return costs.sums, tape.gradient(lowered, weights), state

    def _measure_steps(
        self, starts: Tensor, counts: Tensor, anew: Tensor, steps: Tensor, state: NetworkState
    ) -> tuple[Tensor, NetworkState]:
        """Return the figures of the first `steps` steps, (MEASURED_AT_ONCE, 3), and the state after them."""
        weights = {name: variable.value for name, variable in self._variables.items()}
        records = tf.TensorArray(tf.float32, MEASURED_AT_ONCE, element_shape=(3,))

        def step(k: Tensor, records: Any, state: NetworkState) -> tuple[Tensor, Any, NetworkState]:
            costs, state = self._costs(weights, starts[k], counts[k], anew, state, None)
            sums = costs.sums
            record = tf.stack([tf.math.divide_no_nan(sums[0], sums[2]), sums[1], sums[2]])
            return k + 1, records.write(k, record), state

        _, records, state = tf.while_loop(lambda k, *_: k < steps, step, (tf.constant(0), records, state))
        return records.stack(), state

    def _costs(
        self,
        weights: dict[str, Tensor],
        starts: Tensor,
        counts: Tensor,
        fresh: Tensor,
        state: NetworkState,
        seed: Tensor | None,
    ) -> tuple[Costs, NetworkState]:
        """Return the costs of a batch, and the state after the batch."""
        inputs, targets, counted, keep = self._batches(starts, counts)
        state = tf.nest.map_structure(partial(_zeroed, where=fresh), state)
        logits, state = self._forward(weights, inputs, keep, state, seed)
        return Costs(logits, targets, counted), state


def _zeroed(part: Tensor, *, where: Tensor) -> Tensor:
    """Return a part of a state (H, N), or zeros if the condition `where` holds."""
    return tf.where(where, tf.zeros_like(part), part)


def _chained(states: list[NetworkState], begins: Tensor) -> list[NetworkState]:
    """Return the states; if an epoch begins, each lane has that of the lane before it, the first one zeros.

    Args:
        states: the state of each group of lanes, (H, lanes of a group) each.
        begins: whether an epoch begins.
    """
    groups = [tf.nest.flatten(state) for state in states]
    moved = []
    for parts in zip(*groups, strict=True):
        joined = tf.concat(parts, axis=1)  # (H, lanes of all groups)
        shifted = tf.pad(joined[:, :-1], ((0, 0), (1, 0)))  # lane n has the state of lane n − 1
        moved.append(tf.split(tf.where(begins, shifted, joined), len(groups), axis=1))
    return [
        tf.nest.pack_sequence_as(state, [part[group] for part in moved]) for group, state in enumerate(states)
    ]


def _compiled(function: Callable[..., Any]) -> Any:
    return tf.function(function, jit_compile=True, autograph=False)

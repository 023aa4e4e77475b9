"""Many training steps in one call of compiled code.

The program keeps the token ids on the device, gathers each batch from them by index, steps the optimizer, and
returns the loss of each step on its own batch. The number of steps is an argument of the program, up to a
fixed maximum. So the compiled code and every bit of the result are the same however a training is cut into
chunks.
"""

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.engines.tensorflow.chained_lanes import chained, chained_after, where_read
from rnnlab.engines.tensorflow.collective import WHOLE, GradientSum, Share
from rnnlab.engines.tensorflow.data import Chunk, MeasuredSteps, StepRecords, shared_groups
from rnnlab.engines.tensorflow.forward import NetworkState
from rnnlab.engines.tensorflow.mirrors import Mirror
from rnnlab.engines.tensorflow.objective import Objective, zeroed
from rnnlab.engines.tensorflow.start import tf
from rnnlab.engines.tensorflow.update import BestWeights, Snapshot, Snapshots, Update, held_variables

Tensor = Any

MOST_STEPS = 8192
MOST_INDICES = 2**17
"""Largest chunk: MOST_STEPS steps, and MOST_INDICES lanes, summed over the steps."""

MEASURED_AT_ONCE = 1024
"""Steps that one call measures; for more steps, the same compiled program is called several times."""


class TrainingProgram:
    """A network, its optimizer and its corpus, compiled.

    If a step takes long, the lanes of a batch are divided into groups, at most one for each core
    (`lane_groups` decides). An XLA program computes the gradients of one group on one core: the cores then
    wait for one another once in a step, and not at every product. Otherwise all steps are one XLA program.
    With several workers, each computes the gradients of its own groups, and all take the same step.

    Args:
        objectives: what a step may compute; a chunk says which of them each step computes.
        variables: the network's Keras variables, by their names in a model file.
        optimizer: a Keras optimizer.
        measured: what `measure` may compute; None for the same as `objectives`.
        lanes: lanes N of a batch.
        tokens: time steps of all lanes of a batch together, such as N·T.
        dropout_seed: a number that decides, together with the number of the step, what dropout drops.
        label_smoothing: fraction of each target that is spread over all tokens, as in `Costs.lowered`.
        track_best: whether to keep the weights of the best epoch, as `BestWeights` does.
        skips: whether a step is undone if its loss, or a weight or a moment after it, is not finite.
        chains_lanes: whether, when an epoch begins, each lane takes the last state of the lane before it (the
            windows of that lane come before its own). The first lane begins each epoch with zeros; in the
            first epoch, all lanes begin with zeros.
        cores: largest number of groups of lanes of a worker.
        share: which part of the lanes this worker has.
        mirrors: other devices that compute, each with its own copy of `objectives`; the groups of lanes are
            dealt out to the default device and to them.
    """

    def __init__(
        self,
        objectives: Sequence[Objective],
        variables: dict[str, Any],
        optimizer: Any,
        *,
        measured: Sequence[Objective] | None = None,
        lanes: int,
        tokens: int,
        dropout_seed: int,
        label_smoothing: float = 0.0,
        track_best: bool,
        skips: bool = False,
        chains_lanes: bool = False,
        cores: int = 1,
        share: Share = WHOLE,
        mirrors: Sequence[Mirror] = (),
    ) -> None:
        self.room = max(1, min(MOST_STEPS, MOST_INDICES // lanes))
        self._objectives, self._variables = tuple(objectives), variables
        optimizer.build(list(variables.values()))
        self._dropout_seed, self._label_smoothing = dropout_seed, label_smoothing
        weights = sum(math.prod(variable.shape) for variable in variables.values())
        sides = share.count * (1 + len(mirrors))
        cores = 1 if mirrors else cores
        self._groups = shared_groups(lanes, weights=weights, tokens=tokens, cores=cores, workers=sides)
        each = self._groups.count // share.count
        self._own = slice(each * share.rank, each * (share.rank + 1))  # the groups of this worker
        first = self._own.start * self._groups.lanes
        self.own_lanes = slice(min(first, lanes), min(self._own.stop * self._groups.lanes, lanes))
        self._best = BestWeights(variables) if track_best else None
        held = held_variables(variables, optimizer, self._best)
        self._snapshots = Snapshots(held, lanes=lanes, first=first)
        self.reset()
        self._in_groups, self._skips = self._groups.count > 1, skips
        self.chains_lanes = chains_lanes
        meets = GradientSum(variables, workers=share.count) if share.count > 1 else None
        update = Update(variables, optimizer, self._best, skips=skips)
        self._update: Callable[..., Any] = update
        self._devices = [None, *(mirror.device for mirror in mirrors)]
        copies = [self._objectives, *(mirror.objectives for mirror in mirrors)]
        self._gradients_of: list[list[Any]] = [
            [partial(self._gradients, each) for each in objectives] for objectives in copies
        ]
        if self._in_groups:
            self._update = meets.step_with(update) if meets else _compiled(update)
            self._gradients_of = [[_compiled(each) for each in own] for own in self._gradients_of]
        self._train = self._compiled_loop()
        self._measured = self._objectives if measured is None else tuple(measured)
        self._measure = [_compiled(partial(self._measure_steps, each)) for each in self._measured]

    def reset(self) -> None:
        """Set the state to zero, and forget the best epoch; the caller resets weights and optimizer."""
        first = self._objectives[0]
        groups = range(self._own.start, self._own.stop)
        self._state = [first.zero_state(self._groups.lanes) for _ in groups]
        if self._best:
            self._best.reset()

    @property
    def last_lane(self) -> list[NDArray[np.float32]]:
        """Each part of the state of the last of this worker's lanes, (H, 1)."""
        return [part.numpy()[:, -1:] for part in tf.nest.flatten(self._state[-1])]

    def chain_lanes(self, before: list[NDArray[np.float32]]) -> None:
        """Give each lane the state of the lane before it.

        Args:
            before: each part of the state of the last lane of the worker before this one, (H, 1).
        """
        self._state = chained_after(before, self._state)

    def snapshot(self) -> Snapshot:
        """Return a copy of all arrays that the next step depends on, without the number of the step.

        It has the state of this worker's lanes; that of the other lanes is zero.
        """
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

    def compile(self) -> None:
        """Compile the gradients of every objective that lanes in groups may need, all at the same time.

        Without this, the first step of each objective would take seconds. No variable changes. If the lanes
        are in one group, nothing is done: the first call of `train` compiles all objectives.
        """
        if not self._in_groups or len(self._objectives) == 1:
            return
        lanes, state = self._groups.lanes, self._state[0]
        weights = self._read_weights()
        figures = [tf.zeros((lanes,), figure) for figure in self._objectives[0].figures]
        arguments = (weights, figures, tf.constant(True), state, tf.zeros((2,), tf.int32))
        # From a graph, as the loop calls them: what an eager call compiles, a graph compiles again.
        for device, gradients_of in zip(self._devices, self._gradients_of, strict=True):
            with tf.device(device):
                tf.function(partial(_sums_of_each, gradients_of), autograph=False)(*arguments)

    def train(self, chunk: Chunk, *, first_step: int) -> StepRecords:
        """Train on all steps of a chunk; return the figures of each step.

        Args:
            chunk: the steps; a chunk must not have more than `room`.
            first_step: the number of the chunk's first step in the training, from 0.
        """
        steps = len(chunk.fresh)
        figures = [
            self._groups.dealt(figure.astype(wanted))[:, self._own]
            for figure, wanted in zip(chunk.figures, self._objectives[0].figures, strict=True)
        ]
        arrays = [*figures, chunk.fresh, chunk.ends_epoch]
        if len(self._objectives) > 1 and chunk.objectives is not None:
            arrays.append(chunk.objectives.astype(np.int32))
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
        steps, lanes = passage.figures[0].shape
        objective, measure = self._measured[passage.objective], self._measure[passage.objective]
        state = objective.zero_state(lanes)
        if before is not None:
            state = tf.nest.pack_sequence_as(state, [tf.constant(part.T) for part in before])
        pieces = []
        for begin in range(0, steps, MEASURED_AT_ONCE):
            own = [figure[begin : begin + MEASURED_AT_ONCE] for figure in passage.figures]
            read = len(own[0])
            figures = [
                np.resize(figure, (MEASURED_AT_ONCE, lanes)).astype(wanted)
                for figure, wanted in zip(own, objective.figures, strict=True)
            ]
            records, state = measure(figures, passage.anew, np.int32(read), state)
            pieces.append(records.numpy()[:read])
        return StepRecords(*np.concatenate(pieces).T), [part.numpy().T for part in tf.nest.flatten(state)]

    def _compiled_loop(self) -> Any:
        """Return the loop over steps: one XLA program, or in groups a loop that calls XLA programs."""
        steps = None if self._in_groups else self.room
        dealt = (
            steps,
            self._own.stop - self._own.start,
            self._groups.lanes,
        )  # a figure of each lane; flags are (steps,)
        signature = [
            *(tf.TensorSpec(dealt, figure) for figure in self._objectives[0].figures),
            *[tf.TensorSpec((steps,), tf.bool)] * 2,
            *([tf.TensorSpec((steps,), tf.int32)] if len(self._objectives) > 1 else []),
            *[tf.TensorSpec((), tf.int32)] * 2,
            tf.nest.map_structure(lambda part: tf.TensorSpec(part.shape, part.dtype), self._state),
        ]
        return tf.function(
            self._train_steps,
            input_signature=signature,
            jit_compile=not self._in_groups,
            autograph=False,
        )

    def _train_steps(self, *arguments: Any) -> tuple[Tensor, list[NetworkState]]:
        """Return the figures of each step, (room, 3) or in groups (steps, 3), and each group's last state.

        Args:
            arguments: in the order of the signature: the figures of the chunk, (steps, groups, lanes) each;
                `fresh` and `ends_epoch`, (steps,); of several objectives the number of each step's, (steps,);
                the number of steps; the number of the first step; each group's state.
        """
        *arrays, steps, first_step, states = arguments
        count = len(self._objectives[0].figures)
        figures, (fresh, ends_epoch, *chosen) = arrays[:count], arrays[count:]
        room = steps if self._in_groups else self.room
        records = tf.TensorArray(tf.float32, room, element_shape=(3,))

        def step(k: Tensor, _: Tensor, records: Any, states: list[NetworkState]) -> tuple[Any, ...]:
            weights = self._read_weights()
            zeroed_now = fresh[k]
            if self.chains_lanes:
                states, zeroed_now = chained(states, fresh[k]), tf.constant(False)
            elif self._skips:  # the state is zeroed even if the step is skipped
                states = tf.nest.map_structure(partial(zeroed, where=fresh[k]), states)
            # Each group's (sums, gradients, state after).
            found = []
            for group, state in enumerate(states):
                seed = tf.stack([self._dropout_seed + (self._own.start + group << 16), first_step + k])
                own = [figure[k, group] for figure in figures]
                arguments = (weights, own, zeroed_now, state, seed)
                side = group % len(self._devices)
                ways = [partial(gradients, *arguments) for gradients in self._gradients_of[side]]
                with tf.device(self._devices[side]):
                    found.append(tf.switch_case(chosen[0][k], ways) if chosen else ways[0]())
            record = self._update([own[0] for own in found], [own[1] for own in found])  # (3,)
            after = [own[2] for own in found]  # (H, lanes of a group) each
            if self.chains_lanes:
                after = where_read(figures[1][k], after, states)
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

    def _read_weights(self) -> dict[str, Tensor]:
        """Return the weights by name: as values if several devices compute, which cannot share a variable."""
        weights = {name: variable.value for name, variable in self._variables.items()}
        if len(self._devices) == 1:
            return weights
        return {name: variable.read_value() for name, variable in weights.items()}

    def _gradients(
        self,
        objective: Objective,
        weights: dict[str, Tensor],
        figures: Sequence[Tensor],
        fresh: Tensor,
        state: NetworkState,
        seed: Tensor,
    ) -> tuple[Tensor, dict[str, Tensor], NetworkState]:
        """Return a group's sums (3,), the gradients of its loss by weight, and its state after the step."""
        with tf.GradientTape() as tape:
            tape.watch(weights)
            costs, state = objective(weights, figures, fresh, state, seed)
            lowered = costs.lowered(self._label_smoothing)
        return costs.sums, tape.gradient(lowered, weights), state

    def _measure_steps(
        self,
        objective: Objective,
        figures: Sequence[Tensor],
        anew: Tensor,
        steps: Tensor,
        state: NetworkState,
    ) -> tuple[Tensor, NetworkState]:
        """Return the figures of the first `steps` steps, (MEASURED_AT_ONCE, 3), and the state after them."""
        weights = {name: variable.value for name, variable in self._variables.items()}
        records = tf.TensorArray(tf.float32, MEASURED_AT_ONCE, element_shape=(3,))

        def step(k: Tensor, records: Any, state: NetworkState) -> tuple[Tensor, Any, NetworkState]:
            costs, state = objective(weights, [figure[k] for figure in figures], anew, state, None)
            sums = costs.sums
            record = tf.stack([tf.math.divide_no_nan(sums[0], sums[2]), sums[1], sums[2]])
            return k + 1, records.write(k, record), state

        _, records, state = tf.while_loop(lambda k, *_: k < steps, step, (tf.constant(0), records, state))
        return records.stack(), state


def _sums_of_each(gradients_of: Sequence[Any], *arguments: Any) -> list[Tensor]:
    """Return the sums (3,) that each function `TrainingProgram._gradients` returns for the same arguments."""
    return [gradients(*arguments)[0] for gradients in gradients_of]


def _compiled(function: Callable[..., Any]) -> Any:
    return tf.function(function, jit_compile=True, autograph=False)

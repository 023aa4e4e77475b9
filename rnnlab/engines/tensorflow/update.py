"""The variables that training changes: one step of the optimizer, the best epoch's weights, and snapshots."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.engines.tensorflow.start import tf

Tensor = Any
Snapshot = dict[str, NDArray[Any]]
"""All that the next training step depends on, as arrays by name: variables, and the state of each lane."""


@dataclass(frozen=True)
class Kept:
    """The weights at the end of an epoch.

    Attributes:
        copies: the weights, by the names of the variables.
        loss: mean training loss of the epoch, nats per token; infinite before an epoch has ended, and if the
            loss or the weights of the epoch are not finite.
        epoch: the number of the epoch, from 0; −1 before an epoch has ended.
    """

    copies: dict[str, Any]
    loss: Any
    epoch: Any

    @classmethod
    def none(cls, variables: dict[str, Any]) -> "Kept":
        """Return the values before any epoch has ended."""
        copies = {name: tf.Variable(variable.value) for name, variable in variables.items()}
        return cls(copies, tf.Variable(np.inf, dtype=tf.float32), tf.Variable(-1))

    def variables(self, prefix: str) -> dict[str, Any]:
        """Return the variables of this object, by name."""
        copies = {f"{prefix}/copies/{name}": copy for name, copy in self.copies.items()}
        return {**copies, f"{prefix}/loss": self.loss, f"{prefix}/epoch": self.epoch}

    def take(self, others: dict[str, Tensor], loss: Tensor, epoch: Tensor, *, where: Tensor) -> None:
        """If the condition `where` holds, copy the weights `others`, their loss and their epoch."""
        for name, copy in self.copies.items():
            copy.assign(tf.where(where, others[name], copy))
        self.loss.assign(tf.where(where, loss, self.loss))
        self.epoch.assign(tf.where(where, epoch, self.epoch))


class BestWeights:
    """Copies of the weights at the end of the best epoch: that with the lowest score so far.

    The loss of an epoch is the mean over its steps, each measured before its update. So the effect of the
    last updates is only in the loss of the next epoch; Adam, for example, can take a large step where the
    gradients are almost 0. The score of an epoch is therefore the larger of its own loss and the loss of the
    next epoch. The score of the last epoch is its own loss.

    Args:
        variables: the weights, by name.
    """

    def __init__(self, variables: dict[str, Any]) -> None:
        self._weights = variables
        self._best, self._last = Kept.none(variables), Kept.none(variables)
        self._score = tf.Variable(np.inf, dtype=tf.float32)
        self._epochs, self._sums = tf.Variable(0), tf.Variable(tf.zeros(2))

    @property
    def kept(self) -> Kept:
        """The best epoch; the last epoch counts with its own loss."""
        return self._last if float(self._last.loss) < float(self._score) else self._best

    def variables_held(self) -> dict[str, Any]:
        """Return all variables of this object, by name."""
        own = {"score": self._score, "epochs": self._epochs, "sums": self._sums}
        return {**self._best.variables("best"), **self._last.variables("last"), **own}

    def reset(self) -> None:
        """Forget all epochs. The copies of the weights stay until the end of an epoch overwrites them."""
        for kept in (self._best, self._last):
            kept.loss.assign(np.inf)
            kept.epoch.assign(-1)
        self._score.assign(np.inf)
        self._epochs.assign(0)
        self._sums.assign(tf.zeros(2))

    def add(self, record: Tensor) -> None:
        """Add the loss and the counted targets of a step to the sums of the epoch.

        Args:
            record: (mean loss, correct, counted) of the step, (3,).
        """
        self._sums.assign_add(tf.stack([tf.math.multiply_no_nan(record[0], record[2]), record[2]]))

    def end_epoch(self, ended: Tensor) -> None:
        """If an epoch has ended, copy its weights; the previous epoch becomes best if its score is lowest.

        An epoch whose loss or weights are not finite gets an infinite loss.
        """
        mean = self._sums[0] / self._sums[1]  # nats per token
        # The score of the epoch before this one is known now.
        score = tf.where(tf.math.is_finite(mean), tf.maximum(self._last.loss, mean), np.inf)
        better = ended & (score < self._score)
        before = {name: copy.value() for name, copy in self._last.copies.items()}
        self._best.take(before, self._last.loss, self._last.epoch, where=better)
        self._score.assign(tf.where(better, score, self._score))
        weights = {name: variable.value for name, variable in self._weights.items()}
        sound = tf.math.is_finite(mean) & all_finite(list(weights.values()))
        self._last.take(weights, tf.where(sound, mean, np.inf), self._epochs, where=ended)
        self._sums.assign(tf.where(ended, 0.0, self._sums))
        self._epochs.assign_add(tf.cast(ended, tf.int32))


class Update:
    """One step of the optimizer with the gradients of all groups of lanes.

    Args:
        variables: the network's Keras variables, by name.
        optimizer: a Keras optimizer that has been built for them.
        best: receives the figures of each step; None if the weights of the best epoch are not kept.
        skips: whether a step is undone if its loss, or a weight or a moment after it, is not finite.
    """

    def __init__(
        self, variables: dict[str, Any], optimizer: Any, best: BestWeights | None, *, skips: bool
    ) -> None:
        self._variables, self._optimizer, self._best, self._skips = variables, optimizer, best, skips

    def __call__(self, sums: list[Tensor], gradients: list[dict[str, Tensor]]) -> Tensor:
        """Take one step; return (mean loss, correct, counted), (3,); the last two are 0 if it is undone.

        Args:
            sums: (loss, correct, counted) summed over each group's lanes, (3,) each.
            gradients: the gradients of each group's summed loss, by the names of the variables.
        """
        cost, correct, counted = tf.unstack(tf.add_n(sums))
        scale = tf.math.divide_no_nan(1.0, counted)
        # The gradient of the mean loss, by variable.
        means = [scale * tf.add_n([group[name] for group in gradients]) for name in self._variables]
        held = [each.value for each in (*self._variables.values(), *self._optimizer.variables)]
        before = [tf.identity(variable) for variable in held] if self._skips else []
        self._optimizer.apply(means, list(self._variables.values()))
        if self._skips:
            taken = tf.math.is_finite(cost) & all_finite(held)
            for variable, old in zip(held, before, strict=True):
                variable.assign(tf.where(taken, variable, old))
            correct, counted = tf.where(taken, correct, 0.0), tf.where(taken, counted, 0.0)
        record = tf.stack([cost * scale, correct, counted])
        if self._best:
            self._best.add(record)
        return record


class Snapshots:
    """Takes snapshots of a training program, and restores them.

    Args:
        variables: all variables that a step changes or reads, by name.
        lanes: lanes N of a batch; the groups may have more lanes, which only fill the groups up.
        first: the first lane of this process; others may have the lanes before it, and after its groups.
    """

    def __init__(self, variables: Mapping[str, Any], *, lanes: int, first: int = 0) -> None:
        self._variables, self._lanes, self._first = variables, lanes, first

    def take(self, states: Sequence[Any]) -> Snapshot:
        """Return copies of all variables, and of each part of the state for all N lanes, (H, N).

        The lanes of other processes are zero.
        """
        taken = {name: np.array(variable.numpy()) for name, variable in self._variables.items()}
        groups = [tf.nest.flatten(state) for state in states]
        for number, parts in enumerate(zip(*groups, strict=True)):
            own = np.concatenate(parts, axis=1)  # (H, lanes of this process)
            before, after = self._first, max(self._lanes - self._first - own.shape[1], 0)
            taken[f"state/{number}"] = np.pad(own, ((0, 0), (before, after)))[:, : self._lanes].copy()
        return taken

    def put(self, snapshot: Snapshot, states: Sequence[Any]) -> list[Any]:
        """Set all variables to a snapshot; return the states in it, dealt out to the current groups.

        Args:
            snapshot: a result of `take`.
            states: the current state of each group, for the names and shapes.

        Raises:
            ValueError: the names, shapes or types of the snapshot are not those of this program.
        """
        if _shapes(snapshot) != _shapes(self.take(states)):
            raise ValueError("the snapshot is not one of this program")
        for name, variable in self._variables.items():
            variable.assign(snapshot[name])
        parts = [snapshot[f"state/{number}"] for number in range(len(tf.nest.flatten(states[0])))]
        dealt, begin = [], self._first
        for state in states:
            flat = tf.nest.flatten(state)
            width = flat[0].shape[1] if flat else 0
            own = [tf.constant(_columns(part, begin, width)) for part in parts]
            dealt.append(tf.nest.pack_sequence_as(state, own))
            begin += width
        return dealt


def held_variables(variables: dict[str, Any], optimizer: Any, best: BestWeights | None) -> dict[str, Any]:
    """Return the variables of the network, the optimizer and the best weights, by name."""
    return {
        **{f"weights/{name}": variable.value for name, variable in variables.items()},
        **{f"optimizer/{number}": variable.value for number, variable in enumerate(optimizer.variables)},
        **{f"best/{name}": variable for name, variable in (best.variables_held() if best else {}).items()},
    }


def all_finite(tensors: list[Tensor]) -> Tensor:
    """Whether every number of the float tensors is finite."""
    floats = [tensor for tensor in tensors if tensor.dtype.is_floating]
    return tf.reduce_all(tf.stack([tf.reduce_all(tf.math.is_finite(tensor)) for tensor in floats]))


def _shapes(snapshot: Snapshot) -> dict[str, tuple[Any, ...]]:
    return {name: (array.shape, array.dtype) for name, array in snapshot.items()}


def _columns(part: NDArray[np.float32], begin: int, width: int) -> NDArray[np.float32]:
    """Return the lanes of one group of a part of the state, (H, width); added lanes have zeros."""
    lanes = part[:, begin : begin + width]
    return np.pad(lanes, ((0, 0), (0, width - lanes.shape[1])))

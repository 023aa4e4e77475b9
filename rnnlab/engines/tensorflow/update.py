"""One step of the optimizer, from what the groups of lanes found; or none, where it would not end well.

The weights of the best epoch so far, kept while the compiled program runs on.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnlab.engines.tensorflow.start import tf

Tensor = Any


@dataclass(frozen=True)
class Kept:
    """The weights at the end of an epoch.

    Attributes:
        copies: the weights, by the names of the variables.
        loss: mean training loss of the epoch, nats per token; infinite where no epoch has ended.
        epoch: its number, from 0; −1 where no epoch has ended.
    """

    copies: dict[str, Any]
    loss: Any
    epoch: Any

    @classmethod
    def none(cls, variables: dict[str, Any]) -> "Kept":
        """No epoch yet."""
        copies = {name: tf.Variable(variable.value) for name, variable in variables.items()}
        return cls(copies, tf.Variable(np.inf, dtype=tf.float32), tf.Variable(-1))

    def variables(self, prefix: str) -> dict[str, Any]:
        """All of it, by name."""
        copies = {f"{prefix}/copies/{name}": copy for name, copy in self.copies.items()}
        return {**copies, f"{prefix}/loss": self.loss, f"{prefix}/epoch": self.epoch}

    def take(self, others: dict[str, Tensor], loss: Tensor, epoch: Tensor, *, where: Tensor) -> None:
        """Be other weights, if a condition holds."""
        for name, copy in self.copies.items():
            copy.assign(tf.where(where, others[name], copy))
        self.loss.assign(tf.where(where, loss, self.loss))
        self.epoch.assign(tf.where(where, epoch, self.epoch))


class BestWeights:
    """Copies of the weights at the end of the epoch with the lowest mean training loss so far.

    The loss of an epoch is that of its steps, before each of them: what the last steps did to the weights
    shows in the next epoch only. Adam can take a great step where gradients have all but vanished, so an
    epoch counts for the larger of its own loss and the next one's; the last, which none follows, for its own.

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
        """The best epoch, where the last one may be it."""
        return self._last if float(self._last.loss) < float(self._score) else self._best

    def variables_held(self) -> dict[str, Any]:
        """All that it remembers, by name."""
        own = {"score": self._score, "epochs": self._epochs, "sums": self._sums}
        return {**self._best.variables("best"), **self._last.variables("last"), **own}

    def reset(self) -> None:
        """Be as before the first epoch; the copies follow with the first that ends."""
        for kept in (self._best, self._last):
            kept.loss.assign(np.inf)
            kept.epoch.assign(-1)
        self._score.assign(np.inf)
        self._epochs.assign(0)
        self._sums.assign(tf.zeros(2))

    def add(self, record: Tensor) -> None:
        """Count in a step's (loss, correct, counted)."""
        self._sums.assign_add(tf.stack([tf.math.multiply_no_nan(record[0], record[2]), record[2]]))

    def end_epoch(self, ended: Tensor) -> None:
        """If an epoch has ended, remember the weights, and keep those before it if they were the best.

        Those that are not finite count as infinitely bad.
        """
        mean = self._sums[0] / self._sums[1]
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


def all_finite(tensors: list[Tensor]) -> Tensor:
    """Whether every float among some tensors is a finite number."""
    floats = [tensor for tensor in tensors if tensor.dtype.is_floating]
    return tf.reduce_all(tf.stack([tf.reduce_all(tf.math.is_finite(tensor)) for tensor in floats]))


class Update:
    """Changes the weights of a network.

    Args:
        variables: its Keras variables, by name.
        optimizer: a Keras optimizer that has been built for them.
        best: what keeps the weights of the best epoch; None keeps none.
        skips: whether a step whose loss, or weights or moments after it, are not finite is undone.

    Attributes:
        skips: the same.
    """

    def __init__(
        self, variables: dict[str, Any], optimizer: Any, best: BestWeights | None, *, skips: bool
    ) -> None:
        self._variables, self._optimizer, self._best, self.skips = variables, optimizer, best, skips

    def __call__(self, sums: list[Tensor], gradients: list[dict[str, Tensor]]) -> Tensor:
        """The record of a step: (loss, correct, counted) of its batch; none counted if it was skipped.

        Args:
            sums: (cost, correct, counted) of each group's lanes, (3,).
            gradients: of each group's cost, by the names of the variables.
        """
        cost, correct, counted = tf.unstack(tf.add_n(sums))
        scale = tf.math.divide_no_nan(1.0, counted)
        means = [scale * tf.add_n([group[name] for group in gradients]) for name in self._variables]
        held = [each.value for each in (*self._variables.values(), *self._optimizer.variables)]
        before = [tf.identity(variable) for variable in held] if self.skips else []
        self._optimizer.apply(means, list(self._variables.values()))
        if self.skips:
            taken = tf.math.is_finite(cost) & all_finite(held)
            for variable, old in zip(held, before, strict=True):
                variable.assign(tf.where(taken, variable, old))
            correct, counted = tf.where(taken, correct, 0.0), tf.where(taken, counted, 0.0)
        record = tf.stack([cost * scale, correct, counted])
        if self._best:
            self._best.add(record)
        return record

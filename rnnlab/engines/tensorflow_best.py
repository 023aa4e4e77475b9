"""The weights of the best epoch so far, kept while the compiled program runs on."""

from typing import Any

import numpy as np

from rnnlab.engines.tensorflow_start import tf

Tensor = Any


class BestWeights:
    """A copy of the weights at the end of the epoch with the lowest mean training loss so far.

    Attributes:
        loss: that mean, nats per token; infinite before the first epoch has ended.
        epoch: its number, from 0; −1 before the first epoch has ended.
        copies: the weights, by the names of the variables.
    """

    def __init__(self, variables: dict[str, Any]) -> None:
        self.variables = variables
        self.copies = {name: tf.Variable(variable.value) for name, variable in variables.items()}
        self.loss, self.epoch = tf.Variable(np.inf, dtype=tf.float32), tf.Variable(-1)
        self._epochs, self._sums = tf.Variable(0), tf.Variable(tf.zeros(2))

    def variables_held(self) -> dict[str, Any]:
        """All that it remembers, by name."""
        own = {"loss": self.loss, "epoch": self.epoch, "epochs": self._epochs, "sums": self._sums}
        return {**{f"copies/{name}": copy for name, copy in self.copies.items()}, **own}

    def reset(self) -> None:
        """Be as before the first epoch; the copies follow with the first that ends."""
        self.loss.assign(np.inf)
        self.epoch.assign(-1)
        self._epochs.assign(0)
        self._sums.assign(tf.zeros(2))

    def add(self, record: Tensor) -> None:
        """Count in a step's (loss, correct, counted)."""
        self._sums.assign_add(tf.stack([tf.math.multiply_no_nan(record[0], record[2]), record[2]]))

    def end_epoch(self, ended: Tensor) -> None:
        """Keep the weights if an epoch has ended, was the best so far and left finite ones."""
        mean = self._sums[0] / self._sums[1]
        weights = [variable.value for variable in self.variables.values()]
        better = ended & (mean < self.loss) & all_finite(weights)
        self.loss.assign(tf.where(better, mean, self.loss))
        self.epoch.assign(tf.where(better, self._epochs, self.epoch))
        for name, copy in self.copies.items():
            copy.assign(tf.where(better, self.variables[name].value, copy))
        self._sums.assign(tf.where(ended, 0.0, self._sums))
        self._epochs.assign_add(tf.cast(ended, tf.int32))


def all_finite(tensors: list[Tensor]) -> Tensor:
    """Whether every float among some tensors is a finite number."""
    floats = [tensor for tensor in tensors if tensor.dtype.is_floating]
    return tf.reduce_all(tf.stack([tf.reduce_all(tf.math.is_finite(tensor)) for tensor in floats]))

"""The weights of the best epoch so far, kept while the compiled program runs on."""

from typing import Any

import numpy as np

from rnnlab.engines.tensorflow_start import tf

Tensor = Any


class BestWeights:
    """A copy of the weights at the end of the epoch with the lowest mean training loss so far."""

    def __init__(self, variables: dict[str, Any]) -> None:
        self.variables = variables
        self.copies = {name: tf.Variable(variable.value) for name, variable in variables.items()}
        self.loss, self.epoch = tf.Variable(np.inf, dtype=tf.float32), tf.Variable(-1)
        self.epochs = tf.Variable(0)
        self.sums = tf.Variable(tf.zeros(2))

    def add(self, record: Tensor, ends_epoch: Tensor) -> None:
        """Count a step in; at the end of an epoch, keep the weights if it was the best."""
        self.sums.assign_add(tf.stack([record[0] * record[2], record[2]]))
        tf.cond(ends_epoch, self._end_epoch, lambda: tf.constant(0))

    def _end_epoch(self) -> Tensor:
        mean = self.sums[0] / self.sums[1]
        tf.cond(mean < self.loss, lambda: self._keep(mean), lambda: tf.constant(0))
        self.sums.assign(tf.zeros(2))
        self.epochs.assign_add(1)
        return tf.constant(0)

    def _keep(self, mean: Tensor) -> Tensor:
        self.loss.assign(mean)
        self.epoch.assign(self.epochs)
        for name, copy in self.copies.items():
            copy.assign(self.variables[name].value)
        return tf.constant(0)

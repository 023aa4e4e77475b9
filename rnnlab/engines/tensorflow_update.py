"""One step of the optimizer, from what the groups of lanes found; or none, where it would not end well."""

from typing import Any

from rnnlab.engines.tensorflow_best import BestWeights, all_finite
from rnnlab.engines.tensorflow_start import tf

Tensor = Any


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

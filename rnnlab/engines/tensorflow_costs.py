"""What a batch costs: the cross-entropy that is shown, and what the steps lower."""

from typing import Any

from rnnlab.engines.tensorflow_start import tf

Tensor = Any


class Costs:
    """The costs of a batch's targets.

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
        """What training lowers, summed over the batch: the cross-entropy with smoothed targets.

        A share of each target is spread evenly over all V tokens (Szegedy et al., 2016, section 7).

        Args:
            label_smoothing: that share, [0, 1).
        """
        if not label_smoothing:
            return self.sums[0]
        even = tf.reduce_logsumexp(self._logits, axis=-1) - tf.reduce_mean(self._logits, axis=-1)
        return (1 - label_smoothing) * self.sums[0] + label_smoothing * tf.reduce_sum(even * self._counted)

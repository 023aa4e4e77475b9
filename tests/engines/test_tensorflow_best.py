"""Which epoch's weights are the best."""

import keras
import numpy as np
import pytest

from rnnlab.engines.tensorflow_best import BestWeights
from rnnlab.engines.tensorflow_start import tf


def best_of(losses: list[float], weights: list[float] | None = None) -> tuple[int, float, float]:
    """Epoch, loss and weight that are kept after epochs of one step with these losses."""
    weight = keras.Variable(np.float32(-1.0))
    best = BestWeights({"w": weight})
    for epoch, loss in enumerate(losses):
        best.end_epoch(tf.constant(False))
        best.add(tf.constant([loss, 0.0, 2.0]))
        weight.assign(weights[epoch] if weights else float(epoch))
        best.end_epoch(tf.constant(True))
    kept = best.kept
    return int(kept.epoch), float(kept.loss), float(kept.copies["w"])


@pytest.mark.parametrize(
    ("losses", "epoch"),
    [
        ([3.0], 0),
        ([3.0, 2.0, 1.0], 2),
        ([3.0, 1.0, 2.0, 2.5], 1),
        ([3.0, 0.5, 4.0, 1.0, 1.5], 3),
        ([1.0, 2.0, 1.5], 2),
    ],
)
def test_an_epoch_counts_for_the_larger_of_its_loss_and_the_next_ones(
    losses: list[float], epoch: int
) -> None:
    """What the weights after an epoch give is seen in the next one: not 0.5, if 4.0 follows."""
    assert best_of(losses) == (epoch, losses[epoch], epoch)


@pytest.mark.parametrize("worst", [np.nan, np.inf])
def test_what_is_not_finite_is_never_the_best(worst: float) -> None:
    """Neither its loss, nor its weights, nor the epoch before it, whose weights gave that loss."""
    assert best_of([worst])[0] == -1
    assert best_of([2.0, 1.0], weights=[5.0, worst]) == (0, 2.0, 5.0)
    assert best_of([3.0, 2.0, 1.0, worst]) == (1, 2.0, 1.0)


def test_what_is_reset_is_as_new() -> None:
    """A program that is used again forgets the epochs of the training before."""
    weight = keras.Variable(np.float32(7.0))
    best = BestWeights({"w": weight})
    for _ in range(3):
        best.add(tf.constant([0.1, 0.0, 2.0]))
        best.end_epoch(tf.constant(True))

    best.reset()

    assert int(best.kept.epoch) == -1
    best.add(tf.constant([5.0, 0.0, 2.0]))
    best.end_epoch(tf.constant(True))
    assert (int(best.kept.epoch), float(best.kept.loss)) == (0, 5.0)

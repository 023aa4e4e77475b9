"""One step of the optimizer, or none where it would leave no finite numbers."""

from typing import Any

import keras
import numpy as np
import pytest

from rnnlab.engines.tensorflow.start import tf
from rnnlab.engines.tensorflow.update import BestWeights, Update

GRADIENTS = [[0.5, -1.0], [2.0, 0.25], [1.0, 1.0]]


def updated(*batches: tuple[float, list[float]], skips: bool, **settings: Any) -> tuple[Any, list[Any]]:
    """The weights and moments after some batches, (cost, gradient) each of one target; and the records."""
    weight = keras.Variable(np.array([1.0, -2.0], np.float32))
    optimizer = keras.optimizers.Adam(**settings)
    optimizer.build([weight])
    best = BestWeights({"w": weight})
    update = Update({"w": weight}, optimizer, best, skips=skips)
    records = []
    for cost, gradient in batches:
        records.append(update([tf.constant([cost, 1.0, 1.0])], [{"w": tf.constant(gradient)}]).numpy())
    best.end_epoch(tf.constant(True))
    held = [weight, *optimizer.variables]
    return [variable.numpy() for variable in held] + [
        best.kept.loss.numpy(),
        best.kept.epoch.numpy(),
    ], records


@pytest.mark.parametrize(
    "wrong", [(np.nan, [1.0, 1.0]), (1.0, [np.inf, 0.0]), (np.inf, [np.nan, np.nan]), (1.0, [3e38, 0.0])]
)
def test_a_step_that_is_not_finite_is_as_if_it_had_not_been(wrong: tuple[float, list[float]]) -> None:
    """Weights, moments, iterations, and the epoch's mean; its record counts no target. 3e38² is infinite."""
    first, last = (1.0, [0.5, -1.0]), (0.5, [2.0, 0.25])
    without, _ = updated(first, last, skips=True)

    held, records = updated(first, wrong, last, skips=True)

    assert all((mine == other).all() for mine, other in zip(held, without, strict=True))
    assert [record[2] for record in records] == [1, 0, 1]
    assert records[1][1] == 0
    assert np.isfinite(held[-2])


def test_without_skipping_what_is_not_finite_stays() -> None:
    """The loop sees it in the record, or in the weights; they do not become the best."""
    held, records = updated((1.0, [np.nan, 0.0]), skips=False)

    assert np.isnan(held[0][0])
    assert records[0].tolist() == [1, 1, 1]
    assert held[-1] == -1


def test_skipping_changes_no_bit_of_a_step_that_is_taken() -> None:
    """Of finite steps both ways make the same."""
    batches = [(1.0, gradient) for gradient in GRADIENTS]

    skipping, _ = updated(*batches, skips=True)
    plain, _ = updated(*batches, skips=False)

    assert all((mine == other).all() for mine, other in zip(skipping, plain, strict=True))


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

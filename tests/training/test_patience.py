"""Waiting for a loss to fall."""

import math

import pytest

from rnnlab.training.patience import Patience


def told(losses: list[float], *, patience: int, min_delta: float = 0.0) -> Patience:
    """One that was told of the losses of epochs 1, 2, …"""
    waiting = Patience(patience, min_delta)
    for epoch, loss in enumerate(losses, start=1):
        waiting.add(epoch, loss)
    return waiting


@pytest.mark.parametrize(
    ("losses", "is_over"),
    [
        ([], False),
        ([3.0, 2.0, 2.5], False),
        ([3.0, 2.0, 2.5, 2.0], True),  # as low as before is not lower
        ([3.0, 2.0, 2.5, 1.9], False),
        ([3.0, 2.0, 2.5, 2.6, 1.9], False),  # what is over may be taken up again
        ([math.nan, 2.0], False),
        ([2.0, math.nan, math.nan], True),
        ([math.nan, math.nan], True),
    ],
)
def test_it_is_over_when_the_loss_has_not_fallen_for_so_many_measurements(losses, is_over):
    """Two of them, one after the other; a loss that is no number has not fallen."""
    assert told(losses, patience=2).is_over == is_over


def test_only_a_fall_by_more_than_min_delta_counts():
    """From the last loss that counted: many small falls in a row are one large one."""
    waiting = told([1.0, 0.75, 0.5, 0.375], patience=9, min_delta=0.25)

    assert (waiting.best, waiting.epoch, waiting.waited) == (0.5, 3, 1)

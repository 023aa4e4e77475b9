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


def test_counting_anew_asks_for_less_than_the_best_so_far():
    """The best stays, and is what must be undercut."""
    waiting = told([2.0, 3.0, 3.0], patience=2)
    waiting.begin_anew()
    waiting.add(4, 2.5)

    assert (waiting.best, waiting.epoch, waiting.waited, waiting.is_over) == (2.0, 1, 1, False)


@pytest.mark.parametrize(
    ("losses", "min_delta", "words"),
    [
        ([2.0, 3.0], 0.0, "has not fallen below 2, that of epoch 1, in the last validation"),
        (
            [2.0, 1.0, 0.75, 1.5],
            0.5,
            "has not fallen by more than 0.5 below 1, that of epoch 2, in the last 2 validations",
        ),
        ([math.nan, math.nan], 0.0, "has not been finite in the last 2 validations"),
    ],
)
def test_what_the_loss_has_not_done_is_said(losses, min_delta, words):
    """Below what, since when, and how often it was measured."""
    assert told(losses, patience=9, min_delta=min_delta).complaint("validation") == words

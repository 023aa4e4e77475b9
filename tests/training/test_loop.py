"""Numbers that are no longer finite: how training stops, and what it skips."""

import numpy as np
import pytest

from rnnlab.engines.steps import StepRecords
from rnnlab.errors import TrainingError
from rnnlab.training.chunks import EpochSums, Segment
from rnnlab.training.loop import MOST_SKIPPED, Divergence, check_finite


def records_of(losses: list[float], counted: list[int]) -> StepRecords:
    count = np.array(counted, np.float32)
    return StepRecords(np.array(losses, np.float32), np.minimum(count, 1), count)


def whole(records: StepRecords) -> Segment:
    return Segment(4, 0, len(records.losses), ends_epoch=False)


def test_the_step_of_the_first_loss_that_is_not_finite_is_named() -> None:
    """With its epoch, and what to try."""
    records = records_of([1, 2, np.inf, np.nan], [2, 2, 2, 2])

    with pytest.raises(TrainingError) as caught:
        Divergence(skips=False).check(records, whole(records), step=10)

    assert str(caught.value) == (
        "the loss became inf at step 13 (epoch 5); try a lower training.optimizer.learning_rate, or"
        " global_clipnorm: 1.0 beside it; or training.on_non_finite: skip_step"
    )


def test_skipped_steps_are_counted() -> None:
    """Over chunks, and with no accuracy and no part in the epoch's means."""
    divergence, records = Divergence(skips=True), records_of([1, np.nan, 2, 3], [2, 0, 2, 0])
    sums = EpochSums()

    divergence.check(records, whole(records), step=0)
    divergence.check(records, whole(records), step=4)
    sums.add(records)

    assert divergence.so_far == (4, 1)
    assert sums.means() == (1.5, 0.5)
    assert np.isnan(records.accuracies).tolist() == [False, True, False, True]


def test_an_epoch_that_took_no_step_has_no_means() -> None:
    """They are no number, and no error."""
    sums = EpochSums()
    sums.add(records_of([np.nan], [0]))

    assert np.isnan(sums.means()).all()


@pytest.mark.parametrize("chunk", [1, 7, MOST_SKIPPED, 3 * MOST_SKIPPED])
def test_too_many_in_a_row_are_the_end(chunk: int) -> None:
    """However long the chunks are; a step that is taken begins the count anew."""
    divergence = Divergence(skips=True)
    divergence.check(records_of([np.nan] * 60 + [1.0], [0] * 60 + [1]), Segment(0, 0, 61, False), step=0)
    skipped = records_of([np.nan] * chunk, [0] * chunk)
    checks = -(-MOST_SKIPPED // chunk)

    for number in range(checks - 1):
        divergence.check(skipped, whole(skipped), step=61 + number * chunk)
    with pytest.raises(TrainingError, match=r"the last \d+ steps were skipped, to step \d+ \(epoch 5\)"):
        divergence.check(skipped, whole(skipped), step=61 + (checks - 1) * chunk)


@pytest.mark.parametrize("name", ["weights/lstm_1/kernel", "optimizer/3"])
def test_weights_that_are_not_finite_are_not_saved(name: str) -> None:
    """The losses were; the update after the last was not. The best loss is infinite until an epoch ends."""
    check_finite({"best/loss": np.array(np.inf), name: np.ones(3)}, step=7)

    with pytest.raises(TrainingError, match=f"{name} is no longer finite after step 7"):
        check_finite({name: np.array([1.0, np.nan])}, step=7)

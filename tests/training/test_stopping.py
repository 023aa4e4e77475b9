"""What the losses decide: early stopping, the plateau schedule, and the stop when a loss is not finite."""

import math

import numpy as np
import pytest

from rnnlab.config.optimizer import PlateauSchedule
from rnnlab.engines.tensorflow.data import StepRecords
from rnnlab.errors import TrainingError
from rnnlab.training.chunks import EpochSums, Segment
from rnnlab.training.stopping import MOST_SKIPPED, Divergence, Monitor, Patience, Plateau, check_finite
from tests.experiments import SONG, STREAM, experiment

EARLY = "training.early_stopping={patience: 2}"


def told(text: str, losses: list[tuple[float | None, float | None]], *settings: str) -> Monitor:
    """A monitor that was told of the (training, validation) losses of epochs 1, 2, …"""
    wanted = experiment(text, "training.epochs=60", *settings)
    monitor = Monitor(wanted, validates=wanted.dataset.split.kind != "none")
    for epoch, (loss, held_out) in enumerate(losses, start=1):
        monitor.add(epoch, loss, held_out)
    return monitor


def test_validation_decides_where_something_is_held_out_and_else_training_does():
    """One loss rises while the other falls."""
    losses = [(1.0 + epoch, 9.0 - epoch) for epoch in range(3)]

    assert not told(STREAM, losses, EARLY).stops
    assert told(SONG, losses, EARLY).stops


def test_epochs_that_are_not_validated_do_not_count():
    """Of five epochs two were, and of these one was worse; a loss of None is one that was no number."""
    losses = [(9.0, None), (9.0, 1.0), (9.0, None), (9.0, 2.0), (9.0, None)]

    assert not told(STREAM, losses, EARLY, "evaluation.every=2").stops
    assert told(STREAM, [*losses, (9.0, None)], EARLY, "evaluation.every=2").stops


def test_chunks_end_where_something_may_be_decided():
    """After each measurement; nowhere, where nothing hangs on them."""
    assert told(STREAM, [], EARLY, "evaluation.every=3").every == 3
    assert told(SONG, [], EARLY, "evaluation.every=3").every == 1
    assert told(SONG, []).every == 0


def test_why_a_training_stopped_is_a_sentence() -> None:
    """Which loss, since when, and what is kept; nothing, where it has had all its epochs."""
    losses = [(2.0, None), (1.0, None), (1.0, None), (1.5, None)]

    assert told(SONG, losses, EARLY).why_stopped(4, kept=2) == (
        "stopped early, after epoch 4 of 60: the training loss has not fallen below 1, that of epoch 2,"
        " in the last 2 epochs; the weights of epoch 2 are kept"
    )
    assert told(SONG, losses[:3], EARLY).why_stopped(3, kept=2) == ""
    assert told(SONG, losses, EARLY, "training.epochs=4").why_stopped(4, kept=2) == ""


def test_a_lower_learning_rate_is_a_sentence() -> None:
    """From what to what, when, and why."""
    schedule = "training.schedule={kind: plateau, patience: 1, factor: 0.25}"
    monitor = told(STREAM, [(9.0, 2.0)], schedule)

    assert (monitor.every, monitor.rate_left) == (1, 1)
    assert monitor.add(2, 8.0, 2.5) == (
        "learning rate 0.01 → 0.0025 after epoch 2: the validation loss has not fallen below 2,"
        " that of epoch 1, in the last validation"
    )
    assert monitor.rate_left == 0.25
    assert told(STREAM, []).rate_left is None


def told_patience(losses: list[float], *, patience: int, min_delta: float = 0.0) -> Patience:
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
    assert told_patience(losses, patience=2).is_over == is_over


def test_only_a_fall_by_more_than_min_delta_counts():
    """From the last loss that counted: many small falls in a row are one large one."""
    waiting = told_patience([1.0, 0.75, 0.5, 0.375], patience=9, min_delta=0.25)

    assert (waiting.best, waiting.epoch, waiting.waited) == (0.5, 3, 1)


def test_counting_anew_asks_for_less_than_the_best_so_far():
    """The best stays, and is what must be undercut."""
    waiting = told_patience([2.0, 3.0, 3.0], patience=2)
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
    assert told_patience(losses, patience=9, min_delta=min_delta).complaint("validation") == words


def shares(losses: list[float], **settings: float) -> list[float]:
    """What is left of the rate after each loss."""
    plateau, left = Plateau(PlateauSchedule(kind="plateau", **settings)), []
    for epoch, loss in enumerate(losses, start=1):
        plateau.add(epoch, loss, noun="epoch")
        left.append(plateau.left)
    return left


def test_the_rate_falls_each_time_the_loss_has_not_for_so_long():
    """Two measurements without a fall, and then two more; a fall in between begins the count anew."""
    losses = [3.0, 2.0, 2.0, 2.5, 2.5, 2.0, 1.0, 1.5, 1.25]

    assert shares(losses, patience=2) == [1, 1, 1, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125]


def test_it_does_not_fall_below_its_final_share():
    """The last cut is a smaller one, and then nothing more is said."""
    plateau = Plateau(PlateauSchedule(kind="plateau", patience=1, factor=0.5, final=0.4))
    said = [plateau.add(epoch, 1.0, noun="epoch") for epoch in range(1, 6)]

    assert plateau.left == 0.4
    assert [bool(sentence) for sentence in said] == [False, True, True, False, False]
    assert said[1] == "has not fallen below 1, that of epoch 1, in the last epoch"


def records_of(losses: list[float], counted: list[int]) -> StepRecords:
    count = np.array(counted, np.float32)
    return StepRecords(np.array(losses, np.float32), np.minimum(count, 1), count)


def whole(records: StepRecords) -> Segment:
    return Segment(4, 0, len(records.losses), ends_epoch=False)


@pytest.mark.parametrize("skips", [False, True])
def test_a_step_without_a_target_is_not_skipped(skips: bool) -> None:
    """Its loss is 0; that of a skipped step is not finite, or is that of a batch with targets."""
    divergence = Divergence(skips=skips)
    records = records_of([1, 0, 2, 0], [2, 0, 2, 0])

    divergence.check(records, whole(records), step=10)

    assert divergence.so_far == (0, 0)
    assert np.isnan(records.accuracies).tolist() == [False, True, False, True]


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

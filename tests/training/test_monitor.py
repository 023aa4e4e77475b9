"""What hangs on the loss that chooses the best weights."""

from rnnlab.training.monitor import Monitor
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

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


def test_why_a_training_stopped_is_a_sentence():
    """Which loss, since when, by how much it was to fall, and what is kept."""
    losses = [(2.0, None), (1.0, None), (0.75, None), (0.875, None)]
    margin = "training.early_stopping={patience: 2, min_delta: 0.5}"

    assert told(SONG, losses, margin).why_stopped(4, kept=3) == (
        "stopped early, after epoch 4 of 60: the training loss has not fallen by more than 0.5 below 1, that"
        " of epoch 2, in 2 epochs; the weights of epoch 3 are kept"
    )
    assert told(STREAM, [(1.0, None)], "training.early_stopping={patience: 1}").why_stopped(1, kept=0) == (
        "stopped early, after epoch 1 of 60: the validation loss has not been finite in 1 validation;"
        " the weights of epoch 0 are kept"
    )
    assert told(SONG, losses, "training.early_stopping={patience: 3}").why_stopped(4, kept=3) == ""
    assert told(SONG, losses, margin, "training.epochs=4").why_stopped(4, kept=3) == ""

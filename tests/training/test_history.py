"""The loss history, and the tables that it makes."""

import numpy as np

from rnnlab.training.history import LossHistory


def filled_history() -> LossHistory:
    """Two epochs of two steps, validated after the second."""
    history = LossHistory()
    history.on_train_begin()
    for epoch, losses in enumerate([(4.0, 2.0), (1.5, 0.5)]):
        for batch, loss in enumerate(losses):
            history.on_train_batch_end(batch, {"loss": loss, "accuracy": 0.25})
        history.rate = 0.5 / (epoch + 1)
        held_out = {"val_loss": 0.75, "val_accuracy": 1.0} if epoch else {}
        history.on_epoch_end(epoch, {"loss": sum(losses) / 2, "accuracy": 0.5, **held_out})
    return history


def test_history_csv_has_a_row_for_each_epoch() -> None:
    """Epochs count from 1; a figure that was not measured is empty."""
    header, first, second = filled_history().history_csv().splitlines()

    assert header == "epoch,loss,accuracy,validation_loss,validation_accuracy,learning_rate,seconds"
    assert first.startswith("1,3,0.5,,,0.5,")
    assert second.startswith("2,1,0.5,0.75,1,0.25,")


def test_a_snapshot_without_rates_leaves_the_cells_of_its_epochs_empty() -> None:
    """A checkpoint of an earlier rnnlab has none; the epochs after it have theirs."""
    arrays, facts = filled_history().snapshot()
    del arrays["rates"]
    again = LossHistory()
    again.restore(arrays, facts)

    again.rate = 0.125
    again.on_epoch_end(2, {"loss": 0.5, "accuracy": 1.0})

    rates = [row.split(",")[5] for row in again.history_csv().splitlines()[1:]]
    assert rates == ["", "", "0.125"]


def test_losses_csv_has_each_batchs_own_loss() -> None:
    """Steps count on from epoch to epoch."""
    assert filled_history().losses_csv().splitlines() == [
        "step,epoch,loss,accuracy",
        "1,1,4,0.25",
        "2,1,2,0.25",
        "3,2,1.5,0.25",
        "4,2,0.5,0.25",
    ]


def test_steps_told_together_are_steps_told_one_by_one() -> None:
    """However a run is cut into chunks, the table is the same."""
    together, one_by_one = LossHistory(), LossHistory()
    losses, accuracies = np.float32([3.0, 2.0, 1.0]), np.float32([0.0, 0.5, 1.0])

    together.add_steps(losses, accuracies)
    for batch in range(3):
        figures = {"loss": float(losses[batch]), "accuracy": float(accuracies[batch])}
        one_by_one.on_train_batch_end(batch, figures)

    assert together.losses_csv() == one_by_one.losses_csv()

"""The loss history, and loading the user's own callbacks."""

import pytest

from rnnlab.errors import TrainingError
from rnnlab.training.callbacks import LossHistory, load_callbacks


def filled_history() -> LossHistory:
    """Two epochs of two steps, validated after the second."""
    history = LossHistory()
    history.on_train_begin()
    for epoch, losses in enumerate([(4.0, 2.0), (1.5, 0.5)]):
        for batch, loss in enumerate(losses):
            history.on_train_batch_end(batch, {"loss": loss, "accuracy": 0.25})
        held_out = {"val_loss": 0.75, "val_accuracy": 1.0} if epoch else {}
        history.on_epoch_end(epoch, {"loss": sum(losses) / 2, "accuracy": 0.5, **held_out})
    return history


def test_history_csv_has_a_row_for_each_epoch() -> None:
    """Epochs count from 1; a figure that was not measured is empty."""
    header, first, second = filled_history().history_csv().splitlines()

    assert header == "epoch,loss,accuracy,validation_loss,validation_accuracy,seconds"
    assert first.startswith("1,3,0.5,,,")
    assert second.startswith("2,1,0.5,0.75,1,")


def test_losses_csv_has_each_batchs_own_loss() -> None:
    """Steps count on from epoch to epoch."""
    assert filled_history().losses_csv().splitlines() == [
        "step,epoch,loss,accuracy",
        "1,1,4,0.25",
        "2,1,2,0.25",
        "3,2,1.5,0.25",
        "4,2,0.5,0.25",
    ]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no_such_module:Class", "no_such_module:Class: cannot be imported"),
        ("collections:NoSuchClass", "collections:NoSuchClass: cannot be imported"),
        ("collections:OrderedDict", "expected a subclass of keras.callbacks.Callback"),
    ],
)
def test_a_callback_that_is_none_is_refused(name: str, message: str) -> None:
    """The setting and the name are in the message."""
    with pytest.raises(TrainingError, match=f"training.callbacks: .*{message}"):
        load_callbacks([name])

"""Calling callbacks, and loading the user's own."""

import keras
import numpy as np
import pytest

from rnnlab.errors import TrainingError
from rnnlab.training.callbacks import CallbackCalls, load_callbacks
from rnnlab.training.history import LossHistory


class Watcher(keras.callbacks.Callback):
    """A user's callback that writes down what it is told of batches."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[object, ...]] = []

    def on_train_batch_begin(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self.told.append(("begin", batch))

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self.told.append(("end", batch, logs))


def test_a_users_callback_is_told_of_each_batch_and_the_history_of_all_at_once() -> None:
    """Each hook in Keras' order, with the batch's own figures; the history has them too, once."""
    watcher, history = Watcher(), LossHistory()
    calls = CallbackCalls([history, watcher], keras.Sequential(), optimizer=None)

    calls.steps(7, np.float32([2.0, 1.5]), np.float32([0.25, 0.5]))

    assert watcher.told == [
        ("begin", 7),
        ("end", 7, {"loss": 2.0, "accuracy": 0.25}),
        ("begin", 8),
        ("end", 8, {"loss": 1.5, "accuracy": 0.5}),
    ]
    assert history.batch_losses.tolist() == [2.0, 1.5]


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

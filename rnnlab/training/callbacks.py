"""Callbacks of the training loop: those of the user, and how all of them are called."""

import importlib
from collections.abc import Iterable, Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from rnnlab.errors import TrainingError
from rnnlab.training.callback_state import Remembering, remembered, remind
from rnnlab.training.history import EpochRecord, LossHistory

BATCH_HOOKS = ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end")


class CallbackCalls:
    """The calls that a training owes its callbacks, where Keras' `fit` would make them.

    Args:
        callbacks: Keras callbacks.
        network: where they find the model, and set `stop_training`.
        optimizer: of the training; callbacks look for it at the model.

    Attributes:
        list: Keras' own list of them, for the hooks of epochs and of the whole training.
    """

    def __init__(self, callbacks: Sequence[Any], network: Any, optimizer: Any) -> None:
        self._callbacks = list(callbacks)
        network.optimizer, network.stop_training = optimizer, False
        self.list = keras.callbacks.CallbackList(
            self._callbacks, model=network, add_history=False, add_progbar=False
        )
        self._histories = [each for each in callbacks if isinstance(each, LossHistory)]
        self._watchers = [each for each in callbacks if _watches_batches(each)]

    def snapshot(self) -> tuple[dict[str, NDArray[Any]], list[Any]]:
        """What the callbacks remember: arrays by `number/name`, and for each what is no array."""
        arrays: dict[str, NDArray[Any]] = {}
        facts = []
        for number, callback in enumerate(self._callbacks):
            own, plain = callback.snapshot() if isinstance(callback, Remembering) else remembered(callback)
            arrays.update({f"{number}/{name}": array for name, array in own.items()})
            facts.append(plain)
        return arrays, facts

    def restore(self, arrays: dict[str, NDArray[Any]], facts: list[Any]) -> None:
        """Have the callbacks remember again what a snapshot says.

        Raises:
            ValueError: it is one of other callbacks.
        """
        for number, (callback, plain) in enumerate(zip(self._callbacks, facts, strict=True)):
            begin = f"{number}/"
            own = {name.removeprefix(begin): arrays[name] for name in arrays if name.startswith(begin)}
            if isinstance(callback, Remembering):
                callback.restore(own, plain)
            else:
                remind(callback, own, plain)

    def epochs(self) -> list[EpochRecord]:
        """A record for each epoch that has ended, if there is a history."""
        return self._histories[0].epochs if self._histories else []

    def steps(self, first_batch: int, losses: NDArray[np.float32], accuracies: NDArray[np.float32]) -> None:
        """Tell of steps of one epoch that followed one another, with their own figures, (steps,) each."""
        for history in self._histories:
            history.add_steps(losses, accuracies)
        if not self._watchers:
            return
        figures = zip(losses.tolist(), accuracies.tolist(), strict=True)
        for batch, (loss, accuracy) in enumerate(figures, start=first_batch):
            for callback in self._watchers:
                callback.on_train_batch_begin(batch)
            for callback in self._watchers:
                callback.on_train_batch_end(batch, {"loss": loss, "accuracy": accuracy})


def load_callbacks(names: Iterable[str]) -> list[Any]:
    """Instances of the user's own callbacks, each named `package.module:Class`.

    Raises:
        TrainingError: a module that cannot be imported, or a class that is not a `keras.callbacks.Callback`.
    """
    return [_load_callback(name) for name in names]


def _load_callback(name: str) -> Any:
    module_name, _, class_name = name.partition(":")
    try:
        found = getattr(importlib.import_module(module_name), class_name)
    except (ImportError, AttributeError) as error:
        raise TrainingError(
            f"training.callbacks: {name}: cannot be imported ({error}); the module must be on the Python path"
            " (PYTHONPATH=. for one in the working folder)"
        ) from error
    if not (isinstance(found, type) and issubclass(found, keras.callbacks.Callback)):
        raise TrainingError(f"training.callbacks: {name}: expected a subclass of keras.callbacks.Callback")
    return found()


def _watches_batches(callback: Any) -> bool:
    """Whether a callback has hooks of its own for batches; a history is told of many at once."""
    own = (
        getattr(type(callback), hook) is not getattr(keras.callbacks.Callback, hook) for hook in BATCH_HOOKS
    )
    return any(own) and not isinstance(callback, LossHistory)

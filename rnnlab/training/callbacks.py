"""Callbacks in a training: when each hook is called, and what a callback remembers in a checkpoint.

Keras callbacks have no interface for their state: they keep it in attributes (`EarlyStopping`: `wait`,
`best`, `best_weights` …). A checkpoint therefore keeps the attributes that are a number, a boolean, a text,
None or an array of numbers, and lists of Python's numbers, booleans and texts, or of arrays. It leaves out
all other attributes, and names that begin with an underscore. rnnlab's own callbacks are `Remembering`: they
have methods that return and set their state.
"""

import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from rnnlab.errors import RnnlabError, TrainingError
from rnnlab.models.tensor_file import DTYPES

Arrays = dict[str, NDArray[Any]]

BATCH_HOOKS = ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end")

NOT_THEIRS = {"model", "params", "validation_data"}
"""Attributes that Keras sets in every callback."""

_STORED = {np.dtype(name).str for name in DTYPES.values()}

_LISTED = "[]"
"""Last characters of an array's name if it is a list of floats in the callback."""


class CallbackCalls:
    """Calls the hooks of callbacks in the order of Keras' `fit`; those of batches after their chunk.

    Args:
        callbacks: Keras callbacks.
        network: the `keras.Model` that callbacks see as `self.model`; a callback sets its `stop_training`.
        optimizer: the optimizer of the training; callbacks see it as `self.model.optimizer`.

    Raises:
        TrainingError: a callback of the user's raised an exception. Every method that calls hooks raises it.
    """

    def __init__(self, callbacks: Sequence[Any], network: Any, optimizer: Any) -> None:
        self._callbacks = list(callbacks)
        network.optimizer, network.stop_training = optimizer, False
        self._own = [each for each in callbacks if isinstance(each, Remembering)]
        self._watchers = [each for each in callbacks if _watches_batches(each)]
        with self._blamed():
            self._list = keras.callbacks.CallbackList(
                self._callbacks, model=network, add_history=False, add_progbar=False
            )

    def train_begins(self) -> None:
        """Call `on_train_begin`."""
        with self._blamed():
            self._list.on_train_begin()

    def train_ends(self) -> None:
        """Call `on_train_end`."""
        with self._blamed():
            self._list.on_train_end()

    def epoch_begins(self, epoch: int) -> None:
        """Call `on_epoch_begin` with the number of the epoch, from 0."""
        with self._blamed():
            self._list.on_epoch_begin(epoch)

    def epoch_ends(self, epoch: int, figures: dict[str, float], *, rate: float) -> None:
        """Call `on_epoch_end`.

        Args:
            epoch: number of the epoch, from 0.
            figures: losses and accuracies of the epoch, under Keras' names.
            rate: the learning rate of the last step of the epoch.
        """
        for own in self._own:
            own.rate = rate
        with self._blamed():
            self._list.on_epoch_end(epoch, figures)

    def snapshot(self) -> tuple[dict[str, NDArray[Any]], list[Any]]:
        """Return the state of the callbacks: arrays by `number/name`, and the plain values of each one."""
        arrays: dict[str, NDArray[Any]] = {}
        facts = []
        for number, callback in enumerate(self._callbacks):
            own, plain = callback.snapshot() if isinstance(callback, Remembering) else remembered(callback)
            arrays.update({f"{number}/{name}": array for name, array in own.items()})
            facts.append(plain)
        return arrays, facts

    def restore(self, arrays: dict[str, NDArray[Any]], facts: list[Any]) -> None:
        """Set the state of the callbacks to a snapshot.

        Raises:
            ValueError: the snapshot was taken of other callbacks, or has an attribute that `remind` refuses.
        """
        for number, (callback, plain) in enumerate(zip(self._callbacks, facts, strict=True)):
            begin = f"{number}/"
            own = {name.removeprefix(begin): arrays[name] for name in arrays if name.startswith(begin)}
            if isinstance(callback, Remembering):
                callback.restore(own, plain)
            else:
                remind(callback, own, plain)

    def steps(self, first_batch: int, losses: NDArray[np.float32], accuracies: NDArray[np.float32]) -> None:
        """Call the hooks for batches, for consecutive steps of one epoch.

        Args:
            first_batch: number of the first step in its epoch, from 0.
            losses: loss of each step on its own batch, nats per token, (steps,).
            accuracies: accuracy of each step on its own batch, 0 to 1, (steps,).
        """
        for own in self._own:
            own.add_steps(losses, accuracies)
        if not self._watchers:
            return
        figures = zip(losses.tolist(), accuracies.tolist(), strict=True)
        with self._blamed():
            for batch, (loss, accuracy) in enumerate(figures, start=first_batch):
                for callback in self._watchers:
                    callback.on_train_batch_begin(batch)
                for callback in self._watchers:
                    callback.on_train_batch_end(batch, {"loss": loss, "accuracy": accuracy})

    @contextmanager
    def _blamed(self) -> Iterator[None]:
        """If a user's callback raises an exception in the `with` block, raise TrainingError.

        An RnnlabError, and an exception that no callback raised, pass unchanged.
        """
        try:
            yield
        except RnnlabError:
            raise
        except Exception as error:
            if hook := self._raising_hook(error):
                raise TrainingError(f"training.callbacks: {hook} raised {error_and_place(error)}") from error
            raise

    def _raising_hook(self, error: Exception) -> str:
        """Return class and hook of the user's callback that raised an exception; empty if none did."""
        own = [each for each in self._callbacks if not isinstance(each, Remembering)]
        for name in (
            "self",
            "callback",
        ):  # `callback`: in Keras' own loop over callbacks, where the hook is no method
            for frame, _ in traceback.walk_tb(error.__traceback__):
                caller = frame.f_locals.get(name)
                if any(caller is each for each in own):
                    return f"{type(caller).__name__}: {frame.f_code.co_name}"
        return ""


class Remembering(keras.callbacks.Callback):  # type: ignore[misc]
    """A callback of rnnlab's own, which returns and sets its state, and receives many steps in one call.

    Attributes:
        rate: learning rate of the last step of the epoch that ends next; None if unknown.
    """

    def __init__(self) -> None:
        super().__init__()
        self.rate: float | None = None

    def add_steps(self, losses: NDArray[np.float32], accuracies: NDArray[np.float32]) -> None:
        """Receive the figures of consecutive steps, (steps,) each."""

    def snapshot(self) -> tuple[Arrays, dict[str, Any]]:
        """Return the state of the callback: arrays by name, and all other values by name."""
        raise NotImplementedError

    def restore(self, arrays: Arrays, facts: dict[str, Any]) -> None:
        """Set the state of the callback to a snapshot."""
        raise NotImplementedError


def remembered(callback: Any) -> tuple[Arrays, dict[str, Any]]:
    """Return the attributes to keep: arrays by name, and plain values by name.

    An array in a list has its number after the name, as `best_weights/0`; a list of floats becomes an array
    whose name ends with `[]`.
    """
    arrays: Arrays = {}
    plain: dict[str, Any] = {}
    for name, value in vars(callback).items():
        if name.startswith("_") or name in NOT_THEIRS or _is_found_anew(callback, name):
            continue
        if isinstance(value, np.generic):
            plain[name] = value.item()
        elif value is None or isinstance(value, bool | int | float | str):
            plain[name] = value
        elif _is_stored(value):
            arrays[name] = value
        elif isinstance(value, list) and value and all(type(each) is float for each in value):
            arrays[name + _LISTED] = np.array(value, np.float64)
        elif isinstance(value, list) and all(isinstance(each, bool | int | float | str) for each in value):
            plain[name] = value
        elif isinstance(value, list) and all(map(_is_stored, value)):
            arrays.update({f"{name}/{number}": each for number, each in enumerate(value)})
    return arrays, plain


def remind(callback: Any, arrays: Arrays, plain: Mapping[str, Any]) -> None:
    """Set the attributes of a callback to what `remembered` returned.

    Raises:
        ValueError: an attribute is a method or a property, or one that `remembered` never returns.
    """
    values: dict[str, Any] = dict(plain)
    lists: dict[str, dict[int, NDArray[Any]]] = {}
    for name, array in arrays.items():
        attribute, _, number = name.partition("/")
        if number:
            lists.setdefault(attribute, {})[int(number)] = array
        elif name.endswith(_LISTED):
            values[name.removesuffix(_LISTED)] = array.tolist()
        else:
            values[name] = array
    for attribute, numbered in lists.items():
        values[attribute] = [numbered[number] for number in sorted(numbered)]
    for name, value in values.items():
        if _is_found_anew(callback, name):
            continue
        _check_theirs(callback, name)
        setattr(callback, name, value)


def _is_stored(value: Any) -> bool:
    """Whether a value is an array of numbers of a type that a checkpoint can store."""
    return isinstance(value, np.ndarray) and value.dtype.newbyteorder("<").str in _STORED


def _is_found_anew(callback: Any, name: str) -> bool:
    """Whether Keras computes an attribute anew in each training, so that it must not be restored.

    `append_header`: `CSVLogger` checks whether its file has a header. `min_delta`: callbacks that wait for a
    loss (`EarlyStopping`) change its sign after the first epoch of each training.
    """
    return name == "append_header" or (name == "min_delta" and hasattr(callback, "_set_monitor_op"))


def _check_theirs(callback: Any, name: str) -> None:
    """Refuse a private attribute, and one that would replace a method, a property or Keras' own."""
    of_class = getattr(type(callback), name, None)
    is_method = callable(of_class) or isinstance(of_class, property)
    if name.startswith("_") or name in NOT_THEIRS or is_method or callable(getattr(callback, name, None)):
        raise ValueError(f"{name!r} is no attribute that a callback remembers")


def error_and_place(error: BaseException) -> str:
    """Return the type and message of an exception, with the name of the file and the line that raised it."""
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if isinstance(error, SyntaxError):  # its message names file and line
        return text
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{text} ({Path(last.filename).name}, line {last.lineno})"


def _watches_batches(callback: Any) -> bool:
    """Whether a callback of the user or of Keras overrides a hook for batches."""
    own = (
        getattr(type(callback), hook) is not getattr(keras.callbacks.Callback, hook) for hook in BATCH_HOOKS
    )
    return any(own) and not isinstance(callback, Remembering)

"""Callbacks of the training loop: how those of the configuration are made, and how all of them are called.

What a callback of the user's, or of Keras', remembers from epoch to epoch.

Keras callbacks have no interface for it: they keep it in their attributes (`EarlyStopping`: `wait`, `best`,
`best_weights` …). So the attributes that are plain values, arrays or lists of arrays are what is saved;
functions, the model and names that begin with an underscore are not. rnnlab's own callbacks say themselves.
"""

import copy
import inspect
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from rnnlab.config.callback import CallbackSettings
from rnnlab.config.report import did_you_mean
from rnnlab.errors import RnnlabError, TrainingError, near
from rnnlab.runs.history import EpochRecord
from rnnlab.training.callback_modules import import_from
from rnnlab.training.callback_state import Remembering, remembered, remind
from rnnlab.training.history import LossHistory

BATCH_HOOKS = ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end")


class CallbackCalls:
    """The calls that a training owes its callbacks, where Keras' `fit` would make them.

    Args:
        callbacks: Keras callbacks.
        network: where they find the model, and set `stop_training`.
        optimizer: of the training; callbacks look for it at the model.

    Raises:
        TrainingError: a callback of the user's raised an exception; so does every method that calls them.
    """

    def __init__(self, callbacks: Sequence[Any], network: Any, optimizer: Any) -> None:
        self._callbacks = list(callbacks)
        network.optimizer, network.stop_training = optimizer, False
        self._histories = [each for each in callbacks if isinstance(each, LossHistory)]
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
        """Call `on_epoch_begin` of an epoch, counted from 0."""
        with self._blamed():
            self._list.on_epoch_begin(epoch)

    def epoch_ends(self, epoch: int, figures: dict[str, float], *, rate: float) -> None:
        """Call `on_epoch_end` of an epoch, counted from 0.

        Args:
            epoch: its number.
            figures: its losses and accuracies, under Keras' names.
            rate: the learning rate of its last step.
        """
        for history in self._histories:
            history.rate = rate
        with self._blamed():
            self._list.on_epoch_end(epoch, figures)

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
        with self._blamed():
            for batch, (loss, accuracy) in enumerate(figures, start=first_batch):
                for callback in self._watchers:
                    callback.on_train_batch_begin(batch)
                for callback in self._watchers:
                    callback.on_train_batch_end(batch, {"loss": loss, "accuracy": accuracy})

    @contextmanager
    def _blamed(self) -> Iterator[None]:
        """Turn an exception that a callback of the user's raises into a line that names the callback."""
        try:
            yield
        except RnnlabError:
            raise
        except Exception as error:
            if hook := self._raising_hook(error):
                raise TrainingError(f"training.callbacks: {hook} raised {_told(error)}") from error
            raise

    def _raising_hook(self, error: Exception) -> str:
        """The class and the hook of the user's callback that raised an exception; empty if none did."""
        own = [each for each in self._callbacks if not isinstance(each, Remembering)]
        for name in ("self", "callback"):  # the second is Keras' own loop, where a hook is no method
            for frame, _ in traceback.walk_tb(error.__traceback__):
                caller = frame.f_locals.get(name)
                if any(caller is each for each in own):
                    return f"{type(caller).__name__}: {frame.f_code.co_name}"
        return ""


def load_callbacks(callbacks: Sequence[CallbackSettings], folders: Sequence[Path]) -> list[Any]:
    """The callbacks of a configuration, each made by its class with its arguments.

    Args:
        callbacks: the setting `training.callbacks`.
        folders: where their modules are looked for, after Python's path.

    Raises:
        TrainingError: a class that is not there or is no `keras.callbacks.Callback`, or arguments that its
            constructor does not take.
    """
    return [_load(each, f"training.callbacks.{number}", folders) for number, each in enumerate(callbacks)]


def _load(settings: CallbackSettings, key: str, folders: Sequence[Path]) -> Any:
    found = _class_of(settings.name, key, folders)
    _check_arguments(found, settings.arguments, key)
    try:
        return found(**copy.deepcopy(settings.arguments))
    except (Exception, SystemExit) as error:
        raise TrainingError(f"{key}: {settings.name}: its constructor raised {_told(error)}") from error


def _class_of(name: str, key: str, folders: Sequence[Path]) -> Callable[..., Any]:
    """The class `package.module:Class`."""
    module_name, _, class_name = name.partition(":")
    module = _module(module_name, f"{key}: {name}", folders)
    found = getattr(module, class_name, None)
    if found is None:
        classes = [own for own, each in vars(module).items() if _is_callback_class(each)]
        hint = did_you_mean([f"{module_name}:{each}" for each in near(class_name, classes, 1)])
        there = f"; there are {', '.join(sorted(classes))}" if classes else "; it has no callback"
        raise TrainingError(
            f"{key}: {name}: cannot be imported (no {class_name!r} in {_place_of(module)}){hint or there}"
        )
    if not _is_callback_class(found):
        kind = "a class of another kind" if isinstance(found, type) else type(found).__name__
        raise TrainingError(
            f"{key}: {name}: expected a subclass of keras.callbacks.Callback, received {kind}"
        )
    checked: Callable[..., Any] = found
    return checked


def _module(name: str, place: str, folders: Sequence[Path]) -> ModuleType:
    """A module by its dotted name.

    Args:
        name: the name.
        place: what a message begins with.
        folders: where it is looked for, after Python's path.
    """
    try:
        return import_from(name, folders)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise TrainingError(
                f"{place}: cannot be imported ({name} raised {_told(error)}); install {error.name}"
            ) from error
        looked = " or ".join(["on Python's path", *(f"in {folder}" for folder in folders)])
        meant = did_you_mean(["keras.callbacks"] if name.endswith("keras.callbacks") else [])
        remedy = "put it beside the YAML or into the working folder, or name its folder in PYTHONPATH"
        raise TrainingError(
            f"{place}: cannot be imported (no module {error.name!r} {looked}){meant or f'; {remedy}'}"
        ) from error
    except (Exception, SystemExit) as error:
        raise TrainingError(
            f"{place}: cannot be imported (the module raised {_told(error)}); correct the module"
        ) from error


def _check_arguments(found: Callable[..., Any], arguments: Mapping[str, Any], key: str) -> None:
    """Refuse arguments that a constructor does not take, and what it needs and is not there."""
    try:
        parameters = inspect.signature(found).parameters.values()
    except (ValueError, TypeError):
        return
    named = [each for each in parameters if each.kind in {each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY}]
    takes, name = [each.name for each in named], getattr(found, "__name__", "the class")
    takes_any = any(each.kind == each.VAR_KEYWORD for each in parameters)
    for argument in arguments:
        if argument not in takes and not takes_any:
            there = f"; it takes {', '.join(takes)}" if takes else "; it takes none"
            hint = did_you_mean(near(argument, [each for each in takes if each not in arguments], 1))
            raise TrainingError(f"{key}.arguments.{argument}: {name} has no such argument{hint or there}")
    for each in named:
        if each.default is each.empty and each.name not in arguments:
            raise TrainingError(
                f"{key}: {name} lacks the argument {each.name!r}; write it as"
                f" {{class: …, arguments: {{{each.name}: …}}}}"
            )


def _is_callback_class(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, keras.callbacks.Callback)


def _place_of(module: ModuleType) -> str:
    """The file of a module, or its name where it has none: a file of another package may hide the user's."""
    return str(getattr(module, "__file__", None) or module.__name__)


def _told(error: BaseException) -> str:
    """An exception in a few words, with the file and line that raised it."""
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if isinstance(error, SyntaxError):  # which says its place itself
        return text
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{text} ({Path(last.filename).name}, line {last.lineno})"


def _watches_batches(callback: Any) -> bool:
    """Whether a callback has hooks of its own for batches; a history is told of many at once."""
    own = (
        getattr(type(callback), hook) is not getattr(keras.callbacks.Callback, hook) for hook in BATCH_HOOKS
    )
    return any(own) and not isinstance(callback, LossHistory)

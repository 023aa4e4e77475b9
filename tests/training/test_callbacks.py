"""Calling callbacks, and loading the user's own."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from rnnlab.config.callback import CallbackSettings
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


class Picky(keras.callbacks.Callback):
    """A user's callback with an argument that it needs, and one that it checks."""

    def __init__(self, rate: float, *, every: int = 1) -> None:
        super().__init__()
        if every < 1:
            raise ValueError("every: expected 1 or more")
        self.rate, self.every = rate, every

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        (logs or {})["no such figure"]


class Anything(keras.callbacks.Callback):
    """A callback whose constructor takes whatever it is given."""

    def __init__(self, **settings: object) -> None:
        super().__init__()
        self.settings = settings


HERE = __name__


def load(name: str, folders: Sequence[Path] = (), **arguments: object) -> Any:
    """The callback of a class with arguments."""
    (found,) = load_callbacks([CallbackSettings(name=name, arguments=arguments)], folders)
    return found


def refusal(name: str, folders: Sequence[Path] = (), **arguments: object) -> str:
    """The line that refuses it."""
    with pytest.raises(TrainingError) as caught:
        load(name, folders, **arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_callback_is_made_with_its_arguments() -> None:
    """By name, as the YAML has them; the configuration keeps its own, whatever the callback does to its."""
    callbacks = [
        CallbackSettings(name=f"{HERE}:Picky", arguments={"rate": 0.5, "every": 3}),
        CallbackSettings(name=f"{HERE}:Anything", arguments={"list": [1]}),
    ]

    picky, anything = load_callbacks(callbacks, [])
    anything.settings["list"].append(2)

    assert (picky.rate, picky.every) == (0.5, 3)
    assert callbacks[1].arguments == {"list": [1]}


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        (
            "no_such_module:Class",
            {},
            ": no_such_module:Class: cannot be imported (no module 'no_such_module'",
        ),
        (
            "collections.no:Class",
            {},
            ": collections.no:Class: cannot be imported (no module 'collections.no'",
        ),
        ("collections:Nothing", {}, ": collections:Nothing: cannot be imported (no 'Nothing' in "),
        (
            "keras.callbacks:CSVLoger",
            {},
            "did you mean 'keras.callbacks:CSVLogger'?",
        ),
        (
            "no.keras.callbacks:CSVLogger",
            {},
            "did you mean 'keras.callbacks'?",
        ),
        ("collections:OrderedDict", {}, "expected a subclass of keras.callbacks.Callback, received a class"),
        ("math:sin", {}, "expected a subclass of keras.callbacks.Callback, received builtin_function"),
        (f"{HERE}:Picky", {}, ": Picky lacks the argument 'rate'"),
        (
            f"{HERE}:Picky",
            {"rate": 1, "evry": 2},
            ".arguments.evry: Picky has no such argument; did you mean 'every'?",
        ),
        (
            f"{HERE}:Picky",
            {"rate": 1, "zzz": 2},
            ".arguments.zzz: Picky has no such argument; it takes rate, every",
        ),
        (f"{HERE}:Watcher", {"x": 1}, ".arguments.x: Watcher has no such argument; it takes none"),
        (
            f"{HERE}:Picky",
            {"rate": 1, "every": 0},
            f": {HERE}:Picky: its constructor raised ValueError: every: expected 1 or more"
            " (test_callbacks.py, line ",
        ),
        (
            f"{HERE}:Picky",
            {"rate": 1, "every": "two"},
            ": its constructor raised TypeError: '<' not supported",
        ),
        ("keras.callbacks:CSVLogger", {"filename": "a", "apend": 1}, "did you mean 'append'?"),
        ("keras.callbacks:CSVLogger", {}, ": CSVLogger lacks the argument 'filename'"),
    ],
)
def test_a_wrong_callback_is_refused(name: str, arguments: dict[str, object], message: str) -> None:
    """In one line that begins with its place in the configuration, and says what it takes instead."""
    line = refusal(name, **arguments)

    assert line.startswith("training.callbacks.0")
    assert message in line


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("def broken(:\n", "the module raised SyntaxError: invalid syntax (broken_callbacks.py, line 1)"),
        (
            "x = 1\n1 / 0\n",
            "the module raised ZeroDivisionError: division by zero (broken_callbacks.py, line 2)",
        ),
        (
            "import sys\nsys.exit('usage')\n",
            "the module raised SystemExit: usage (broken_callbacks.py, line 2)",
        ),
        ("import no_such_package\n", "broken_callbacks raised ModuleNotFoundError: No module named 'no_such"),
        ("import keras\n", "it has no callback"),
        ("from keras.callbacks import History\n", "; there are History"),
    ],
)
def test_a_module_that_cannot_be_imported_says_why(tmp_path: Path, code: str, message: str) -> None:
    """Whatever it raises is one line, with its file and line."""
    (tmp_path / "broken_callbacks.py").write_text(code)

    assert message in refusal("broken_callbacks:Stop", [tmp_path])
    sys.modules.pop("broken_callbacks", None)


def test_a_hook_that_raises_is_named() -> None:
    """With its class, the exception, the file and the line; rnnlab's own callbacks keep their traceback."""
    calls = CallbackCalls([LossHistory(), Picky(1.0)], keras.Sequential(), optimizer=None)

    with pytest.raises(TrainingError) as caught:
        calls.epoch_ends(0, {"loss": 1.0, "accuracy": 0.5}, rate=0.1)

    assert str(caught.value).startswith(
        "training.callbacks: Picky: on_epoch_end raised KeyError: 'no such figure' (test_callbacks.py, line "
    )
    with pytest.raises(KeyError):
        calls.epoch_ends(0, {}, rate=0.1)


def test_a_hook_that_is_no_function_is_named() -> None:
    """Such as that of `LambdaCallback`, to which YAML can give no function."""
    hook = load("keras.callbacks:LambdaCallback", on_epoch_begin="print")
    calls = CallbackCalls([hook], keras.Sequential(), optimizer=None)

    with pytest.raises(
        TrainingError, match="LambdaCallback: on_epoch_begin raised TypeError: 'str' object is"
    ):
        calls.epoch_begins(0)

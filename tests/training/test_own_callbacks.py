"""The user's own callbacks: where their modules are found, and how each callback is made."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import keras
import pytest

from rnnlab.config.callback import CallbackSettings
from rnnlab.errors import TrainingError
from rnnlab.runs.folder import RunFolder
from rnnlab.training.own_callbacks import (
    folders_of,
    import_from,
    importable,
    load_callbacks,
    record_folders,
)
from tests.experiments import SONG, experiment

HERE = __name__
NAME = "own_callbacks_of_a_test"


@pytest.fixture(autouse=True)
def _forget(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RNNLAB_STATE", str(tmp_path / "state"))
    yield
    sys.modules.pop(NAME, None)


class Picky(keras.callbacks.Callback):
    """A user's callback with an argument that it needs, and one that it checks."""

    def __init__(self, rate: float, *, every: int = 1) -> None:
        super().__init__()
        if every < 1:
            raise ValueError("every: expected 1 or more")
        self.rate, self.every = rate, every


class Anything(keras.callbacks.Callback):
    """A callback whose constructor takes whatever it is given."""

    def __init__(self, **settings: object) -> None:
        super().__init__()
        self.settings = settings


class Plain(keras.callbacks.Callback):
    """A callback whose constructor takes nothing."""


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
        (f"{HERE}:Plain", {"x": 1}, ".arguments.x: Plain has no such argument; it takes none"),
        (
            f"{HERE}:Picky",
            {"rate": 1, "every": 0},
            f": {HERE}:Picky: its constructor raised ValueError: every: expected 1 or more"
            " (test_own_callbacks.py, line ",
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


def folder_with(folder: Path, text: str, *, is_package: bool = False) -> Path:
    """A folder with a module that says where it is."""
    path = folder / NAME / "__init__.py" if is_package else folder / f"{NAME}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"where = {text!r}\n")
    return folder


def test_pythons_own_path_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that is installed, or in PYTHONPATH, is taken before one beside the YAML."""
    monkeypatch.syspath_prepend(folder_with(tmp_path / "installed", "installed"))
    beside = folder_with(tmp_path / "beside", "beside")

    assert import_from(NAME, [beside]).where == "installed"


@pytest.mark.parametrize("is_package", [False, True])
def test_then_the_folders_in_their_order(tmp_path: Path, is_package: bool) -> None:
    """Python's path is afterwards what it was."""
    before = list(sys.path)
    beside = folder_with(tmp_path / "beside", "beside", is_package=is_package)
    working = folder_with(tmp_path / "working", "working", is_package=is_package)

    assert import_from(NAME, [beside, working]).where == "beside"
    assert sys.path == before


def test_a_module_of_another_yaml_is_not_mistaken_for_it(tmp_path: Path) -> None:
    """Two configurations of one process may each have a module of that name."""
    one, other = (folder_with(tmp_path / name, name) for name in ("one", "other"))

    found = [import_from(NAME, [folder]).where for folder in (one, other, one)]

    assert found == ["one", "other", "one"]


def test_a_module_that_python_has_loaded_is_that_module(tmp_path: Path) -> None:
    """Such as `__main__`, where the classes of a notebook are."""
    assert import_from("__main__", [tmp_path]) is sys.modules["__main__"]


def test_while_a_training_runs_its_folders_can_be_imported_from(tmp_path: Path) -> None:
    """A hook may import a neighbour of its module; then Python's path is what it was."""
    before = list(sys.path)
    folder = folder_with(tmp_path / "beside", "beside")

    with importable([folder]):
        assert sys.path == [*before, str(folder)]

    assert sys.path == before


def test_it_is_looked_for_beside_the_yaml_and_in_the_working_folder(tmp_path: Path) -> None:
    """Without callbacks, nowhere."""
    callbacks = [CallbackSettings(name="a:B", folder=tmp_path / "pages"), CallbackSettings(name="c:D")]

    assert folders_of(callbacks, None) == [tmp_path / "pages", tmp_path]
    assert folders_of([], None) == []


def signed_run(folder: Path) -> RunFolder:
    """A run of the user's own."""
    folder.mkdir(parents=True)
    run = RunFolder(folder)
    wanted = experiment(SONG)
    run.sign(wanted)
    run.write_config(wanted)
    return run


def test_a_resumed_run_looks_where_it_looked_before(tmp_path: Path) -> None:
    """Also when it was moved; not in its own folder, where its configuration is now."""
    run = signed_run(tmp_path / "runs/song-1")
    record_folders(run, [tmp_path / "pages"])
    callbacks = [CallbackSettings(name="a:B", folder=run.path)]

    assert folders_of(callbacks, run) == [tmp_path / "pages", tmp_path]

    moved = RunFolder((tmp_path / "elsewhere").absolute())
    run.path.rename(moved.path)
    assert folders_of(callbacks, moved)[0] == tmp_path / "pages"
    assert moved.path not in folders_of(callbacks, moved)


def test_a_resumed_run_is_not_looked_into_from_within_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The working folder is left out if it is the folder of the run."""
    run = signed_run(tmp_path / "run")
    monkeypatch.chdir(run.path)

    assert folders_of([CallbackSettings(name="a:B", folder=run.path)], run) == []


@pytest.mark.parametrize("record", ["", "[", "[]", '{"folders": 3}', '{"folders": [3]}', "[" * 100_000])
def test_a_damaged_record_is_passed_over(tmp_path: Path, record: str) -> None:
    """The working folder remains."""
    run = signed_run(tmp_path / "run")
    (run.path / "callbacks.json").write_text(record)

    assert folders_of([CallbackSettings(name="a:B")], run) == [tmp_path]


def test_a_strangers_run_does_not_say_where_code_is(tmp_path: Path) -> None:
    """Neither what it records nor its own folder is looked into: it could bring any code along."""
    run = signed_run(tmp_path / "run")
    record_folders(run, [run.path / "code", tmp_path / "pages"])
    (run.path / "signature.json").unlink()

    assert folders_of([CallbackSettings(name="a:B", folder=run.path)], run) == [tmp_path]


def test_a_module_that_has_taken_the_name_of_another_is_kept(tmp_path, monkeypatch):
    """Whoever put it into `sys.modules` means it, also after one of that name was found in a folder."""
    assert import_from(NAME, [folder_with(tmp_path / "there", "there")]).where == "there"
    other = ModuleType(NAME)

    monkeypatch.setitem(sys.modules, NAME, other)

    assert import_from(NAME, []) is other

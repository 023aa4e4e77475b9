"""Where the module of a callback is found."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from rnnlab.config.callback import CallbackSettings
from rnnlab.runs.folder import RunFolder
from rnnlab.training.callback_modules import folders_of, import_from, importable, record_folders
from tests.experiments import SONG, experiment

NAME = "own_callbacks_of_a_test"


@pytest.fixture(autouse=True)
def _forget(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RNNLAB_STATE", str(tmp_path / "state"))
    yield
    sys.modules.pop(NAME, None)


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

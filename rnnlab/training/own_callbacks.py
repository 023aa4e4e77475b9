"""Callbacks of the configuration: how their modules are found, and how the object of each class is made.

A module is looked for on Python's path, beside the YAML file, and in the working folder. A run keeps these
folders in `callbacks.json`, relative to its own folder, so that a resumed training finds the same modules.
That file is used only if the run is signed as the user's own.
"""

import copy
import importlib
import importlib.machinery
import inspect
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import keras

from rnnlab.config.callback import CallbackSettings
from rnnlab.config.report import did_you_mean
from rnnlab.config.section import relative
from rnnlab.errors import RunError, TrainingError, near
from rnnlab.runs.folder import RunFolder
from rnnlab.runs.layout import small_bytes
from rnnlab.runs.signature import digest_of, signed_pages
from rnnlab.training.callbacks import error_and_place

RECORD = "callbacks.json"
_MOST_BYTES = 100_000

_loaded_from: dict[str, Path] = {}
"""The folder of each module that was not found on Python's path, by the first part of the module's name."""


def load_callbacks(callbacks: Sequence[CallbackSettings], folders: Sequence[Path]) -> list[Any]:
    """Return the callbacks of a configuration, each made by its class with its arguments.

    Args:
        callbacks: the setting `training.callbacks`.
        folders: where the modules are looked for, after Python's path.

    Raises:
        TrainingError: a module cannot be imported, a class is missing or is no `keras.callbacks.Callback`, an
            argument is unknown or missing, or a constructor raises an exception.
    """
    return [_load(each, f"training.callbacks.{number}", folders) for number, each in enumerate(callbacks)]


def folders_of(callbacks: Sequence[CallbackSettings], resumed: RunFolder | None) -> list[Path]:
    """Return the folders in which the modules of callbacks are looked for, after Python's path.

    Args:
        callbacks: the setting `training.callbacks`; without callbacks there are no folders.
        resumed: the run that is resumed, or None. Its own folder is left out, even if it is the working
            folder, since it may come from a stranger.
    """
    if not callbacks:
        return []
    found = [*(each.folder for each in callbacks if each.folder), Path.cwd()]
    if resumed:
        own = resumed.path.resolve()
        found = [folder for folder in [*_recorded(resumed), *found] if folder.resolve() != own]
    return list(dict.fromkeys(found))


def record_folders(run: RunFolder, folders: Sequence[Path]) -> None:
    """Write the folders to `callbacks.json` of a run, if there are any.

    Raises:
        RunError: the file cannot be written.
    """
    if folders:
        here = run.path.absolute()
        run.write(RECORD, json.dumps({"folders": [relative(folder, here) for folder in folders]}) + "\n")


@contextmanager
def importable(folders: Sequence[Path]) -> Iterator[None]:
    """Let Python look for modules in the folders too, after its own path, during the `with` block."""
    added = [str(folder) for folder in folders if str(folder) not in sys.path]
    sys.path += added
    try:
        yield
    finally:
        for each in added:
            with suppress(ValueError):
                sys.path.remove(each)


def import_from(name: str, folders: Sequence[Path]) -> ModuleType:
    """Import a module from Python's path, or else from the first of the folders that has it.

    A module that Python has loaded from its own path is returned as it is. A module of the same name that was
    imported from another of such folders, for another YAML file, is replaced.

    Args:
        name: the dotted name.
        folders: where to look after Python's path.
    """
    importlib.invalidate_caches()
    first = name.partition(".")[0]
    if first in _loaded_from and not _is_from(sys.modules.get(first), _loaded_from[first]):
        del _loaded_from[first]  # another module has this name now
    if first not in sys.modules or first in _loaded_from:
        folder = _folder_with(first, folders)
        if first in _loaded_from and _loaded_from[first] != folder:
            for loaded in [each for each in sys.modules if each.partition(".")[0] == first]:
                del sys.modules[loaded]
            del _loaded_from[first]
        if folder:
            _loaded_from[first] = folder
    with importable(folders):
        return importlib.import_module(name)


def _load(settings: CallbackSettings, key: str, folders: Sequence[Path]) -> Any:
    """Return the callback of one entry of `training.callbacks`; `key` names the entry in messages."""
    found = _class_of(settings.name, key, folders)
    _check_arguments(found, settings.arguments, key)
    try:
        return found(**copy.deepcopy(settings.arguments))
    except (Exception, SystemExit) as error:
        raise TrainingError(
            f"{key}: {settings.name}: its constructor raised {error_and_place(error)}"
        ) from error


def _class_of(name: str, key: str, folders: Sequence[Path]) -> Callable[..., Any]:
    """Return the class that `package.module:Class` names."""
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
    """Return a module by its dotted name.

    Args:
        name: the name.
        place: the setting, with which a message begins.
        folders: where it is looked for, after Python's path.
    """
    try:
        return import_from(name, folders)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            remedy = f"install {error.name}" if error.name else "correct the module"
            raise TrainingError(
                f"{place}: cannot be imported ({name} raised {error_and_place(error)}); {remedy}"
            ) from error
        looked = " or ".join(["on Python's path", *(f"in {folder}" for folder in folders)])
        meant = did_you_mean(["keras.callbacks"] if name.endswith("keras.callbacks") else [])
        remedy = "put it beside the YAML or into the working folder, or name its folder in PYTHONPATH"
        raise TrainingError(
            f"{place}: cannot be imported (no module {error.name!r} {looked}){meant or f'; {remedy}'}"
        ) from error
    except (Exception, SystemExit) as error:
        raise TrainingError(
            f"{place}: cannot be imported (the module raised {error_and_place(error)}); correct the module"
        ) from error


def _check_arguments(found: Callable[..., Any], arguments: Mapping[str, Any], key: str) -> None:
    """Refuse unknown and missing arguments of a constructor; skip the check if it has no known signature."""
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
    """Return the file of a module, or its name. The file shows whether another module hides the user's."""
    return str(getattr(module, "__file__", None) or module.__name__)


def _is_from(module: ModuleType | None, folder: Path) -> bool:
    """Whether a module was imported from a folder; also true for None, an unloaded module."""
    places = [getattr(module, "__file__", None), *getattr(module, "__path__", ())]
    return module is None or any(Path(place).is_relative_to(folder) for place in places if place)


def _folder_with(first: str, folders: Sequence[Path]) -> Path | None:
    """Return the folder that has a module; None if Python's own path or no folder has the module."""
    spec = importlib.machinery.PathFinder.find_spec(first, [*sys.path, *map(str, folders)])
    if spec is None or not spec.has_location or not spec.origin:
        return None
    home = Path(spec.origin).parent
    if spec.submodule_search_locations:
        home = home.parent
    return home if home in folders and str(home) not in sys.path else None


def _recorded(run: RunFolder) -> list[Path]:
    """Return the folders in `callbacks.json`, seen from where the run was signed and from where it is.

    Return none if the run is not the user's own, or a file is damaged.
    """
    try:
        begun = signed_pages(run.path).get(digest_of(run.read_config()))
        record = json.loads(small_bytes(run.path / RECORD, most_bytes=_MOST_BYTES) or b"{}")
        bases = (
            [begun, run.path.absolute()] if begun else []
        )  # the run alone may have been moved, or the run with the folders
        return [
            Path(os.path.normpath(base / folder)) for base in bases for folder in record.get("folders", [])
        ]
    except (RunError, ValueError, TypeError, AttributeError, RecursionError):
        return []

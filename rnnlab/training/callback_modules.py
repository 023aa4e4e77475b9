"""Where the modules of callbacks are found: on Python's path, beside the YAML, or in the working folder.

A run keeps these folders in `callbacks.json`, relative to its own, so that a training that is resumed finds
the same modules. That file is followed only if the run is signed as the user's own.
"""

import importlib
import importlib.machinery
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType

from rnnlab.config.callback import CallbackSettings
from rnnlab.config.section import relative
from rnnlab.errors import RunError
from rnnlab.runs.folder import RunFolder
from rnnlab.runs.layout import small_bytes
from rnnlab.runs.signature import digest_of, signed_pages

RECORD = "callbacks.json"
_MOST_BYTES = 100_000

_loaded_from: dict[str, Path] = {}
"""The folder of each module, by its first name, that was found in none of the folders of Python's path."""


def folders_of(callbacks: Sequence[CallbackSettings], resumed: RunFolder | None) -> list[Path]:
    """The folders in which the modules of callbacks are looked for, after Python's path.

    Args:
        callbacks: the setting `training.callbacks`.
        resumed: the run that is gone on with; its own folder, which may be a stranger's, is not one of them.
    """
    found = [each.folder for each in callbacks if each.folder]
    if resumed:
        own = resumed.path.resolve()
        found = [*_recorded(resumed), *found]
        found = [folder for folder in found if folder.resolve() != own]
    return list(dict.fromkeys([*found, Path.cwd()])) if callbacks else []


def record_folders(run: RunFolder, folders: Sequence[Path]) -> None:
    """Write the folders into a run, if there are any.

    Raises:
        RunError: the file cannot be written.
    """
    if folders:
        here = run.path.absolute()
        run.write(RECORD, json.dumps({"folders": [relative(folder, here) for folder in folders]}) + "\n")


@contextmanager
def importable(folders: Sequence[Path]) -> Iterator[None]:
    """While the body runs, have Python look for modules in folders too, after its own path."""
    added = [str(folder) for folder in folders if str(folder) not in sys.path]
    sys.path += added
    try:
        yield
    finally:
        for each in added:
            with suppress(ValueError):
                sys.path.remove(each)


def import_from(name: str, folders: Sequence[Path]) -> ModuleType:
    """A module on Python's path, or else in the first of the folders that has it.

    A module of the same name that was imported from another folder, for another YAML, is not it.

    Args:
        name: the dotted name.
        folders: where to look after Python's path.
    """
    importlib.invalidate_caches()
    first = name.partition(".")[0]
    if first in _loaded_from and not _is_from(sys.modules.get(first), _loaded_from[first]):
        del _loaded_from[first]  # another module has taken its name
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


def _is_from(module: ModuleType | None, folder: Path) -> bool:
    """Whether a module was imported from a folder; one that was taken away counts, to be imported again."""
    places = [getattr(module, "__file__", None), *getattr(module, "__path__", ())]
    return module is None or any(Path(place).is_relative_to(folder) for place in places if place)


def _folder_with(first: str, folders: Sequence[Path]) -> Path | None:
    """The folder that has a module; None where Python's own path has it, or none of the folders."""
    spec = importlib.machinery.PathFinder.find_spec(first, [*sys.path, *map(str, folders)])
    if spec is None or not spec.has_location or not spec.origin:
        return None
    home = Path(spec.origin).parent
    if spec.submodule_search_locations:
        home = home.parent
    return home if home in folders and str(home) not in sys.path else None


def _recorded(run: RunFolder) -> list[Path]:
    """The folders that a run remembers; none where it is not the user's own, or they cannot be read."""
    try:
        begun = signed_pages(run.path).get(digest_of(run.read_config()))
        record = json.loads(small_bytes(run.path / RECORD, most_bytes=_MOST_BYTES) or b"{}")
        bases = [begun, run.path.absolute()] if begun else []  # the run may have been moved, or all of it
        return [
            Path(os.path.normpath(base / folder)) for base in bases for folder in record.get("folders", [])
        ]
    except (RunError, ValueError, TypeError, AttributeError, RecursionError):
        return []

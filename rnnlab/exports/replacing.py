"""Replacing a file or a folder whole or not at all, where a library insists on writing it itself."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rnnlab.errors import RunError
from rnnlab.files import partial_beside
from rnnlab.signals import half_written, held_signals


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """A path of the same name in a temporary folder beside it; when the body is done, it takes its place.

    Whatever ends the body, what was there before is untouched, and nothing half written is left.

    Raises:
        RunError: it cannot be written.
    """
    try:
        folder = partial_beside(path)
        with half_written(str(folder)):
            folder.mkdir()
            yield folder / path.name
            with held_signals():  # between its two renames nothing stands at the path
                _put(folder / path.name, path, before=folder / "before")
            shutil.rmtree(folder, ignore_errors=True)
    except OSError as error:
        raise RunError(
            f"{path}: cannot write ({error.strerror or error}); free some space, or choose another folder"
        ) from error


def _put(new: Path, path: Path, *, before: Path) -> None:
    """Have a new file or folder take a place; a folder that stands there comes back if that fails."""
    was_folder = path.is_dir()
    if was_folder:
        path.rename(before)
    try:
        os.replace(new, path)
    except OSError:
        if was_folder:
            before.rename(path)
        raise

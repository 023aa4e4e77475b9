"""Replacing a file or a folder whole or not at all, where a library insists on writing it itself."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rnnlab.errors import RunError
from rnnlab.files import PARTIAL


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """A path of the same name in a temporary folder beside it; when the body is done, it takes its place.

    Whatever ends the body, what was there before is untouched, and nothing half written is left.

    Raises:
        RunError: it cannot be written.
    """
    try:
        folder = Path(tempfile.mkdtemp(PARTIAL, f".{path.name}-", path.parent))
        try:
            yield folder / path.name
            if path.is_dir():
                path.rename(folder / "before")
            os.replace(folder / path.name, path)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    except OSError as error:
        raise RunError(
            f"{path}: cannot write ({error.strerror or error}); free some space, or choose another folder"
        ) from error

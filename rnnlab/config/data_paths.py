"""The paths of `dataset.path`: absolute in an experiment, relative to its folder in YAML."""

import os
from pathlib import Path
from typing import Any


def make_absolute(sections: Any, folder: Path) -> None:
    """Resolve `dataset.path` against a folder, in place.

    Args:
        sections: plain values; a path that is absolute stays, and so does what is no path.
        folder: what the path is relative to.
    """
    dataset = sections.get("dataset") if isinstance(sections, dict) else None
    if isinstance(dataset, dict) and "path" in dataset:
        path = dataset["path"]
        dataset["path"] = (
            [_absolute(each, folder) for each in path] if isinstance(path, list) else _absolute(path, folder)
        )


def relative(path: Path, folder: Path) -> str:
    """A path relative to a folder, with slashes; absolute where there is no way to it, as between drives."""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:
        return path.as_posix()


def _absolute(path: Any, folder: Path) -> Any:
    return os.path.abspath(folder / path) if isinstance(path, str) and path else path

"""The paths of a dataset and of its split: absolute in an experiment, relative to its folder in YAML.

In Python a path may be relative to the working folder; it is made absolute when the experiment is built.
"""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from rnnlab.config.patterns import divided
from rnnlab.config.section import one_or_many
from rnnlab.config.yaml_tree import value_at

DATA_PATHS = (("dataset", "path"), ("dataset", "split", "validation"), ("dataset", "split", "test"))
"""The keys that name files."""

STRINGS = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
"""JSON Schema of one text or several."""


def _file_name(value: Any) -> Any:
    if value == "" or (isinstance(value, str) and "\0" in value):
        raise PydanticCustomError("path", "expected a path, received {path}", {"path": repr(value)})
    return value


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))


_AbsolutePath = Annotated[Path, Field(strict=False), BeforeValidator(_file_name), AfterValidator(_absolute)]
Paths = Annotated[
    tuple[_AbsolutePath, ...],
    Field(min_length=1, max_length=10_000),
    BeforeValidator(one_or_many),
    WithJsonSchema(STRINGS),
]


def make_absolute(sections: Any, folder: Path) -> None:
    """Resolve the paths of a dataset against a folder, in place.

    Args:
        sections: plain values; a path that is absolute stays, and so does what is no path.
        folder: what the paths are relative to.
    """
    _change(sections, lambda path: os.path.abspath(folder / path) if path else path)


def make_relative(sections: Any, folder: Path) -> None:
    """Write the paths of a dataset relative to a folder, in place."""
    _change(sections, lambda path: relative(Path(path), folder))


def relative(path: Path, folder: Path) -> str:
    """A path relative to a folder, with slashes; absolute where there is no way to it, as between drives."""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:
        return path.as_posix()


def folder_of_all(paths: Iterable[Path]) -> Path:
    """The innermost folder from which all paths and patterns lead on; the root where there are none."""
    folders = [_folder_of(path) for path in paths]
    try:
        return Path(os.path.commonpath(folders)) if folders else Path(os.sep)
    except ValueError:  # on several drives
        return folders[0]


def _folder_of(path: Path) -> Path:
    """The folder of a file or a folder; of a pattern, the one in which it begins."""
    folder, pattern = divided(path)
    return folder if pattern else path.parent


def _change(sections: Any, change: Callable[[str], str]) -> None:
    for *place, key in DATA_PATHS:
        section = value_at(sections, tuple(place))
        if not isinstance(section, dict):
            continue
        value = section.get(key)
        if isinstance(value, str):
            section[key] = change(value)
        elif isinstance(value, list):
            section[key] = [change(each) if isinstance(each, str) else each for each in value]

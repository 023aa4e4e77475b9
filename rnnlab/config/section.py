"""The base of every section, the ranges of numbers that several sections use, and the paths of a dataset.

A path is absolute in an experiment, and relative to the folder of the file in YAML. A relative path that is
given in Python is relative to the working folder; it is made absolute when the section is built.

A path may be a pattern for many files, such as `tunes/*.mid`. A part of a path that is the name of a folder
or file is no pattern, whatever characters it has: in `Music [2024]/*.txt` only `*.txt` is a pattern if the
folder exists. `**` stands for any number of folders. Hidden files and folders match only a part that
begins with a dot. The case of the extension does not matter: `*.mid` also finds `UPPER.MID`.
"""

import fnmatch
import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from rnnlab.config.yaml_tree import value_at

MOST_UNITS = 16_384
MOST_LAYERS = 32

LEAST, MOST = 1e-30, 1e37
"""Range of positive numbers; float32 holds both bounds."""

MOST_DECAY = 0.9999999
"""Largest decay: it is less than 1 as float32, too, so that optimizers can divide by 1 − decay."""


class Section(BaseModel):
    """A frozen record of settings; unknown keys, values of another type, infinity and NaN are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


def one_or_many(value: Any) -> Any:
    """Return a list as tuple, a tuple or a section unchanged, and any other value as a tuple of length 1."""
    if isinstance(value, list):
        return tuple(value)
    return value if isinstance(value, dict | tuple) else (value,)


_LAYER = {"type": "integer", "minimum": 1, "maximum": MOST_UNITS}
_LAYERS = {"type": "array", "items": _LAYER, "minItems": 1, "maxItems": MOST_LAYERS}

Units = Annotated[
    tuple[Annotated[int, Field(ge=1, le=MOST_UNITS)], ...],
    Field(min_length=1, max_length=MOST_LAYERS),
    BeforeValidator(one_or_many),
    WithJsonSchema({"anyOf": [_LAYER, _LAYERS]}),
]
"""Units of each layer, first to last; one number means one layer."""

Share = Annotated[float, Field(ge=0, lt=1)]
"""A fraction, from 0 to less than 1."""

Positive = Annotated[float, Field(ge=LEAST, le=MOST)]
"""A number from `LEAST` to `MOST`."""

Decay = Annotated[float, Field(ge=0, le=MOST_DECAY)]
"""Fraction of a running mean that is kept at each step, from 0 to less than 1."""

Patience = Annotated[int, Field(ge=1, le=10_000_000)]
"""Number of measurements without a lower loss, after which training ends or the learning rate falls."""

MinDelta = Annotated[float, Field(ge=0)]
"""A loss is lower only if it falls by more than this, in nats per token."""

RandomSeed = Annotated[int, Field(ge=0, le=2**31 - 1)]
"""A seed of a random generator."""

Length = Annotated[int, Field(ge=1, le=10_000_000)]
"""Number of tokens after a seed."""

Temperature = Annotated[float, Field(ge=0, le=1000)]
"""The number by which the logits are divided; with 0, the most probable token is chosen."""

SampleCount = Annotated[int, Field(ge=1, le=10_000)]
"""Number of samples."""


DATA_PATHS = (("dataset", "path"), ("dataset", "split", "validation"), ("dataset", "split", "test"))
"""The settings that name data files."""

FILE_PATHS = (
    *DATA_PATHS,
    *(("generation", "constraints", name) for name in ("rhythm_of", "pitches_of", "of")),
)
"""The settings that name files of any use."""

STRINGS = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
"""JSON Schema of one text, or of a list of them."""

_WILDCARD = re.compile(r"[*?[]")

Parts = tuple[str, ...]


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
    """Make the paths of an experiment absolute, in place.

    Args:
        sections: plain values; absolute paths, and values that are no text, stay.
        folder: the folder that the paths are relative to.
    """
    _change(sections, lambda path: os.path.abspath(folder / path) if path else path)


def make_relative(sections: Any, folder: Path) -> None:
    """Write the paths of an experiment relative to a folder, in place."""
    _change(sections, lambda path: relative(Path(path), folder))


def relative(path: Path, folder: Path) -> str:
    """Return a path relative to a folder, with slashes; the path itself if they are on different drives."""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:
        return path.as_posix()


def folder_of_all(paths: Iterable[Path]) -> Path:
    """Return the innermost folder that holds all paths and patterns; the root if there are no paths.

    If the paths are on several drives, it is the folder of the first path.
    """
    folders = [_folder_of(path) for path in paths]
    try:
        return Path(os.path.commonpath(folders)) if folders else Path(os.sep)
    except ValueError:  # on several drives
        return folders[0]


def divided(path: Path) -> tuple[Path, Parts]:
    """Return the folder before the first wildcard of a pattern, and the parts from the wildcard on.

    If the path is no pattern, return the path and no parts.
    """
    for depth, part in enumerate(path.parts):
        before = Path(*path.parts[:depth])
        if _WILDCARD.search(part) and not os.path.lexists(before / part):
            return before, path.parts[depth:]
    return path, ()


def is_pattern(path: Path) -> bool:
    """Whether a path is a pattern."""
    return bool(divided(path)[1])


def files_matching(path: Path) -> list[Path]:
    """Return the files that match a pattern, sorted; for any other path, the path itself if it is a file.

    The list is empty if there are none.
    """
    folder, parts = divided(path)
    return sorted({each for each in _matches(folder, parts) if os.path.isfile(each)})


def _folder_of(path: Path) -> Path:
    """Return the folder that holds a file or a folder, or in which a pattern begins."""
    folder, pattern = divided(path)
    return folder if pattern else path.parent


def _change(sections: Any, change: Callable[[str], str]) -> None:
    """Replace each path by `change(path)`, in place."""
    for *place, key in FILE_PATHS:
        section = value_at(sections, tuple(place))
        if not isinstance(section, dict):
            continue
        value = section.get(key)
        if isinstance(value, str):
            section[key] = change(value)
        elif isinstance(value, list):
            section[key] = [change(each) if isinstance(each, str) else each for each in value]


def _matches(folder: Path, parts: Parts, above: frozenset[str] = frozenset()) -> Iterator[Path]:
    """Yield the paths below a folder that match the parts of a pattern.

    Args:
        folder: the folder that the first part is matched in.
        parts: the parts of the pattern.
        above: real paths of the folders that `**` has entered; a link may lead back to one of them.
    """
    if not parts:
        yield folder
        return
    part, rest = parts[0], parts[1:]
    if part == "**":
        yield from _matches_below(folder, rest, above)
    elif _WILDCARD.search(part) and not os.path.lexists(folder / part):
        for name in _names_in(folder):
            if _fits(name, part):
                yield from _matches(folder / name, rest)
    elif os.path.lexists(folder / part):
        yield from _matches(folder / part, rest)


def _matches_below(folder: Path, rest: Parts, above: frozenset[str]) -> Iterator[Path]:
    """Yield the paths that match the parts `rest` in a folder, or in a folder below it that is not hidden."""
    yield from _matches(folder, rest)
    above |= {os.path.realpath(folder)}
    for name in _names_in(folder):
        inside = folder / name
        if name.startswith("."):
            continue
        if not inside.is_dir():
            yield from () if rest else (inside,)
        elif os.path.realpath(inside) not in above:
            yield from _matches(inside, ("**", *rest), above)


def _names_in(folder: Path) -> list[str]:
    """Return the names in a folder; an empty list if the folder cannot be listed."""
    with suppress(OSError):
        return os.listdir(folder)
    return []


def _fits(name: str, part: str) -> bool:
    """Whether a name matches a part of a pattern; the case of the extension does not matter."""
    if name.startswith(".") and not part.startswith("."):
        return False
    return fnmatch.fnmatchcase(name, part) or fnmatch.fnmatchcase(_with_small(name), _with_small(part))


def _with_small(name: str) -> str:
    """Return a name with its extension in lower case; `.mid.gz` is one extension."""
    dots = 2 if name.lower().endswith(".gz") else 1
    stem, *extensions = name.rsplit(".", dots)
    return ".".join([stem, *(extension.lower() for extension in extensions)])

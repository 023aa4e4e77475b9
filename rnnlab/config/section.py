"""The base of every section, the ranges of numbers that several sections use, and the paths of a dataset.

A path is absolute in an experiment, and relative to the folder of the file in YAML. A relative path that is
given in Python is relative to the working folder; it is made absolute when the section is built.
"""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from rnnlab.config.yaml_tree import value_at

MOST_UNITS = 16_384
MOST_LAYERS = 32

LEAST, MOST = 1e-30, 1e37
"""Range of numbers above 0: float32 holds both, and the results of a step of an optimizer with them."""

MOST_DECAY = 0.9999999
"""Largest decay: in float32, too, it is less than 1, and optimizers divide by 1 − decay."""


class Section(BaseModel):
    """A frozen record of settings; unknown keys, loose types, infinity and NaN are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


def one_or_many(value: Any) -> Any:
    """Return a tuple from a YAML list, or from one value alone."""
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
"""A share of a whole, from 0 to less than 1."""

Positive = Annotated[float, Field(ge=LEAST, le=MOST)]
"""A number above 0 in the range of float32."""

Decay = Annotated[float, Field(ge=0, le=MOST_DECAY)]
"""Share of a running mean that is kept at each step, from 0 to less than 1."""

Patience = Annotated[int, Field(ge=1, le=10_000_000)]
"""Number of measurements without a lower loss, after which something happens."""

MinDelta = Annotated[float, Field(ge=0)]
"""A loss is lower only if it falls by more than this, in nats per token."""

RandomSeed = Annotated[int, Field(ge=0, le=2**31 - 1)]
"""A seed of a random generator."""

Length = Annotated[int, Field(ge=1, le=10_000_000)]
"""Number of tokens after a seed."""

Temperature = Annotated[float, Field(ge=0, le=1000)]
"""The logits are divided by it; 0 takes the most probable token."""

SampleCount = Annotated[int, Field(ge=1, le=10_000)]
"""Number of samples."""


DATA_PATHS = (("dataset", "path"), ("dataset", "split", "validation"), ("dataset", "split", "test"))
"""The settings that name files."""

STRINGS = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
"""JSON Schema of one text, or of a list of them."""


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
    """Make the paths of a dataset absolute, in place.

    Args:
        sections: plain values; absolute paths, and values that are no text, stay.
        folder: the folder that the paths are relative to.
    """
    _change(sections, lambda path: os.path.abspath(folder / path) if path else path)


def make_relative(sections: Any, folder: Path) -> None:
    """Write the paths of a dataset relative to a folder, in place."""
    _change(sections, lambda path: relative(Path(path), folder))


def relative(path: Path, folder: Path) -> str:
    """Return a path relative to a folder, with slashes; the absolute path if they are on different drives."""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:
        return path.as_posix()


def folder_of_all(paths: Iterable[Path]) -> Path:
    """Return the innermost folder that holds all paths and patterns; the root if there are none."""
    folders = [_folder_of(path) for path in paths]
    try:
        return Path(os.path.commonpath(folders)) if folders else Path(os.sep)
    except ValueError:  # on several drives
        return folders[0]


def _folder_of(path: Path) -> Path:
    """Return the folder that holds a file or a folder, or in which a pattern begins."""
    from rnnlab.config.patterns import divided  # noqa: PLC0415 (only the files of a dataset need it)

    folder, pattern = divided(path)
    return folder if pattern else path.parent


def _change(sections: Any, change: Callable[[str], str]) -> None:
    """Replace each path of the data by `change(path)`, in place."""
    for *place, key in DATA_PATHS:
        section = value_at(sections, tuple(place))
        if not isinstance(section, dict):
            continue
        value = section.get(key)
        if isinstance(value, str):
            section[key] = change(value)
        elif isinstance(value, list):
            section[key] = [change(each) if isinstance(each, str) else each for each in value]

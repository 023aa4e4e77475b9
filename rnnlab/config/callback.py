"""The setting `training.callbacks`: Keras callbacks, each a class with the arguments of its constructor.

    callbacks:
      - keras.callbacks:TerminateOnNaN
      - class: keras.callbacks:CSVLogger
        arguments: {filename: log.csv}

No class is imported here: `rnnlab.training.own_callbacks` makes the callbacks when a training begins.
"""

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationInfo, WithJsonSchema, model_serializer
from pydantic_core import PydanticCustomError

from rnnlab.config.report import did_you_mean, shown
from rnnlab.config.section import Section
from rnnlab.errors import near

KEYS = ("class", "arguments")
MOST_CALLBACKS = 100
FOLDER = "folder"
"""Key, in pydantic's validation context, of the folder of the YAML file."""

_DEEPEST = 10
"""Largest depth of a value in an argument: the argument has depth 1, the items of a list one more than it."""

_PATTERN = r"^\w+(\.\w+)*:\w+$"
_NAME = {"type": "string", "pattern": _PATTERN}
_WITH_ARGUMENTS = {
    "type": "object",
    "properties": {
        "class": {**_NAME, "description": "The class, `package.module:Class`."},
        "arguments": {"type": "object", "description": "Arguments of the constructor of the class, by name."},
    },
    "required": ["class"],
    "additionalProperties": False,
}
_ITEM = {"anyOf": [_NAME, _WITH_ARGUMENTS]}


class CallbackSettings(Section):
    """A Keras callback: the class and the arguments of its constructor.

    Attributes:
        name: `package.module:Class`.
        arguments: the values by name; null, true, false, numbers, text, lists and sections.
        folder: the folder of the YAML file that names the callback; None for a callback from Python.
    """

    name: str
    arguments: dict[str, Any] = Field(default_factory=dict)
    folder: Path | None = None

    def __eq__(self, other: object) -> bool:
        """Whether the class names and the arguments are equal; the folders are not compared."""
        if not isinstance(other, CallbackSettings):
            return NotImplemented
        return (self.name, self.arguments) == (other.name, other.arguments)

    def __hash__(self) -> int:
        return hash(self.name)

    @model_serializer
    def _as_yaml(self) -> str | dict[str, Any]:
        return {"class": self.name, "arguments": self.arguments} if self.arguments else self.name


def _one_or_many(value: Any) -> Any:
    """Return a list of callbacks as a tuple, and a single callback as a tuple of length 1."""
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def _callback(value: Any, info: ValidationInfo) -> CallbackSettings:
    """Return the callback of a class name or of a section with a class and arguments; a callback as it is."""
    if isinstance(value, CallbackSettings):
        return value
    arguments: dict[str, Any] = {}
    name, within = value, tuple[str, ...]()
    if isinstance(value, Mapping):
        _check_keys(value)
        name, within = value["class"], ("class",)
        arguments = _arguments(value.get("arguments", {}))
    if not (isinstance(name, str) and _is_class_name(name)):
        several = ", or a list of them" if name is None and not within else ""
        raise _refusal(
            f"expected package.module:Class{several}, received {shown(name)}{_meant(name)}", *within
        )
    folder = info.context[FOLDER] if info.context else None
    return CallbackSettings(name=name, arguments=arguments, folder=folder)


def _check_keys(section: Mapping[Any, Any]) -> None:
    """Refuse a section with an unknown key, or without a class."""
    for key in section:
        if key not in KEYS:
            hint = did_you_mean(near(str(key), KEYS, 1)) or f"; there are {' and '.join(KEYS)}"
            raise _refusal(f"unknown key{hint}", str(key), about_key=True)
    if "class" not in section:
        raise _refusal("missing; expected: the class, package.module:Class", "class")


def _meant(name: Any) -> str:
    """Return `; did you mean 'package.module:Class'?` if these corrections give a class name; else empty.

    If there is no colon, the last dot becomes the colon; slashes become dots; the ending `.py` and spaces are
    removed. The name of the class must begin with a capital letter.
    """
    if not isinstance(name, str):
        return ""
    module, _, last = name.strip().rpartition("." if ":" not in name else ":")
    meant = f"{module.strip().removesuffix('.py').replace('/', '.')}:{last.strip()}"
    return did_you_mean([meant]) if last.strip()[:1].isupper() and _is_class_name(meant) else ""


def _is_class_name(name: str) -> bool:
    """Whether a name has the form `package.module:Class`, and the module does not end in `.py`."""
    return bool(re.fullmatch(_PATTERN.strip("^$"), name)) and ".py:" not in name


def _arguments(value: Any) -> dict[str, Any]:
    """Return the arguments by name, as plain values; refuse any other value than a section of them."""
    if not isinstance(value, Mapping):
        raise _refusal(
            f"expected a section (names and values), received {shown(value)};"
            " leave the key out if there are no arguments",
            "arguments",
        )
    for name in value:
        if not (isinstance(name, str) and name.isidentifier()):
            raise _refusal(
                f"expected the name of an argument, received {shown(name)}",
                "arguments",
                str(name),
                about_key=True,
            )
    return {name: _plain(each, ("arguments", name)) for name, each in value.items()}


def _plain(value: Any, within: tuple[str, ...], depth: int = 1) -> Any:
    """Return a value with its tuples as lists; refuse NaN, infinity, types that YAML lacks, and deep nesting.

    A section with a key that is empty or no text is refused, too.
    """
    if depth > _DEEPEST:
        raise _refusal(f"nested more than {_DEEPEST} deep", *within)
    if isinstance(value, list | tuple):
        return [_plain(each, within, depth + 1) for each in value]
    if isinstance(value, Mapping) and all(isinstance(key, str) and key for key in value):
        return {key: _plain(each, (*within, key), depth + 1) for key, each in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        raise _refusal(f"expected a finite number, received {shown(value)}", *within)
    if value is None or type(value) in {bool, int, float, str}:
        return value
    raise _refusal(f"expected a value that YAML has, received {type(value).__name__}", *within)


def _refusal(message: str, *within: str, about_key: bool = False) -> PydanticCustomError:
    """Return the error for a wrong callback.

    Args:
        message: the fault and its remedy.
        within: the keys from the callback to the fault.
        about_key: whether the last key itself is wrong.
    """
    context = {"message": message, "within": within, "about_key": about_key}
    return PydanticCustomError("callback", "{message}", context)


Callbacks = Annotated[
    tuple[Annotated[CallbackSettings, BeforeValidator(_callback)], ...],
    Field(max_length=MOST_CALLBACKS),
    BeforeValidator(_one_or_many),
    WithJsonSchema({"anyOf": [*_ITEM["anyOf"], {"type": "array", "items": _ITEM}]}),
]

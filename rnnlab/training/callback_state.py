"""What a callback of the user's, or of Keras', remembers from epoch to epoch.

Keras callbacks have no interface for it: they keep it in their attributes (`EarlyStopping`: `wait`, `best`,
`best_weights` …). So the attributes that are plain values, arrays or lists of arrays are what is saved;
functions, the model and names that begin with an underscore are not. rnnlab's own callbacks say themselves.
"""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]


NOT_THEIRS = {"model", "params", "validation_data"}
"""Attributes that Keras sets in every callback."""


_LISTED = "[]"
"""How the name of an array ends that was a list of numbers: in a header there is no room for a million."""


class Remembering(keras.callbacks.Callback):  # type: ignore[misc]
    """A callback of rnnlab's own, which says itself what it remembers."""

    def snapshot(self) -> tuple[Arrays, dict[str, Any]]:
        """All that it needs to go on: arrays by name, and what is no array."""
        raise NotImplementedError

    def restore(self, arrays: Arrays, facts: dict[str, Any]) -> None:
        """Go on from a snapshot."""
        raise NotImplementedError


def remembered(callback: Any) -> tuple[Arrays, dict[str, Any]]:
    """The attributes of a callback: arrays by name (`best_weights/0` of a list), and plain values."""
    arrays: Arrays = {}
    plain: dict[str, Any] = {}
    for name, value in vars(callback).items():
        if name.startswith("_") or name in NOT_THEIRS or _is_found_anew(callback, name):
            continue
        if isinstance(value, np.generic):
            plain[name] = value.item()
        elif value is None or isinstance(value, bool | int | float | str):
            plain[name] = value
        elif isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
            arrays[name] = value
        elif isinstance(value, list) and value and all(type(each) is float for each in value):
            arrays[name + _LISTED] = np.array(value, np.float64)
        elif isinstance(value, list) and all(isinstance(each, bool | int | float | str) for each in value):
            plain[name] = value
        elif isinstance(value, list) and all(isinstance(each, np.ndarray) for each in value):
            arrays.update({f"{name}/{number}": each for number, each in enumerate(value)})
    return arrays, plain


def remind(callback: Any, arrays: Arrays, plain: Mapping[str, Any]) -> None:
    """Set the attributes of a callback to what `remembered` gave.

    Raises:
        ValueError: it cannot have given that.
    """
    values: dict[str, Any] = dict(plain)
    lists: dict[str, dict[int, NDArray[Any]]] = {}
    for name, array in arrays.items():
        attribute, _, number = name.partition("/")
        if number:
            lists.setdefault(attribute, {})[int(number)] = array
        elif name.endswith(_LISTED):
            values[name.removesuffix(_LISTED)] = array.tolist()
        else:
            values[name] = array
    for attribute, numbered in lists.items():
        values[attribute] = [numbered[number] for number in sorted(numbered)]
    for name, value in values.items():
        if _is_found_anew(callback, name):
            continue
        _check_theirs(callback, name)
        setattr(callback, name, value)


def _is_found_anew(callback: Any, name: str) -> bool:
    """Whether Keras works an attribute out again in each training, from what is no plain value.

    `CSVLogger` looks whether its file has a heading yet. What waits for a loss (`EarlyStopping`) changes the
    sign of `min_delta` when it chooses the function that compares, after the first epoch of each training.
    """
    return name == "append_header" or (name == "min_delta" and hasattr(callback, "_set_monitor_op"))


def _check_theirs(callback: Any, name: str) -> None:
    """Refuse what would take the place of a method, of a function, or of an attribute of Keras' own."""
    of_class = getattr(type(callback), name, None)
    is_method = callable(of_class) or isinstance(of_class, property)
    if name.startswith("_") or name in NOT_THEIRS or is_method or callable(getattr(callback, name, None)):
        raise ValueError(f"{name!r} is no attribute that a callback remembers")

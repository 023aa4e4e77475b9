"""The words for what a setting may be, and for what it was."""

from collections.abc import Sequence
from typing import Any

from pydantic_core import ErrorDetails

from rnnlab.config.report import shortened

_TYPES = {
    "int_type": "an integer",
    "int_from_float": "an integer",
    "float_type": "a number",
    "finite_number": "a finite number",
    "string_type": "text",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "path_type": "a path",
    "model_type": "a section (keys and values)",
    "model_attributes_type": "a section (keys and values)",
}

_BOUNDS = {
    "greater_than_equal": ("ge", "{} or more"),
    "less_than_equal": ("le", "at most {}"),
    "greater_than": ("gt", "more than {}"),
    "less_than": ("lt", "less than {}"),
    "string_too_short": ("min_length", "at least {} character"),
    "too_short": ("min_length", "at least {} in the list"),
    "too_long": ("max_length", "at most {} in the list"),
}


def expectation(error: ErrorDetails) -> str:
    """What pydantic expected; empty where the error's own message says it."""
    kind = error["type"]
    if kind not in _BOUNDS:
        return _TYPES.get(kind, "")
    name, phrase = _BOUNDS[kind]
    bound = error["ctx"][name]
    return phrase.format(f"{bound:,}" if isinstance(bound, int) else f"{bound:.9g}")


def did_you_mean(words: Sequence[str]) -> str:
    """The question after a misspelled word; empty where no known word is near."""
    return f"; did you mean '{words[0]}'?" if words else ""


def shown(value: Any) -> str:
    """A value as the YAML writes it, shortened."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case dict():
            return "a section"
        case tuple():
            return shown(list(value))
        case _:
            return shortened(repr(value))

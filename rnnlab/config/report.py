"""The report of a configuration: one line for each fault, in the order of the file; and its wording."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from typing import Any

from pydantic_core import ErrorDetails

MOST_LINES = 50
"""Largest number of lines of a report; further problems are only counted."""

MOST_SHOWN = 60
"""Largest number of characters of a value in a line."""


@dataclass(frozen=True, order=True)
class Mark:
    """A place in a file or on the command line; places sort in reading order.

    Attributes:
        override: 0 for the file, else the number of the override, from 1.
        line: line number from 1; 0 for the source as a whole.
        column: column from 1; 0 for the source as a whole.
        source: the name of the file, or the key of an override, after `--set` if it was typed.
    """

    override: int
    line: int
    column: int
    source: str

    def __str__(self) -> str:
        return f"{self.source}:{self.line}:{self.column}" if self.line else self.source


@dataclass(frozen=True, order=True)
class Problem:
    """One line of a report."""

    mark: Mark
    message: str

    def __str__(self) -> str:
        return f"{self.mark}: {self.message}"


def report(problems: Iterable[Problem]) -> list[str]:
    """Return a line for each distinct problem, `MOST_LINES` at most, and the number of further problems."""
    distinct = set(problems)
    lines = list(map(str, nsmallest(MOST_LINES, distinct)))
    more = len(distinct) - len(lines)
    return [*lines, f"… and {more:,} more"] if more else lines


def shortened(text: str) -> str:
    """Return a text; if it has more than `MOST_SHOWN` characters, its beginning and `…`."""
    return text if len(text) <= MOST_SHOWN else text[: MOST_SHOWN - 3] + "…"


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
    """Return what pydantic expected, such as `an integer`; empty if the kind of error is in no table here."""
    kind = error["type"]
    if kind not in _BOUNDS:
        return _TYPES.get(kind, "")
    name, phrase = _BOUNDS[kind]
    bound = error["ctx"][name]
    return phrase.format(f"{bound:,}" if isinstance(bound, int) else f"{bound:.9g}")


def did_you_mean(words: Sequence[str]) -> str:
    """Return the question with the first of the words that may be meant; empty if there are no words."""
    return f"; did you mean '{words[0]}'?" if words else ""


def shown(value: Any) -> str:
    """Return a value for a message, shortened; null is `nothing`, and a dict is `a section`."""
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


@dataclass(frozen=True)
class Contradiction:
    """Settings that contradict each other.

    Attributes:
        keys: the dotted names of the settings; the message is about the first.
        message: the fault and its remedy.
    """

    keys: tuple[str, ...]
    message: str

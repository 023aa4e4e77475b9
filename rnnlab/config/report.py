"""The report of what is wrong with a configuration: one line each, in the order of the file.

The words for what a setting may be, and for what it was.

What is said of settings that cannot be together.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from typing import Any

from pydantic_core import ErrorDetails

MOST_LINES = 50
"""A report of more problems is cut."""

MOST_SHOWN = 60
"""Characters of a value that a line shows."""


@dataclass(frozen=True, order=True)
class Mark:
    """A point to look at; points sort as they are read.

    Attributes:
        override: 0 for the file, else the number of the `--set` on the command line.
        line: from 1; 0 for the source as a whole.
        column: from 1, or 0.
        source: the file's name, or `--set` with the key that it sets.
    """

    override: int
    line: int
    column: int
    source: str

    def __str__(self) -> str:
        return f"{self.source}:{self.line}:{self.column}" if self.line else self.source


@dataclass(frozen=True, order=True)
class Problem:
    """One line of the report."""

    mark: Mark
    message: str

    def __str__(self) -> str:
        return f"{self.mark}: {self.message}"


def report(problems: Iterable[Problem]) -> list[str]:
    """The lines of a report, at most as many as one would read."""
    distinct = set(problems)
    lines = list(map(str, nsmallest(MOST_LINES, distinct)))
    more = len(distinct) - len(lines)
    return [*lines, f"… and {more:,} more"] if more else lines


def shortened(text: str) -> str:
    """A text cut where it is longer than one would read."""
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


@dataclass(frozen=True)
class Contradiction:
    """Settings that cannot be together.

    Attributes:
        keys: the dotted names of these settings; the first is the one to change.
        message: what is wrong, and what to do.
    """

    keys: tuple[str, ...]
    message: str

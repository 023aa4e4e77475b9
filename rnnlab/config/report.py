"""The report of what is wrong with a configuration: one line each, in the order of the file."""

from collections.abc import Iterable
from dataclasses import dataclass
from heapq import nsmallest

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

"""Results on a terminal: rows of names and values, tables, and JSON."""

import json
import re
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from rnnlab.terminal.text import STEERING, cut_in_the_middle, padded, terminal_columns, width_of, wrapped

TELLING = 3
"""A column of a higher rank is left out before any cell is cut. A column of this rank or a lower one is left
out only if the table is too wide with all its long cells cut."""

PIPE_COLUMNS = 100
"""Width to which sentences are wrapped without a terminal."""


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        title: the header.
        left: whether the cells are aligned to the left.
        rank: a narrow table leaves out the column of the highest rank first, and never one of rank 0.
        least: the least width to which long cells are cut; 0 for cells that are never cut.
    """

    title: str
    left: bool = False
    rank: int = 0
    least: int = 0


def facts_table(rows: Sequence[tuple[str, str]], *, err: bool = False, whole: Collection[str] = ()) -> str:
    """Return lines `name  value`, with the values aligned and wrapped to the width of the terminal.

    Args:
        rows: the names and the values.
        err: whether the lines are for stderr.
        whole: values that are not wrapped, such as commands, so that they can be copied.

    Without a terminal the width is `PIPE_COLUMNS`. A value has 20 columns or more on any terminal.
    """
    indent = max((width_of(name) for name, _ in rows), default=0) + 2
    width = max(terminal_columns(err=err) or PIPE_COLUMNS, indent + 20)
    lines = []
    for name, value in rows:
        first, *others = [value] if value in whole else wrapped(value, width - indent)
        lines.append(padded(name, indent) + first)
        lines += [" " * indent + line for line in others]
    return "\n".join(lines)


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a table; the first column is aligned to the left, the others to the right."""
    columns = [Column(title, left=number == 0) for number, title in enumerate(header)]
    return fitted_table(columns, rows, width=None)


def fitted_table(columns: Sequence[Column], rows: Sequence[Sequence[object]], *, width: int | None) -> str:
    """Return a table that fits a width: columns are left out by rank, then long cells are cut.

    Columns of rank 0 are never left out, even if the table is then wider.

    Args:
        columns: the columns.
        rows: the cells of each row, one for each column.
        width: width of the terminal; None for a table of any width.
    """
    cells = [[column.title for column in columns], *([str(cell) for cell in row] for row in rows)]
    widths = [max(map(width_of, column)) for column in zip(*cells, strict=True)]
    shown = _shown(columns, widths, width or sys.maxsize)
    for number in shown:
        excess = _total(widths, shown) - (width or sys.maxsize)
        if excess > 0 and columns[number].least:
            widths[number] = min(widths[number], max(columns[number].least, widths[number] - excess))
    return "\n".join(
        "  ".join(
            padded(cut_in_the_middle(row[i], widths[i]), widths[i], right=not columns[i].left) for i in shown
        ).rstrip(" ")
        for row in cells
    )


def as_json_text(value: Any) -> str:
    """Return a value as JSON; NaN and infinity, which JSON lacks, become null.

    Control characters are escaped as JSON escapes them, so that a reader gets the same text.
    """
    return STEERING.sub(_escaped, json.dumps(_finite(value), indent=2, ensure_ascii=False))


def _shown(columns: Sequence[Column], widths: Sequence[int], width: int) -> list[int]:
    """Return the indices of the columns for which there is room."""
    least = [min(column.least or own, own) for column, own in zip(columns, widths, strict=True)]
    shown = list(range(len(columns)))
    for number in sorted(shown, key=lambda number: columns[number].rank, reverse=True):
        rank = columns[number].rank
        if not rank or _total(least if rank <= TELLING else widths, shown) <= width:
            break
        shown.remove(number)
    return shown


def _total(widths: Sequence[int], shown: Sequence[int]) -> int:
    """Return the width of a table with only the shown columns."""
    return sum(widths[number] + 2 for number in shown) - 2


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match.group()):04x}"


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not -float("inf") < value < float("inf"):
        return None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value

"""Results on a terminal: rows of names and values, tables, and JSON."""

import json
import re
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from rnnlab.terminal.text import STEERING, cut, cut_in_the_middle, padded, terminal_columns, width_of, wrapped

PIPE_COLUMNS = 100
"""Width to which sentences are wrapped without a terminal."""

LEAST_VALUE = 20
"""Least width of the value of a fact. If the name leaves less room, the value is in the lines below it."""

TELLING = 3
"""A column of a higher rank is left out before any cell is cut. A column of this rank or a lower one is left
out only if the table is too wide with all its long cells cut."""


_UNBROKEN = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        title: the header.
        left: whether the cells are aligned to the left.
        rank: a narrow table leaves out the column of the highest rank first, and never one of rank 0.
        least: the least width to which long cells are cut; 0 for cells that are never cut, such as numbers.
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

    Without a terminal the width is `PIPE_COLUMNS`. If a name leaves no room for a value of `LEAST_VALUE`
    columns, all values are below their names. A value has `LEAST_VALUE` columns or more on any terminal.
    """
    return "\n".join(_facts(rows, terminal_columns(err=err) or PIPE_COLUMNS, whole))


def fitted_text(text: str, *, err: bool = False) -> str:
    """Return a text of one line, such as the title of a table, wrapped to the terminal; else as it is.

    Args:
        text: the text.
        err: whether it is for stderr.
    """
    width = terminal_columns(err=err)
    return text if width is None or width_of(text) <= width else "\n".join(wrapped(text, width))


def table(
    columns: Sequence[Column | str], rows: Sequence[Sequence[object]], *, more: str = "", err: bool = False
) -> str:
    """Return a table that fits the terminal; see `fitted_table`.

    Args:
        columns: the columns; a text stands for a column of rank 0 with this title, which is aligned to the
            left if it is the first one.
        rows: the cells of each row, one for each column.
        more: a line below the rows, such as one on rows that are left out.
        err: whether the table is for stderr.
    """
    own = [
        Column(each, left=number == 0) if isinstance(each, str) else each
        for number, each in enumerate(columns)
    ]
    return fitted_table(own, rows, width=terminal_columns(err=err), more=more)


def fitted_table(
    columns: Sequence[Column], rows: Sequence[Sequence[object]], *, width: int | None, more: str = ""
) -> str:
    """Return a table that fits a width: columns are left out by rank, then long cells are cut.

    A last line names the columns that are left out. If even the columns of rank 0 are too wide, each row is a
    block of lines `name  value`, with all columns. No number is cut or wrapped.

    Args:
        columns: the columns.
        rows: the cells of each row, one for each column.
        width: width of the terminal; None for a table of any width.
        more: a line below the rows.
    """
    cells = [[column.title for column in columns], *([str(cell) for cell in row] for row in rows)]
    widths = [max(map(width_of, column)) for column in zip(*cells, strict=True)]
    room, below = width or sys.maxsize, [more] if more else []
    shown = _shown(columns, widths, room)
    if _total(_least(columns, widths), shown) > room:
        return "\n".join([_blocks(cells[0], cells[1:], room), *below])
    if left_out := [each.title for number, each in enumerate(columns) if number not in shown]:
        below += _note(left_out, _total(widths, range(len(columns))), room)
    return "\n".join([*_lines(columns, cells, widths, shown, room), *below])


def fitted_rows(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """Return the rows of a table without a header, as `fitted_table` fits them, but never as blocks.

    Columns whose cells are all empty are left out. Rows that are still too wide are cut at the end.
    """
    cells = list(zip(*rows, strict=True))
    used = [number for number, column in enumerate(cells) if any(column)]
    own, kept = [columns[number] for number in used], [[row[number] for number in used] for row in rows]
    widths = [max(map(width_of, cells[number])) for number in used]
    return [cut(line, width) for line in _lines(own, kept, widths, _shown(own, widths, width), width)]


def as_json_text(value: Any) -> str:
    """Return a value as JSON; NaN and infinity, which JSON lacks, become null.

    Control characters are escaped as JSON escapes them, so that a reader gets the same text.
    """
    return STEERING.sub(_escaped, json.dumps(_finite(value), indent=2, ensure_ascii=False))


def _facts(rows: Sequence[tuple[str, str]], width: int, whole: Collection[str] = ()) -> list[str]:
    """Return the lines of `facts_table` for a width."""
    indent = max((width_of(name) for name, _ in rows), default=0) + 2
    is_below = indent + LEAST_VALUE > width >= LEAST_VALUE + 2
    if is_below:
        indent = 2
    room = max(width - indent, LEAST_VALUE)
    lines = []
    for name, value in rows:
        first, *others = [value] if value in whole else wrapped(value, room)
        if is_below and name:
            lines += wrapped(name, width)
            others = [first, *others] if first else others
        else:
            lines.append(padded(name, indent) + first)
        lines += [" " * indent + line for line in others]
    return lines


def _blocks(titles: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> str:
    """Return each row as lines `name  value`; an empty line is between two rows.

    A first column without a title is a line of its own, the name of its block.
    """
    blocks = []
    for row in rows:
        facts = list(zip(titles, row, strict=True))
        head = [] if titles[0] else wrapped(row[0], width)
        blocks.append("\n".join(line.rstrip(" ") for line in [*head, *_facts(facts[len(head) > 0 :], width)]))
    return "\n\n".join(blocks)


def _note(left_out: Sequence[str], need: int, width: int) -> list[str]:
    """Return lines on the columns that are left out; `need` is the width of a terminal that shows all."""
    names = ", ".join(title.replace(" ", _UNBROKEN) for title in left_out)
    noun = "the columns" if len(left_out) > 1 else "the column"
    note = f"no room for {noun} {names}: a terminal of {need} columns shows all"
    return [line.replace(_UNBROKEN, " ") for line in wrapped(note, width)]


def _lines(
    columns: Sequence[Column], rows: Sequence[Sequence[str]], widths: list[int], shown: list[int], room: int
) -> list[str]:
    """Return the lines of a table: the shown columns, of which long cells are cut until the table fits."""
    for number in shown:
        excess = _total(widths, shown) - room
        if excess > 0 and columns[number].least:
            widths[number] = min(widths[number], max(columns[number].least, widths[number] - excess))
    return [
        "  ".join(
            padded(cut_in_the_middle(row[i], widths[i]), widths[i], right=not columns[i].left) for i in shown
        ).rstrip(" ")
        for row in rows
    ]


def _shown(columns: Sequence[Column], widths: Sequence[int], width: int) -> list[int]:
    """Return the indices of the columns for which there is room; those of rank 0 in any case."""
    least = _least(columns, widths)
    shown = list(range(len(columns)))
    for number in sorted(shown, key=lambda number: columns[number].rank, reverse=True):
        rank = columns[number].rank
        if not rank or _total(least if rank <= TELLING else widths, shown) <= width:
            break
        shown.remove(number)
    return shown


def _least(columns: Sequence[Column], widths: Sequence[int]) -> list[int]:
    """Return the width of each column if its long cells are cut as far as possible."""
    return [min(column.least or own, own) for column, own in zip(columns, widths, strict=True)]


def _total(widths: Sequence[int], shown: Collection[int]) -> int:
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

"""How results look on a terminal: aligned facts, tables and JSON."""

import json
import re
import shutil
import textwrap
from collections.abc import Sequence
from typing import Any

from rnnlab.commands.terminal import STEERING


def facts(rows: Sequence[tuple[str, str]]) -> str:
    """Lines of `name  value`, values aligned and wrapped to the width of the terminal."""
    indent = max((len(name) for name, _ in rows), default=0) + 2
    width = max(shutil.get_terminal_size((100, 24)).columns, indent + 20)
    lines = []
    for name, value in rows:
        wrapped = textwrap.wrap(value, width - indent, break_on_hyphens=False) or [""]
        lines.append(f"{name:<{indent}}{wrapped[0]}")
        lines += [" " * indent + line for line in wrapped[1:]]
    return "\n".join(lines)


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Columns under a header; the first is aligned to the left, the others to the right."""
    cells = [[str(cell) for cell in row] for row in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = []
    for row in cells:
        first, *others = (
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        lines.append("  ".join((first, *others)).rstrip())
    return "\n".join(lines)


def as_json_text(value: Any) -> str:
    """One JSON object; NaN and infinity, which JSON lacks, are null.

    What steers a terminal is escaped as JSON has it: whoever reads it gets the same text, on a terminal too.
    """
    return STEERING.sub(_escaped, json.dumps(_finite(value), indent=2, ensure_ascii=False))


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

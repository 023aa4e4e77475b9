"""CSV: a row for each training of a comparison or a cross-validation, and for each run of a list.

The form is that of RFC 4180 in UTF-8, without a byte order mark: a row of names, commas, quotes where they
are needed, and lines that end in CR LF. A value that is missing, not finite or not measured is empty. The
names are those of the JSON, with a dot between a field and the field inside of it: `free_running.correct`.
"""

import csv
import io
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rnnlab.errors import UsageError
from rnnlab.files import write_durably
from rnnlab.terminal.text import echo, is_terminal, write

CSV = ".csv"

RUN_NAMES = (
    *("run", "state", "owner", "begun", "dataset", "task", "model.kind", "model.units", "parameters"),
    *("epochs.done", "epochs.wanted", "seconds", "best.epoch", "best.loss", "best.split"),
    *("evaluation.split", "evaluation.accuracy"),
    *("evaluation.free_running.correct", "evaluation.free_running.length"),
    *("comparison.configurations", "comparison.runs", "comparison.done"),
    *("study.config", "study.measure", "study.trials.ended", "study.trials.wanted", "study.trials.training"),
    *("study.best", "study.best_run", "problems"),
)
"""The columns of the list of runs; scripts may rely on them."""


def csv_text(rows: Sequence[Mapping[str, Any]], names: Iterable[str] = ()) -> str:
    """Return rows as CSV.

    Args:
        rows: the fields of each row, as JSON has them; those of an inner object get dotted names.
        names: the names of the columns; left out, all fields in the order in which they first occur.
    """
    flat = [dict(_flat(row)) for row in rows]
    columns = list(names) or list(dict.fromkeys(name for row in flat for name in row))
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(columns)
    writer.writerows([_cell(row.get(name)) for name in columns] for row in flat)
    return file.getvalue()


def print_csv(text: str) -> None:
    """Print CSV on stdout; on a terminal with line breaks alone, and with control characters spelled out."""
    if is_terminal(sys.stdout):
        echo(text.replace("\r\n", "\n").removesuffix("\n"))
    else:
        write(text)


def write_csv(path: Path, text: str) -> None:
    """Write CSV into a file, as a whole or not at all, and say so on stderr."""
    write_durably(path, text.encode(errors="backslashreplace"))
    echo(f"wrote {path}", err=True)


def check_csv(path: Path, *, overwrite: bool) -> None:
    """Check before any slow work that a table can be written into a file.

    Raises:
        UsageError: the name does not end with .csv, the file exists and `overwrite` is false, or its folder
            does not exist.
    """
    from rnnlab.commands.output import check_free

    if path.suffix.lower() != CSV:
        raise UsageError(f"{path}: expected a name that ends with {CSV}")
    check_free(path, overwrite=overwrite)
    if not path.parent.is_dir():
        raise UsageError(f"{path}: the folder {path.parent} does not exist; make it first")


def _flat(fields: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    """Yield each field with its dotted name; those of an inner object in place of the object."""
    for name, value in fields.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _cell(value: Any) -> str:
    """Return a value as the text of a cell: numbers in full, truth values as in JSON, lists with spaces."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return " ".join(map(_cell, value))
    return repr(value) if isinstance(value, float) else str(value)

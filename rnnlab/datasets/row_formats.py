"""The formats of rows: from the text of a file to pairs, each with the number of its line.

In lines with a TAB, the TAB separates the two values. In files with the names of columns, commas separate the
columns, with quotes as Python's `csv` reads them; but TABs, without quotes, if the first line has TABs and
the name of the file does not end in .csv.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rnnlab.config.report import shown
from rnnlab.config.task_data import Columns
from rnnlab.datasets.tokens import in_form
from rnnlab.errors import DataError, count_of

FIELDS = {
    "label": ("label", "sequence"),
    "from_label": ("label", "sequence"),
    "pairs": ("source", "target"),
    "tags": ("token", "tag"),
}
"""What stands before and after the TAB of a row, for each task."""

_CLOSED = ("label", "tag", "token")
"""Fields in which white space at the beginning and at the end does not count."""

FieldText = str | tuple[str, ...]


class Pair(NamedTuple):
    """What stands before and after a TAB, with the number of its line."""

    line: int
    first: FieldText
    second: FieldText


def ends_in_csv(name: str) -> bool:
    """Whether the name of a file says that it is CSV."""
    return name.lower().removesuffix(".gz").endswith(".csv")


def sequences_of_label(text: str, name: str, label: str) -> Iterator[Pair]:
    """Yield each line of a file as a sequence of one label.

    Raises:
        DataError: a line has a TAB.
    """
    for line, sequence in _lines(text):
        if "\t" in sequence:
            raise DataError(
                f"{name}:{line}: expected a sequence of the label {label!r}, received a TAB in"
                f" {shown(sequence)}; remove the TAB, or, if the lines are `label TAB sequence`, name the"
                " file itself in dataset.path"
            )
        yield Pair(line, label, sequence)


def tagged_sequences(text: str, name: str) -> Iterator[Pair]:
    """Yield the tokens and the tags of each sequence; lines that are empty end a sequence.

    Raises:
        DataError: a line is not `token TAB tag`.
    """
    tokens: list[str] = []
    tags: list[str] = []
    begin = last = 0
    for line, token, tag in rows_of_lines(text, name, FIELDS["tags"]):
        if tokens and line > last + 1:
            yield Pair(begin, tuple(tokens), tuple(tags))
            tokens, tags = [], []
        begin = begin if tokens else line
        tokens.append(str(token))
        tags.append(str(tag))
        last = line
    if tokens:
        yield Pair(begin, tuple(tokens), tuple(tags))


def rows_of_lines(text: str, name: str, fields: tuple[str, str]) -> Iterator[Pair]:
    """Yield the rows of a text whose lines have one TAB each; empty lines are skipped.

    Raises:
        DataError: a line does not have one TAB, or nothing stands before or after the TAB.
    """
    first, second = fields
    for line, row in _lines(text):
        values = row.split("\t")
        if len(values) != 2:
            received = f"{len(values) - 1} TABs in " if len(values) > 2 else ""
            raise DataError(
                f"{name}:{line}: expected `{first} TAB {second}`, received {received}{shown(row)};"
                f" put one TAB between the {first} and the {second}, or remove the line"
            )
        yield _checked_pair(line, *values, name=name, fields=fields)


def rows_of_columns(
    text: str, name: str, fields: tuple[str, str], columns: Columns | None, *, form: str | None = None
) -> Iterator[Pair]:
    """Yield the rows of a text whose first row has the names of the columns.

    Args:
        text: the text.
        name: the name of the file, for messages.
        fields: what the two values of a row are, such as label and sequence.
        columns: the names of their columns; None if the columns have the names of the fields.
        form: the normalization form of Unicode that names and values are brought into; None changes nothing.

    Raises:
        DataError: a column is missing, a row has more or fewer values than there are columns, a value is
            empty, or the text is not valid CSV.
    """
    has_tabs = "\t" in text.partition("\n")[0] and not ends_in_csv(name)
    rows = _csv_rows(text, name, has_tabs=has_tabs)
    _, header = next(rows, (1, []))
    header = [in_form(column, form).strip() for column in header]
    wanted = [in_form(getattr(columns, each) if columns else each, form) for each in fields]
    first, second = _places_of_columns(header, name, fields, wanted)
    separator = " TAB " if has_tabs else ","
    for line, values in rows:
        if len(values) != len(header):
            raise DataError(
                f"{name}:{line}: expected {count_of(len(header), 'column')}, as in the first row, received"
                f" {len(values)};"
                " put a value that has a comma into quotes, or remove the row"
            )
        pair = [in_form(values[place], form) for place in (first, second)]
        yield _checked_pair(line, *pair, name=name, fields=fields, separator=separator)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the number, from 1, and the text of each line that has more than spaces."""
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip() or "\t" in line:
            yield number, line


def _checked_pair(
    line: int, *values: str, name: str, fields: tuple[str, str], separator: str = " TAB "
) -> Pair:
    """Return the two values of a row; refuse an empty one.

    Args:
        line: number of the line, from 1.
        values: the two values.
        name: the name of the file, for messages.
        fields: what the two values are, such as label and sequence.
        separator: what stands between two values, for messages.

    Raises:
        DataError: a value has no character but white space.
    """
    checked = []
    for field_name, value in zip(fields, values, strict=True):
        if not value.strip():
            raise DataError(
                f"{name}:{line}: expected a {field_name}, received none in"
                f" `{separator.join(fields)}`; write the {field_name}, or remove the line"
            )
        checked.append(value.strip() if field_name in _CLOSED else value)
    return Pair(line, *checked)


def _csv_rows(text: str, name: str, *, has_tabs: bool) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of the first line, from 1, and the values of each row that is not empty.

    Raises:
        DataError: the text is not valid CSV.
    """
    # the limit of the module is that of a single value
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    if has_tabs:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter="\t", quoting=csv.QUOTE_NONE)
    else:
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    while True:
        try:
            values = next(reader, None)
        except csv.Error as error:
            raise DataError(
                f"{name}:{line}: expected a row of CSV, received one that cannot be read ({error}); write a"
                ' quote within quotes twice, as in "a ""b"" c"'
            ) from None
        if values is None:
            return
        if values:
            yield line, values
        line = reader.line_num + 1


def _places_of_columns(
    header: list[str], name: str, fields: tuple[str, str], columns: Sequence[str]
) -> list[int]:
    """Return the index of the column of each field.

    Args:
        header: the names of all columns.
        name: the name of the file, for messages.
        fields: what the two values of a row are, such as label and sequence.
        columns: the name of the column of each field.

    Raises:
        DataError: the header does not have a column, or has it twice.
    """
    places = []
    for each, wanted in zip(fields, columns, strict=True):
        if header.count(wanted) != 1:
            _refuse_other_separators(header, name)
            there = f"the columns {', '.join(map(repr, header))}" if header else "no column"
            times = "one column" if wanted in header else "a column"
            raise DataError(
                f"{name}:1: expected {times} {wanted!r}, received {there}; set"
                f" dataset.columns.{each} to the name of the column of the {each}s"
            )
        places.append(header.index(wanted))
    return places


def _refuse_other_separators(header: list[str], name: str) -> None:
    """Refuse a header of one column that has semicolons or TABs: they separate its columns.

    Raises:
        DataError: the message says that commas must separate the columns.
    """
    for mark, what in ((";", "semicolons"), ("\t", "TABs")):
        if len(header) == 1 and mark in header[0]:
            raise DataError(
                f"{name}:1: expected names of columns with commas between them, received {what} in"
                f" {shown(header[0])}; save the file with commas between its columns"
            )

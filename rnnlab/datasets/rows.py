"""The rows of a dataset of examples: each row has an input and its target, as text.

| task                  | a row                | in place of rows                                          |
|-----------------------|----------------------|-----------------------------------------------------------|
| `label`, `from_label` | `label TAB sequence` | a folder with a subfolder, or with a file, for each label |
| `pairs`               | `source TAB target`  |                                                           |
| `tags`                | `token TAB tag`      | an empty line stands between two sequences                |

In a folder with subfolders, each file of a subfolder is one sequence. In a folder without subfolders, each
line of `Korean.txt` is a sequence with the label Korean; files that end in .tsv or .csv have rows.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from rnnlab.config.report import shown
from rnnlab.config.task_data import Columns, RowsDataset
from rnnlab.datasets.corpus import joint_digest
from rnnlab.datasets.row_formats import (
    FIELDS,
    FieldText,
    Pair,
    ends_in_csv,
    rows_of_columns,
    rows_of_lines,
    sequences_of_label,
    tagged_sequences,
)
from rnnlab.datasets.source import Source, files_of_task, sources
from rnnlab.datasets.stored_text import StoredText, read_stored, store
from rnnlab.datasets.texts import checked_inline, nothing_readable, said_of_returns
from rnnlab.datasets.tokens import in_form
from rnnlab.errors import DataError
from rnnlab.files import Report, unreported


class Row(NamedTuple):
    """One example.

    Attributes:
        input: the text of the input; for tags its tokens.
        target: the text of the target; for tags the tags, one for each token.
        part: the part that the file belongs to: train, validation or test.
        name: the name of the file, for messages.
        line: number of the line in the file, from 1; for tags that of the first token.
    """

    input: FieldText
    target: FieldText
    part: str
    name: str
    line: int


@dataclass
class Rows:
    """The rows of all files, in the order of the files.

    Attributes:
        rows: the rows.
        names: the names of the files that have been read.
        digests: the digest of each file; with the label that its name gives, if it gives one.
        notes: sentences for the user.
    """

    rows: list[Row] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def sha256(self) -> str:
        """Digest of the data: that of the only file, or the digest of all digests."""
        return joint_digest(self.digests)


def read_rows(dataset: RowsDataset, *, report: Report = unreported) -> Rows:
    """Return the rows of a dataset.

    A file that a folder or a pattern led to is left out, with a note, if it cannot be read; a file that the
    configuration names must be readable. A row that does not fit is always an error.

    Args:
        dataset: the section of the configuration.
        report: receives the progress.

    Raises:
        DataError: a file cannot be read, a row does not fit, or there is no row.
        DownloadError: a url does not give the file that `sha256` describes.
    """
    found = Rows()
    if dataset.inline is not None:
        inline = checked_inline(dataset.inline)
        form = None if _has_names("dataset.inline", dataset) else dataset.normalize
        _add(found, store(in_form(inline, form), name="dataset.inline"), dataset)
    failures: list[tuple[str, str]] = []
    for source in sources(dataset, find=lambda path: _files(path, dataset, found.notes), report=report):
        try:
            text_of_file = _text(source, dataset, report)
        except DataError as error:
            if not source.found:
                raise
            failures.append((source.part, str(error)))
            continue
        _add(found, text_of_file, dataset, source)
    read = {row.part for row in found.rows}
    for part in dict.fromkeys(part for part, _ in failures):
        if part not in read:
            raise nothing_readable(part, [why for failed, why in failures if failed == part])
    found.notes += [f"left out: {why}" for _, why in failures]
    if not found.rows:
        first, second = FIELDS[dataset.task]
        raise DataError(
            f"{found.names[0]}: expected at least one row `{first} TAB {second}`, received none; add rows"
        )
    return found


def _files(path: Path, dataset: RowsDataset, notes: list[str]) -> list[Path]:
    """Return the files that the dataset reads at a path; add a note on the files that are left out.

    Raises:
        DataError: a pattern or a folder leads to no file, or a folder cannot be read.
    """
    files, beside = files_of_task(path, dataset.task)
    if beside:
        more = f" and {len(beside) - 1:,} more" if len(beside) > 1 else ""
        notes.append(f"left out: {beside[0]}{more}: no label, because {path} has subfolders")
    return files


def _text(source: Source, dataset: RowsDataset, report: Report) -> StoredText:
    """Return the text of a file in the form of Unicode that the dataset wants.

    Of a file with the names of columns the text is unchanged: a form can turn a character into a comma or a
    quote, and so change the columns. `rows_of_columns` then normalises each value.

    Raises:
        DataError: the file cannot be read, or there is none (`Source.lack`).
    """
    if source.lack:
        raise DataError(source.lack)
    has_names = _has_names(source.url or source.path.name, dataset) and not _is_whole(source, dataset)
    form = None if has_names else dataset.normalize
    return read_stored(source.path, name=source.url, form=form, report=report)


def _add(found: Rows, text: StoredText, dataset: RowsDataset, source: Source | None = None) -> None:
    """Add the rows of a text.

    Args:
        found: receives the rows.
        text: the text.
        dataset: the section of the configuration.
        source: the file; None for `dataset.inline`.

    Raises:
        DataError: a row does not fit.
    """
    label, is_whole = _label_of(source, dataset) if source else ("", False)
    written = text.head()
    if is_whole:
        pairs: Iterable[Pair] = [Pair(1, label, written.rstrip("\n"))] if written.strip() else []
    elif label:
        pairs = sequences_of_label(written, text.name, label)
    elif dataset.task == "tags":
        pairs = tagged_sequences(written, text.name)
    elif _has_names(text.name, dataset):
        pairs = rows_of_columns(
            written, text.name, FIELDS[dataset.task], _columns(dataset), form=dataset.normalize
        )
    else:
        pairs = rows_of_lines(written, text.name, FIELDS[dataset.task])
    part = source.part if source else "train"
    if dataset.task == "label":
        found.rows += [Row(pair.second, pair.first, part, text.name, pair.line) for pair in pairs]
    else:
        found.rows += [Row(pair.first, pair.second, part, text.name, pair.line) for pair in pairs]
    found.names.append(text.name)
    digest = hashlib.sha256(f"{label}\n{text.sha256}".encode()).hexdigest() if label else text.sha256
    found.digests.append(digest)
    if text.lone_returns:
        found.notes.append(said_of_returns(text))


def _label_of(source: Source, dataset: RowsDataset) -> tuple[str, bool]:
    """Return the label that the name of a file or of its folder gives, and whether the file is one sequence.

    The label is empty if the file has rows.

    Raises:
        DataError: the name is not valid text.
    """
    path, given = source.path, dataset.files.get(source.part, ())
    if not source.found or "label" not in FIELDS[dataset.task]:
        return "", False
    is_whole = _is_whole(source, dataset)
    if not is_whole and (path.parent not in given or _has_rows(path.name) or _has_names(path.name, dataset)):
        return "", False
    label = path.parent.name if is_whole else Path(path.name.removesuffix(".gz")).stem
    try:
        label.encode()
    except UnicodeEncodeError:
        raise DataError(
            f"{path}: expected a name in UTF-8, because it is a label, received {shown(label)}; rename it"
        ) from None
    return in_form(label, dataset.normalize).strip(), is_whole


def _is_whole(source: Source, dataset: RowsDataset) -> bool:
    """Whether a file is one sequence, because it is in the subfolder of a label."""
    is_in_subfolder = source.path.parent.parent in dataset.files.get(source.part, ())
    return source.found and "label" in FIELDS[dataset.task] and is_in_subfolder


def _has_rows(name: str) -> bool:
    return ends_in_csv(name) or name.lower().removesuffix(".gz").endswith(".tsv")


def _has_names(name: str, dataset: RowsDataset) -> bool:
    """Whether the first row of a file has the names of its columns."""
    return dataset.task != "tags" and (_columns(dataset) is not None or ends_in_csv(name))


def _columns(dataset: RowsDataset) -> Columns | None:
    columns: Columns | None = getattr(dataset, "columns", None)
    return columns

"""Survey of the user's data: whether it is text or notes, and whether it is one stream or many sequences."""

import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Literal

from rnnlab.datasets.source import files_of
from rnnlab.errors import DataError
from rnnlab.files import read_blocks
from rnnlab.music.files import is_score
from rnnlab.music.notation import parse_notes

Kind = Literal["text", "notes"]

LEAST_LINES = 20
"""Smallest number of lines of a collection; with fewer lines, the data is one text or one song."""

MOST_BLANK, LONGEST_ITEM = 0.02, 200
"""Largest fraction of empty lines, and largest median length of a line in characters, of a collection."""

FILLED, MOST_FILLED = 0.8, 0.3
"""In a wrapped text, more than 30 % of the lines are longer than 80 % of the longest line."""

LEAST_NOTES = 8
"""Smallest median number of notes in a line if each line is a tune, not a phrase."""

LEAST_DOCUMENTS, LONGEST_DOCUMENT = 20, 20_000
"""Smallest number of files of a collection of short texts, and the largest median of their sizes in bytes."""


_TRIES = 20
"""Largest number of files that are tried until one is text."""


@dataclass(frozen=True)
class Survey:
    """The result of a survey.

    Attributes:
        path: the file, folder or pattern that was surveyed.
        files: the files that the path stands for.
        kind: text or notes.
        unit: the value for `dataset.unit`.
        why: the kind of data in a few words, as in `one text, read as a stream`.
        is_score: whether the files hold music in a format other than note text.
    """

    path: Path
    files: tuple[Path, ...]
    kind: Kind
    unit: str
    why: str
    is_score: bool = False

    @property
    def sequence(self) -> str:
        """Noun for one of several sequences: `tune` for scores, else the unit."""
        return "tune" if self.is_score else self.unit


def survey(path: Path) -> Survey:
    """Survey a file, folder or pattern by the suffixes of its files and the beginning of the first text.

    Raises:
        DataError: the path stands for no file; or no file has the suffix of a score, and none of the first
            20 files is text.
    """
    files = tuple(files_of(path))
    scores = [file for file in files if is_score(file)]
    if scores:
        if len(files) > 1 or scores[0].suffix.lower() == ".abc":
            return Survey(path, files, "notes", "line", "tunes, each with a beginning and an end", True)
        return Survey(path, files, "notes", "note", "one tune, read as a stream", True)
    head = _head(files)
    if _is_notes(head, files[0]):
        return Survey(path, files, "notes", *_unit_of_notes(head, files))
    return Survey(path, files, "text", *_unit_of_text(head, files))


def _head(files: tuple[Path, ...]) -> str:
    """Return the first block of the first file that is text.

    Raises:
        DataError: none of the first 20 files is text; the message is about the first file.
    """
    for file in files[:_TRIES]:
        with suppress(DataError):
            return next(read_blocks(file))
    return next(read_blocks(files[0]))


def _is_notes(head: str, file: Path) -> bool:
    """Return whether a text is note text; a `.notes` file counts as note text even if it has mistakes."""
    if file.suffix.lower() == ".notes":
        return True
    whole_lines = head[: head.rfind("\n") + 1] or head
    try:
        return bool(parse_notes(whole_lines))
    except DataError:
        return False


def _unit_of_notes(head: str, files: tuple[Path, ...]) -> tuple[str, str]:
    lines = [line for line in re.sub(r"%[^\n]*", "", head).splitlines() if line.strip()]
    if len(files) > 1:
        return "document", "files, each with a beginning and an end"
    if len(lines) >= LEAST_LINES and median(len(line.split()) for line in lines) >= LEAST_NOTES:
        return "line", f"{len(lines):,} lines, each a tune with a beginning and an end"
    return "note", "one tune, read as a stream"


def _unit_of_text(head: str, files: tuple[Path, ...]) -> tuple[str, str]:
    if len(files) >= LEAST_DOCUMENTS and median(file.stat().st_size for file in files) <= LONGEST_DOCUMENT:
        return "document", f"{len(files):,} short files, each a text with a beginning and an end"
    if len(files) == 1 and _are_items(head.splitlines()):
        return "line", "lines of many lengths, each an item with a beginning and an end"
    return "character", "one text, read as a stream"


def _are_items(lines: list[str]) -> bool:
    """Return whether lines are the items of a collection, not a text that is wrapped into lines."""
    lengths = sorted(len(line) for line in lines if line.strip())
    if len(lengths) < LEAST_LINES or len(lengths) < (1 - MOST_BLANK) * len(lines):
        return False
    filled = sum(length > FILLED * lengths[-1] for length in lengths) / len(lengths)
    return median(lengths) <= LONGEST_ITEM and filled <= MOST_FILLED

"""What is seen in a file or a folder of data: text or notes, and what in it begins anew."""

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
"""Fewer lines are rather one text, or one song, than a collection."""

MOST_BLANK, LONGEST_ITEM = 0.02, 200
"""Share of empty lines, and characters of a line in the middle, up to which lines are items."""

FILLED, MOST_FILLED = 0.8, 0.3
"""Lines that are broken to a width fill it, so many of them to so much; a collection's lines vary."""

LEAST_NOTES = 8
"""Notes of a line in the middle from which it is a tune of its own, and not a phrase."""

LEAST_DOCUMENTS, LONGEST_DOCUMENT = 20, 20_000
"""Files that are a collection of short texts: so many, of so many bytes in the middle."""


_TRIES = 20


@dataclass(frozen=True)
class Survey:
    """What is seen.

    Attributes:
        path: the file, the folder or the pattern.
        files: it leads to.
        kind: of the data.
        unit: as in `dataset.unit`.
        why: what the data is taken for, in a few words.
        is_score: whether files hold music in another format than note text.
    """

    path: Path
    files: tuple[Path, ...]
    kind: Kind
    unit: str
    why: str
    is_score: bool = False

    @property
    def sequence(self) -> str:
        """What one of several sequences is called."""
        return "tune" if self.is_score else self.unit


def survey(path: Path) -> Survey:
    """The survey of a file, a folder or a pattern, by extensions and by the first million characters.

    Raises:
        DataError: it leads to no file, or the first file is neither text nor music.
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
    """The first block of the first file that is text, of several; of one alone, or an error."""
    for file in files[:_TRIES]:
        with suppress(DataError):
            return next(read_blocks(file))
    return next(read_blocks(files[0]))


def _is_notes(head: str, file: Path) -> bool:
    """Whether a text is made of notes; of a file that says so, every mistake is reported as one."""
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
    """Whether lines are a collection, and not a text that is broken into lines."""
    lengths = sorted(len(line) for line in lines if line.strip())
    if len(lengths) < LEAST_LINES or len(lengths) < (1 - MOST_BLANK) * len(lines):
        return False
    filled = sum(length > FILLED * lengths[-1] for length in lengths) / len(lengths)
    return median(lengths) <= LONGEST_ITEM and filled <= MOST_FILLED

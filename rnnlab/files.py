"""Reading of text files in blocks, and writing that replaces a file completely or not at all."""

import codecs
import math
import os
import stat
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, cast

from rnnlab.errors import DataError, MissingFile, RunError
from rnnlab.signals import half_written
from rnnlab.unicode_text import SAMPLE, has_mark, has_nul, line_ends, not_utf8, with_mark

PARTIAL = ".partial"
"""Suffix of the names of files that are being written."""

_BLOCK = 1 << 20


def write_durably(path: Path, data: bytes) -> None:
    """Replace a file completely or not at all: temporary name in the same folder → fsync → rename.

    Raises:
        RunError: the file cannot be written; the old file is unchanged.
    """
    try:
        write_blocks(path, [data])
    except OSError as error:
        raise RunError(
            f"{path}: cannot write ({error.strerror or error}); free some space, or choose another folder"
        ) from error


def write_blocks(path: Path, blocks: Iterable[bytes]) -> None:
    """Replace a file as `write_durably` does, with blocks of bytes that are made one after the other.

    After a full disk, an error in the making of a block, or a signal that `rnnlab.signals` handles, the old
    file is unchanged and no temporary file is left.

    Raises:
        OSError: the file cannot be written. An error in the making of a block is raised unchanged.
    """
    temporary = partial_beside(path)
    with half_written(str(temporary)):
        with temporary.open("xb") as file:
            file.writelines(blocks)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    fsync_folder(path.parent)


def partial_beside(path: Path) -> Path:
    """Return a new hidden name in the folder of a file; `remove_partial` finds such names."""
    return path.parent / f".{path.name}-{os.urandom(6).hex()}{PARTIAL}"


def remove_partial(folder: Path, *, written_before: float = math.inf) -> None:
    """Remove half-written files of processes that were killed.

    Args:
        folder: the folder of the files.
        written_before: a time as from `time.time()`; files that were changed later stay. If it is left
            out, all are removed, so no other process may be writing into the folder.
    """
    for path in folder.glob(f".*{PARTIAL}"):
        with suppress(OSError):
            if path.stat().st_mtime < written_before:
                path.unlink()


def check_inside(path: Path) -> None:
    """Raise if a path is a link whose target does not lie directly in the folder of the link.

    Raises:
        RunError: the target lies elsewhere; the message names it.
    """
    folder, target = os.path.realpath(path.parent), os.path.realpath(path)
    if os.path.dirname(target) != folder:
        raise RunError(f"{path}: leads outside its folder, to {target}; put the file itself into the folder")


def read_text(path: Path, *, most_bytes: int = -1) -> str:
    """Return the text of a UTF-8 file, with `\\n` line ends and without a byte order mark.

    Args:
        path: the file.
        most_bytes: the largest size that is read, after a .gz file is unpacked; -1 for any size.

    Raises:
        DataError: the file does not exist (`MissingFile`), is a folder, cannot be read, is too large, is
            empty, is not UTF-8, or has a NUL character. Without `most_bytes`, a device other than a terminal
            is an error, too.
    """
    return "".join(read_blocks(path, most_bytes=most_bytes))


def read_blocks(path: Path, *, most_bytes: int = -1) -> Iterator[str]:
    """Yield the text that `read_text` gives, in blocks; no block is empty.

    Raises:
        DataError: as for `read_text`, after the blocks before the fault.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    line, offset, held_back, is_first, begin = 1, 0, "", True, b""
    for data in _read_bytes(path, most_bytes):
        begun, _ = decoder.getstate()  # first bytes of a character whose rest is in this block
        begin = begin or data[:SAMPLE]
        if has_mark(begin):
            raise with_mark(path, begin)
        if (nul := data.find(0)) >= 0:
            raise has_nul(path, begin, line=line + line_ends(data[:nul]), offset=offset + nul)
        try:
            text = held_back + decoder.decode(data, final=not data)
        except UnicodeDecodeError as error:
            line, offset = line + line_ends(error.object[: error.start]), offset - len(begun) + error.start
            raise not_utf8(path, error, line=line, offset=offset) from None
        line, offset = line + line_ends(data), offset + len(data)
        if is_first:
            text = text.removeprefix("\ufeff")
        held_back = "\r" if data and text.endswith("\r") else ""  # its "\n" may begin the next block
        text = text.removesuffix(held_back)
        if "\r" in text:
            text = text.replace("\r\n", "\n")
        if text:
            yield text
            is_first = False
    if is_first:
        raise DataError(f"{path}: the file is empty; expected text or notes to train on")


def _read_bytes(path: Path, most_bytes: int) -> Iterator[bytes]:
    """Yield the bytes of a file in blocks; the last block is empty."""
    left = most_bytes + 1 if most_bytes >= 0 else sys.maxsize
    try:
        with path.open("rb") as opened, _unpacked(opened, path) as file:
            if most_bytes < 0 and _is_device(opened.fileno()):
                raise DataError(f"{path}: a device, which may have no end; expected a file or a pipe")
            while data := file.read(min(_BLOCK, left)):
                left -= len(data)
                if not left:
                    raise DataError(f"{path}: expected at most {most_bytes:,} bytes, and it has more")
                yield data
            yield b""
    except FileNotFoundError:
        raise MissingFile(f"{path}: no such file; check the path", path) from None
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"{path}: cannot be read ({reason}); expected a readable file") from error


def _unpacked(file: BinaryIO, path: Path) -> BinaryIO:
    """Return the file; if its name ends in .gz, it is unpacked while it is read."""
    if path.suffix.lower() != ".gz":
        return file
    import gzip  # noqa: PLC0415 (seldom needed; it would slow the start)

    return cast(BinaryIO, gzip.open(file))


def _is_device(descriptor: int) -> bool:
    """Return whether an open file is a device other than a terminal, such as /dev/zero."""
    return stat.S_ISCHR(os.fstat(descriptor).st_mode) and not os.isatty(descriptor)


def fsync_folder(folder: Path) -> None:
    """Make a rename in a folder durable; errors are ignored, because some systems cannot open a folder."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


Report = Callable[[str, float], None]
"""A function that receives the name of a task and the fraction of it that is done, 0 to 1; NaN if unknown.

The function is called often, so it should be fast.
"""


def unreported(task: str, share: float) -> None:
    """Ignore a report of progress."""


def followed(pieces: Iterable[str], task: str, *, length: int, report: Report) -> Iterator[str]:
    """Yield the pieces of a text; after each, report the fraction of the characters that has been read.

    Args:
        pieces: the pieces of the text, in order.
        task: the name of the work, for the report.
        length: number of characters of all pieces, at least 1.
        report: receives the task and the fraction.
    """
    done = 0
    for piece in pieces:
        yield piece
        done += len(piece)
        report(task, done / length)

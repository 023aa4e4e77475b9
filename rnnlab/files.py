"""Reading text and writing files so that nothing is lost."""

import codecs
import math
import os
import stat
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, cast

from rnnlab.errors import DataError, MissingFile, RunError
from rnnlab.signals import half_written
from rnnlab.unicode_text import SAMPLE, has_mark, has_nul, line_ends, not_utf8, with_mark

PARTIAL = ".partial"
"""How the names of files end that are being written."""

_BLOCK = 1 << 20


def write_durably(path: Path, data: bytes) -> None:
    """Replace a file whole or not at all: temporary name in the same folder → fsync → rename.

    Raises:
        RunError: it cannot be written; what was there before is untouched.
    """
    try:
        write_blocks(path, [data])
    except OSError as error:
        raise RunError(
            f"{path}: cannot write ({error.strerror or error}); free some space, or choose another folder"
        ) from error


def write_blocks(path: Path, blocks: Iterable[bytes]) -> None:
    """Replace a file in the same way by blocks as they come.

    Whatever ends it, what was there before is untouched and nothing half written is left: a full disk, an
    error of the blocks, a signal.

    Raises:
        OSError: it cannot be written.
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
    """A hidden name, which nothing has, in the folder of a file; `remove_partial` finds it."""
    return path.parent / f".{path.name}-{os.urandom(6).hex()}{PARTIAL}"


def remove_partial(folder: Path, *, written_before: float = math.inf) -> None:
    """Remove what a process that was killed has left half written.

    Args:
        folder: where it was writing.
        written_before: what was written to since this time stays, as `time.time()` has it; without it nobody
            else may be writing there.
    """
    for path in folder.glob(f".*{PARTIAL}"):
        with suppress(OSError):
            if path.stat().st_mtime < written_before:
                path.unlink()


def check_inside(path: Path) -> None:
    """Refuse a file that is a link to somewhere outside its own folder.

    Raises:
        RunError: where it leads to.
    """
    folder, target = os.path.realpath(path.parent), os.path.realpath(path)
    if os.path.dirname(target) != folder:
        raise RunError(f"{path}: leads outside its folder, to {target}; put the file itself there")


def read_text(path: Path, *, most_bytes: int = -1) -> str:
    """The text of a UTF-8 file, with `\\n` line ends and without a byte order mark.

    Args:
        path: the file.
        most_bytes: the size up to which it is read; -1 for any size.

    Raises:
        DataError: the file is missing, a folder or a device, cannot be read, too large, empty, not UTF-8 or
            has a NUL.
    """
    return "".join(read_blocks(path, most_bytes=most_bytes))


def read_blocks(path: Path, *, most_bytes: int = -1) -> Iterator[str]:
    """The same text a block at a time, which together are what `read_text` gives; no block is empty.

    Raises:
        DataError: what is wrong with the file, when the blocks before it have been given.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    line, offset, held_back, is_first, begin = 1, 0, "", True, b""
    for data in _read_bytes(path, most_bytes):
        begun, _ = decoder.getstate()  # the first bytes of a character that goes on in this block
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
    """The bytes of a file in blocks, and at its end an empty one."""
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
    """The content of a file, unpacked if its name ends in .gz."""
    if path.suffix.lower() != ".gz":
        return file
    import gzip  # noqa: PLC0415 (seldom needed, and start-up counts)

    return cast(BinaryIO, gzip.open(file))


def _is_device(descriptor: int) -> bool:
    """Whether it is a device other than a terminal, such as /dev/zero."""
    return stat.S_ISCHR(os.fstat(descriptor).st_mode) and not os.isatty(descriptor)


def fsync_folder(folder: Path) -> None:
    """Make a rename durable; not every system can open a folder, and those that cannot do not need it."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

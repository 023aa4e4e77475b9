"""Reading text and writing files so that nothing is lost."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from rnnlab.errors import DataError, RunError


def write_durably(path: Path, data: bytes) -> None:
    """Replace a file whole or not at all: temporary name in the same folder → fsync → rename.

    Raises:
        RunError: it cannot be written; what was there before is untouched.
    """
    temporary = ""
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
        _fsync_folder(path.parent)
    except OSError as error:
        with suppress(OSError):
            os.unlink(temporary)
        raise RunError(
            f"{path}: cannot write ({error.strerror or error}); free some space, or choose another folder"
        ) from error


def read_text(path: Path, *, most_bytes: int = -1) -> str:
    """The text of a UTF-8 file, with `\\n` line ends and without a byte order mark.

    Args:
        path: the file.
        most_bytes: the size up to which it is read; -1 for any size.

    Raises:
        DataError: the file is missing, is a folder, cannot be read, is too large, is empty or is not UTF-8.
    """
    data = _read_bytes(path, most_bytes)
    try:
        text = data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{path}:{line}: not UTF-8 (byte 0x{data[error.start]:02x} at offset {error.start});"
            f" convert it, e.g.: iconv -f latin1 -t utf-8 {path.name} > new.txt"
        ) from None
    if not text:
        raise DataError(f"{path}: the file is empty; expected text or notes to train on")
    return text.replace("\r\n", "\n") if "\r\n" in text else text


def _read_bytes(path: Path, most_bytes: int) -> bytes:
    """The bytes of a file; of one that is too large, no more than it takes to know that."""
    try:
        with path.open("rb") as file:
            data = file.read(most_bytes + 1 if most_bytes >= 0 else -1)
    except FileNotFoundError:
        raise DataError(
            f"{path}: no such file; check the path (dataset.path is relative to its YAML file)"
        ) from None
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read ({error.strerror or error}); expected a readable file"
        ) from error
    if 0 <= most_bytes < len(data):
        raise DataError(f"{path}: expected at most {most_bytes:,} bytes, and it has more")
    return data


def _umask() -> int:
    """The permissions that a new file does not get."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _fsync_folder(folder: Path) -> None:
    """Make a rename durable; not every system can open a folder, and those that cannot do not need it."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

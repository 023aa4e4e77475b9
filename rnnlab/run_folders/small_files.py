"""Small files of a run folder that anyone may have put there: regular ones, inside it, up to a size."""

import os
import stat
from pathlib import Path

from rnnlab.errors import RunError
from rnnlab.files import check_inside


def small_text(path: Path, *, most_bytes: int) -> str | None:
    """The text of a file, with what is not UTF-8 replaced; None where there is none.

    Raises:
        RunError: as for `small_bytes`.
    """
    data = small_bytes(path, most_bytes=most_bytes)
    return None if data is None else data.decode(errors="replace")


def small_bytes(path: Path, *, most_bytes: int) -> bytes | None:
    """The bytes of a file; None where there is none.

    Raises:
        RunError: it is a pipe or a device, leads outside its folder, is too large or cannot be read.
    """
    try:
        if stat.S_ISLNK(os.lstat(path).st_mode):
            check_inside(path)
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))  # a pipe is not waited for
        with open(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise RunError(f"{path}: expected a file")
            data = file.read(most_bytes + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RunError(f"{path}: cannot be read ({error.strerror or error}); check its permissions") from None
    if len(data) > most_bytes:
        raise RunError(f"{path}: expected at most {most_bytes:,} bytes, and it has more")
    return data

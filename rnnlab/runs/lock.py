"""The lock of a run folder: only one process at a time trains in it."""

import json
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rnnlab.errors import RunError
from rnnlab.runs.layout import CONFIG

LOCK = ".lock"

_TRIES, _PAUSE_SECONDS = 3, 0.02
_LOCKED_BYTE = 1 << 30
"""Offset of the byte that is locked on Windows: behind the owner's note, which must stay readable."""


class Lock:
    """The lock of a run folder, held by this process.

    Args:
        run: the folder.
        descriptor: descriptor of the open lock file.
    """

    def __init__(self, run: Path, descriptor: int) -> None:
        self._run, self._descriptor = run, descriptor

    def check(self) -> None:
        """Raise if the run folder was removed, moved or replaced since it was locked.

        Raises:
            RunError: the folder is not the one that was locked.
        """
        try:
            is_own = os.path.samestat(os.lstat(self._run / LOCK), os.fstat(self._descriptor))
        except OSError:  # only the lock file was removed, which does no harm
            is_own = os.path.isfile(self._run / CONFIG)
        if not is_own:
            raise RunError(
                f"{self._run}: the run folder was removed, moved or replaced during training; resume it where"
                " it is now, or train anew"
            )


@contextmanager
def locked(run: Path) -> Iterator[Lock]:
    """Hold the lock of a run folder during the `with` block; the system frees it if the process is killed.

    Raises:
        RunError: another process holds the lock, or the folder cannot be written.
    """
    try:
        descriptor = os.open(run / LOCK, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
    except OSError as error:
        raise RunError(
            f"{run / LOCK}: cannot write ({error.strerror or error}); expected a folder that you may write"
        ) from error
    try:
        _take(run, descriptor)
        yield Lock(run, descriptor)
    finally:
        os.close(descriptor)


def holder(run: Path) -> str | None:
    """Return the process that holds the lock of a run folder, as `process 123 on host`; None if none does.

    If the lock file cannot be opened, the result is None too. Nothing is written, and the check does not stop
    a training that begins at the same time.
    """
    with suppress(OSError):
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        descriptor = os.open(run / LOCK, flags)
        try:
            _lock(descriptor, shared=True)
        except (BlockingIOError, PermissionError):
            return _owner(descriptor)
        finally:
            os.close(descriptor)
    return None


def _take(run: Path, descriptor: int) -> None:
    if not _is_taken(descriptor):
        raise RunError(
            f"{run}: is being trained by {_owner(descriptor)}; wait until the training ends, or stop it"
        )
    with suppress(OSError):  # the note is only for messages, so a full disk does not stop the training
        os.ftruncate(descriptor, 0)
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.write(descriptor, json.dumps({"host": socket.gethostname(), "process": os.getpid()}).encode())


def _is_taken(descriptor: int) -> bool:
    """Try three times to take the lock, which `holder` takes for an instant; return whether a try worked."""
    for _ in range(_TRIES):
        with suppress(OSError):
            _lock(descriptor, shared=False)
            return True
        time.sleep(_PAUSE_SECONDS)
    return False


def _lock(descriptor: int, *, shared: bool) -> None:
    """Lock an open file until it is closed. Windows has no shared locks.

    Raises:
        BlockingIOError: another process holds the lock (on Windows: PermissionError).
    """
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415 (Windows has this module, and other systems the one below)

        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl  # noqa: PLC0415

        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)


def _owner(descriptor: int) -> str:
    """Return the process that holds a lock, from its note in the file; `another process` without a note."""
    with suppress(ValueError, KeyError, TypeError, OSError):
        os.lseek(descriptor, 0, os.SEEK_SET)
        owner = json.loads(os.read(descriptor, 1000))
        return f"process {int(owner['process'])} on {str(owner['host'])[:100]}"
    return "another process"

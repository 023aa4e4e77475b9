"""One process at a time trains in a run folder."""

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rnnlab.errors import RunError
from rnnlab.runs.layout import CONFIG

try:
    import fcntl
except ImportError:  # Windows has none: two processes in one folder are not noticed there
    fcntl = None  # type: ignore[assignment]

LOCK = ".lock"

_TRIES, _PAUSE_SECONDS = 3, 0.02


class Lock:
    """A run folder that this process holds.

    Args:
        run: the folder.
        descriptor: its open lock file.
    """

    def __init__(self, run: Path, descriptor: int) -> None:
        self._run, self._descriptor = run, descriptor

    def check(self) -> None:
        """Refuse to write where the folder has been removed, moved or replaced since it was locked.

        Raises:
            RunError: it has.
        """
        try:
            is_own = os.path.samestat(os.lstat(self._run / LOCK), os.fstat(self._descriptor))
        except OSError:  # a lock that was removed alone does no harm
            is_own = os.path.isfile(self._run / CONFIG)
        if not is_own:
            raise RunError(
                f"{self._run}: the run folder was removed, moved or replaced during training; resume it where"
                " it is now, or train anew"
            )


@contextmanager
def locked(run: Path) -> Iterator[Lock]:
    """Hold a run folder while the body runs; the system lets go of it however the process ends.

    Raises:
        RunError: another process holds it: which, on which machine; or the folder cannot be written.
    """
    try:
        descriptor = os.open(run / LOCK, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
    except OSError as error:
        raise RunError(
            f"{run / LOCK}: cannot write ({error.strerror or error}); expected a folder to train in"
        ) from error
    try:
        _take(run, descriptor)
        yield Lock(run, descriptor)
    finally:
        os.close(descriptor)


def holder(run: Path) -> str | None:
    """Who holds a run folder now, in words; None if nobody does, or there is no telling.

    Nothing is written, and whoever begins to train meanwhile is not in the way.
    """
    if not fcntl:
        return None
    with suppress(OSError):
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        descriptor = os.open(run / LOCK, flags)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _owner(descriptor)
        finally:
            os.close(descriptor)
    return None


def _take(run: Path, descriptor: int) -> None:
    if fcntl and not _is_taken(descriptor):
        raise RunError(f"{run}: is being trained by {_owner(descriptor)}; wait until that ends, or stop it")
    with suppress(OSError):  # who holds it is for messages alone: a full disk is no reason to stop here
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps({"host": socket.gethostname(), "process": os.getpid()}).encode(), 0)


def _is_taken(descriptor: int) -> bool:
    """Whether this process holds the lock now; who only asks (`holder`) has it for an instant."""
    for _ in range(_TRIES):
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        time.sleep(_PAUSE_SECONDS)
    return False


def _owner(descriptor: int) -> str:
    """Who holds a lock, as it wrote into the file."""
    with suppress(ValueError, KeyError, TypeError, OSError):
        owner = json.loads(os.pread(descriptor, 1000, 0))
        return f"process {int(owner['process'])} on {str(owner['host'])[:100]}"
    return "another process"

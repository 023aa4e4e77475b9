"""One process at a time trains in a run folder."""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rnnlab.errors import RunError

try:
    import fcntl
except ImportError:  # Windows has none: two processes in one folder are not noticed there
    fcntl = None  # type: ignore[assignment]

LOCK = ".lock"


@contextmanager
def locked(run: Path) -> Iterator[None]:
    """Hold a run folder while the body runs; the system lets go of it however the process ends.

    Raises:
        RunError: another process holds it: which, on which machine; or the folder cannot be written.
    """
    try:
        descriptor = os.open(run / LOCK, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
    except OSError as error:
        raise RunError(
            f"{run}: cannot write ({error.strerror or error}); expected a folder to train in"
        ) from error
    try:
        _take(run, descriptor)
        yield
    finally:
        os.close(descriptor)


def _take(run: Path, descriptor: int) -> None:
    if fcntl:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise RunError(
                f"{run}: is being trained by {_owner(descriptor)}; wait until that ends, or stop it"
            ) from error
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps({"host": socket.gethostname(), "process": os.getpid()}).encode(), 0)


def _owner(descriptor: int) -> str:
    """Who holds a lock, as it wrote into the file."""
    with suppress(ValueError, KeyError, TypeError, OSError):
        owner = json.loads(os.pread(descriptor, 1000, 0))
        return f"process {int(owner['process'])} on {str(owner['host'])[:100]}"
    return "another process"

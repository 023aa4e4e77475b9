"""How SIGINT, SIGTERM and SIGHUP end a command that has nothing to save.

The handler itself ends the process. An exception would not end it everywhere: a library that is being
imported turns it into an ImportError, and a destructor or a callback drops it. Training has a handler of its
own, which saves (`training/interruption.py`).
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]  # Windows has no SIGHUP

_half_written: set[str] = set()
"""Files and folders that are removed before the process ends."""

_held: list[int] = []
"""Signals that came while they were held."""

_depths = {"held": 0, "raised": 0}
"""How many bodies of `held_signals` and `raised_signals` are running."""


def handle_signals() -> None:
    """Have each signal end the process, but those that the process was told to ignore."""
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, stop)


def exit_code(number: int) -> int:
    """The exit code after a signal; a closed terminal (SIGHUP) counts as SIGTERM."""
    return 128 + (signal.SIGINT if number == signal.SIGINT else signal.SIGTERM)


def stop(number: int, frame: FrameType | None) -> None:
    """The handler: remove what is half written, and end the process with the signal's exit code.

    Raises:
        KeyboardInterrupt: on SIGINT, within `raised_signals`.
        SystemExit: on another signal, within `raised_signals`.
    """
    del frame
    if _depths["held"]:
        _held.append(number)
        return
    if _depths["raised"]:
        raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(exit_code(number))
    for path in tuple(_half_written):
        _remove(path)
    with suppress(OSError):  # below the ^C that a terminal shows; a closed stderr says nothing
        os.write(2, b"\ninterrupted\n" if os.isatty(2) else b"interrupted\n")
    os._exit(exit_code(number))


@contextmanager
def half_written(path: str) -> Iterator[None]:
    """Remove a file or folder when the body fails, and when a signal ends the process within it.

    Args:
        path: what the body makes; it need not exist yet, nor any more.
    """
    _half_written.add(path)
    try:
        yield
    except BaseException:
        _remove(path)
        raise
    finally:
        _half_written.discard(path)


@contextmanager
def held_signals() -> Iterator[None]:
    """While the body runs, which takes milliseconds, a signal waits for its end."""
    _depths["held"] += 1
    try:
        yield
    finally:
        _depths["held"] -= 1
        if _held and not _depths["held"]:
            stop(_held.pop(), None)


@contextmanager
def raised_signals() -> Iterator[None]:
    """While the body runs, a signal raises an exception, so that the body can end what it has begun."""
    _depths["raised"] += 1
    try:
        yield
    finally:
        _depths["raised"] -= 1


def _remove(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        from shutil import rmtree  # noqa: PLC0415 (seldom needed, and this module stands before all others)

        rmtree(path, ignore_errors=True)
    with suppress(OSError):
        os.unlink(path)

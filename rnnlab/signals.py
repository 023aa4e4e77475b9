"""Signals: SIGINT, SIGTERM and SIGHUP end a command that has nothing to save.

The handler ends the process itself. An exception would not always end it: an import in progress turns it into
an ImportError, and a destructor or a callback swallows it. Training has its own handler, which saves
(`training/interruption.py`).
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
"""Files and folders that the handler removes before it ends the process."""

_held: list[int] = []
"""Signals that came within `held_signals`."""

_depths = {"held": 0, "raised": 0}
"""Number of `held_signals` and of `raised_signals` bodies that are running."""


def handle_signals() -> None:
    """Install the handler for each signal that the process was not told to ignore."""
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, stop)


def exit_code(number: int) -> int:
    """The exit code after a signal: 130 after SIGINT, 143 after SIGTERM or SIGHUP (a closed terminal)."""
    return 128 + (signal.SIGINT if number == signal.SIGINT else signal.SIGTERM)


def stop(number: int, frame: FrameType | None) -> None:
    """The handler: remove half-written files, and end the process with the signal's exit code.

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
    with suppress(OSError):  # begins below the ^C that a terminal shows; stderr may be closed
        os.write(2, b"\ninterrupted\n" if os.isatty(2) else b"interrupted\n")
    os._exit(exit_code(number))


@contextmanager
def half_written(path: str) -> Iterator[None]:
    """Remove a file or folder when the body fails, and when a signal ends the process within it.

    Args:
        path: the file or folder that the body makes; it need not exist before or after the body.
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
    """Delay signals until the body, which must take only milliseconds, has ended."""
    _depths["held"] += 1
    try:
        yield
    finally:
        _depths["held"] -= 1
        if _held and not _depths["held"]:
            stop(_held.pop(), None)


@contextmanager
def raised_signals() -> Iterator[None]:
    """Make a signal raise an exception in the body, so that the body can clean up."""
    _depths["raised"] += 1
    try:
        yield
    finally:
        _depths["raised"] -= 1


def _remove(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        from shutil import rmtree  # noqa: PLC0415 (seldom needed; this module is loaded first of all)

        rmtree(path, ignore_errors=True)
    with suppress(OSError):
        os.unlink(path)

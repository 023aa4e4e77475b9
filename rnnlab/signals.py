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
"""Signals that came during a `with` block of `held_signals`."""

_depths = {"held": 0, "raised": 0}
"""Number of running `with` blocks of `held_signals` and of `raised_signals`."""


def handle_signals() -> None:
    """Install the handler for each signal that the process does not ignore."""
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, stop)


def exit_code(number: int) -> int:
    """Return the exit code after a signal: 130 for SIGINT, 143 for SIGTERM and SIGHUP (closed terminal)."""
    return 128 + (signal.SIGINT if number == signal.SIGINT else signal.SIGTERM)


def stop(number: int, frame: FrameType | None) -> None:
    """Handle a signal: remove half-written files and folders, print `interrupted` on stderr, end the process.

    The exit code is that of the signal. Within `held_signals` the signal is only noted.

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
    """Remove a file or folder if the `with` block raises, or if a signal ends the process during the block.

    Args:
        path: the file or folder that the block makes; it need not exist before or after the block.
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
    """Delay signals until the outermost `with` block has ended; the block must take only milliseconds.

    If several signals came, the last one is handled.
    """
    _depths["held"] += 1
    try:
        yield
    finally:
        _depths["held"] -= 1
        if _held and not _depths["held"]:
            stop(_held.pop(), None)


@contextmanager
def raised_signals() -> Iterator[None]:
    """Let SIGINT raise KeyboardInterrupt, and other signals SystemExit, so that the block can clean up."""
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

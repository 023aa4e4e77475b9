"""Signals that ask to stop: noted at once, acted on where nothing can be lost."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]  # Windows has no SIGHUP


class Interruption:
    """Which signal asked to stop, if any; the loop looks at it between two chunks.

    Attributes:
        signal_number: 0 as long as none has come; a closed terminal (SIGHUP) counts as SIGTERM.
    """

    def __init__(self) -> None:
        self.signal_number = 0

    def note(self, number: int, frame: FrameType | None) -> None:
        """Note a signal; a second Ctrl-C does not wait."""
        del frame
        if self.signal_number and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.signal_number = int(signal.SIGINT if number == signal.SIGINT else signal.SIGTERM)


@contextmanager
def noted_signals() -> Iterator[Interruption]:
    """While the body runs, SIGINT, SIGTERM and SIGHUP are noted instead of ending the process.

    What the process was told to ignore stays ignored: `nohup rnnlab train … &` outlives its terminal.
    """
    interruption = Interruption()
    heeded = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, interruption.note) for number in heeded}
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

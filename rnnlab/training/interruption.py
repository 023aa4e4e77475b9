"""Signals that ask to stop: noted at once, acted on where nothing can be lost."""

import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TypeVar

from rnnlab.signals import SIGNALS

Result = TypeVar("Result")

LOOK_SECONDS = 0.05


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

    def run(self, work: Callable[[], Result]) -> Result | None:
        """What some work gives, or None as soon as a signal comes; the work is then left to itself.

        Python hands a signal on only between two of its own steps, and compiling a program is one of them. So
        the work runs in another thread, and this one waits for either; what is left dies with the process.
        """
        done: Future[Result] = Future()
        threading.Thread(target=_into, args=(done, work), daemon=True).start()
        while not self.signal_number:
            with suppress(TimeoutError):
                return done.result(timeout=LOOK_SECONDS)
        return None


def _into(done: "Future[Result]", work: Callable[[], Result]) -> None:
    try:
        done.set_result(work())
    except BaseException as error:
        done.set_exception(error)


@contextmanager
def noted_signals() -> Iterator[Interruption]:
    """While the body runs, SIGINT, SIGTERM and SIGHUP are noted instead of ending the process.

    What the process was told to ignore stays ignored: `nohup rnnlab train … &` outlives its terminal. Python
    lets only the main thread handle signals: in any other nothing is changed, and nothing noted.
    """
    interruption = Interruption()
    is_main = threading.current_thread() is threading.main_thread()
    signals = SIGNALS if is_main else []
    heeded = [number for number in signals if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, interruption.note) for number in heeded}
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

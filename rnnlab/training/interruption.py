"""Interruption: what happens on Ctrl-C, or another signal, while a network is trained.

1. The signal is noted here at once.
2. `training/loop.py` reads it after the current chunk of steps, and ends the loop. During the first chunk,
   which compiles the program, the loop ends at once, and that chunk does not count.
3. `training/session.py` saves a checkpoint and the results, except after an end during the first chunk. It
   then raises `Interrupted` with the command that resumes.

A second Ctrl-C ends the process at once, and nothing is saved.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import wait
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

from rnnlab.processes import in_thread
from rnnlab.signals import SIGNALS

Result = TypeVar("Result")

LOOK_SECONDS = 0.05
"""Time between two looks at the signal while the program is compiled."""


class Interruption:
    """The signal that asked the training to stop, if one came; the loop reads it after each chunk.

    Attributes:
        signal_number: SIGINT or SIGTERM; SIGTERM stands for SIGHUP (a closed terminal) too; 0 if no signal
            has come.
    """

    def __init__(self) -> None:
        self.signal_number = 0

    def note(self, number: int, frame: FrameType | None) -> None:
        """Note a signal. If one was noted before, Ctrl-C raises KeyboardInterrupt, and nothing is saved."""
        del frame
        if self.signal_number and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.signal_number = int(signal.SIGINT if number == signal.SIGINT else signal.SIGTERM)

    def run(self, work: Callable[[], Result]) -> Result | None:
        """Run a function; return its result or raise its exception; return None once a signal has come.

        Python handles a signal only between two of its own instructions, and compiling a program is one
        instruction. The function therefore runs in another thread; the signal does not stop that thread,
        which ends with the process.
        """
        done = in_thread(work)
        while not self.signal_number:
            if wait([done], timeout=LOOK_SECONDS).done:
                return done.result()
        return None


@contextmanager
def noted_signals() -> Iterator[Interruption]:
    """Note SIGINT, SIGTERM and SIGHUP during the `with` block; only a second Ctrl-C ends the process then.

    A signal that the process ignores stays ignored: `nohup rnnlab train … &` runs on when its terminal is
    closed. Python handles signals in the main thread only: in another thread, this function has no effect.
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

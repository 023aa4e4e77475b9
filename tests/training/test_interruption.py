"""Signals that ask to stop."""

import os
import signal
import threading
import time

import pytest

from rnnlab.training.interruption import Interruption, noted_signals


@pytest.mark.parametrize(
    ("sent", "noted"),
    [("SIGINT", signal.SIGINT), ("SIGTERM", signal.SIGTERM), ("SIGHUP", signal.SIGTERM)],
)
def test_a_signal_is_noted_and_ends_nothing(sent: str, noted: int) -> None:
    """A closed terminal counts as SIGTERM."""
    with noted_signals() as interruption:
        os.kill(os.getpid(), getattr(signal, sent))

    assert interruption.signal_number == noted


@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM])
def test_a_second_ctrl_c_does_not_wait(first: int) -> None:
    """Whichever signal came before it, nothing more is saved."""
    interruption = Interruption()
    interruption.note(first, None)

    with pytest.raises(KeyboardInterrupt):
        interruption.note(signal.SIGINT, None)


def test_a_second_sigterm_waits_for_the_save() -> None:
    """A scheduler may send several."""
    interruption = Interruption()

    for _ in range(3):
        interruption.note(signal.SIGTERM, None)

    assert interruption.signal_number == signal.SIGTERM


def test_a_signal_does_not_wait_for_work_in_a_thread() -> None:
    """As compiling a program is, which takes seconds and hears nothing."""
    release = threading.Event()
    interruption = Interruption()
    threading.Timer(0.1, interruption.note, (signal.SIGTERM, None)).start()
    begun = time.monotonic()

    result = interruption.run(lambda: release.wait(30))

    release.set()
    assert result is None
    assert time.monotonic() - begun < 10


def test_what_work_gives_or_raises_is_handed_on() -> None:
    """The thread that it ran in does not show."""
    assert Interruption().run(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        Interruption().run(lambda: 1 // 0)


def test_a_timeout_of_the_work_is_handed_on() -> None:
    """It is not taken for the end of a look at the signal."""

    def work() -> None:
        raise TimeoutError("of a disk")

    with pytest.raises(TimeoutError, match="of a disk"):
        Interruption().run(work)

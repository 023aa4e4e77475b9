"""Signals that stop a training at a random moment; the process sends them itself, or another process does."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

from torture.forks import HANGS_SECONDS, HangingError, fork_command
from torture.kills import EXIT_CODES, PYTHON_SECONDS, start
from torture.model_files import Answer

INSTANTS = {"from the start": 4.0, "in a step": 1.0, "in a write": 30, "after a save": 6}
"""Kinds of moments, with the maximum of seconds after the moment, or of writes or saves before it."""

FROM_OUTSIDE_SECONDS = 9.0
"""Latest moment of a signal to a process that imports TensorFlow itself, in seconds after its start."""


@dataclass(frozen=True)
class Stop:
    """A signal to a training.

    Attributes:
        name: KILL, TERM or INT.
        instant: one of `INSTANTS`.
        amount: seconds after the moment; or the number of the write or the save, from 1.
    """

    name: str
    instant: str
    amount: float

    def __str__(self) -> str:
        return f"SIG{self.name} {self.instant} {self.amount:.3g}"


def drawn_stop(rng: Random) -> Stop:
    """Draw a signal and its moment."""
    instant = rng.choice(list(INSTANTS))
    most = INSTANTS[instant]
    counts = instant in {"in a write", "after a save"}
    amount = float(rng.randint(1, int(most))) if counts else rng.uniform(0, most)
    return Stop(rng.choice(("KILL", "KILL", "TERM", "INT")), instant, amount)


def stopped_fork(arguments: list[str], said: Path, stop: Stop) -> tuple[Answer, str]:
    """Train in a forked process that stops itself; return its output, and what is wrong with how it ends."""
    answer = fork_command(arguments, said, prepare=lambda: _arm(stop)).answer()
    return answer, _fault(answer, stop)


def stopped_process(arguments: list[str], rng: Random, stop: Stop) -> tuple[Answer, str]:
    """Train in a process of its own, which is stopped from outside; return the same as `stopped_fork`."""
    begun, process = time.monotonic(), start(arguments)
    seconds = rng.uniform(0, FROM_OUTSIDE_SECONDS)
    while process.poll() is None and time.monotonic() - begun < seconds:
        time.sleep(0.01)
    if process.poll() is None:
        process.send_signal(getattr(signal, f"SIG{stop.name}"))
    answer = ended(process)
    outside = Stop(stop.name, "from outside", seconds)
    return answer, "" if seconds < PYTHON_SECONDS else _fault(answer, outside)


def ended(process: "subprocess.Popen[bytes]") -> Answer:
    """Wait for the end of a process, and return its exit code and output.

    Raises:
        HangingError: the process does not end in time. It is killed.
    """
    try:
        _, said = process.communicate(timeout=HANGS_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise HangingError(f"{process.args!r} did not end in {HANGS_SECONDS:.0f} s") from None
    return Answer(process.returncode, "", said.decode())


def _fault(answer: Answer, stop: Stop) -> str:
    """Return what is wrong with the end of a training that was sent a signal; empty if nothing is wrong."""
    if "Traceback" in answer.stderr:
        return f"{stop}: {answer.stderr[-1500:]}"
    if answer.exit_code not in {0, 1, 2, EXIT_CODES[stop.name]}:
        return f"{stop}: exit code {answer.exit_code}: {answer.stderr[-300:]}"
    return ""


def _arm(stop: Stop) -> None:
    """Arrange that this process sends itself the signal at its moment."""
    number = getattr(signal, f"SIG{stop.name}")
    arms = {
        "from the start": _begin_timer,
        "in a step": _arm_step,
        "in a write": _arm_write,
        "after a save": _arm_save,
    }
    arms[stop.instant](stop.amount, lambda: os.kill(os.getpid(), number))


def _begin_timer(seconds: float, send: Callable[[], None]) -> None:
    timer = threading.Timer(seconds, send)
    timer.daemon = True
    timer.start()


def _arm_step(seconds: float, send: Callable[[], None]) -> None:
    """Send the signal so many seconds after the first chunk of steps begins."""
    from rnnlab.training.loop import TrainingLoop  # noqa: PLC0415 (loads Keras)

    advance, begun = TrainingLoop.advance, list[bool]()

    def advance_and_begin(loop: TrainingLoop) -> Any:
        if not begun:
            begun.append(True)
            _begin_timer(seconds, send)
        return advance(loop)

    patch.object(TrainingLoop, "advance", advance_and_begin).start()


def _arm_write(which: float, send: Callable[[], None]) -> None:
    """Send the signal just before a certain file or folder is flushed to the disk."""
    fsync, calls = os.fsync, count(1)

    def send_and_fsync(descriptor: int) -> None:
        if next(calls) == which:
            send()
        fsync(descriptor)

    patch("os.fsync", send_and_fsync).start()


def _arm_save(which: float, send: Callable[[], None]) -> None:
    """Send the signal just after a certain checkpoint has been written."""
    from rnnlab.training.checkpoints import write_checkpoint  # noqa: PLC0415 (loads Keras)

    calls = count(1)

    def write_and_send(*arguments: Any, **settings: Any) -> None:
        write_checkpoint(*arguments, **settings)
        if next(calls) == which:
            send()

    patch("rnnlab.training.session.write_checkpoint", write_and_send).start()

"""Signals that stop a training at a random instant, sent by itself or from outside."""

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
"""When a signal comes: so many seconds after it, at most, or with so many of them done."""

FROM_OUTSIDE_SECONDS = 9.0
"""So long a process that imports TensorFlow itself may be on its way when a signal comes."""


@dataclass(frozen=True)
class Stop:
    """A signal that is to come.

    Attributes:
        name: KILL, TERM or INT.
        instant: one of `INSTANTS`.
        amount: how many seconds after the instant; of writes and saves, which of them, from 1.
    """

    name: str
    instant: str
    amount: float

    def __str__(self) -> str:
        return f"SIG{self.name} {self.instant} {self.amount:.3g}"


def drawn_stop(rng: Random) -> Stop:
    """A signal at a random instant."""
    instant = rng.choice(list(INSTANTS))
    most = INSTANTS[instant]
    counts = instant in {"in a write", "after a save"}
    amount = float(rng.randint(1, int(most))) if counts else rng.uniform(0, most)
    return Stop(rng.choice(("KILL", "KILL", "TERM", "INT")), instant, amount)


def stopped_fork(arguments: list[str], said: Path, stop: Stop) -> tuple[Answer, str]:
    """What a training in a forked process gives that stops itself, and what is wrong with how it ends."""
    answer = fork_command(arguments, said, prepare=lambda: _arm(stop)).answer()
    return answer, _fault(answer, stop)


def stopped_process(arguments: list[str], rng: Random, stop: Stop) -> tuple[Answer, str]:
    """The same of one that is a process of its own from its first instruction on, stopped from outside."""
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
    """What a process gives in the end.

    Raises:
        HangingError: it does not end; it is killed.
    """
    try:
        _, said = process.communicate(timeout=HANGS_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise HangingError(f"{process.args!r} did not end in {HANGS_SECONDS:.0f} s") from None
    return Answer(process.returncode, "", said.decode())


def _fault(answer: Answer, stop: Stop) -> str:
    """What is wrong with how a training ends that was stopped, or was over before; empty if nothing is."""
    if "Traceback" in answer.stderr:
        return f"{stop}: {answer.stderr[-1500:]}"
    if answer.exit_code not in {0, 1, 2, EXIT_CODES[stop.name]}:
        return f"{stop}: exit code {answer.exit_code}: {answer.stderr[-300:]}"
    return ""


def _arm(stop: Stop) -> None:
    """Have this process send itself the signal when the instant comes."""
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
    from rnnlab.training.trainer import Trainer  # noqa: PLC0415 (loads Keras)

    run_chunk, begun = Trainer.run_chunk, list[bool]()

    def run_and_begin(trainer: Trainer, *arguments: Any) -> Any:
        if not begun:
            begun.append(True)
            _begin_timer(seconds, send)
        return run_chunk(trainer, *arguments)

    patch.object(Trainer, "run_chunk", run_and_begin).start()


def _arm_write(which: float, send: Callable[[], None]) -> None:
    """Before so many a file, or a folder, is safe on the disk."""
    fsync, calls = os.fsync, count(1)

    def send_and_fsync(descriptor: int) -> None:
        if next(calls) == which:
            send()
        fsync(descriptor)

    patch("os.fsync", send_and_fsync).start()


def _arm_save(which: float, send: Callable[[], None]) -> None:
    """When so many checkpoints have been written."""
    from rnnlab.training.checkpoints import write_checkpoint  # noqa: PLC0415 (loads Keras)

    calls = count(1)

    def write_and_send(*arguments: Any, **settings: Any) -> None:
        write_checkpoint(*arguments, **settings)
        if next(calls) == which:
            send()

    patch("rnnlab.training.saves.write_checkpoint", write_and_send).start()

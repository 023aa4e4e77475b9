"""Work for the processes of the tests of this folder."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from rnnlab.errors import TrainingError


def note(number: int, folder: str, seconds: float) -> str:
    """Leave a file that says who does a task, take some time, and return the result."""
    (Path(folder) / f"{number}.{os.getpid()}").touch()
    time.sleep(seconds)
    return f"result {number}"


def say(number: int, report: Callable[[str], None]) -> str:
    """Say that a task begins, and return the result."""
    report(f"task {number} begins")
    return f"result {number}"


def refuse(number: int) -> str:
    """Fail with one task, and do the others."""
    if number == 1:
        raise TrainingError("the loss is not finite")
    return str(number)


def die(number: int) -> str:
    """End the process as the system does when memory runs out, with one task; do the others."""
    if number == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return str(number)

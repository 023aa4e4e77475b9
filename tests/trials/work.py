"""Work for the processes of the tests of this folder."""

import os
import time
from pathlib import Path

from rnnlab.errors import TrainingError


def note(number: int, folder: str, seconds: float) -> str:
    """Leave a file that says who does a task, take some time, and return the result."""
    (Path(folder) / f"{number}.{os.getpid()}").touch()
    time.sleep(seconds)
    return f"result {number}"


def refuse(number: int) -> str:
    """Fail with one task, and do the others."""
    if number == 1:
        raise TrainingError("the loss is not finite")
    return str(number)

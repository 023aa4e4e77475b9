"""`training.tensorboard`: an event file in the run folder, which TensorBoard reads while training runs.

    <run>/tensorboard/events.out.tfevents.<time>.rnnlab

The file is made from the history only. A resumed training has the history of its checkpoint: it removes the
old files and writes a new one from the first step on; so no step is missing or written twice. In a training
of more than 10,000 steps, every n-th step is written. If the file cannot be written, the user is told, and
training goes on without the file.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from rnnlab.errors import DataError
from rnnlab.exports.tensorboard import MOST_STEPS, EventFile
from rnnlab.files import check_inside
from rnnlab.training.history import LossHistory

FOLDER = "tensorboard"
PATTERN = "events.out.tfevents.*.rnnlab"


def check_installed() -> None:
    """Check that the `tensorboard` library is installed.

    Raises:
        DataError: the library is not installed; the message says how to install it.
    """
    try:
        EventFile(_Nowhere(), begun=0.0)  # type: ignore[arg-type]  # it only calls `write`
    except DataError as error:
        raise DataError(f"training.tensorboard: {error}; or set it to false") from None


class LiveEvents:
    """Writes the event file of a training.

    Args:
        run: the run folder.
        history: the history of the training.
        steps: number of steps of the whole training; of more than 10,000 steps, every n-th is written.
        say: receives a sentence if the file cannot be written.

    Raises:
        RunError: the folder of event files leads outside the run.
    """

    def __init__(self, run: Path, history: LossHistory, *, steps: int, say: Callable[[str], None]) -> None:
        self._folder, self._history, self._say = run / FOLDER, history, say
        check_inside(self._folder)
        self._every = -(-steps // MOST_STEPS)
        self._steps, self._epochs = 0, 0
        self._file: BinaryIO | None = None
        self._events: EventFile | None = None

    def __enter__(self) -> "LiveEvents":
        """Remove old event files, and open a new one; if that fails, tell the user."""
        try:
            self._folder.mkdir(exist_ok=True)
            old = list(self._folder.glob(PATTERN))
            for path in old:
                path.unlink()
            begun = time.time()
            path = self._folder / f"events.out.tfevents.{int(begun)}.rnnlab"
            self._file = path.open("xb")
            self._events = EventFile(self._file, begun=begun)
            if old:
                self._events.restart(begun)
            self._events.flush()
        except OSError as error:
            self._give_up(error)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write what is new in the history, and close the file."""
        self.write()
        self._close()

    def write(self) -> None:
        """Write what is new in the history since the last call; after a failed write, do nothing."""
        if not self._events:
            return
        try:
            self._write_steps(self._events)
            self._write_epochs(self._events)
            self._events.flush()
        except OSError as error:
            self._give_up(error)

    def _write_steps(self, events: EventFile) -> None:
        history = self._history
        losses, accuracies = history.batch_losses, history.batch_accuracies
        taken = len(losses)
        steps = np.arange(self._steps + 1, taken + 1)
        steps = steps[(steps - 1) % self._every == 0]
        times = _times(history, steps, taken)
        events.add("loss/step", steps, times, losses[steps - 1])
        events.add("accuracy/step", steps, times, accuracies[steps - 1])
        self._steps = taken

    def _write_epochs(self, events: EventFile) -> None:
        history = self._history
        records, ends = history.epochs[self._epochs :], history.ends[self._epochs :]
        times = _times(history, ends, self._steps)
        for name, of_records in {
            "loss/train": [record.loss for record in records],
            "accuracy/train": [record.accuracy for record in records],
            "loss/validation": [record.validation_loss for record in records],
            "accuracy/validation": [record.validation_accuracy for record in records],
            "learning_rate": [record.learning_rate for record in records],
        }.items():
            values = np.array(of_records, np.float64)
            known = np.isfinite(values)
            events.add(name, ends[known], times[known], values[known])
        self._epochs = len(history.epochs)

    def _give_up(self, error: OSError) -> None:
        """Close the file, and tell the user why no more events are written."""
        self._close()
        self._say(
            f"{self._folder}: cannot be written ({error.strerror or error}); training goes on without it,"
            " and writes all of it when it is resumed"
        )

    def _close(self) -> None:
        if self._file:
            with suppress(OSError):
                self._file.close()
        self._file = self._events = None


class _Nowhere:
    """A file that throws away what is written to it."""

    def write(self, data: bytes) -> int:
        return len(data)


def _times(history: LossHistory, steps: NDArray[np.int64], taken: int) -> NDArray[np.float64]:
    """Return the times of steps, (steps,), in seconds as `time.time()`; evenly spread over each epoch.

    Args:
        history: the history of the training.
        steps: numbers of the steps, from 1, (steps,).
        taken: number of steps taken until now.
    """
    elapsed = history.seconds
    at = np.concatenate([[0], history.ends, [taken]])
    seconds = np.array([0.0, *(record.seconds for record in history.epochs), elapsed])
    times: NDArray[np.float64] = time.time() - elapsed + np.interp(steps, at, seconds)
    return times

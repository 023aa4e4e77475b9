"""`training.tensorboard`: event files in the run folder that TensorBoard reads while the training goes on.

    <run>/tensorboard/events.out.tfevents.<time>.rnnlab

The file is made of the history alone. A training that is resumed has the history of its checkpoint; it
removes the file of before and writes one anew: no step is there twice, and none is missing. The training does
not depend on the file: where it cannot be written, a line says so and the training goes on.
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
    """Refuse to begin without the library.

    Raises:
        DataError: it is not installed; how to install it.
    """
    try:
        EventFile(_Nowhere(), begun=0.0)  # type: ignore[arg-type]  # it needs `write` alone
    except DataError as error:
        raise DataError(f"training.tensorboard: {error}; or set it to false") from None


class LiveEvents:
    """Writes the event file of a training.

    Args:
        run: the run folder.
        history: of the training.
        steps: of the whole training; of more than 10,000 the file has so many, evenly spread.
        say: is told why nothing more is written.

    Raises:
        RunError: the folder of the files leads outside the run.
    """

    def __init__(self, run: Path, history: LossHistory, *, steps: int, say: Callable[[str], None]) -> None:
        self._folder, self._history, self._say = run / FOLDER, history, say
        check_inside(self._folder)
        self._every = -(-steps // MOST_STEPS)
        self._steps, self._epochs = 0, 0
        self._file: BinaryIO | None = None
        self._events: EventFile | None = None

    def __enter__(self) -> "LiveEvents":
        """Take the place of what was written before."""
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
        """Write what is left, and close the file."""
        self.write()
        self._close()

    def write(self) -> None:
        """Write what has been added to the history since the last call."""
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
        """Say why nothing more is written."""
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
    """A file that keeps nothing."""

    def write(self, data: bytes) -> int:
        return len(data)


def _times(history: LossHistory, steps: NDArray[np.int64], taken: int) -> NDArray[np.float64]:
    """When steps were taken, in seconds as `time.time()` has it: evenly between the ends of epochs.

    Args:
        history: of the training.
        steps: their numbers, from 1.
        taken: how many have been taken until now.
    """
    elapsed = history.seconds
    at = np.concatenate([[0], history.ends, [taken]])
    seconds = np.array([0.0, *(record.seconds for record in history.epochs), elapsed])
    times: NDArray[np.float64] = time.time() - elapsed + np.interp(steps, at, seconds)
    return times

"""What a run folder keeps of its training: losses and accuracies, by epoch and by step."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rnnlab.errors import DataError, RunError
from rnnlab.files import check_inside, read_text
from rnnlab.runs.folder import RunFolder

Floats = NDArray[np.float64]

_MOST_BYTES = 512 << 20
_BY_EPOCH = ("epoch", "loss", "accuracy", "validation_loss", "validation_accuracy")
_BY_STEP = ("step", "epoch", "loss")


@dataclass(frozen=True, eq=False)
class History:
    """The columns of `history.csv` and `losses.csv`; losses in nats per token, accuracies as shares.

    Attributes:
        epochs: (E,) from 1.
        loss: (E,) of training, while the weights changed.
        accuracy: (E,) of training.
        validation_loss: (E,), NaN where nothing was measured.
        validation_accuracy: (E,), the same.
        step_epochs: (S,) where each step ends, in epochs: 0.5 is in the middle of the first.
        step_losses: (S,) of each training step.
        notes: what could not be read, a sentence each.
    """

    epochs: Floats
    loss: Floats
    accuracy: Floats
    validation_loss: Floats
    validation_accuracy: Floats
    step_epochs: Floats
    step_losses: Floats
    notes: tuple[str, ...] = ()


def read_history(run: RunFolder) -> History:
    """The history of a run; what is missing or damaged is empty, and said."""
    by_epoch, said = _table(run, "history.csv", _BY_EPOCH)
    steps, said_of_steps = _table(run, "losses.csv", _BY_STEP)
    an_epoch = max(int((steps[:, 1] == 1).sum()), 1)
    epochs, loss, accuracy, validation_loss, validation_accuracy = by_epoch.T
    return History(
        epochs=epochs,
        loss=loss,
        accuracy=accuracy,
        validation_loss=validation_loss,
        validation_accuracy=validation_accuracy,
        step_epochs=steps[:, 0] / an_epoch,
        step_losses=steps[:, 2],
        notes=said + said_of_steps,
    )


def _table(run: RunFolder, name: str, columns: tuple[str, ...]) -> tuple[Floats, tuple[str, ...]]:
    """The first columns of a table, (rows, columns), and why there is no row if it cannot be read."""
    try:
        return _read(run, name, columns), ()
    except (DataError, RunError) as error:
        return np.empty((0, len(columns))), (f"{error}; the curve that it gives is left out",)


def _read(run: RunFolder, name: str, columns: tuple[str, ...]) -> Floats:
    """The first columns of a table, (rows, columns); NaN for an empty cell.

    Raises:
        DataError: it is not there, or is not such a table.
        RunError: it leads outside of the run.
    """
    path = run.path / name
    if not path.is_file():  # to open a pipe would wait for a writer
        raise DataError(f"{path}: no such file")
    check_inside(path)
    head, *lines = read_text(path, most_bytes=_MOST_BYTES).splitlines() or [""]
    if tuple(head.split(",")[: len(columns)]) != columns:
        raise DataError(f"{path}: expected the columns {', '.join(columns)}, received {head[:100]!r}")
    cells = (line.replace(",,", ",nan,").replace(",,", ",nan,") for line in lines)
    if not lines:
        return np.empty((0, len(columns)))
    try:
        return np.loadtxt(cells, delimiter=",", usecols=range(len(columns)), ndmin=2)
    except ValueError as error:
        raise DataError(f"{path}: not a table of numbers ({error})") from None

"""How a training went, as arrays: what `history.csv` and `losses.csv` of a run hold."""

import math
import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.errors import DataError, RunError
from rnnlab.files import check_inside, read_text

HISTORY = "history.csv"
LOSSES = "losses.csv"

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class _Columns:
    """Arrays of one length, by name."""

    def columns(self) -> dict[str, NDArray[Any]]:
        """The arrays by name, as `pandas.DataFrame` takes them."""
        arrays = ((field.name, getattr(self, field.name)) for field in fields(self))  # type: ignore[arg-type]
        return {name: array for name, array in arrays if isinstance(array, np.ndarray)}

    def __len__(self) -> int:
        """How many rows there are."""
        return len(next(iter(self.columns().values())))


@dataclass(frozen=True, eq=False)
class Steps(_Columns):
    """A row for each of S training steps.

    Attributes:
        step: from 1, (S,).
        epoch: that it belongs to, from 1, (S,).
        loss: of its own batch before its update, nats per token, (S,).
        accuracy: likewise, a share, (S,).
    """

    step: Integers
    epoch: Integers
    loss: Floats
    accuracy: Floats


@dataclass(frozen=True, eq=False)
class History(_Columns):
    """A row for each of E epochs; NaN where nothing was measured.

    Attributes:
        epoch: from 1, (E,).
        loss: mean over the epoch's batches, nats per token, (E,).
        accuracy: likewise, a share, (E,).
        validation_loss: on what is held out, nats per token, (E,).
        validation_accuracy: likewise, a share, (E,).
        seconds: since training began, (E,).
        steps: the training steps.
    """

    epoch: Integers
    loss: Floats
    accuracy: Floats
    validation_loss: Floats
    validation_accuracy: Floats
    seconds: Floats
    steps: Steps


def read_history(run: Path) -> History:
    """The history in a run folder; without a row where nothing has been saved yet.

    Raises:
        RunError: a file is not what was written, or leads outside the folder.
    """
    names = [field.name for field in fields(Steps)]
    step, epoch_of_step, *of_steps = _read(run / LOSSES, names, counts=2)
    names = [field.name for field in fields(History) if field.name != "steps"]
    epoch, loss, accuracy, *held_out, seconds = _read(run / HISTORY, names, counts=1)
    steps = Steps(step.astype(np.int64), epoch_of_step.astype(np.int64), *of_steps)
    return History(epoch.astype(np.int64), loss, accuracy, held_out[0], held_out[1], seconds, steps)


def _read(path: Path, names: list[str], *, counts: int) -> list[Floats]:
    """The columns of a table of numbers, of which the first few count; an empty cell is NaN."""
    if not os.path.exists(path):
        return [np.empty(0)] * len(names)
    check_inside(path)
    if not path.is_file():  # to open a pipe would wait for a writer
        raise RunError(f"{path}: expected a file")
    try:
        header, *rows = read_text(path).splitlines()
        table = np.array([[float(cell or math.nan) for cell in row.split(",")] for row in rows])
        if header != ",".join(names) or table.size != len(rows) * len(names):
            raise ValueError(f"expected the columns {', '.join(names)}")
        table = table.reshape(-1, len(names))
        if not (table[:, :counts] % 1 == 0).all():
            raise ValueError(f"expected whole numbers in {' and '.join(names[:counts])}")
        return list(table.T)
    except (DataError, ValueError) as error:
        raise RunError(f"{path}: not what training wrote ({error}); restore it from a copy") from None

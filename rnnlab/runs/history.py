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
        learning_rate: of the epoch's last step, (E,); NaN where an earlier rnnlab trained.
        seconds: since training began, (E,).
        steps: the training steps.
    """

    epoch: Integers
    loss: Floats
    accuracy: Floats
    validation_loss: Floats
    validation_accuracy: Floats
    learning_rate: Floats
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
    epoch, *figures, seconds = _read(run / HISTORY, names, counts=1, added="learning_rate")
    loss, accuracy, validation_loss, validation_accuracy, rate = figures
    steps = Steps(step.astype(np.int64), epoch_of_step.astype(np.int64), *of_steps)
    return History(
        epoch.astype(np.int64), loss, accuracy, validation_loss, validation_accuracy, rate, seconds, steps
    )


def _read(path: Path, names: list[str], *, counts: int, added: str = "") -> list[Floats]:
    """The columns of a table of numbers; an empty cell is NaN.

    Args:
        path: the file.
        names: of the columns.
        counts: how many of them, from the first on, are whole numbers.
        added: the column that tables of an earlier rnnlab lack; it is NaN there.
    """
    if not os.path.exists(path):
        return [np.empty(0)] * len(names)
    check_inside(path)
    if not path.is_file():  # to open a pipe would wait for a writer
        raise RunError(f"{path}: expected a file")
    try:
        header, *rows = read_text(path).splitlines()
        written = [name for name in names if name != added or name in header.split(",")]
        table = np.array([[float(cell or math.nan) for cell in row.split(",")] for row in rows])
        if header != ",".join(written) or table.size != len(rows) * len(written):
            raise ValueError(f"expected the columns {', '.join(names)}")
        table = table.reshape(-1, len(written))
        if not (table[:, :counts] % 1 == 0).all():
            raise ValueError(f"expected whole numbers in {' and '.join(names[:counts])}")
        columns = dict(zip(written, table.T, strict=True))
        return [columns.get(name, np.full(len(table), math.nan)) for name in names]
    except (DataError, ValueError) as error:
        raise RunError(f"{path}: not what training wrote ({error}); restore it from a copy") from None

"""The history of a training: `history.csv` has a row for each epoch, `losses.csv` a row for each step.

`write_history` writes both tables of a run, and `read_history` reads them into a `History`.
The columns are the fields of `EpochRecord` and of `Steps`. Losses are in nats per token; accuracies
are fractions, 0 to 1.
"""

import math
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.errors import RunError
from rnnlab.files import write_durably
from rnnlab.runs.layout import HISTORY, LOSSES, small_text

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class EpochRecord:
    """One row of `history.csv`. A figure that was not measured is None.

    Attributes:
        epoch: number of the epoch, from 1.
        loss: mean training loss of the epoch's batches; NaN if every step was skipped.
        accuracy: mean training accuracy of the epoch's batches; NaN if every step was skipped.
        validation_loss: loss on the validation set.
        validation_accuracy: accuracy on the validation set.
        learning_rate: learning rate of the epoch's last step. Early versions of rnnlab did not write this
            column.
        seconds: time from the beginning of the training to the end of the epoch, without the time between an
            interruption and resuming.
    """

    epoch: int
    loss: float
    accuracy: float
    validation_loss: float | None
    validation_accuracy: float | None
    learning_rate: float | None
    seconds: float


class _Columns:
    """Arrays of one length, by name."""

    def columns(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by name, in a form that `pandas.DataFrame` accepts."""
        arrays = ((field.name, getattr(self, field.name)) for field in fields(self))  # type: ignore[arg-type]
        return {name: array for name, array in arrays if isinstance(array, np.ndarray)}

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(next(iter(self.columns().values())))


@dataclass(frozen=True, eq=False)
class Steps(_Columns):
    """The columns of `losses.csv`: a row for each of S training steps.

    Attributes:
        step: number of the step, from 1, (S,).
        epoch: number of the step's epoch, from 1, (S,).
        loss: loss of the step's batch, before the update, (S,).
        accuracy: accuracy of the step's batch, before the update, (S,).
    """

    step: Integers
    epoch: Integers
    loss: Floats
    accuracy: Floats

    def in_epochs(self) -> Floats:
        """Return the end of each step, counted in epochs, (S,): 0.5 is the middle of the first epoch.

        If the first epoch has not ended, its steps so far count as a whole epoch.
        """
        return self.step / max(int((self.epoch == 1).sum()), 1)


@dataclass(frozen=True)
class EpochProgress:
    """Progress of a training in a few figures.

    Attributes:
        epochs: number of finished epochs.
        best_epoch: number of the epoch whose weights are kept, from 1; None if there is none.
        best_loss: loss of the best epoch; None if there is none.
        part: the data on which the loss was measured: `validation` if any epoch has a validation loss, else
            `train`.
        seconds: `EpochRecord.seconds` of the last epoch; None if no epoch ended.
    """

    epochs: int = 0
    best_epoch: int | None = None
    best_loss: float | None = None
    part: str = "train"
    seconds: float | None = None


NO_PROGRESS = EpochProgress()


@dataclass(frozen=True, eq=False)
class History(_Columns):
    """The columns of `history.csv`: a row for each of E epochs. A figure that was not measured is NaN.

    Attributes:
        epoch: 1, 2, …, (E,).
        loss: as in `EpochRecord`, (E,).
        accuracy: as in `EpochRecord`, (E,).
        validation_loss: as in `EpochRecord`, (E,).
        validation_accuracy: as in `EpochRecord`, (E,).
        learning_rate: as in `EpochRecord`, (E,).
        seconds: as in `EpochRecord`, (E,).
        steps: the columns of `losses.csv`; without rows if the file is missing or was not read.
        notes: a sentence for each table that is missing or damaged; empty unless `lenient` was true.
    """

    epoch: Integers
    loss: Floats
    accuracy: Floats
    validation_loss: Floats
    validation_accuracy: Floats
    learning_rate: Floats
    seconds: Floats
    steps: Steps
    notes: tuple[str, ...] = ()

    def progress(self, kept: int = 0) -> EpochProgress:
        """Return the number of epochs, the best epoch with its loss and part, and the training time.

        Args:
            kept: number of the epoch whose weights are in the model file, from 1; 0 if the file does not say
                so: the best epoch is then chosen by `best_epoch`.
        """
        if not len(self):
            return NO_PROGRESS
        is_validated = bool(np.isfinite(self.validation_loss).any())
        losses = self.validation_loss if is_validated else self.loss
        part, seconds = "validation" if is_validated else "train", float(self.seconds[-1])
        is_known = 0 < kept <= len(self) and np.isfinite(losses[kept - 1])
        best = kept if is_known else best_epoch(self.loss, self.validation_loss)
        if best is None:
            return EpochProgress(len(self), part=part, seconds=seconds)
        return EpochProgress(len(self), best, float(losses[best - 1]), part, seconds)

    def kept_losses(self, kept: int = 0) -> tuple[float | None, float | None]:
        """Return the losses of the epoch with the lowest validation loss, whose weights are kept.

        They are those of training and of validation. Without a validation loss, both are None.

        Args:
            kept: as in `progress`.
        """
        progress = self.progress(kept)
        if progress.best_epoch is None or progress.part != "validation":
            return None, None
        return float(self.loss[progress.best_epoch - 1]), progress.best_loss

    def seconds_without_compiling(self) -> float | None:
        """Return the seconds of the training without compiling, which is part of the first epoch.

        The first epoch counts as the mean of the other epochs; if there is only one epoch, its whole time
        counts. None if there is no epoch, or if the time of the first or of the last is unknown.
        """
        if not len(self) or not np.isfinite(self.seconds[[0, -1]]).all():
            return None
        first, last, epochs = float(self.seconds[0]), float(self.seconds[-1]), len(self)
        return last if epochs == 1 else (last - first) * epochs / (epochs - 1)


def best_epoch(losses: Floats, validation_losses: Floats) -> int | None:
    """Return the number of the best epoch, from 1, by the rule with which training keeps weights.

    The best epoch is the first one with the lowest validation loss. If no epoch has a validation loss, it is
    the first one with the lowest score: the larger of its own training loss and that of the next epoch, since
    the loss of an epoch is measured before its last updates. The score of the last epoch is its own loss.

    Args:
        losses: training loss of each epoch, (E,).
        validation_losses: validation loss of each epoch, (E,), NaN if it was not measured.

    Returns:
        The number; None if no epoch has a finite score.
    """
    scores = validation_losses
    if not np.isfinite(validation_losses).any():
        scores = np.maximum(losses, np.append(losses[1:], -math.inf))  # (E,)
    if not np.isfinite(scores).any():
        return None
    return 1 + int(np.where(np.isfinite(scores), scores, math.inf).argmin())


EPOCH_COLUMNS = tuple(field.name for field in fields(EpochRecord))
STEP_COLUMNS = tuple(field.name for field in fields(Steps))
_ADDED_LATER = "learning_rate"
"""The column of `history.csv` that early versions of rnnlab did not write."""

_MOST_BYTES = {HISTORY: 1 << 25, LOSSES: 1 << 29}
"""Largest size of each table, in bytes: about half a million epochs and 20 million steps."""


def write_history(
    run: Path,
    records: Iterable[EpochRecord],
    *,
    losses: NDArray[np.floating],
    accuracies: NDArray[np.floating],
    ends: Integers,
) -> None:
    """Replace `history.csv` and `losses.csv` of a run folder, each as a whole.

    Args:
        run: the folder.
        records: a record for each epoch.
        losses: of each step, (S,).
        accuracies: of each step, (S,).
        ends: number of steps before the end of each epoch, (E,).

    Raises:
        RunError: a file cannot be written.
    """
    write_durably(run / HISTORY, history_csv(records).encode())
    steps = losses_csv(losses=losses, accuracies=accuracies, ends=ends)
    write_durably(run / LOSSES, steps.encode())


def history_csv(records: Iterable[EpochRecord]) -> str:
    """Return the text of `history.csv`."""
    return _csv(EPOCH_COLUMNS, (",".join(map(_cell, astuple(record))) for record in records))


def losses_csv(*, losses: NDArray[np.floating], accuracies: NDArray[np.floating], ends: Integers) -> str:
    """Return the text of `losses.csv`.

    Args:
        losses: of each step, (S,).
        accuracies: of each step, (S,).
        ends: number of steps before the end of each epoch, (E,).
    """
    steps = np.arange(1, len(losses) + 1)  # (S,)
    epochs = np.searchsorted(ends, steps) + 1  # (S,)
    columns = (column.tolist() for column in (steps, epochs, losses, accuracies))
    return _csv(STEP_COLUMNS, map("%d,%d,%.7g,%.5g".__mod__, zip(*columns, strict=True)))


def read_history(run: Path, *, with_steps: bool = True, lenient: bool = False) -> History:
    """Return the history in a run folder; a table that is missing, as before the first save, has no rows.

    Args:
        run: the folder.
        with_steps: whether `losses.csv` is read too; it may be large.
        lenient: whether a damaged table gives no rows instead of an error. `History.notes` then names each
            missing or damaged table.

    Raises:
        RunError: a table is damaged, too large, unreadable, or a link that leads outside the folder; not if
            `lenient`.
    """
    notes = list[str]()

    def table(name: str, columns: tuple[str, ...]) -> dict[str, Floats]:
        try:
            found = _read(run / name, columns)
            if found is None and lenient:
                notes.append(f"{run / name}: no such file; its curve is left out")
        except RunError as error:
            if not lenient:
                raise
            notes.append(f"{error}; its curve is left out")
            found = None
        return found or {column: np.empty(0) for column in columns}

    by_epoch = table(HISTORY, EPOCH_COLUMNS)
    by_step = table(LOSSES, STEP_COLUMNS) if with_steps else {name: np.empty(0) for name in STEP_COLUMNS}
    steps: dict[str, Any] = by_step | {name: by_step[name].astype(np.int64) for name in ("step", "epoch")}
    epochs: dict[str, Any] = by_epoch | {"epoch": by_epoch["epoch"].astype(np.int64)}
    return History(**epochs, steps=Steps(**steps), notes=tuple(notes))


def _csv(names: Iterable[str], rows: Iterable[str]) -> str:
    return "\n".join([",".join(names), *rows]) + "\n"


def _cell(value: float | None) -> str:
    """Return a number with 7 significant digits; empty for None and NaN."""
    return "" if value is None or math.isnan(value) else f"{value:.7g}"


def _read(path: Path, names: tuple[str, ...]) -> dict[str, Floats] | None:
    """Return the columns of a table by name, (rows,) each, NaN for an empty cell; None if there is no file.

    Raises:
        RunError: as for `small_text`; or a line is wrong: the message names the first such line, what was
            expected and what was received.
    """
    text = small_text(path, most_bytes=_MOST_BYTES[path.name])
    if text is None:
        return None
    header, *lines = text.splitlines() or [""]
    written = [name for name in names if name != _ADDED_LATER or name in header.split(",")]
    if header != ",".join(written):
        raise _damaged(path, 1, f"the columns {','.join(names)}", header)
    table = _numbers(lines, len(written))  # (rows, columns)
    if table is None:
        row = _first_unreadable(lines, len(written))
        raise _damaged(path, row + 2, f"{len(written)} numbers", lines[row])
    columns = dict(zip(written, table.T, strict=True))
    is_counted = columns[names[0]] == np.arange(1, len(table) + 1)  # (rows,)
    epoch = columns["epoch"]  # (rows,)
    is_epoch = (epoch >= 1) & (epoch <= len(table)) & (epoch == np.floor(epoch))
    if not (is_counted & is_epoch).all():
        row = int((is_counted & is_epoch).argmin())
        expected = "the number of an epoch" if is_counted[row] else f"{names[0]} {row + 1}"
        raise _damaged(path, row + 2, expected, lines[row])
    return {name: columns.get(name, np.full(len(table), math.nan)) for name in names}


def _numbers(lines: list[str], width: int) -> Floats | None:
    """Return the numbers of a table, (rows, width), NaN for an empty cell; None if a line is no such row."""
    if not lines:
        return np.empty((0, width))
    if not all(map(str.strip, lines)):  # NumPy would skip an empty line
        return None
    filled = (f"{line},".replace(",,", ",nan,").replace(",,", ",nan,")[:-1] for line in lines)
    try:
        table = np.loadtxt(filled, delimiter=",", comments=None, ndmin=2)
    except ValueError:
        return None
    return table if table.shape == (len(lines), width) else None


def _first_unreadable(lines: list[str], width: int) -> int:
    """Return the index of the first line that is not a row of numbers, by bisection; there must be one."""
    begin, end = 0, len(lines)
    while end - begin > 1:
        middle = (begin + end) // 2
        if _numbers(lines[begin:middle], width) is None:
            end = middle
        else:
            begin = middle
    return begin


def _damaged(path: Path, number: int, expected: str, line: str) -> RunError:
    return RunError(
        f"{path}:{number}: expected {expected}, received {line[:100]!r}; restore the file from a copy"
    )

"""The loss history: loss and accuracy of each step and each epoch of a training, while it runs."""

import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.runs.history import EPOCH_COLUMNS, EpochRecord, history_csv, losses_csv, write_history
from rnnlab.training.callbacks import Remembering

Floats = NDArray[np.float32]


_RATE = "learning_rate"
_FIGURES = [name for name in EPOCH_COLUMNS if name != _RATE]
FIGURES = len(_FIGURES)
"""Number of columns of the array of epochs in a checkpoint. Learning rates are another array, which old files
lack.
"""


class LossHistory(Remembering):
    """The callback that keeps loss and accuracy of each batch, before its update, and of each epoch.

    Keras' own `fit` passes a running mean of the epoch to `on_train_batch_end`; rnnlab's loop passes the loss
    of the batch itself, before its update. Keras takes 30 µs for such a call, and a step of a small network
    takes 80 µs: the loop therefore passes all steps of an epoch in a chunk at once, to `add_steps`.

    Attributes:
        epochs: a record for each epoch.
        rate: learning rate of the last step of the epoch that ends next; None if unknown.
    """

    def __init__(self) -> None:
        super().__init__()
        self.epochs: list[EpochRecord] = []
        self._losses, self._accuracies = list[Floats](), list[Floats]()
        self._steps, self._ends = 0, list[int]()
        self._begun = time.perf_counter()

    def snapshot(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """Return the history: arrays by name, and the seconds of training."""
        rows = [[getattr(record, name) for name in _FIGURES] for record in self.epochs]
        arrays: dict[str, NDArray[Any]] = {
            "losses": self.batch_losses,
            "accuracies": self.batch_accuracies,
            "ends": self.ends,
            "epochs": np.array(rows, np.float64).reshape(-1, FIGURES),
            "rates": np.array([record.learning_rate for record in self.epochs], np.float64),
        }
        return arrays, {"seconds": self.seconds}

    def restore(self, arrays: Mapping[str, NDArray[Any]], facts: Mapping[str, Any]) -> None:
        """Set the history to a snapshot."""
        self._losses, self._accuracies = [arrays["losses"]], [arrays["accuracies"]]
        self._steps, self._ends = len(arrays["losses"]), arrays["ends"].tolist()
        figures = arrays["epochs"].tolist()
        rates = arrays.get("rates", np.full(len(figures), np.nan)).tolist()
        self.epochs = [_record(row, rate) for row, rate in zip(figures, rates, strict=True)]
        self._begun = time.perf_counter() - facts["seconds"]

    @property
    def seconds(self) -> float:
        """Seconds since training began, without the time between an interruption and resuming."""
        return time.perf_counter() - self._begun

    @property
    def ends(self) -> NDArray[np.int64]:
        """Number of steps that were taken when each epoch ended, (epochs,)."""
        return np.array(self._ends, np.int64)

    @property
    def batch_losses(self) -> Floats:
        """The loss of each training step, nats per token, (steps,); that of a skipped step may be NaN."""
        return _joined(self._losses)

    @property
    def batch_accuracies(self) -> Floats:
        """The accuracy of each training step, 0 to 1, (steps,); NaN for a step skipped or without targets."""
        return _joined(self._accuracies)

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Start the clock."""
        self._begun = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Keep the figures of one batch."""
        figures = logs or {}
        one = np.array([figures["loss"]], np.float32), np.array([figures["accuracy"]], np.float32)
        self.add_steps(*one)

    def add_steps(self, losses: Floats, accuracies: Floats) -> None:
        """Keep the figures of consecutive steps, (steps,) each."""
        self._losses.append(losses)
        self._accuracies.append(accuracies)
        self._steps += len(losses)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Keep the figures of an epoch."""
        figures = logs or {}
        self._ends.append(self._steps)
        self.epochs.append(
            EpochRecord(
                epoch=epoch + 1,
                loss=figures["loss"],
                accuracy=figures["accuracy"],
                validation_loss=figures.get("val_loss"),
                validation_accuracy=figures.get("val_accuracy"),
                learning_rate=self.rate,
                seconds=self.seconds,
            )
        )

    def write(self, run: Path) -> None:
        """Write `history.csv` and `losses.csv` of a run folder.

        Raises:
            RunError: a file cannot be written.
        """
        write_history(
            run, self.epochs, losses=self.batch_losses, accuracies=self.batch_accuracies, ends=self.ends
        )

    def history_csv(self) -> str:
        """Return the text of `history.csv`: a row for each epoch."""
        return history_csv(self.epochs)

    def losses_csv(self) -> str:
        """Return the text of `losses.csv`: a row for each training step."""
        return losses_csv(losses=self.batch_losses, accuracies=self.batch_accuracies, ends=self.ends)


def _record(row: list[float], rate: float) -> EpochRecord:
    """Return the record of an epoch from a row of a checkpoint and a learning rate; NaN becomes None."""
    known = {name: None if math.isnan(figure) else figure for name, figure in zip(_FIGURES, row, strict=True)}
    known |= {"epoch": int(known["epoch"] or 0), _RATE: None if math.isnan(rate) else rate}
    return EpochRecord(**known)  # type: ignore[arg-type]  # the other figures are never None


def _joined(parts: list[Floats]) -> Floats:
    """Return all parts as one array, and replace the parts in the list by this array."""
    parts[:] = [np.concatenate([np.empty(0, np.float32), *parts])]
    return parts[0]

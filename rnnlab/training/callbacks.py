"""Callbacks of the training loop: the loss history, and those of the user."""

import csv
import importlib
import io
import time
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

import keras

from rnnlab.errors import TrainingError


@dataclass(frozen=True)
class EpochRecord:
    """One row of `history.csv`; losses in nats per token, held-out figures None where nothing is held out."""

    epoch: int
    loss: float
    accuracy: float
    validation_loss: float | None
    validation_accuracy: float | None
    seconds: float


class LossHistory(keras.callbacks.Callback):  # type: ignore[misc]
    """The true loss of each batch and of each epoch.

    Keras' own `fit` hands a running mean of the epoch to `on_train_batch_end`; rnnlab's loop hands over the
    batch's own loss, before its update.

    Attributes:
        batch_losses: a loss for each training step, in nats per token.
        batch_accuracies: likewise, the share of its targets that were most probable.
        epochs: a record for each epoch.
    """

    def __init__(self) -> None:
        super().__init__()
        self.batch_losses: list[float] = []
        self.batch_accuracies: list[float] = []
        self.epochs: list[EpochRecord] = []
        self._ends: list[int] = []
        self._begun = time.perf_counter()

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Start the clock."""
        self._begun = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Keep the batch's own figures."""
        figures = logs or {}
        self.batch_losses.append(figures["loss"])
        self.batch_accuracies.append(figures["accuracy"])

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Keep the epoch's figures."""
        figures = logs or {}
        self._ends.append(len(self.batch_losses))
        self.epochs.append(
            EpochRecord(
                epoch=epoch + 1,
                loss=figures["loss"],
                accuracy=figures["accuracy"],
                validation_loss=figures.get("val_loss"),
                validation_accuracy=figures.get("val_accuracy"),
                seconds=time.perf_counter() - self._begun,
            )
        )

    def history_csv(self) -> str:
        """`history.csv`: a row for each epoch, counted from 1."""
        names = [field.name for field in fields(EpochRecord)]
        rows = ([_figure(getattr(record, name)) for name in names] for record in self.epochs)
        return _csv(names, rows)

    def losses_csv(self) -> str:
        """`losses.csv`: a row for each training step; steps and epochs are counted from 1."""
        rows, epoch = [], 1
        for step, (loss, accuracy) in enumerate(
            zip(self.batch_losses, self.batch_accuracies, strict=True), 1
        ):
            if epoch <= len(self._ends) and step > self._ends[epoch - 1]:
                epoch += 1
            rows.append((step, epoch, f"{loss:.7g}", f"{accuracy:.5g}"))
        return _csv(["step", "epoch", "loss", "accuracy"], rows)


def load_callbacks(names: Iterable[str]) -> list[Any]:
    """Instances of the user's own callbacks, each named `package.module:Class`.

    Raises:
        TrainingError: a module that cannot be imported, or a class that is not a `keras.callbacks.Callback`.
    """
    return [_load_callback(name) for name in names]


def _load_callback(name: str) -> Any:
    module_name, _, class_name = name.partition(":")
    try:
        found = getattr(importlib.import_module(module_name), class_name)
    except (ImportError, AttributeError) as error:
        raise TrainingError(
            f"training.callbacks: {name}: cannot be imported ({error}); the module must be on the Python path"
            " (PYTHONPATH=. for one in the working folder)"
        ) from error
    if not (isinstance(found, type) and issubclass(found, keras.callbacks.Callback)):
        raise TrainingError(f"training.callbacks: {name}: expected a subclass of keras.callbacks.Callback")
    return found()


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.7g}"


def _csv(header: list[str], rows: Iterable[Iterable[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()

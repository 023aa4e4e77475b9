"""How far a training came, by its `history.csv`."""

import math
from dataclasses import dataclass

COLUMNS = ("epoch", "loss", "accuracy", "validation_loss", "validation_accuracy", "seconds")
HEADER = ",".join(COLUMNS)


@dataclass(frozen=True)
class Progress:
    """Figures of the epochs that are finished.

    Attributes:
        epochs: how many.
        best_epoch: that of the lowest loss, from 1; None where there is none yet.
        best_loss: nats per token; None where there is none yet.
        part: what that loss is of: validation where something is held out, else train.
        seconds: that training took until the last of them.
    """

    epochs: int = 0
    best_epoch: int | None = None
    best_loss: float | None = None
    part: str = "train"
    seconds: float | None = None


NO_PROGRESS = Progress()


def progress_of(text: str) -> Progress:
    """The progress that a history tells.

    Raises:
        ValueError: it is no such file.
    """
    header, *lines = text.splitlines()
    cells = ",".join(lines).split(",") if lines else []
    columns = {name: cells[index :: len(COLUMNS)] for index, name in enumerate(COLUMNS)}
    numbers = [str(epoch) for epoch in range(1, len(lines) + 1)]
    if header != HEADER or len(cells) != len(lines) * len(COLUMNS) or columns["epoch"] != numbers:
        raise ValueError(f"expected rows of {HEADER}, a row for each epoch")
    if not lines:
        return NO_PROGRESS
    validated = _losses(columns["validation_loss"])
    best_loss, best_epoch = min(validated or _losses(columns["loss"]), default=(None, None))
    part = "validation" if validated else "train"
    return Progress(len(lines), best_epoch, best_loss, part, float(columns["seconds"][-1]))


def _losses(column: list[str]) -> list[tuple[float, int]]:
    """The finite losses of a column, each with its epoch from 1; a cell without a loss is empty."""
    measured = ((float(cell), epoch) for epoch, cell in enumerate(column, start=1) if cell)
    return [(loss, epoch) for loss, epoch in measured if math.isfinite(loss)]

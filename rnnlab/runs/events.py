"""How far a training came, by its `history.csv`.

What has become of a training, by its `events.log`.
"""

import math
from dataclasses import dataclass
from datetime import UTC, datetime

HEADER = "epoch,loss,accuracy,validation_loss,validation_accuracy,learning_rate,seconds"
HEADERS = (HEADER, HEADER.replace("learning_rate,", ""))
"""What the first line of the file may be; an earlier rnnlab did not write the learning rate."""


@dataclass(frozen=True)
class EpochProgress:
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


NO_PROGRESS = EpochProgress()


def progress_of(text: str) -> EpochProgress:
    """The progress that a history tells.

    Raises:
        ValueError: it is no such file.
    """
    header, *lines = text.splitlines()
    cells = ",".join(lines).split(",") if lines else []
    names = header.split(",")
    columns = {name: cells[index :: len(names)] for index, name in enumerate(names)}
    numbers = [str(epoch) for epoch in range(1, len(lines) + 1)]
    if header not in HEADERS or len(cells) != len(lines) * len(names) or columns["epoch"] != numbers:
        raise ValueError(f"expected rows of {HEADER}, a row for each epoch")
    if not lines:
        return NO_PROGRESS
    validated = _losses(columns["validation_loss"])
    best_loss, best_epoch = min(validated or _losses(columns["loss"]), default=(None, None))
    part = "validation" if validated else "train"
    return EpochProgress(len(lines), best_epoch, best_loss, part, float(columns["seconds"][-1]))


def _losses(column: list[str]) -> list[tuple[float, int]]:
    """The finite losses of a column, each with its epoch from 1; a cell without a loss is empty."""
    measured = ((float(cell), epoch) for epoch, cell in enumerate(column, start=1) if cell)
    return [(loss, epoch) for loss, epoch in measured if math.isfinite(loss)]


DONE, INTERRUPTED, FAILED = "done", "interrupted", "failed"

_ENDINGS = {
    "training ends after ": DONE,
    "training failed: ": FAILED,
    "interrupted ": INTERRUPTED,
    "training begins": INTERRUPTED,
    "training is resumed ": INTERRUPTED,
}
"""How the last event that says it begins; a training that nobody is at any more was killed."""


def begun_at(log: str) -> datetime | None:
    """When the first event was, in UTC; None if the log does not say."""
    time, _, _ = log.partition(" ")
    try:
        return datetime.fromisoformat(time).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def state_of(log: str) -> str:
    """Done, interrupted or failed: what the last event says, and where none does, interrupted."""
    for line in reversed(log.splitlines()):
        _, _, event = line.partition(" ")
        if "; training stops after step " in event:  # a save that failed
            return FAILED
        for beginning, state in _ENDINGS.items():
            if event.startswith(beginning):
                return state
    return INTERRUPTED

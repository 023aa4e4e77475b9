"""How far a training came, by its `history.csv`."""

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
    if header != HEADER or text.count(",") != HEADER.count(",") * (1 + len(lines)):
        raise ValueError(f"expected rows of {HEADER}")
    if not lines:
        return NO_PROGRESS
    is_held_out = text.count(",,,") < len(lines)  # the figures of some row are there
    column = COLUMNS.index("validation_loss" if is_held_out else "loss")
    losses = (line.split(",", column + 1)[column] for line in lines)
    measured = [(float(loss), epoch) for epoch, loss in enumerate(losses, start=1) if loss]
    best_loss, best_epoch = min(measured, default=(None, None))
    part = "validation" if is_held_out else "train"
    return Progress(len(lines), best_epoch, best_loss, part, float(lines[-1].rpartition(",")[2]))

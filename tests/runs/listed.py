"""Run folders as training and evaluation leave them, without either."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from rnnlab.runs.folder import RunFolder
from rnnlab.runs.history import History, Steps
from tests.trained import SONG, STREAM, run_of

HEADER = "epoch,loss,accuracy,validation_loss,validation_accuracy,seconds\n"


def finished(name: str = "song", *, at: str = "2026-03-01T10:00:00+00:00", text: str = SONG) -> RunFolder:
    """A run of three epochs that ended, and was evaluated."""
    run = run_of(text, "training.epochs=3", name=name)
    held_out = "2.5,0.25" if text == STREAM else ","
    rows = [f"{epoch},{3 - epoch / 2},0.5,{held_out},{epoch}.5" for epoch in (1, 2, 3)]
    run.write("history.csv", HEADER + "\n".join(rows) + "\n")
    begun = {"time": at, "event": "training begins", "state": "training"}
    ended = {"time": at, "event": "training ends after 3 epochs, 3.500 s", "state": "done", "epochs": 3}
    run.write("events.log", f"{json.dumps(begun)}\n{json.dumps(ended | {'seconds': 3.5})}\n")
    run.write_metrics(
        {"split": "train", "accuracy": 0.75, "free_running": {"correct": 8, "length": 9, "exact": False}}
    )
    return run


def history_of(
    loss: Sequence[float],
    accuracy: Sequence[float] | None = None,
    validation_loss: Sequence[float] | None = None,
) -> History:
    """A history of epochs that take a second each; what is left out was not measured."""
    unknown, epoch = np.full(len(loss), np.nan), np.arange(1, len(loss) + 1)
    columns = [unknown if column is None else np.array(column) for column in (accuracy, validation_loss)]
    no_steps = Steps(*[np.empty(0, np.int64)] * 2, *[np.empty(0)] * 2)
    return History(epoch, np.array(loss), *columns, unknown, unknown, epoch * 1.0, no_steps)


def damage(path: Path, text: str) -> None:
    """Put another text into a file."""
    path.write_text(text)


def metrics_of(run: RunFolder) -> dict[str, object]:
    """What an evaluation left."""
    found: dict[str, object] = json.loads((run.path / "metrics.json").read_text())
    return found

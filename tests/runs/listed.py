"""Run folders as training and evaluation leave them, without either."""

import json
from pathlib import Path

from rnnlab.runs.folder import RunFolder
from tests.trained import SONG, STREAM, run_of

HEADER = "epoch,loss,accuracy,validation_loss,validation_accuracy,seconds\n"


def finished(name: str = "song", *, at: str = "2026-03-01T10:00:00+00:00", text: str = SONG) -> RunFolder:
    """A run of three epochs that ended, and was evaluated."""
    run = run_of(text, "training.epochs=3", name=name)
    held_out = "2.5,0.25" if text == STREAM else ","
    rows = [f"{epoch},{3 - epoch / 2},0.5,{held_out},{epoch}.5" for epoch in (1, 2, 3)]
    run.write("history.csv", HEADER + "\n".join(rows) + "\n")
    run.write("events.log", f"{at} training begins\n{at} training ends after 3 epochs, 3.500 s\n")
    run.write_metrics(
        {"split": "train", "accuracy": 0.75, "free_running": {"correct": 8, "length": 9, "exact": False}}
    )
    return run


def damage(path: Path, text: str) -> None:
    """Put another text into a file."""
    path.write_text(text)


def metrics_of(run: RunFolder) -> dict[str, object]:
    """What an evaluation left."""
    found: dict[str, object] = json.loads((run.path / "metrics.json").read_text())
    return found

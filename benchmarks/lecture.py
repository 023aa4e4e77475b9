"""E1 side by side: `rnnlab train configs/nabiya_stateful_lstm.yaml` and the lecture's own code on Keras.

Run as `python -m benchmarks.lecture [--full] [--repeats N] [--json]`.
"""

import csv
import json
import platform
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import click

from benchmarks.timing import in_turns, medians, timed_process

CONFIG = "configs/nabiya_stateful_lstm.yaml"
EPOCHS = 2000

Seconds = tuple[float, float]
"""Of the whole process, from start to exit, and of its training loop, from its first step to its last."""


@dataclass(frozen=True)
class Row:
    """One way of timing: seconds on either side, for 2000 epochs, and how many times as fast rnnlab is."""

    timed: str
    lecture_seconds: float
    rnnlab_seconds: float
    ratio: float


@click.command()
@click.option(
    "--repeats", type=click.IntRange(1, 100), default=3, show_default=True, help="Runs of each side."
)
@click.option(
    "--lecture-epochs",
    type=click.IntRange(2, EPOCHS),
    default=101,
    show_default=True,
    help=f"Epochs of the lecture's code; the time of {EPOCHS} is worked out from all but the first.",
)
@click.option("--full", is_flag=True, help=f"Run all {EPOCHS} epochs of the lecture's code, 4 minutes.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def main(repeats: int, lecture_epochs: int, full: bool, as_json: bool) -> None:
    """Time rnnlab and the lecture's code on E1, in turns, and print the medians with the ratio last."""
    lecture_epochs = EPOCHS if full else lecture_epochs
    sides: list[Callable[[], Seconds]] = [partial(time_lecture, lecture_epochs), time_rnnlab]
    lecture, rnnlab = (medians(figures) for figures in in_turns(sides, repeats=repeats))
    timed = ("whole process", "training loop")
    rows = [Row(*row, row[1] / row[2]) for row in zip(timed, lecture, rnnlab, strict=True)]
    note = _scaling(lecture_epochs)
    if as_json:
        facts = {"epochs": EPOCHS, "repeats": repeats, "lecture_epochs": lecture_epochs, "note": note}
        machine = {"machine": platform.machine(), "python": platform.python_version()}
        click.echo(json.dumps({**facts, **machine, "rows": [asdict(row) for row in rows]}, indent=2))
    else:
        click.echo(_table(rows) + f"\nE1, {EPOCHS} epochs; medians of {repeats}. {note}")


def time_lecture(epochs: int) -> Seconds:
    """Seconds that the lecture's code takes for 2000 epochs, from a run of fewer."""
    whole, output = timed_process(["-m", "benchmarks.lecture_keras", str(epochs)])
    figures = json.loads(output)
    others = figures["others"] / (epochs - 1)
    left_out = others * (EPOCHS - epochs)
    return whole + left_out, figures["first"] + figures["others"] + left_out


def time_rnnlab() -> Seconds:
    """Seconds that rnnlab takes for the 2000 epochs, with the compilation of its program in both figures."""
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        whole, _ = timed_process(["-m", "rnnlab", "train", CONFIG, "--run-dir", str(run)])
        with (run / "history.csv").open(encoding="utf-8", newline="") as file:
            epochs = list(csv.DictReader(file))
    if len(epochs) != EPOCHS:
        raise click.ClickException(f"{CONFIG}: expected {EPOCHS} epochs in history.csv, found {len(epochs)}")
    return whole, float(epochs[-1]["seconds"])


def _scaling(lecture_epochs: int) -> str:
    """What was run of the lecture's code, said plainly."""
    if lecture_epochs == EPOCHS:
        return f"The lecture's code ran all {EPOCHS} epochs."
    return (
        f"The lecture's code ran {lecture_epochs} epochs; its time is SCALED to {EPOCHS} by the mean of all"
        " but the first (--full runs them all)."
    )


def _table(rows: list[Row]) -> str:
    lines = [f"{'E1, stateful LSTM 128':<24}{'lecture, s':>12}{'rnnlab, s':>12}{'ratio':>10}"]
    for row in rows:
        seconds = f"{row.lecture_seconds:>12.1f}{row.rnnlab_seconds:>12.2f}"
        lines.append(f"{row.timed:<24}{seconds}{row.ratio:>8.1f} ×")
    return "\n".join(lines)


if __name__ == "__main__":
    main()

"""E1 with `rnnlab train configs/nabiya_stateful_lstm.yaml`, with the lecture's code, and with eager PyTorch.

Run `python -m benchmarks.lecture [--full] [--repeats N] [--json]`.
"""

import csv
import importlib.util
import json
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import click

from benchmarks.report import NO_TORCH, Column, Report, json_option, repeats_option
from benchmarks.timing import in_turns, medians, timed_process

CONFIG = "configs/nabiya_stateful_lstm.yaml"
EPOCHS = 2000
COLUMNS = (
    Column("lecture", "s"),
    Column("pytorch", "s"),
    Column("rnnlab", "s", 1.0, 2),
    Column("× lecture"),
    Column("× pytorch"),
)

Seconds = tuple[float, float]
"""Seconds of the whole process, from start to exit, and of its training loop, from first to last step."""


@click.command()
@repeats_option
@click.option(
    "--peer-epochs",
    type=click.IntRange(2, EPOCHS),
    default=101,
    show_default=True,
    help=f"Epochs of the other programs; the time is scaled to {EPOCHS} epochs.",
)
@click.option("--full", is_flag=True, help=f"Train all {EPOCHS} epochs with the other programs, 5 minutes.")
@json_option
def main(repeats: int, peer_epochs: int, full: bool, as_json: bool) -> None:
    """Time E1 with each program, in turns, and print the medians with the ratios last."""
    peer_epochs = EPOCHS if full else peer_epochs
    has_torch = importlib.util.find_spec("torch") is not None
    peers = ["lecture_keras", *["lecture_pytorch"] * has_torch]
    sides: list[Callable[[], Seconds]] = [partial(time_peer, peer, peer_epochs) for peer in peers]
    *figures, ours = (medians(side) for side in in_turns([*sides, time_rnnlab], repeats=repeats))
    report = Report(f"E1, stateful LSTM 128, {EPOCHS} epochs", COLUMNS, repeats)
    for row, name in enumerate(("whole process", "training loop")):
        lecture, torch = figures[0][row], figures[1][row] if has_torch else None
        report.add(name, lecture, torch, ours[row], lecture / ours[row], torch and torch / ours[row])
    if not has_torch:
        report.note(NO_TORCH)
    report.note(_scaling(peer_epochs))
    report.show(as_json=as_json)


def time_peer(peer: str, epochs: int) -> Seconds:
    """Return the seconds that another program needs for 2000 epochs, scaled up from fewer epochs."""
    whole, output = timed_process(["-m", f"benchmarks.peers.{peer}", str(epochs)])
    figures = json.loads(output)
    left_out = figures["others"] / (epochs - 1) * (EPOCHS - epochs)
    return whole + left_out, figures["first"] + figures["others"] + left_out


def time_rnnlab() -> Seconds:
    """Return the seconds that rnnlab needs for 2000 epochs; both figures include the compilation."""
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        whole, _ = timed_process(["-m", "rnnlab", "train", CONFIG, "--run-dir", str(run)])
        with (run / "history.csv").open(encoding="utf-8", newline="") as file:
            epochs = list(csv.DictReader(file))
    if len(epochs) != EPOCHS:
        raise click.ClickException(f"{CONFIG}: expected {EPOCHS} epochs in history.csv, found {len(epochs)}")
    return whole, float(epochs[-1]["seconds"])


def _scaling(epochs: int) -> str:
    """Return a sentence about the number of epochs of the other programs."""
    if epochs == EPOCHS:
        return f"The other programs trained all {EPOCHS} epochs."
    return (
        f"The other programs trained {epochs} epochs; their time is SCALED to {EPOCHS} by the mean of all"
        " but the first (--full trains all)."
    )


if __name__ == "__main__":
    main()

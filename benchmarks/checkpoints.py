"""Cost of checkpoints: the share of the training time that saving takes.

Run `python -m benchmarks.checkpoints [--repeats N] [--json]`. The text is random. Each save is timed during
training: on a busy machine, the difference between a training with checkpoints and one without is mostly
noise.
"""

import tempfile
import time
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from functools import partial
from pathlib import Path
from unittest.mock import patch

import click

from benchmarks.memory import write_text
from benchmarks.report import Column, Report, json_option, repeats_option
from benchmarks.timing import in_turns, medians
from rnnlab.config.reading import read_experiment
from rnnlab.datasets.loading import load_data
from rnnlab.training.loop import TrainingLoop
from rnnlab.training.saves import Saves
from rnnlab.training.session import Session

COLUMNS = (
    Column("training", "s"),
    Column("saves"),
    Column("one save", "ms", 1e3),
    Column("share", "%", 100.0, 2),
)
CONFIGS = Path(__file__).parents[1] / "configs"
TEXT_BYTES = 1_000_000
CASES = {
    "E1, 2000 epochs": ("nabiya_stateful_lstm", []),
    "1 × 256, a minute": ("text_lstm", ["model.units=256", "training.epochs=4"]),
    "2 × 512, two minutes": ("text_lstm", ["model.units=[512, 512]", "training.epochs=1"]),
    "1 × 256, every epoch": (
        "text_lstm",
        ["model.units=256", "training.epochs=4", "training.checkpoint.every_epochs=1"],
    ),
}


@contextmanager
def timed_saves() -> Iterator[list[float]]:
    """Yield a list that gets the seconds of each save."""
    seconds: list[float] = []
    save = Saves.save

    def timed(saves: Saves, loop: TrainingLoop) -> None:
        begun = time.perf_counter()
        save(saves, loop)
        seconds.append(time.perf_counter() - begun)

    with patch.object(Saves, "save", timed):
        yield seconds


@click.command()
@repeats_option
@json_option
def main(repeats: int, as_json: bool) -> None:
    """Train with the default checkpoints, and with a checkpoint each epoch."""
    report = Report("The cost of checkpoints", COLUMNS, repeats)
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        write_text(Path("text.txt"), TEXT_BYTES)
        sides = [partial(measured, config, overrides) for config, overrides in CASES.values()]
        for name, rows in zip(CASES, in_turns(sides, repeats=repeats), strict=True):
            report.add(name, *medians(rows))
    report.note("saves: those by the clock or the epoch, and the one at the end")
    report.show(as_json=as_json)


def measured(config: str, overrides: list[str]) -> tuple[float, float, float, float]:
    """Return seconds of training, number of saves, seconds of a save, and the share of all saves."""
    if config.startswith("text"):
        overrides = [*overrides, "dataset.path=text.txt"]
    experiment = read_experiment(CONFIGS / f"{config}.yaml", overrides)
    with timed_saves() as seconds:
        outcome = Session(load_data(experiment), name="timed").train()
    saves, total = len(seconds), sum(seconds)
    return outcome.seconds, saves, total / saves, total / outcome.seconds


if __name__ == "__main__":
    main()

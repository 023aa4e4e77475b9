"""What a study of many trials gains: a second worker, pruning, and a search over what `rnnlab new` chooses.

Run `python -m benchmarks.studies workers`, `pruning FILE`, or `search FILE… --minutes 10`.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from benchmarks.report import Column, Report, json_option, repeats_option
from benchmarks.timing import medians
from rnnlab.sweeps.results import StudyResults, read_results

WORDS = "the quick brown fox jumps over the lazy dog and the small cat sleeps in the warm sun".split()

BASE = """
dataset: {{kind: text, path: {path}, unit: {unit}, window: {window}, split: {split}}}
model: {{kind: lstm, units: {units}}}
training:
  epochs: {epochs}
  batch_size: 32
  optimizer: {{name: adam, learning_rate: 0.003, global_clipnorm: 1.0}}
"""
SPACE = """
sweep: base.yaml
space:
  model.units: {units}
  training.optimizer.learning_rate: {{float: [0.0003, 0.03], log: true}}
  model.dropout: {{float: [0.0, 0.5], step: 0.1}}
sampler: random
pruning: {pruning}
trials: {trials}
"""


@click.group()
def main() -> None:
    """Measure what a study of many trials gains."""


@main.command()
@click.option("--trials", default=8, show_default=True)
@click.option("--epochs", default=60, show_default=True)
@repeats_option
@json_option
def workers(trials: int, epochs: int, repeats: int, as_json: bool) -> None:
    """Time the same trials with one worker on one core, and with two workers on two cores."""
    report = Report(
        f"{trials} trials of an LSTM of 64 units",
        (Column("one worker", "s"), Column("two workers", "s"), Column("ratio", "×", 1.0, 2)),
        repeats,
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text = "\n".join(" ".join(WORDS[n % 5 :: 1 + n % 3]) for n in range(2000))
        (folder / "words.txt").write_text(text)
        split = "{kind: sequences, validation: 0.1}"
        _write(folder, path="words.txt", unit="line", window=32, split=split, units=64, epochs=epochs)
        (folder / "sweep.yaml").write_text(SPACE.format(units=[64], pruning="none", trials=trials))
        cores = sorted(os.sched_getaffinity(0))[:2]
        found = [
            (_seconds(folder, cores[:1], workers=1), _seconds(folder, cores, workers=2))
            for _ in range(repeats)
        ]
    one, two = medians(found)
    report.add("start to end", one, two, one / two)
    report.show(as_json=as_json)


@main.command()
@click.argument("text", type=click.Path(exists=True, path_type=Path))
@click.option("--trials", default=12, show_default=True)
@click.option("--epochs", default=9, show_default=True)
@click.option("--characters", default=200_000, show_default=True, help="How much of the text is read.")
@click.option(
    "--kind",
    "kinds",
    type=click.Choice(["median", "halving"]),
    multiple=True,
    default=("median", "halving"),
    show_default=True,
)
@json_option
def pruning(
    text: Path, trials: int, epochs: int, characters: int, kinds: Sequence[str], as_json: bool
) -> None:
    """Search the same random trials with and without pruning: the best validation loss, and the time."""
    columns = (
        Column("best", "nats", 1.0, 4),
        Column("above none", "%", 100.0, 2),
        Column("training", "s"),
        Column("share", "%", 100.0),
        Column("epochs", "%", 100.0),
        Column("ended early"),
    )
    read = text.read_text(encoding="utf-8")[:characters]
    title = f"{trials} trials on {len(read):,} characters of {text.name}, {epochs} epochs at most"
    report = Report(title, columns, 1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "text.txt").write_text(read, encoding="utf-8")
        split = "{kind: contiguous, validation: 0.1}"
        _write(folder, path="text.txt", unit="character", window=64, split=split, units=64, epochs=epochs)
        none: tuple[float, float, int] | None = None
        for kind in ("none", *kinds):
            (folder / "sweep.yaml").write_text(SPACE.format(units=[32, 64, 128], pruning=kind, trials=trials))
            results = _search(folder, "sweep.yaml", "--workers", "2")
            best, seconds = _best(results), sum(each.seconds for each in results.trials)
            trained = sum(each.epochs for each in results.trials)
            none = none or (best, seconds, trained)
            early = sum(each.ended != "" for each in results.trials)
            report.add(kind, best, best / none[0] - 1, seconds, seconds / none[1], trained / none[2], early)
    report.show(as_json=as_json)


@main.command()
@click.argument("data", type=click.Path(exists=True, path_type=Path), nargs=-1, required=True)
@click.option("--minutes", default=10.0, show_default=True)
@json_option
def search(data: Sequence[Path], minutes: float, as_json: bool) -> None:
    """Search for good settings of each file, and compare the best trial with what `rnnlab new` chooses."""
    columns = (
        Column("first guess", "nats", 1.0, 4),
        Column("best", "nats", 1.0, 4),
        Column("lower by", "nats", 1.0, 4),
        Column("from", "nats", 1.0, 4),
        Column("to", "nats", 1.0, 4),
        Column("trials"),
    )
    report = Report(f"rnnlab sweep FILE --minutes {minutes:g}", columns, 1)
    for path in data:
        with tempfile.TemporaryDirectory() as name:
            answer = _rnnlab(Path(name), "sweep", str(path.absolute()), "--minutes", str(minutes), "--json")
            found: dict[str, Any] = json.loads(answer.stdout)
            gain = found["improvement"] or {"loss": 0.0, "interval": (0.0, 0.0)}
            first, best = found["first_guess"]["value"], found["best"]["value"]
            report.add(path.name, first, best, gain["loss"], *gain["interval"], found["trials"])
            report.note(f"{path.name}: {found['best']['values']}; {answer.stderr.splitlines()[0]}")
    report.show(as_json=as_json)


def _write(folder: Path, **settings: Any) -> None:
    """Write the configuration that is searched around."""
    (folder / "base.yaml").write_text(BASE.format(**settings))


def _best(results: StudyResults) -> float:
    if results.best is None or results.best.value is None:
        raise click.ClickException("no trial has a measure")
    return results.best.value


def _seconds(folder: Path, cores: list[int], *, workers: int) -> float:
    """Return the seconds of a whole search on some cores."""
    begun = time.monotonic()
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)  # the processes that are started keep to these cores
    try:
        _search(folder, "sweep.yaml", "--workers", str(workers))
    finally:
        os.sched_setaffinity(0, before)
    return time.monotonic() - begun


def _search(folder: Path, *arguments: str) -> StudyResults:
    """Run a search in a folder, and return its results."""
    _rnnlab(folder, "sweep", *arguments)
    newest = max((folder / "runs").glob("*/study.json"), key=lambda path: path.stat().st_mtime_ns)
    return read_results(newest.parent)


def _rnnlab(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a command of rnnlab in a folder."""
    answer = subprocess.run(
        [sys.executable, "-m", "rnnlab", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode:
        raise click.ClickException(answer.stderr[-500:])
    return answer


if __name__ == "__main__":
    main()

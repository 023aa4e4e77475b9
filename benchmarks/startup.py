"""Seconds from start to exit of the commands that must be fast, and of the import before a training.

Run `python -m benchmarks.startup [--training] [--repeats N] [--json]`. It first trains a model of the song.
With --training it times what a training imports: a command leaves out what Keras and TensorFlow import for
others (`engines/tensorflow/start.py`), and a program that imports rnnlab does not.
"""

import tempfile
from functools import partial
from pathlib import Path
from statistics import median

import click

from benchmarks.report import Column, Report, json_option, repeats_option
from benchmarks.timing import in_turns, timed_process

COLUMNS = (
    Column("bare python", "s", 1.0, 3),
    Column("rnnlab", "s", 1.0, 3),
    Column("allowed", "s", 1.0, 2),
    Column("of allowed", "", 1.0, 2),
)
IMPORTS = (Column("program", "s", 1.0, 2), Column("command", "s", 1.0, 2), Column("ratio", "", 1.0, 2))
IMPORT = "import rnnlab.training"
CONFIG = "configs/nabiya_stateful_lstm.yaml"


@click.command()
@click.option("--training", is_flag=True, help="Time what a training imports instead.")
@repeats_option
@json_option
def main(training: bool, repeats: int, as_json: bool) -> None:
    """Time --help, describe, generate and a Python that does nothing, in turns."""
    report = _imports(repeats) if training else _commands(repeats)
    report.show(as_json=as_json)


def _commands(repeats: int) -> Report:
    report = Report("Start-up, whole process", COLUMNS, repeats)
    with tempfile.TemporaryDirectory() as folder:
        run = str(Path(folder) / "run")
        train = ["-m", "rnnlab", "train", CONFIG, "--set", "training.epochs=50", "--run-dir", run]
        timed_process(train)
        commands = {
            "rnnlab --help": (["-m", "rnnlab", "--help"], 0.15),
            "rnnlab describe": (["-m", "rnnlab", "describe", CONFIG], 0.5),
            "rnnlab generate": (["-m", "rnnlab", "generate", run, "--seed", "g8 e8 e4 f8"], 0.5),
        }
        sides = [partial(seconds_of, arguments) for arguments, _ in commands.values()]
        *ours, bare = map(median, in_turns([*sides, partial(seconds_of, ["-c", "pass"])], repeats=repeats))
    for (name, (_, allowed)), seconds in zip(commands.items(), ours, strict=True):
        report.add(name, bare, seconds, allowed, seconds / allowed)
    return report


def _imports(repeats: int) -> Report:
    """Return the seconds of the import of TensorFlow and Keras, in a program and in a command of rnnlab."""
    report = Report("Import before a training, whole process", IMPORTS, repeats)
    sides = [partial(seconds_of, ["-c", begin + IMPORT]) for begin in ("", "import rnnlab.__main__; ")]
    program, command = map(median, in_turns(sides, repeats=repeats))
    report.add("TensorFlow and Keras", program, command, program / command)
    return report


def seconds_of(arguments: list[str]) -> float:
    """Return the wall time of a Python process, in seconds."""
    return timed_process(arguments)[0]


if __name__ == "__main__":
    main()

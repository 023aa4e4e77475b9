"""Eight trainings at once, and two processes that resume one run: `python -m torture.starts [--count N]`.

All trainings start in one folder with one configuration. Each must get a run folder of its own, with every
file in it and the same results, and `runs/latest` must name one of them. Then two processes resume one run.
One of them trains. The other is refused, and the message names the machine and the process id of the first.
"""

import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, chdir, contextmanager
from pathlib import Path

import click

from rnnlab.runs.folder import find_run
from torture.checkpoints import PAGE
from torture.kills import left_behind, line_count

FILES = {
    *("config.yaml", "environment.json", "model.safetensors", "history.csv", "losses.csv", "events.log"),
    *("split.json", "training_tokens.npz", "signature.json", "checkpoints", ".lock"),
}


@contextmanager
def training(*arguments: str) -> "Iterator[subprocess.Popen[str]]":
    """Start a training in a process of its own, which is killed at the end of the body."""
    command = [sys.executable, "-m", "rnnlab", "train", "--quiet", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    with process:
        try:
            yield process
        finally:
            process.kill()


def eight_at_once(count: int) -> Iterator[str]:
    """Yield the errors of trainings that start at the same time."""
    Path("song.yaml").write_text(PAGE, encoding="utf-8")
    with ExitStack() as stack:
        for process in [stack.enter_context(training("song.yaml")) for _ in range(count)]:
            _, said = process.communicate()
            if process.returncode:
                yield f"exit code {process.returncode}: {said}"
    runs = [Path("runs") / f"song-{number}" for number in range(1, count + 1)]
    if {path.name for path in Path("runs").iterdir()} != {*(run.name for run in runs), "latest"}:
        yield f"runs/ holds {sorted(path.name for path in Path('runs').iterdir())}"
        return
    for run in runs:
        if {path.name for path in run.iterdir()} != FILES:
            yield f"{run} holds {sorted(path.name for path in run.iterdir())}"
        elif left_behind(run) != left_behind(runs[0]):
            yield f"{run} differs from {runs[0]}"
    if find_run().path not in runs:
        yield f"runs/latest names {find_run().path}"


def each_resumed(count: int) -> Iterator[str]:
    """Resume each run to the same end, and yield the errors."""
    for number in range(1, count + 1):
        with training("--resume", f"runs/song-{number}", "--set", "training.epochs=9") as process:
            _, said = process.communicate()
        if process.returncode or left_behind(Path(f"runs/song-{number}")) != left_behind(Path("runs/song-1")):
            yield f"runs/song-{number}: resumed, {process.returncode}: {said}"


def two_on_one() -> Iterator[str]:
    """Let two processes resume one run, and yield the errors."""
    run = Path("runs/song-1")
    lines, arguments = line_count(run), ("--resume", str(run), "--set", "training.epochs=9000000")
    with training(*arguments) as first:
        while line_count(run) == lines and first.poll() is None:
            pass
        with training(*arguments) as second:
            _, said = second.communicate()
        expected = (
            f"{run}: is being trained by process {first.pid} on {socket.gethostname()};"
            " wait until the training ends, or stop it\n"
        )
        if (second.returncode, said) != (1, expected):
            yield f"the second process gives {second.returncode}: {said}"
        if first.poll() is not None:
            yield "the first process was disturbed"


@click.command()
@click.option("--count", type=click.IntRange(2), default=8, show_default=True, help="Trainings at once.")
def command(count: int) -> None:
    """Start trainings at the same time, and two processes on one run."""
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        wrong = [*eight_at_once(count), *each_resumed(count), *two_on_one()]
    click.echo(
        "\n".join([f"{count} trainings at once, each resumed, two on one: {len(wrong)} wrong", *wrong])
    )
    sys.exit(bool(wrong))


if __name__ == "__main__":
    command()

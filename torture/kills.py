"""Trainings that are killed and resumed until they are done: `python -m torture.kills [--kills N]`.

For each regime one training runs undisturbed. Then others are stopped by a signal, each at a random instant
or, every other time, while a checkpoint is being written, and resumed, until they are done: what they leave
must be the same files, to the last bit. SIGTERM and SIGINT must exit with 143 and 130 within three seconds.
"""

import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click

from rnnlab.commands.rendering import table
from rnnlab.files import PARTIAL

RESULTS = ("model.safetensors", "losses.csv")
LIMIT_SECONDS = 3.0
EXIT_CODES = {"KILL": -signal.SIGKILL, "TERM": 143, "INT": 130}

TRAINING = "epochs: {epochs}, checkpoint: {{every_epochs: 100}}, optimizer: {{name: adam}}"
PAGES = {
    "stateful windows": """
dataset: {kind: notes, inline: "g8 e8 e4 f8 d8 d4 c8 d8 e8 f8 g8 g8 g4", window: 4, target: next}
model: {kind: lstm, units: 64, stateful: true}
training: {batching: windows, batch_size: 1, """
    + TRAINING.format(epochs=3000)
    + "}\n",
    "windows, shuffled, dropout": """
dataset: {kind: text, inline: "if you want to build a ship, don't drum up people", window: 5}
model: {kind: gru, units: [32, 32], dropout: 0.2}
training: {batching: windows, batch_size: 8, shuffle: true, """
    + TRAINING.format(epochs=2500)
    + "}\n",
    "stream, dropout": """
dataset: {kind: text, inline: "the quick brown fox jumps over the lazy dog and the quick dog", window: 5}
model: {kind: lstm, units: 32, dropout: 0.2}
training: {batch_size: 3, """
    + TRAINING.format(epochs=3000)
    + "}\n",
}


@dataclass
class Tally:
    """What came of the signals to one regime."""

    signals: int = 0
    in_a_write: int = 0
    runs: int = 0
    slowest: float = 0.0
    wrong: list[str] = field(default_factory=list)


def start(arguments: Sequence[str]) -> "subprocess.Popen[bytes]":
    """A training in a process of its own."""
    command = [sys.executable, "-m", "rnnlab", "train", "--quiet", *arguments]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def trained_in_one(page: Path, run: Path) -> None:
    """Train without a disturbance."""
    process = start([str(page), "--run-dir", str(run)])
    _, said = process.communicate()
    if process.returncode:
        raise click.ClickException(f"a training that nothing disturbs failed: {said.decode()}")


def trained_in_pieces(page: Path, run: Path, tally: Tally, *, name: str, rng: random.Random) -> None:
    """Train with a signal each time that the training goes on, until it ends before one comes."""
    arguments = [str(page), "--run-dir", str(run)]
    while True:
        process = start(arguments)
        in_a_write = wait(process, run, in_a_write=rng.random() < 0.5, seconds=rng.uniform(0, 12))
        if process.poll() is None:
            process.send_signal(getattr(signal, f"SIG{name}"))
            begun = time.monotonic()
            _, said = process.communicate()
            note(tally, process.returncode, time.monotonic() - begun, said, name=name, in_a_write=in_a_write)
        elif process.returncode:
            tally.wrong.append(process.communicate()[1].decode().strip())
            return
        else:
            return
        arguments = ["--resume", str(run)] if (run / "config.yaml").exists() else arguments


def wait(process: "subprocess.Popen[bytes]", run: Path, *, in_a_write: bool, seconds: float) -> bool:
    """Wait until training has begun and some time after, or for a checkpoint in the writing: if one is."""
    lines = line_count(run)
    while process.poll() is None and line_count(run) == lines:
        time.sleep(0.01)
    begun, folder = time.monotonic(), run / "checkpoints"
    while process.poll() is None and time.monotonic() - begun < seconds + 20 * in_a_write:
        if in_a_write and time.monotonic() - begun > seconds and any(folder.glob(f".*{PARTIAL}")):
            return True
        time.sleep(0.0002 if in_a_write else 0.01)
    return False


def line_count(run: Path) -> int:
    """Lines of a run's log; one more when training begins."""
    log = run / "events.log"
    return log.read_bytes().count(b"\n") if log.exists() else 0


def note(tally: Tally, code: int, seconds: float, said: bytes, *, name: str, in_a_write: bool) -> None:
    """Count a signal in: the exit code and the time that it took."""
    if code == 0:
        return  # the training was over just before
    tally.signals += 1
    tally.in_a_write += in_a_write
    tally.slowest = max(tally.slowest, seconds)
    if code != EXIT_CODES[name]:
        tally.wrong.append(f"exit code {code}: {said.decode().strip()[-300:]}")
    if name != "KILL" and seconds > LIMIT_SECONDS:
        tally.wrong.append(f"took {seconds:.1f} s to stop")


@click.command()
@click.option("--kills", type=click.IntRange(1), default=200, show_default=True, help="Signals in all.")
@click.option("--signal", "name", type=click.Choice(list(EXIT_CODES)), default="KILL", show_default=True)
@click.option("--random-seed", type=int, default=0, show_default=True)
def main(kills: int, name: str, random_seed: int) -> None:
    """Stop trainings at random instants, resume them, and compare what they leave."""
    rng, rows, failed = random.Random(random_seed), [], False
    for regime, text in PAGES.items():
        tally = Tally()
        with tempfile.TemporaryDirectory() as folder:
            page, whole = Path(folder) / "page.yaml", Path(folder) / "whole"
            page.write_text(text, encoding="utf-8")
            trained_in_one(page, whole)
            while tally.signals < kills / len(PAGES) and not tally.wrong:
                run = Path(folder) / f"pieces-{tally.runs}"
                trained_in_pieces(page, run, tally, name=name, rng=rng)
                tally.runs += 1
                for result in RESULTS:
                    if not tally.wrong and (run / result).read_bytes() != (whole / result).read_bytes():
                        tally.wrong.append(f"{result} of run {tally.runs} differs from the undisturbed")
        figures = (tally.signals, tally.in_a_write, tally.runs, f"{tally.slowest:.1f}", len(tally.wrong))
        rows.append((regime, *map(str, figures)))
        click.echo("\n".join([f"{regime}: {rows[-1]}", *tally.wrong]), err=True)
        failed = failed or bool(tally.wrong)
    headings = ("regime", f"SIG{name}", "in a write", "runs", "slowest s", "wrong")
    click.echo(table(headings, rows))
    sys.exit(failed)


if __name__ == "__main__":
    main()

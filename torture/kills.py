"""Trainings that are killed and resumed until they are finished: `python -m torture.kills [--kills N]`.

For each regime one training is not disturbed. Others are stopped by signals again and again, and resumed
until they are finished. Their results must be equal to the last bit. A third of the signals come at any
moment from the start of the process on, during imports and compilation too; a third during training or at its
end; a third while a checkpoint is written. SIGTERM and SIGINT must exit with 143 and 130 within three
seconds, without a traceback.
"""

import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click

from rnnlab.files import PARTIAL
from rnnlab.terminal.tables import table

LIMIT_SECONDS, HANGS_SECONDS = 3.0, 120.0
EXIT_CODES = {"KILL": -signal.SIGKILL, "TERM": 143, "INT": 130}

PYTHON_SECONDS = 0.5
"""Time that Python may need before the first line of rnnlab. Before that line, any exit is allowed."""

INSTANTS = {"from the start": 7.0, "in training": 8.0, "in a write": 3.0}
"""When a signal comes: at most so many seconds after the start of the process, or of training."""

TRAINING = "epochs: {epochs}, checkpoint: {{every_epochs: {every}}}, optimizer: {{name: adam}}"
PAGES = {
    "stateful windows": """
dataset: {kind: notes, inline: "g8 e8 e4 f8 d8 d4 c8 d8 e8 f8 g8 g8 g4", window: 4, target: next}
model: {kind: lstm, units: 64, stateful: true}
training: {batching: windows, batch_size: 1, """
    + TRAINING.format(epochs=8000, every=400)
    + "}\n",
    "windows, shuffled, dropout": """
dataset: {kind: text, inline: "if you want to build a ship, don't drum up people", window: 5}
model: {kind: gru, units: [32, 32], dropout: 0.2}
training: {batching: windows, batch_size: 8, shuffle: true, """
    + TRAINING.format(epochs=4000, every=200)
    + "}\n",
    "stream, dropout": """
dataset: {kind: text, inline: "the quick brown fox jumps over the lazy dog and the quick dog", window: 5}
model: {kind: lstm, units: 32, dropout: 0.2}
generation: {seed: the, length: 30}
training: {batch_size: 3, samples: {every_epochs: 400}, """
    + TRAINING.format(epochs=10000, every=500)
    + "}\n",
}


@dataclass
class Tally:
    """Results of the signals of one regime."""

    signals: Counter[str] = field(default_factory=Counter)
    runs: int = 0
    slowest: float = 0.0
    wrong: list[str] = field(default_factory=list)


def start(arguments: Sequence[str]) -> "subprocess.Popen[bytes]":
    """Start a training in a process of its own."""
    command = [sys.executable, "-m", "rnnlab", "train", "--quiet", *arguments]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def left_behind(run: Path) -> dict[str, bytes]:
    """Return the results of a run: model, losses, samples, snapshots, and the history without its seconds."""
    history = (run / "history.csv").read_bytes().splitlines()
    names = ("model.safetensors", "losses.csv", "samples.txt")
    return {
        "history.csv": b"\n".join(line.rpartition(b",")[0] for line in history),
        **{name: (run / name).read_bytes() for name in names if (run / name).exists()},
        **{str(path.relative_to(run)): path.read_bytes() for path in run.glob("snapshots/*")},
    }


def trained_in_one(page: Path, run: Path) -> dict[str, bytes]:
    """Train a configuration without a signal; return what the run holds."""
    process = start([str(page), "--run-dir", str(run)])
    _, said = process.communicate()
    if process.returncode:
        raise click.ClickException(f"a training that nothing disturbs failed: {said.decode()}")
    return left_behind(run)


def trained_in_pieces(
    page: Path, run: Path, tally: Tally, *, kills: float, name: str, rng: random.Random
) -> None:
    """Train, send a signal, and resume, again and again, until a training ends before its signal.

    Args:
        page: the configuration.
        run: the run folder.
        tally: counts the signals.
        kills: after so many signals in total, training is not disturbed any more.
        name: of the signal.
        rng: draws the moments of the signals.
    """
    while True:
        is_begun = (run / "config.yaml").exists()
        begun = time.monotonic()
        process = start(["--resume", str(run)] if is_begun else [str(page), "--run-dir", str(run)])
        instant = rng.choice(list(INSTANTS))
        if tally.signals.total() < kills:
            wait(process, run, instant, rng.uniform(0, INSTANTS[instant]))
        else:
            process.wait()
        if process.poll() is None:
            is_early = time.monotonic() - begun < PYTHON_SECONDS
            process.send_signal(getattr(signal, f"SIG{name}"))
            note(tally, process, name=name, instant=instant, is_early=is_early)
        elif process.returncode:
            tally.wrong.append(process.communicate()[1].decode().strip())
        if process.returncode == 0 or tally.wrong:
            return


def wait(process: "subprocess.Popen[bytes]", run: Path, instant: str, seconds: float) -> None:
    """Wait for the moment of a signal, or for the end of the process."""
    lines, folder = line_count(run), run / "checkpoints"
    while process.poll() is None and instant != "from the start" and line_count(run) == lines:
        time.sleep(0.01)
    begun = time.monotonic()
    while process.poll() is None and time.monotonic() - begun < seconds:
        time.sleep(0.005)
    while process.poll() is None and instant == "in a write" and not any(folder.glob(f".*{PARTIAL}")):
        time.sleep(0.0002)


def line_count(run: Path) -> int:
    """Number of lines in the log of a run. It grows by one when training begins."""
    log = run / "events.log"
    return log.read_bytes().count(b"\n") if log.exists() else 0


def note(
    tally: Tally, process: "subprocess.Popen[bytes]", *, name: str, instant: str, is_early: bool
) -> None:
    """Wait for the end after a signal; check exit code, duration and stderr, and count the signal."""
    sent = time.monotonic()
    try:
        _, said = process.communicate(timeout=HANGS_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        _, said = process.communicate()
    code, seconds = process.returncode, time.monotonic() - sent
    if code == 0:
        return  # the training ended before the signal
    tally.signals[instant] += 1
    tally.slowest = max(tally.slowest, seconds)
    if (code != EXIT_CODES[name] or b"Traceback" in said) and not is_early:
        tally.wrong.append(f"{instant}: exit code {code}: {said.decode().strip()[-300:]}")
    if name != "KILL" and seconds > LIMIT_SECONDS:
        tally.wrong.append(f"{instant}: took {seconds:.1f} s to stop")


def tortured(text: str, kills: float, *, name: str, rng: random.Random) -> Tally:
    """Send a number of signals to trainings of a configuration, and return the results."""
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.yaml"
        page.write_text(text, encoding="utf-8")
        whole = trained_in_one(page, Path(folder) / "whole")
        while tally.signals.total() < kills and not tally.wrong:
            run = Path(folder) / f"pieces-{tally.runs}"
            trained_in_pieces(page, run, tally, kills=kills, name=name, rng=rng)
            tally.runs += 1
            found = {} if tally.wrong else left_behind(run)
            tally.wrong += [
                f"{file} of run {tally.runs} differs" for file in found if found[file] != whole[file]
            ]
    return tally


@click.command()
@click.option("--kills", type=click.IntRange(1), default=200, show_default=True, help="Number of signals.")
@click.option("--signal", "name", type=click.Choice(list(EXIT_CODES)), default="KILL", show_default=True)
@click.option("--only", type=click.Choice(list(PAGES)), help="Send all signals to this regime.")
@click.option("--random-seed", type=int, default=0, show_default=True)
def main(kills: int, name: str, only: str | None, random_seed: int) -> None:
    """Stop trainings at random moments, resume them, and compare their results."""
    rng, rows, failed = random.Random(f"{random_seed} {name}"), [], False
    regimes = [only] if only else list(PAGES)
    for regime in regimes:
        tally = tortured(PAGES[regime], kills / len(regimes), name=name, rng=rng)
        counts = [tally.signals[instant] for instant in INSTANTS]
        figures = (tally.signals.total(), *counts, tally.runs, f"{tally.slowest:.1f}", len(tally.wrong))
        rows.append((regime, *map(str, figures)))
        click.echo("\n".join([f"{regime}: {rows[-1]}", *tally.wrong]), err=True)
        failed = failed or bool(tally.wrong)
    click.echo(table(("regime", f"SIG{name}", *INSTANTS, "runs", "slowest s", "wrong"), rows))
    sys.exit(failed)


if __name__ == "__main__":
    main()

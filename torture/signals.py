"""Signals at random moments: `python -m torture.signals [--tries N]`.

Commands get SIGINT or SIGTERM at any moment from the start to the end of their process. Each must exit with
130 or 143, or be ended by the signal itself, within seconds, without a traceback and without half-written
files.

Before the first line of rnnlab runs, Python itself handles SIGINT, with a traceback. Such tries are counted
separately: the signal came while the process caught SIGINT and did not yet catch SIGTERM.
"""

import random
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import click

from rnnlab.files import PARTIAL
from rnnlab.terminal.tables import table

LIMIT_SECONDS, HANGS_SECONDS = 5.0, 120.0

PAGE = """
dataset: {kind: text, inline: "the quick brown fox jumps over the lazy dog and the quick dog", window: 5}
model: {kind: lstm, units: 32}
training: {batch_size: 3, epochs: 100, checkpoint: {every_epochs: 10}}
generation: {seed: the, length: 30}
"""

COMMANDS = {
    "help": ("--help",),
    "train": ("train", "page.yaml", "--quiet", "--run-dir", "{new}"),
    "generate": ("generate", "trained", "--samples", "20", "--output", "{new}.txt"),
    "describe": ("describe", "page.yaml"),
    "evaluate": ("evaluate", "trained"),
}

OF_PYTHON = ("Traceback", "Fatal Python error", "Exception ignored")
"""Texts that Python writes when an exception ends the process, or is ignored."""


@dataclass
class Tally:
    """Results of the signals to one command.

    Attributes:
        signals: number of signals, by name.
        early: number of signals before the first line of rnnlab, if the system can tell.
        tracebacks: how many of the early signals Python answered with a traceback.
        slowest: seconds from a signal to the end of the process.
        wrong: one line for each failed try.
    """

    signals: dict[str, int] = field(default_factory=lambda: {"SIGINT": 0, "SIGTERM": 0})
    early: int = 0
    tracebacks: int = 0
    slowest: float = 0.0
    wrong: list[str] = field(default_factory=list)

    @property
    def tries(self) -> int:
        return sum(self.signals.values())


def start(arguments: tuple[str, ...], folder: Path, new: str) -> "subprocess.Popen[bytes]":
    """Start a command in a process of its own, in a folder."""
    command = [sys.executable, "-m", "rnnlab", *(each.format(new=new) for each in arguments)]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def seconds_of(arguments: tuple[str, ...], folder: Path, new: str) -> float:
    """Return the seconds that a command takes without a signal."""
    begun = time.monotonic()
    process = start(arguments, folder, new)
    _, said = process.communicate()
    if process.returncode:
        raise click.ClickException(f"{arguments[0]}: failed undisturbed: {said.decode()}")
    return time.monotonic() - begun


def is_of_python(process: "subprocess.Popen[bytes]") -> bool:
    """Whether a process catches SIGINT but not SIGTERM, as Python does; False if the system cannot tell."""
    with suppress(OSError, ValueError, StopIteration):
        lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
        caught = int(next(line for line in lines if line.startswith("SigCgt:")).split()[1], 16)
        return bool(caught & 1 << signal.SIGINT - 1) and not caught & 1 << signal.SIGTERM - 1
    return False


def problem(process: "subprocess.Popen[bytes]", said: str, number: int, folder: Path) -> str | None:
    """Return what is wrong with the end of a process; None if nothing is wrong."""
    if process.returncode not in {-number, 128 + number}:
        return f"exit code {process.returncode}: {said[-300:]}"
    if any(words in said for words in OF_PYTHON):
        return f"exit code {process.returncode}, and a traceback: {said[-300:]}"
    if left := [path.name for path in folder.rglob(f".*{PARTIAL}")]:
        return f"left {', '.join(left)}"
    return None


def one_try(
    tally: Tally, arguments: tuple[str, ...], folder: Path, *, new: str, name: str, seconds: float
) -> None:
    """Send a signal some seconds after the start of a command, and count the result."""
    number = getattr(signal, name)
    process = start(arguments, folder, new)
    time.sleep(seconds)
    is_early = is_of_python(process)
    if process.poll() is None:
        process.send_signal(number)
    sent = time.monotonic()
    try:
        said = process.communicate(timeout=HANGS_SECONDS)[1].decode().strip()
    except subprocess.TimeoutExpired:
        process.kill()
        said = process.communicate()[1].decode().strip()
    if process.returncode == 0:
        return  # the command ended before the signal
    took = time.monotonic() - sent
    found = problem(process, said, number, folder)
    tally.signals[name] += 1
    tally.slowest = max(tally.slowest, took)
    tally.early += is_early
    if is_early and name == "SIGINT":
        tally.tracebacks += found is not None
    elif found:
        tally.wrong.append(f"{name} after {seconds:.3f} s: {found}")
    elif took > LIMIT_SECONDS:
        tally.wrong.append(f"{name} after {seconds:.3f} s: took {took:.1f} s to end")


def tortured(command: str, tries: int, *, folder: Path, rng: random.Random) -> Tally:
    """Send a number of signals to a command, and return the results."""
    arguments, tally, number = COMMANDS[command], Tally(), 0
    seconds = seconds_of(arguments, folder, f"whole-{command}")
    while tally.tries < tries:
        number += 1
        name, instant = rng.choice(list(tally.signals)), rng.uniform(0, seconds)
        one_try(tally, arguments, folder, new=f"{command}-{number}", name=name, seconds=instant)
    return tally


def prepare(folder: Path) -> None:
    """Write the configuration into a folder, and train the run that the commands read."""
    (folder / "page.yaml").write_text(PAGE, encoding="utf-8")
    seconds_of(COMMANDS["train"], folder, "trained")


@click.command()
@click.option("--tries", type=click.IntRange(4), default=500, show_default=True, help="Number of signals.")
@click.option("--random-seed", type=int, default=0, show_default=True)
def main(tries: int, random_seed: int) -> None:
    """Stop commands at random moments, and check how they end."""
    rng, rows, failed = random.Random(random_seed), [], False
    with tempfile.TemporaryDirectory() as name:
        prepare(Path(name))
        for command in COMMANDS:
            tally = tortured(command, tries // len(COMMANDS), folder=Path(name), rng=rng)
            figures = (*tally.signals.values(), tally.early, tally.tracebacks)
            rows.append((command, *map(str, figures), f"{tally.slowest:.1f}", str(len(tally.wrong))))
            click.echo("\n".join([f"{command}: {rows[-1]}", *tally.wrong]), err=True)
            failed = failed or bool(tally.wrong)
    click.echo(table(("command", "SIGINT", "SIGTERM", "early", "tracebacks", "slowest s", "wrong"), rows))
    sys.exit(failed)


if __name__ == "__main__":
    main()

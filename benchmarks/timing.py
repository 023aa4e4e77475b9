"""Wall times of whole processes, which take turns, so that a busy machine slows all programs alike.

The processes may write byte code, whatever the shell sets, as for a user. Without byte code every start
compiles all imported modules again, and takes twice as long.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Protocol, TypeVar

Figures = TypeVar("Figures")

ROOT = Path(__file__).parents[1]


class Described(Protocol):
    """A case that can be given to another process."""

    def to_json(self) -> str:
        """Return the case as JSON, for the command line of another process."""


def timed_process(arguments: Sequence[str], *, folder: Path = ROOT) -> tuple[float, str]:
    """Start a Python process, and return the seconds from start to exit, and its stdout.

    Args:
        arguments: the command line after `python`.
        folder: the working folder; the project's packages are found from any folder.

    Raises:
        SystemExit: the process failed; its stderr is shown.
    """
    command = [sys.executable, *arguments]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPATH"] = str(ROOT)
    begun = time.perf_counter()
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, encoding="utf-8", check=False
    )
    seconds = time.perf_counter() - begun
    if done.returncode:
        sys.exit(f"{' '.join(arguments)} failed with exit code {done.returncode}:\n{done.stderr}")
    return seconds, done.stdout


def in_turns(sides: Sequence[Callable[[], Figures]], *, repeats: int) -> list[list[Figures]]:
    """Call each function `repeats` times, in turns (A B A B …); return the figures of each."""
    figures: list[list[Figures]] = [[] for _ in sides]
    for repeat in range(repeats):
        for side, kept in zip(sides, figures, strict=True):
            kept.append(side())
        print(f"repeat {repeat + 1} of {repeats} done", file=sys.stderr)
    return figures


def medians(rows: Sequence[Sequence[float]]) -> list[float]:
    """Return the median of each column."""
    return [median(column) for column in zip(*rows, strict=True)]


def measured_rates(
    cases: Sequence[Described], peers: Sequence[str], *, seconds: float, repeats: int
) -> list[float]:
    """Return the median tokens per second of each program on its case, measured in turns."""
    sides = [partial(_rate, peer, case, seconds) for peer, case in zip(peers, cases, strict=True)]
    return [median(figures) for figures in in_turns(sides, repeats=repeats)]


def _rate(peer: str, case: Described, seconds: float) -> float:
    """Return the tokens per second that the process of a program prints."""
    return float(timed_process(["-m", f"benchmarks.peers.{peer}", case.to_json(), str(seconds)])[1])


def print_rate(call: Callable[[], float], *, seconds: float) -> None:
    """Print the tokens per second of a function that is called for some seconds, after a warm-up.

    Args:
        call: the function; returns the number of tokens of a call.
        seconds: duration of the measurement. The warm-up before it lasts a third of this.
    """
    call()
    warm = time.perf_counter() + seconds / 3
    while time.perf_counter() < warm:
        call()
    begun, tokens = time.perf_counter(), 0.0
    while (elapsed := time.perf_counter() - begun) < seconds:
        tokens += call()
    print(tokens / elapsed)

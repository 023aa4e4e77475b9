"""Wall times of whole processes, taken in turns so that a busy machine slows both sides alike.

They may keep the byte code of what they import, whatever the shell says, as a user's do: without it every
start compiles all of it anew, and takes twice as long.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import TypeVar

from benchmarks.cases import Case

Figures = TypeVar("Figures")

ROOT = Path(__file__).parents[1]


def timed_process(arguments: Sequence[str], *, folder: Path = ROOT) -> tuple[float, str]:
    """Seconds from start to exit of a Python process, and its stdout.

    Args:
        arguments: what follows `python` on the command line.
        folder: where it runs; the project's packages are found from anywhere.

    Raises:
        SystemExit: the process failed; what it wrote to stderr is shown.
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
    """The figures of each side, `repeats` of them, measured A B A B …."""
    figures: list[list[Figures]] = [[] for _ in sides]
    for repeat in range(repeats):
        for side, kept in zip(sides, figures, strict=True):
            kept.append(side())
        print(f"repeat {repeat + 1} of {repeats} done", file=sys.stderr)
    return figures


def medians(rows: Sequence[Sequence[float]]) -> list[float]:
    """The median of each column."""
    return [median(column) for column in zip(*rows, strict=True)]


def measured_rates(
    cases: Sequence[Case], peers: Sequence[str], *, seconds: float, repeats: int
) -> list[float]:
    """The median tokens per second of each peer on its case, each a process of its own, measured in turns."""
    sides = [partial(_rate, peer, case, seconds) for peer, case in zip(peers, cases, strict=True)]
    return [median(figures) for figures in in_turns(sides, repeats=repeats)]


def _rate(peer: str, case: Case, seconds: float) -> float:
    """The tokens per second that the process of a peer measures."""
    return float(timed_process(["-m", f"benchmarks.peers.{peer}", case.to_json(), str(seconds)])[1])


def print_rate(call: Callable[[], int], *, seconds: float) -> None:
    """Print the tokens per second of a call that is repeated for some seconds, without its first times.

    Args:
        call: what is timed; it gives the number of tokens that it did.
        seconds: how long to go on, and a third of it before to warm up.
    """
    call()
    warm = time.perf_counter() + seconds / 3
    while time.perf_counter() < warm:
        call()
    begun, tokens = time.perf_counter(), 0
    while (elapsed := time.perf_counter() - begun) < seconds:
        tokens += call()
    print(tokens / elapsed)

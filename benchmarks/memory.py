"""Memory and seconds up to the first training step, by the size of the text (Linux).

Run `python -m benchmarks.memory [--large] [--repeats N] [--json]`. The texts are random.
"""

import json
import tempfile
from functools import partial
from pathlib import Path

import click
import numpy as np

from benchmarks.report import Column, Report, json_option, repeats_option
from benchmarks.timing import in_turns, medians, timed_process

COLUMNS = (
    Column("first step", "s", 1.0, 1),
    Column("peak memory", "MB", 1e-6, 0),
    Column("above 10 kB", "MB", 1e-6, 0),
    Column("× text", "", 1.0, 1),
)
LETTERS = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz ,.\\nABCDEFGHIJKLMNOPQRSTUVWXYZ", np.uint8)
SIZES = {"10 kB": 10**4, "100 MB": 10**8}
LARGE = {"1 GB": 10**9}


@click.command()
@click.option("--large", is_flag=True, help="Also a text of 1 GB.")
@repeats_option
@json_option
def main(large: bool, repeats: int, as_json: bool) -> None:
    """Train one step on texts of several sizes, in turns."""
    report = Report("Memory and the first step", COLUMNS, repeats)
    sizes = SIZES | (LARGE if large else {})
    with tempfile.TemporaryDirectory() as folder:
        for name, size in sizes.items():
            write_text(Path(folder) / name, size)
        sides = [partial(first_step, Path(folder) / name) for name in sizes]
        figures = [medians(rows) for rows in in_turns(sides, repeats=repeats)]
    (_, base), *_ = figures
    for (name, size), (seconds, memory) in zip(sizes.items(), figures, strict=True):
        above = memory - base
        report.add(name, seconds, memory, above or None, above / size if above else None)
    report.show(as_json=as_json)


def write_text(path: Path, size: int) -> None:
    """Write random letters into a file, block by block."""
    rng = np.random.default_rng(0)
    with path.open("wb") as file:
        for begin in range(0, size, 10**7):
            file.write(LETTERS[rng.integers(len(LETTERS), size=min(10**7, size - begin))].tobytes())


def first_step(path: Path) -> tuple[float, float]:
    """Return the seconds and the peak memory (bytes) up to the first step on a text."""
    figures = json.loads(timed_process(["-m", "benchmarks.peers.first_step", str(path)])[1])
    return figures["seconds"], figures["memory"]


if __name__ == "__main__":
    main()

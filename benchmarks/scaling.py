"""Training speed and memory against units, layers, window and lanes: `python -m benchmarks.scaling`.

One size at a time is changed from an LSTM of 1 × 256 units, 64 lanes and 64 time steps. The corpus is small:
its size adds memory, and not time to a step (`benchmarks.memory`). The last column is the time for 100 MB of
text.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import click

from benchmarks.cases import Case
from benchmarks.report import Column, Report, json_option, repeats_option
from benchmarks.timing import in_turns, medians, timed_process

BASE = Case("lstm", 1, 256, 64, 64)
SIZES = {
    "units": (32, 64, 128, 512, 1024),
    "layers": (2, 3),
    "steps": (16, 256),
    "batch": (8, 16, 32, 128, 256),
}
"""What is changed from `BASE`, one at a time."""

COLUMNS = (
    Column("tokens", "k/s", 1e-3),
    Column("step", "ms", 1e3, 2),
    Column("memory", "MB", 1e-6, 0),
    Column("100 M tokens", "min", 1 / 60),
)


@click.command()
@click.option("--seconds", type=click.FloatRange(0.1, 600), default=4.0, show_default=True, help="Of each.")
@click.option("--only", default="", help="Only the cases whose name contains this text.")
@repeats_option
@json_option
def main(seconds: float, only: str, repeats: int, as_json: bool) -> None:
    """Time every size, in turns, and print the medians."""
    report = Report("Training, by size", COLUMNS, repeats)
    found = [case for case in cases() if only in case.name]
    sides = [partial(measured, case, seconds) for case in found]
    for case, rows in zip(found, in_turns(sides, repeats=repeats), strict=True):
        rate, memory = medians(rows)
        report.add(case.name, rate, case.tokens / rate, memory, 1e8 / rate)
    report.show(as_json=as_json)


def cases() -> Iterator[Case]:
    """Yield the base, and each case that differs from it in one size."""
    yield BASE
    for name, sizes in SIZES.items():
        changed: list[dict[str, Any]] = [{name: size} for size in sizes]
        yield from (replace(BASE, **each) for each in changed)


def measured(case: Case, seconds: float) -> tuple[float, float]:
    """Return tokens per second and peak memory in bytes, measured in a process of its own."""
    words = ["-m", "benchmarks.peers.rnnlab_size", case.to_json(), str(seconds)]
    figures = json.loads(timed_process(words)[1])
    return figures["rate"], figures["memory"]


if __name__ == "__main__":
    main()

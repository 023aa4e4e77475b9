"""Tokens per second of one worker against two workers that train together, each on a core of its own.

Run `python -m benchmarks.distributed [--seconds S] [--repeats N] [--json]`. The machine needs two cores, and
`taskset`. Both sides run `rnnlab.train` on the same case; one and two workers take turns.
"""

import json
import os
import socket
import subprocess
import sys
from functools import partial
from statistics import median

import click

from benchmarks.cases import Case
from benchmarks.report import Column, Report, json_option, repeats_option
from benchmarks.timing import ROOT, in_turns

CASES = (Case("lstm", 1, 512, 64, 64), Case("lstm", 1, 128, 64, 64))

COLUMNS = (
    Column("1 worker", "k tok/s", 1e-3),
    Column("2 workers", "k tok/s", 1e-3),
    Column("× 1 worker", "", 1.0),
)


@click.command()
@click.option(
    "--seconds", type=click.FloatRange(1, 600), default=8.0, show_default=True, help="Of each figure."
)
@repeats_option
@click.option("--only", default="", help="Only the cases whose name contains this text.")
@json_option
def main(seconds: float, repeats: int, only: str, as_json: bool) -> None:
    """Time every case with one and with two workers, in turns, and print the medians and their ratio."""
    report = Report("Training with one and with two workers, tokens per second", COLUMNS, repeats)
    for case in CASES:
        if only in case.name:
            sides = [partial(rate, case, workers, seconds) for workers in (1, 2)]
            one, two = (median(figures) for figures in in_turns(sides, repeats=repeats))
            report.add(case.name, one, two, two / one)
    report.show(as_json=as_json)


def rate(case: Case, workers: int, seconds: float) -> float:
    """Return the tokens per second of workers that train together, each on one core.

    Raises:
        SystemExit: a worker failed; its stderr is shown.
    """
    addresses = [f"127.0.0.1:{port}" for port in free_ports(workers)]
    started = [_worker(case, addresses, rank, seconds) for rank in range(workers)]
    outputs = [process.communicate() for process in started]
    for process, (_, stderr) in zip(started, outputs, strict=True):
        if process.returncode:
            sys.exit(f"a worker failed with exit code {process.returncode}:\n{stderr}")
    return float(outputs[0][0])


def free_ports(count: int) -> list[int]:
    """Return ports that no program uses now."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(each.getsockname()[1]) for each in held]
    for each in held:
        each.close()
    return ports


def _worker(case: Case, addresses: list[str], rank: int, seconds: float) -> "subprocess.Popen[str]":
    """Start a worker on the core of its number."""
    config = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": rank}}
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CONFIG": json.dumps(config)}
    command = ["taskset", "-c", str(rank), sys.executable, "-m", "benchmarks.peers.rnnlab_worker"]
    return subprocess.Popen(
        [*command, case.to_json(), str(seconds)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()

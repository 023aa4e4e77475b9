"""Tokens per second of generation, compared with eager PyTorch.

Run `python -m benchmarks.generation [--seconds S] [--repeats N] [--json]`.
"""

import importlib.util

import click

from benchmarks.cases import Case
from benchmarks.report import NO_TORCH, Column, Report, json_option, repeats_option
from benchmarks.timing import measured_rates

CASES = (
    Case("lstm", 1, 128, 1, 2000),
    Case("lstm", 2, 256, 1, 1000),
    Case("lstm", 2, 512, 1, 400),
    Case("lstm", 2, 256, 64, 50),
)
COLUMNS = (
    Column("pytorch", "k tok/s", 1e-3),
    Column("rnnlab", "k tok/s", 1e-3),
    Column("× pytorch"),
)


@click.command()
@click.option(
    "--seconds", type=click.FloatRange(1, 600), default=4.0, show_default=True, help="Of each figure."
)
@repeats_option
@json_option
def main(seconds: float, repeats: int, as_json: bool) -> None:
    """Time one stream at three sizes, and 64 streams; the programs take turns."""
    has_torch = importlib.util.find_spec("torch") is not None
    report = Report("Generation, tokens per second, each sampled", COLUMNS, repeats)
    if not has_torch:
        report.note(NO_TORCH)
    for case in CASES:
        peers = [*["pytorch_generation"] * has_torch, "rnnlab_generation"]
        *torch, ours = measured_rates([case] * len(peers), peers, seconds=seconds, repeats=repeats)
        name = f"{case.layers} × {case.units}, {case.batch} stream{'s' * (case.batch > 1)}"
        report.add(name, torch[0] if torch else None, ours, ours / torch[0] if torch else None)
    report.show(as_json=as_json)


if __name__ == "__main__":
    main()

"""Tokens per second of training with rnnlab, PyTorch's fused layers and Keras' `fit`.

Run `python -m benchmarks.training [--seconds S] [--repeats N] [--only TEXT] [--json]`. Every figure comes
from a process of its own. The programs take turns, so that a busy machine slows all of them alike.
"""

import importlib.util

import click

from benchmarks.cases import Case
from benchmarks.report import NO_TORCH, Column, Report, json_option, repeats_option
from benchmarks.timing import measured_rates

CASES = (
    Case("lstm", 2, 128, 50, 50),
    Case("lstm", 1, 256, 32, 64),
    Case("lstm", 2, 256, 64, 64),
    Case("lstm", 1, 512, 32, 64),
    Case("lstm", 2, 512, 64, 64),
    Case("gru", 2, 256, 64, 64),
    Case("simple_rnn", 2, 256, 64, 64),
)
OWN_CASES = (Case("peephole", 2, 256, 64, 64), Case("coupled", 2, 256, 64, 64))
"""Cells that the other programs do not have: they are compared with rnnlab's plain LSTM."""

COLUMNS = (
    Column("keras fit", "k tok/s", 1e-3),
    Column("pytorch", "k tok/s", 1e-3),
    Column("rnnlab", "k tok/s", 1e-3),
    Column("× keras", "", 1.0),
    Column("× pytorch", "", 1.0),
)


@click.command()
@click.option(
    "--seconds", type=click.FloatRange(1, 600), default=8.0, show_default=True, help="Of each figure."
)
@repeats_option
@click.option("--only", default="", help="Only the cases whose name contains this text.")
@json_option
def main(seconds: float, repeats: int, only: str, as_json: bool) -> None:
    """Time every case with each program, in turns, and print the medians with the ratios last."""
    has_torch = importlib.util.find_spec("torch") is not None
    report = Report("Training, tokens per second", COLUMNS, repeats)
    if not has_torch:
        report.note(NO_TORCH)
    for case in CASES:
        if only in case.name:
            peers = ["keras_fit", *["pytorch"] * has_torch, "rnnlab_program"]
            figures = measured_rates([case] * len(peers), peers, seconds=seconds, repeats=repeats)
            report.add(case.name, *compared(dict(zip(peers, figures, strict=True))))
    plain = Case("lstm", 2, 256, 64, 64)
    for case in OWN_CASES:
        if only in case.name:
            ours, lstm = measured_rates(
                [case, plain], ["rnnlab_program"] * 2, seconds=seconds, repeats=repeats
            )
            report.add(case.name, None, None, ours, None, None)
            report.note(f"{case.name}: {ours / lstm:.2f} × our plain LSTM in the same turns.")
    report.show(as_json=as_json)


def compared(rates: dict[str, float]) -> list[float | None]:
    """Return the figures of the three programs, and the ratios."""
    keras, torch, ours = rates["keras_fit"], rates.get("pytorch"), rates["rnnlab_program"]
    return [keras, torch, ours, ours / keras, ours / torch if torch else None]


if __name__ == "__main__":
    main()

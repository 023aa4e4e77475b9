"""What is learnt in which time on tinyshakespeare, side by side with a small transformer.

Run as `python -m benchmarks.learning TEXT [--large] [--json]`. The text is split 90/10; losses are those of
the last tenth, in nats per character. nanoGPT's configuration for the CPU (benchmarks/peers/transformer.py)
is trained first, then `configs/shakespeare_lstm.yaml`, and with --large the larger configuration.
"""

import csv
import importlib.util
import json
import tempfile
from pathlib import Path

import click

from benchmarks.report import Column, Report, json_option
from benchmarks.timing import timed_process

COLUMNS = (
    Column("training, s", "", 1.0, 0),
    Column("of them compiling", "", 1.0, 1),
    Column("parameters", "thousands", 1e-3, 0),
    Column("held-out loss", "nats/char", 1.0, 3),
    Column("loss to beat", "nats/char", 1.0, 4),
)
PUBLISHED_CPU, PUBLISHED_GPU = 1.886, 1.4697
TRANSFORMER_PARAMETERS = 804_096


@click.command()
@click.argument("text", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--large", is_flag=True, help="Also the configuration of 512 units.")
@json_option
def main(text: Path, large: bool, as_json: bool) -> None:
    """Train each side once, and print how long it took and what it came to."""
    report = Report("Learning tinyshakespeare, 90/10", COLUMNS, 1)
    if importlib.util.find_spec("torch"):
        _, output = timed_process(["-m", "benchmarks.peers.transformer", str(text.resolve())])
        figures = json.loads(output)
        report.add(
            "nanoGPT's CPU configuration",
            figures["seconds"],
            None,
            TRANSFORMER_PARAMETERS,
            figures["loss"],
            PUBLISHED_CPU,
        )
    else:
        report.note("PyTorch is not installed, so the transformer was not trained: pip install '.[bench]'.")
    report.add("shakespeare_lstm", *train("shakespeare_lstm", text), 1.5)
    if large:
        report.add("shakespeare_lstm_large", *train("shakespeare_lstm_large", text), PUBLISHED_GPU)
    report.show(as_json=as_json)


def train(config: str, text: Path) -> tuple[float, None, float, float]:
    """Seconds in the training loop, parameters and the best held-out loss of a configuration."""
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        page, data = f"configs/{config}.yaml", f"dataset.path={text.resolve()}"
        timed_process(["-m", "rnnlab", "train", page, "--set", data, "--run-dir", str(run)])
        with (run / "history.csv").open(encoding="utf-8", newline="") as file:
            epochs = list(csv.DictReader(file))
        _, described = timed_process(["-m", "rnnlab", "describe", str(run), "--json"])
    loss = min(float(epoch["validation_loss"]) for epoch in epochs)
    return float(epochs[-1]["seconds"]), None, float(json.loads(described)["parameters"]), loss


if __name__ == "__main__":
    main()

"""Training time and held-out loss on real corpora, with the best n-gram model for comparison.

Run `python -m benchmarks.learning [--shakespeare TEXT [--transformer] [--large] [--longest] [--cells]]
[--names TEXT] [--chorales JSON] [--json]`. Each row is a training on the command line, in a process of its
own, and then `rnnlab evaluate` on the held-out part. The n-gram model is the best of orders 1 to 8 and two
smoothings. docs/performance.md says where each corpus is from, and how it is split.
"""

import csv
import importlib.util
import json
import tempfile
from pathlib import Path
from typing import Any

import click

from benchmarks.chorales import write_chorales
from benchmarks.report import NO_TORCH, Column, Report, json_option
from benchmarks.timing import ROOT, timed_process

COLUMNS = (
    Column("training", "s", 1.0, 0),
    Column("parameters", "thousands", 1e-3, 0),
    Column("held-out loss", "nats/token", 1.0, 3),
    Column("best n-gram", "nats/token", 1.0, 3),
    Column("wanted", "nats/token", 1.0, 4),
)
TRANSFORMER_PARAMETERS, TRANSFORMER_PUBLISHED = 804_096, 1.886

SHAKESPEARE = {"shakespeare_lstm": 1.5}
LARGE, LONGEST = {"shakespeare_lstm_large": 1.4697}, {"shakespeare_lstm_longest": 1.43}

CELLS = {
    "LSTM": ("{kind: lstm, units: 256}", (0.01, 0.005)),
    "GRU": ("{kind: gru, units: 302}", (0.01, 0.005)),
    "SimpleRNN": ("{kind: simple_rnn, units: 551}", (0.01, 0.005, 0.003)),
}
"""About 419,000 parameters each, with the settings of shakespeare_lstm; the best learning rate counts."""

_file = click.Path(exists=True, dir_okay=False, path_type=Path, resolve_path=True)


@click.command()
@click.option("--shakespeare", type=_file, help="tinyshakespeare: the last tenth is held out.")
@click.option("--transformer", is_flag=True, help="Also nanoGPT's configuration for the CPU, in PyTorch.")
@click.option("--large", is_flag=True, help="Also 512 units, for three minutes.")
@click.option("--longest", is_flag=True, help="Also 768 units, for ten minutes and more.")
@click.option("--cells", is_flag=True, help="Also LSTM, GRU and SimpleRNN with equal numbers of parameters.")
@click.option("--names", type=_file, help="First names, one per line; a tenth of the lines is the test set.")
@click.option("--chorales", type=_file, help="JSON of Bach's chorales, in sixteenths: the highest voice.")
@json_option
def main(
    shakespeare: Path | None,
    *,
    names: Path | None,
    chorales: Path | None,
    as_json: bool,
    **asked: bool,
) -> None:
    """Train once for each row, and print the time and the losses."""
    report = Report("Held-out losses", COLUMNS, 1)
    if shakespeare:
        _add_shakespeare(report, shakespeare, **asked)
    if names:
        report.add("names_lstm", *learnt("configs/names_lstm.yaml", _path(names), part="test"), 1.94)
    if chorales:
        with tempfile.TemporaryDirectory() as folder:
            write_chorales(chorales, Path(folder))
            page = Path(folder) / "chorales_lstm.yaml"
            page.write_bytes((ROOT / "benchmarks" / page.name).read_bytes())
            report.add("chorales_lstm", *learnt(page, part="test"), 0.52)
    report.show(as_json=as_json)


def _add_shakespeare(
    report: Report, text: Path, *, transformer: bool, large: bool, longest: bool, cells: bool
) -> None:
    """Add the requested rows of tinyshakespeare."""
    if transformer:
        _add_transformer(report, text)
    pages = SHAKESPEARE | (LARGE if large else {}) | (LONGEST if longest else {})
    for name, wanted in pages.items():
        report.add(name, *learnt(f"configs/{name}.yaml", _path(text)), wanted)
    for cell, (model, rates) in CELLS.items() if cells else ():
        settings = ((_path(text), f"model={model}", f"training.optimizer.learning_rate={r}") for r in rates)
        rows = [learnt("configs/shakespeare_lstm.yaml", *each) for each in settings]
        report.add(f"{cell}, equal parameters", *min(rows, key=lambda row: row[2]), None)


def _add_transformer(report: Report, text: Path) -> None:
    if not importlib.util.find_spec("torch"):
        report.note(NO_TORCH)
        return
    figures = json.loads(timed_process(["-m", "benchmarks.peers.transformer", str(text)])[1])
    row = (figures["seconds"], TRANSFORMER_PARAMETERS, figures["loss"], None, TRANSFORMER_PUBLISHED)
    report.add("nanoGPT's configuration for a CPU", *row)


def learnt(page: str | Path, *settings: str, part: str = "validation") -> tuple[float, float, float, float]:
    """Train a configuration, and evaluate it on a held-out part.

    Args:
        page: the YAML file, relative to the project's root.
        settings: each `key=value`.
        part: `validation` or `test`.

    Returns:
        Seconds of training, with compilation; number of parameters; the loss, and the loss of the best n-gram
        model, in nats per token.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        seconds, evaluated = trained(page, *settings, part=part, folder=folder)
        described = json.loads(_rnnlab("describe", evaluated["run"], "--json", folder=folder))
    best: dict[str, Any] = evaluated["baselines"]["ngram"]
    return seconds, float(described["model"]["parameters"]), evaluated["loss"], best["loss"]


def trained(page: str | Path, *settings: str, part: str, folder: Path) -> tuple[float, dict[str, Any]]:
    """Train a configuration; return the seconds, with compilation, and what `evaluate --json` prints.

    Args:
        page: the YAML file, relative to the project's root.
        settings: each `key=value`.
        part: the part that is evaluated.
        folder: an empty folder for the run.
    """
    overrides = [word for setting in settings for word in ("--set", setting)]
    _rnnlab("train", str(ROOT / page), *overrides, folder=folder)
    evaluated: dict[str, Any] = json.loads(_rnnlab("evaluate", "--split", part, "--json", folder=folder))
    with (folder / evaluated["run"] / "history.csv").open(encoding="utf-8", newline="") as file:
        seconds = float([*csv.DictReader(file)][-1]["seconds"])
    return seconds, evaluated


def _rnnlab(*arguments: str, folder: Path) -> str:
    return timed_process(["-m", "rnnlab", *arguments], folder=folder)[1]


def _path(data: Path) -> str:
    return f"dataset.path={data}"


if __name__ == "__main__":
    main()

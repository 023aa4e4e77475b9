"""The tasks with examples: what is learnt of real corpora, which cell solves what, and the speed of pairs.

Run `python -m benchmarks.tasks held-out [--data FOLDER] [--only TEXT]`, `… cells` or `… speed`; each takes
--json. The corpora (names18.tsv, cmudict.tsv, lines-train.tsv, …) are read from a folder and are no part of
the project; each config says where they are from. Each row of `held-out` is a training on the command line,
in a process of its own, and then `rnnlab evaluate --split test`, next to a baseline without a network.
"""

import importlib.util
import json
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from benchmarks.learning import trained
from benchmarks.pairs import PairCase
from benchmarks.report import NO_TORCH, Column, Report, json_option, repeats_option
from benchmarks.timing import ROOT, measured_rates, timed_process

DATA = ROOT.parent / "shared" / "data"


@dataclass(frozen=True)
class Figure:
    """A figure of `evaluate --json`.

    Attributes:
        name: its name in the table.
        path: its keys.
        baseline: the keys of the same figure of the baseline; empty if there is none.
        target: the value to reach; None if there is none.
        above_baseline: how much better than the baseline to be, in place of a target.
    """

    name: str
    path: tuple[str, ...]
    baseline: tuple[str, ...] = ()
    target: float | None = None
    above_baseline: float | None = None

    def row(self, evaluated: dict[str, Any]) -> tuple[float | None, float | None, float | None]:
        """Return the figure, that of the baseline, and the target."""
        measured, baseline, target = _at(evaluated, self.path), _at(evaluated, self.baseline), self.target
        if self.above_baseline is not None and baseline is not None:
            target = baseline + self.above_baseline
        return measured, baseline, target


@dataclass(frozen=True)
class Recipe:
    """A training: a config with settings.

    Attributes:
        name: the name of the row.
        config: the name of the YAML file in configs/.
        seconds: the time that the training may take; None if it may take any.
        figures: what is measured.
        settings: each `key=value`; `{data}` is the folder of the corpora.
    """

    name: str
    config: str
    seconds: float | None
    figures: tuple[Figure, ...]
    settings: tuple[str, ...] = ()


_NEAREST = ("baselines", "nearest_source")
_EXACT = Figure("exact match", ("exact_match",), (*_NEAREST, "exact_match"), 1.0)

RECIPES = (
    Recipe(
        "names18, label",
        "names_label",
        120,
        (
            Figure("accuracy", ("accuracy",), ("baselines", "naive_bayes", "accuracy"), above_baseline=0.02),
            Figure("macro-F1", ("macro_f1",), ("baselines", "naive_bayes", "macro_f1"), above_baseline=0.0),
            Figure("majority class", ("baselines", "majority", "accuracy")),
        ),
        ("dataset.path={data}/names18.tsv",),
    ),
    Recipe(
        "lines, tags",
        "tags",
        120,
        (
            Figure("accuracy", ("accuracy",), ("baselines", "most_frequent_tag", "accuracy"), 0.93),
            Figure("unseen words", ("unseen_accuracy",), (), 0.70),
        ),
        (
            "dataset.path={data}/lines-train.tsv",
            "dataset.split={{kind: files, validation: {data}/lines-dev.tsv, test: {data}/lines-test.tsv}}",
            "training.epochs=7",
        ),
    ),
    Recipe("dates, pairs", "dates_pairs", 60, (_EXACT,)),
    Recipe(
        "addition, 3 digits",
        "addition_pairs",
        200,
        (
            Figure("exact match", ("exact_match",), (*_NEAREST, "exact_match"), 0.999),
            Figure("4 digits", ("lengths", "4", "exact_match")),
        ),
        ("training.epochs=50",),
    ),
    Recipe(
        "addition, 4 digits",
        "addition_pairs",
        300,
        (
            Figure("exact match", ("exact_match",), (*_NEAREST, "exact_match"), 0.99),
            Figure("5 digits", ("lengths", "5", "exact_match")),
            Figure("6 digits", ("lengths", "6", "exact_match")),
        ),
        (
            "dataset.longest=4",
            "dataset.examples=200000",
            "dataset.test_lengths=[4, 5, 6]",
            "training.epochs=15",
        ),
    ),
    Recipe(
        "cmudict, pairs",
        "phones_pairs",
        600,
        (
            Figure("exact match", ("exact_match",), (*_NEAREST, "exact_match"), 0.70),
            Figure("phone error rate", ("token_error_rate",), (*_NEAREST, "token_error_rate"), 0.075),
            Figure("exact match, beam", ("beam", "exact_match")),
            Figure("phone error rate, beam", ("beam", "token_error_rate")),
        ),
        (
            "dataset.path={data}/cmudict.tsv",
            "dataset.split={{kind: sequences, validation: 0.04002, test: 0.04002, shuffle: false}}",
            "training.epochs=12",
            "training.label_smoothing=0.1",
        ),
    ),
    Recipe(
        "names18, from_label",
        "names_from_label",
        None,
        (Figure("languages below n-gram", ("below_ngram",), (), 14), Figure("loss", ("loss",))),
        (
            "dataset.path={data}/names18.tsv",
            "dataset.embedding_size=64",
            "model.units=512",
            "model.dropout=0.4",
            "model.input_dropout=0.2",
            "model.recurrent_dropout=0.3",
            "training.epochs=30",
        ),
    ),
)
"""The table of what must be seen, with the targets of its last column."""

HELD_OUT = (
    Column("training", "s", 1.0, 0),
    Column("allowed", "s", 1.0, 0),
    Column("held out", digits=4),
    Column("baseline", digits=4),
    Column("target", digits=4),
)

SHOWN = {"parity": "accuracy", "copy": "exact_match", "adding": "accuracy", "brackets": "sequence_accuracy"}
"""The name of the share of examples without a mistake, of each generated task that is compared."""
LENGTHS = ("20", "40", "100")

PAIRS = (
    PairCase("dates", 128, "dot", 64),
    PairCase("addition", 128, "none", 128),
    PairCase("copy", 256, "dot", 64),
)

_only = click.option("--only", default="", help="Only the rows whose name contains this text.")
_epochs = click.option("--epochs", type=click.IntRange(min=1), help="Epochs of each training, to try a row.")


@click.group()
def main() -> None:
    """Measure the tasks label, tags, pairs and from_label."""


@main.command("held-out")
@click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path, resolve_path=True),
    default=DATA,
    help="The folder of the corpora; left out, ../shared/data.",
)
@_only
@_epochs
@json_option
def held_out(data: Path, only: str, epochs: int | None, as_json: bool) -> None:
    """Train once for each row, and print the held-out figures next to the baseline and the target."""
    report = Report("Held-out figures of the tasks", HELD_OUT, 1)
    for recipe in RECIPES:
        if only not in recipe.name:
            continue
        settings = [each.format(data=data) for each in recipe.settings]
        seconds, evaluated = _trained(recipe.config, settings, epochs)
        for figure in recipe.figures:
            report.add(f"{recipe.name}: {figure.name}", seconds, recipe.seconds, *figure.row(evaluated))
    report.show(as_json=as_json)


@main.command("cells")
@_only
@_epochs
@click.option(
    "--seeds", type=click.IntRange(min=1), default=1, show_default=True, help="Trainings of a cell."
)
@json_option
def cells(only: str, epochs: int | None, seeds: int, as_json: bool) -> None:
    """Train each cell on each generated task up to length 20, and print the figures at longer lengths.

    Each task is one `rnnlab compare`, of the lists of cells in configs/.
    """
    columns = (Column("training", "s", 1.0, 0), *(Column(f"length {each}", digits=4) for each in LENGTHS))
    report = Report("Generated tasks, trained to length 20: share of examples without a mistake", columns, 1)
    budget = ["--seeds", str(seeds), *([] if epochs is None else ["--epochs", str(epochs)])]
    for task, figure in SHOWN.items():
        if only not in task:
            continue
        page = ROOT / "configs" / f"compare_{task}.yaml"
        with tempfile.TemporaryDirectory() as folder:
            printed = timed_process(
                ["-m", "rnnlab", "compare", str(page), "--json", *budget], folder=Path(folder)
            )[1]
        for cell in json.loads(printed)["contenders"]:
            seconds = sum(trial["seconds"] for trial in cell["trials"]) / len(cell["trials"])
            shares = (_at(cell, ("lengths", length, figure)) for length in LENGTHS)
            report.add(f"{task}, {cell['name']}", seconds, *shares)
    report.show(as_json=as_json)


@main.command("speed")
@click.option(
    "--seconds", type=click.FloatRange(1, 600), default=8.0, show_default=True, help="Of each figure."
)
@_only
@repeats_option
@json_option
def speed(seconds: float, only: str, repeats: int, as_json: bool) -> None:
    """Time an encoder with a decoder in rnnlab and in PyTorch, in turns; tokens that pad are not counted.

    PyTorch reads batches in random order, padded to their longest example, and also rnnlab's batches, whose
    examples have similar lengths.
    """
    columns = (
        Column("pytorch", "k tok/s", 1e-3),
        Column("by length", "k tok/s", 1e-3),
        Column("rnnlab", "k tok/s", 1e-3),
        Column("× pytorch", "", 1.0, 2),
        Column("× by length", "", 1.0, 2),
    )
    has_torch = importlib.util.find_spec("torch") is not None
    report = Report("Pairs, tokens of sources and targets per second of training", columns, repeats)
    if not has_torch:
        report.note(NO_TORCH)
    for case in PAIRS:
        if only not in case.name:
            continue
        cases, peers = [case], ["rnnlab_pairs"]
        if has_torch:
            cases = [replace(case, by_length=False), case, case]
            peers = ["pytorch_pairs", "pytorch_pairs", "rnnlab_pairs"]
        *torch, ours = measured_rates(cases, peers, seconds=seconds, repeats=repeats)
        ratios = [ours / each for each in torch]
        report.add(case.name, *(torch or (None, None)), ours, *(ratios or (None, None)))
    report.show(as_json=as_json)


def _trained(config: str, settings: list[str], epochs: int | None) -> tuple[float, dict[str, Any]]:
    """Return the seconds of a training, and what `evaluate --json` prints of the test set."""
    shortened = [] if epochs is None else [f"training.epochs={epochs}"]
    with tempfile.TemporaryDirectory() as folder:
        return trained(f"configs/{config}.yaml", *settings, *shortened, part="test", folder=Path(folder))


def _at(evaluated: dict[str, Any], path: tuple[str, ...]) -> float | None:
    """Return the value at a path of keys; None if the path is empty, or a key is missing."""
    value: Any = evaluated if path else None
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return None if value is None else float(value)


if __name__ == "__main__":
    main()

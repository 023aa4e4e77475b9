"""Trained models for examples without training: an experiment of each task with random weights."""

import re
from pathlib import Path

import numpy as np

from rnnlab.config.reading import parse_any
from rnnlab.config.tasks import TaskExperiment
from rnnlab.datasets.task_loading import load_task_data
from rnnlab.models.model_file import TrainedTask
from rnnlab.models.task_architecture import Vocabularies, task_architecture_of
from rnnlab.runs.folder import RunFolder, create_run

_LAST = "split: {kind: sequences, validation: 0.25, test: 0.25, shuffle: false}"

_TAIL = """
model: {kind: gru, units: 6}
training: {epochs: 2, batch_size: 4}
"""


def _page(task: str, rows: list[str], more: str = "") -> str:
    lines = "\n".join(f"    {row}" for row in rows)
    return f"dataset:\n  kind: text\n  task: {task}\n  {_LAST}\n{more}  inline: |\n{lines}\n{_TAIL}"


LABEL = _page(
    "label",
    [
        *("ko\tkim", "ko\tpark", "pl\tkowalski", "pl\tnowak", "ko\tlee", "pl\tlewandowski"),
        *("ko\tkang", "pl\tkaminski", "ko\tpaik", "pl\tkowalska", "ko\tlim", "pl\tnowakowski"),
    ],
)
TAGS = _page(
    "tags",
    [
        *("the\tDET", "dog\tNOUN", "barks\tVERB", "", "the\tDET", "cat\tNOUN", "sleeps\tVERB", ""),
        *("the\tDET", "cat\tNOUN", "barks\tVERB", "", "the\tDET", "cow\tNOUN", "sleeps\tVERB"),
    ],
)
PAIRS = _page(
    "pairs", ["ab\tBA", "ba\tAB", "abb\tBBA", "aab\tBAA", "bab\tBAB", "aba\tABA", "bb\tBB", "aa\tAA"]
)
ATTENTION = PAIRS.replace("units: 6", "units: 6, attention: dot")
FROM_LABEL = _page(
    "from_label",
    [
        *("Korean\tkim", "Korean\tpark", "Polish\tnowak", "Polish\tkowal", "Korean\tlee", "Polish\tlis"),
        *("Korean\tkang", "Polish\tkania", "Korean\tpaik", "Polish\tkowalik", "Korean\tlim", "Polish\tlew"),
    ],
)
PARITY = f"""
dataset: {{kind: generated, name: parity, longest: 8, examples: 40, held_out: 10, test_lengths: [8, 12]}}
{_TAIL}"""

TASKS = {"label": LABEL, "tags": TAGS, "pairs": PAIRS, "from_label": FROM_LABEL}


def with_file(page: str, path: Path) -> str:
    """The YAML text with its rows in a file, which is written; the path is that of the YAML."""
    before, _, rest = page.partition("  inline: |\n")
    rows, end, tail = rest.partition("\nmodel:")
    path.write_text(re.sub("(?m)^    ", "", rows))
    return f"{before}  path: {path.name}\n{end}{tail}"


def with_folder(page: str, path: Path) -> str:
    """The YAML text with its rows in the folder of a path: each file of a label's subfolder is a sequence."""
    before, _, rest = page.partition("  inline: |\n")
    rows, end, tail = rest.partition("\nmodel:")
    for number, row in enumerate(rows.split("\n    ")):
        label, sequence = row.strip().split("\t")
        (path / label).mkdir(parents=True, exist_ok=True)
        (path / label / f"{number}.txt").write_text(sequence)
    split = "split: {kind: stratified, validation: 0.25, test: 0.25}"
    return f"{before.replace(_LAST, split)}  path: {path.name}\n{end}{tail}"


def trained_task(text: str, folder: Path, *overrides: str) -> TrainedTask:
    """The model of a YAML text whose data lies in a folder, with random weights."""
    experiment = parse_any(text, name="test.yaml", folder=folder, overrides=overrides)
    assert isinstance(experiment, TaskExperiment)
    examples = load_task_data(experiment).examples
    characters = examples.words.spelled.tokens.tokens if examples.words else ()
    inputs, targets = examples.inputs.tokens.tokens, examples.targets.tokens.tokens
    sizes = Vocabularies(len(inputs), len(targets), len(characters))
    rng = np.random.default_rng(0)
    shapes = task_architecture_of(experiment, sizes).weight_shapes()
    weights = {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    return TrainedTask(experiment, inputs, targets, characters, weights, examples.sha256)


def task_run_of(text: str, *overrides: str, name: str = "task") -> RunFolder:
    """A run folder below the working folder, as training would leave it."""
    model = trained_task(text, Path.cwd(), *overrides)
    run = create_run(name, model.experiment)
    run.save_model(model)
    return run

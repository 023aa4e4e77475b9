"""Small networks for examples with random weights, and examples for them: every task, every setting."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rnnlab.config.reading import parse_any
from rnnlab.datasets.examples import Sequences, TokenSet, Words
from rnnlab.models.model_file import Weights
from rnnlab.models.task_architecture import TaskArchitecture, Vocabularies, task_architecture_of

SIZES = Vocabularies(inputs=7, targets=5, characters=6)
CELLS = [
    "kind: simple_rnn",
    "kind: simple_rnn, layer_norm: true",
    "kind: lstm",
    "kind: lstm, layer_norm: true",
    "kind: lstm, peephole: true",
    "kind: lstm, coupled_gates: true",
    "kind: lstm, peephole: true, coupled_gates: true",
    "kind: gru, reset_after: true",
    "kind: gru, reset_after: false",
    "kind: gru, layer_norm: true",
]
LSTM = "kind: lstm, units: 4"
NETWORKS = {
    "label": [
        *(f"{cell}, units: [4, 4], residual: true" for cell in CELLS),
        *(f"{LSTM}, pooling: {pooling}" for pooling in ("last", "mean", "max")),
        *(f"{LSTM}, pooling: {pooling}, bidirectional: true" for pooling in ("last", "mean", "max")),
        "kind: gru, units: [4, 4], bidirectional: true, residual: true",
    ],
    "tags": [
        LSTM,
        *(f"{cell}, units: [4, 5], bidirectional: true" for cell in CELLS),
        f"{LSTM}, characters: true",
        "kind: gru, units: [4, 4], characters: true, bidirectional: true, residual: true",
    ],
    "pairs": [
        LSTM,
        *(f"{cell}, units: [4, 4], attention: dot, reverse_source: true" for cell in CELLS),
        f"{LSTM}, attention: dot",
        f"{LSTM}, reverse_source: true",
        "kind: gru, units: [4, 4], residual: true, attention: dot",
    ],
    "from_label": [
        LSTM,
        *(f"{cell}, units: [4, 3], label_input: every" for cell in CELLS),
        "kind: gru, units: [4, 4], residual: true",
    ],
}
"""Settings of the section `model`, by task."""

ALL = [(task, model) for task, models in NETWORKS.items() for model in models]


@dataclass(frozen=True)
class Data:
    """Inputs with their targets."""

    inputs: Sequences
    targets: Sequences
    words: Words | None = None


def network(
    task: str, model: str, encoding: str = "embedding", *, decoder: str = ""
) -> tuple[TaskArchitecture, Weights]:
    """The layers of a network, and random weights for all of them, biases and gains included."""
    size = "embedding_size: 3, " if encoding == "embedding" else ""
    text = f"dataset: {{kind: text, task: {task}, {size}encoding: {encoding}, path: rows.tsv}}"
    text += f"\nmodel: {{{model}}}" + (f"\ndecoder: {{{decoder}}}" if decoder else "")
    settings: Any = parse_any(text, name="test.yaml", folder=Path.cwd())
    architecture = task_architecture_of(settings, SIZES)
    rng = np.random.default_rng(3)
    weights = Weights()
    for name, shape in architecture.weight_shapes().items():
        weights[name] = rng.normal(0, 0.6, shape).astype(np.float32)
    return architecture, weights


def one(ids: Iterable[int]) -> Sequences:
    """One sequence."""
    return Sequences.of([[int(each) for each in ids]], TokenSet((), "word"))


def sequences(lengths: list[int], count: int, seed: int, first: int = 0) -> Sequences:
    """Random ids from `first` up to `count` − 1."""
    rng = np.random.default_rng(seed)
    tokens = TokenSet(tuple(f"t{number}" for number in range(count)), "word")
    return Sequences.of([rng.integers(first, count, length).tolist() for length in lengths], tokens)


LENGTHS = [3, 1, 6, 2, 3, 0, 5]
TARGET_LENGTHS = [2, 4, 0, 1, 3, 2, 3]


def data_of(task: str, model: str, lengths: list[int] | None = None) -> Data:
    """Seven examples of different length: an empty input and an empty target among them."""
    lengths = lengths or LENGTHS
    if task == "from_label":
        return Data(sequences([1] * len(lengths), SIZES.inputs, 1), sequences(TARGET_LENGTHS, 5, 2, first=1))
    words = None
    if "characters" in model:
        spelled = sequences([2, 4, 1, 1, 3, 2, 5, 3], SIZES.characters, 4)
        words = Words(np.random.default_rng(5).integers(0, SIZES.inputs, 8), spelled)
    inputs = sequences(lengths, 8 if words else SIZES.inputs, 1)
    if task == "label":
        return Data(inputs, sequences([1] * len(lengths), SIZES.targets, 2))
    targets = sequences(lengths if task == "tags" else TARGET_LENGTHS, SIZES.targets, 2, first=1)
    return Data(inputs, targets, words)

"""Random small experiments with every key written out, and what they read, cut without rnnlab's own code."""

import json
import re
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any, Literal

import numpy as np

from rnnlab.config.reading import parse_experiment
from rnnlab.config.schema import Experiment
from rnnlab.datasets.corpus import load_corpus
from rnnlab.models.architecture import architecture_of
from rnnlab.models.model_file import TrainedModel
from tests.independent.plain_network import Page

Regime = Literal["stream", "windows", "stateful_windows"]

REGIMES: tuple[Regime, ...] = ("stream", "windows", "stateful_windows")
BATCH_SIZES = (1, 4, 11, 32)

CELLS: dict[str, Page] = {
    "simple_rnn": {"kind": "simple_rnn"},
    "lstm": {"kind": "lstm"},
    "peephole": {"kind": "lstm", "peephole": True},
    "coupled": {"kind": "lstm", "coupled_gates": True},
    "coupled_peephole": {"kind": "lstm", "coupled_gates": True, "peephole": True},
    "gru_reset_before": {"kind": "gru", "reset_after": False},
    "gru_reset_after": {"kind": "gru", "reset_after": True},
    "normalized_simple_rnn": {"kind": "simple_rnn", "layer_norm": True},
    "normalized_lstm": {"kind": "lstm", "layer_norm": True},
    "normalized_gru": {"kind": "gru", "reset_after": True, "layer_norm": True},
}
NOTES = ["c4", "d8", "e8.", "r4", "<c e g>2", "cis4", "bes8", "c'4", "b,8", "r8"]
LETTERS = "abcdefgh"


@dataclass(frozen=True)
class Drawn:
    """A random experiment.

    Attributes:
        page: every key written out.
        folder: where its files are.
    """

    page: Page
    folder: Path

    def experiment(self, **training: Any) -> Experiment:
        """What rnnlab makes of the page, with other settings of the section `training`."""
        page = {**self.page, "training": {**self.page["training"], **training}}
        return parse_experiment(json.dumps(page, ensure_ascii=False), name="drawn.yaml", folder=self.folder)

    def model(self, rng: np.random.Generator) -> TrainedModel:
        """The network with random weights."""
        experiment = self.experiment()
        corpus = load_corpus(experiment.dataset)
        shapes = architecture_of(experiment, len(corpus.vocabulary)).weight_shapes()
        weights = {name: rng.normal(0, 0.4, shape).astype(np.float32) for name, shape in shapes.items()}
        return TrainedModel(experiment, corpus.vocabulary.tokens, weights, corpus.sha256)

    def sequences(self, part: str, tokens: tuple[str, ...]) -> list[list[int]]:
        """The token ids of each sequence of the train or the validation part, boundaries included."""
        dataset, split = self.page["dataset"], self.page["dataset"]["split"]
        if split["kind"] == "files":
            return self._read(dataset["path"] if part == "train" else split["validation"], tokens)
        whole = self._read(dataset["path"], tokens)
        count = sum(map(len, whole))
        cut = count - round(count * split["validation"])
        begin, end = (0, cut - split["gap"]) if part == "train" else (cut, count)
        places = [0, *accumulate(map(len, whole))]
        pieces = [
            ids[max(begin - first, 0) : max(end - first, 0)]
            for ids, first in zip(whole, places, strict=False)
        ]
        return [ids for ids in pieces if ids]

    def _read(self, names: list[str], tokens: tuple[str, ...]) -> list[list[int]]:
        dataset, found = self.page["dataset"], list[list[int]]()
        boundary = tokens.index("\n") if dataset["unit"] == "line" else None
        for name in names:
            text = (self.folder / name).read_text(encoding="utf-8")
            for sequence in text.splitlines() if boundary is not None else [text]:
                words = list(sequence) if dataset["kind"] == "text" else re.findall(r"<.*?>\d+|\S+", sequence)
                ids = [tokens.index(word) for word in words]
                found.append(ids if boundary is None else [boundary, *ids, boundary])
        return found


def draw(
    rng: np.random.Generator, folder: Path, *, cell: str, regime: Regime, size: int = 1, **training: Any
) -> Drawn:
    """A random experiment of a cell, or of an `mlp`, in a regime; its files are written into a folder.

    Args:
        rng: what draws.
        folder: where the files go.
        cell: one of `CELLS`, or `mlp`.
        regime: how it is trained.
        size: how many times as much data there is to train on as a part needs to be measured.
        training: settings of the section `training`.
    """
    kind = str(rng.choice(["text", "notes"]))
    encodings = ["one_hot", "scalar", "embedding", *(["pitch_duration"] if kind == "notes" else [])]
    lines, files = bool(rng.integers(2)), {"train": rng.integers(1, 4), "validation": rng.integers(1, 4)}
    paths = {
        part: [
            _written(rng, folder / f"{part}{number}", kind, lines=lines, size=size if part == "train" else 1)
            for number in range(count)
        ]
        for part, count in files.items()
    }
    split: Page = {"kind": "files", "validation": paths["validation"]}
    if not lines and rng.integers(2):
        split = {"kind": "contiguous", "validation": 0.3, "test": 0.0, "gap": int(rng.integers(0, 4))}
    shifted = regime == "stream" or (cell != "mlp" and bool(rng.integers(2)))
    dataset = {
        "kind": kind,
        "path": paths["train"],
        "split": split,
        "unit": "line" if lines else {"text": "character", "notes": "note"}[kind],
        "encoding": str(rng.choice(encodings)),
        "window": int(rng.integers(1, 8)),
        "target": "shifted" if shifted else "next",
    }
    model = _mlp(rng) if cell == "mlp" else _recurrent(rng, dataset, cell)
    if regime == "stateful_windows":
        model["stateful"] = True
    batching = {"batching": "stream" if regime == "stream" else "windows", "shuffle": False}
    return Drawn({"dataset": dataset, "model": model, "training": {**batching, **training}}, folder)


def draw_windows(rng: np.random.Generator, folder: Path, *, cell: str, target: str) -> Drawn:
    """An experiment on one text, whose training and validation windows are drawn at random.

    Args:
        rng: what draws the text.
        folder: of the experiment; nothing is written there.
        cell: one of `CELLS`.
        target: `next` or `shifted`.
    """
    dataset = {
        "kind": "text",
        "inline": "".join(rng.choice(list(LETTERS), 300)),
        "unit": "character",
        "split": {"kind": "stratified_shuffle", "validation": 0.1, "random_seed": 3},
        "encoding": "one_hot",
        "window": 3,
        "target": target,
    }
    model = {**CELLS[cell], "units": [4], "head": "dense"}
    return Drawn({"dataset": dataset, "model": model, "training": {"batching": "windows"}}, folder)


def _written(rng: np.random.Generator, path: Path, kind: str, *, lines: bool, size: int) -> str:
    """The name of a new file of 1 to 5 lines, or of one that takes the place of all; or of more of them."""
    lengths = rng.integers(1, 25, size * rng.integers(1, 6)) if lines else size * rng.integers(20, 70, 1)
    separator, tokens = ("", list(LETTERS)) if kind == "text" else (" ", NOTES)
    text = "\n".join(separator.join(rng.choice(tokens, length)) for length in lengths)
    alphabet = separator.join(tokens)  # so that a part has targets, and every file the same tokens
    path.write_text(f"{text}\n{alphabet}" if lines else f"{text}{separator}{alphabet}", encoding="utf-8")
    return path.name


def _recurrent(rng: np.random.Generator, dataset: Page, cell: str) -> Page:
    """One to three layers, with any head; sets the size of an embedding."""
    units = [int(size) for size in rng.integers(2, 8, rng.integers(1, 4))]
    model = {**CELLS[cell], "units": units, "head": "dense"}
    if len(units) > 1 and rng.integers(2):
        model |= {"units": [units[0]] * len(units), "residual": True}
    if dataset["encoding"] == "embedding":
        tied = bool(rng.integers(2))
        dataset["embedding_size"] = model["units"][-1] if tied else int(rng.integers(1, 6))
        model["tie_weights"] = tied
    elif rng.integers(4) == 0:
        vocab_size = len(LETTERS if dataset["kind"] == "text" else NOTES) + (dataset["unit"] == "line")
        model |= {"units": [*units[:-1], vocab_size], "head": "none", "residual": False}
    return model


def _mlp(rng: np.random.Generator) -> Page:
    units = [int(size) for size in rng.integers(2, 8, rng.integers(1, 4))]
    return {"kind": "mlp", "units": units, "activation": str(rng.choice(["relu", "tanh", "sigmoid", "elu"]))}

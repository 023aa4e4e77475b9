"""Test cases: hostile input by kind and number, and the call that reads it."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from rnnlab.config.reading import parse_any, parse_experiment, read_any
from rnnlab.config.report import Mark
from rnnlab.config.schema import Experiment
from rnnlab.config.tasks import TaskExperiment
from rnnlab.config.yaml_tree import read_tree
from rnnlab.datasets.loading import load_data
from rnnlab.datasets.task_loading import load_task_data
from rnnlab.datasets.vocabulary import Kind, Vocabulary
from rnnlab.generation.writing import seed_ids
from rnnlab.reports.description import describe
from torture.hostile import LARGE
from torture.mutations import mutated_yaml, random_bytes, random_notes, random_override, random_text

PROJECT = Path(__file__).parents[1]

_PAGE = """
dataset: {{kind: {kind}, path: hostile{vocabulary}, window: 2}}
model: {{kind: lstm, units: 4}}
training: {{batching: windows, batch_size: 1}}
"""
_VOCABULARIES: dict[Kind, str] = {"text": ", vocabulary: abcé", "notes": ", vocabulary: [c4, g8, <c e g>4]"}


@dataclass(frozen=True)
class Case:
    """Hostile input.

    Attributes:
        data: the input: the bytes of a file, a `--set`, or a seed in UTF-8.
        read: reads the input with rnnlab; raises an RnnlabError if rnnlab refuses it.
    """

    data: bytes
    read: Callable[[], object]


def make_case(kind: str, number: int, *, random_seed: int, folder: Path) -> Case:
    """Return the case of a kind and a number; equal arguments give an equal case.

    Args:
        kind: one of KINDS.
        number: from 0.
        random_seed: for the mutations.
        folder: filled by `prepare`.
    """
    rng = np.random.default_rng([random_seed, list(KINDS).index(kind), number])
    return KINDS[kind](number, rng, folder)


def prepare(folder: Path) -> None:
    """Copy the shipped data and configurations into an empty folder, and load the libraries."""
    for name in ("configs", "data"):
        shutil.copytree(PROJECT / name, folder / name)
    _load_libraries()


def shipped_pages() -> list[Path]:
    """Return the configurations that ship, without the lists of configurations to compare and the sweeps."""
    configs = PROJECT / "configs"
    return sorted({*configs.glob("*.yaml")} - {*configs.glob("compare_*")} - {*configs.glob("sweep_*")})


def _yaml_case(number: int, rng: np.random.Generator, folder: Path) -> Case:
    text, tree = _page(number)
    data = mutated_yaml(text, tree, rng)
    path = folder / "configs" / "case.yaml"
    path.write_bytes(data)
    return Case(data, lambda: _described(path))


def _large_case(number: int, rng: np.random.Generator, folder: Path) -> Case:
    del rng
    page = LARGE[number % len(LARGE)]
    return Case(page.encode(), lambda: parse_any(page, name="page.yaml", folder=folder))


def _override_case(number: int, rng: np.random.Generator, folder: Path) -> Case:
    text, tree = _page(number)
    override = random_override(tree, rng)

    def read() -> object:
        return parse_any(text, name="page.yaml", folder=folder / "configs", overrides=[override])

    return Case(override.encode("utf-8", "surrogatepass"), read)


def _text_case(number: int, rng: np.random.Generator, folder: Path) -> Case:
    return _file_case("text", number, random_bytes(rng), folder)


def _notes_case(number: int, rng: np.random.Generator, folder: Path) -> Case:
    notes = random_notes(rng).encode() if rng.random() < 0.8 else random_bytes(rng)
    return _file_case("notes", number, notes, folder)


def _file_case(kind: Kind, number: int, data: bytes, folder: Path) -> Case:
    """Return the case of a data file. Every second file is read with a declared vocabulary."""
    (folder / "hostile").write_bytes(data)
    experiment = _experiment(kind, number % 2 == 1, folder)
    return Case(data, lambda: load_data(experiment))


def _seed_case(number: int, rng: np.random.Generator, folder: Path) -> Case:
    """Return the case of a seed. Every second seed is for a model of notes."""
    del folder
    kind: Kind = "notes" if number % 2 else "text"
    draw = rng.random()
    seed = random_notes(rng) if draw < 0.4 else random_text(rng)
    if draw > 0.6:
        seed = "".join(rng.choice(["a", "b", "c4 ", "g8 "], size=int(rng.integers(0, 20))))
    if draw > 0.8:
        seed = random_bytes(rng).decode("utf-8", "surrogateescape")  # as the command line decodes it
    vocabulary = Vocabulary(("c4", "g8", "<c e g>4") if number % 2 else tuple("abcé"), kind)
    return Case(seed.encode("utf-8", "surrogatepass"), lambda: seed_ids(seed, vocabulary))


def _page(number: int) -> tuple[str, Any]:
    """Return a shipped configuration, in turn, as text and as plain values."""
    pages = _pages()
    return pages[number % len(pages)]


@cache
def _load_libraries() -> None:
    """Describe every shipped configuration, so that the time of a case does not include loading libraries."""
    for path in shipped_pages():
        _described(path)


def _described(path: Path) -> object:
    """Do what `rnnlab describe` does with a YAML file, but download nothing."""
    experiment = read_any(path)
    if isinstance(experiment, TaskExperiment):
        return load_task_data(experiment)
    url = experiment.dataset.url or "file:"
    return describe(experiment) if url.lower().startswith("file:") else experiment


@cache
def _pages() -> list[tuple[str, Any]]:
    texts = [path.read_text(encoding="utf-8") for path in shipped_pages()]
    return [
        (text, read_tree(text, lambda line, column: Mark(0, line, column, "page")).value) for text in texts
    ]


@cache
def _experiment(kind: Kind, declared: bool, folder: Path) -> Experiment:
    page = _PAGE.format(kind=kind, vocabulary=_VOCABULARIES[kind] if declared else "")
    return parse_experiment(page, name="page.yaml", folder=folder)


KINDS: dict[str, Callable[[int, np.random.Generator, Path], Case]] = {
    "yaml": _yaml_case,
    "large": _large_case,
    "set": _override_case,
    "text": _text_case,
    "notes": _notes_case,
    "seed": _seed_case,
}
"""The function that makes the cases of each kind."""

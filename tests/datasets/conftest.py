"""Experiments and corpora as small as a test's idea."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rnnlab.config.reading import parse_any, parse_experiment
from rnnlab.config.schema import Experiment
from rnnlab.config.tasks import TaskExperiment
from rnnlab.datasets.corpus import Corpus
from rnnlab.datasets.vocabulary import Vocabulary


@pytest.fixture
def experiment(tmp_path: Path) -> Callable[..., Experiment]:
    """Makes an Experiment of the insides of its YAML sections; its files are looked for in `tmp_path`."""

    def parse(dataset: str = "kind: text, inline: abc", *, training: str = "", model: str = "") -> Experiment:
        text = (
            f"dataset: {{{dataset}}}\n"
            f"model: {{kind: lstm, units: 4, {model}}}\n"
            f"training: {{epochs: 1, {training}}}\n"
        )
        return parse_experiment(text, name="test.yaml", folder=tmp_path)

    return parse


@pytest.fixture
def task_experiment(tmp_path: Path) -> Callable[..., TaskExperiment]:
    """Makes a TaskExperiment of the insides of its YAML sections; its files are looked for in `tmp_path`."""

    def parse(dataset: str, *, model: str = "") -> TaskExperiment:
        text = f"dataset: {{{dataset}}}\nmodel: {{kind: lstm, units: 4, {model}}}\n"
        experiment = parse_any(text, name="test.yaml", folder=tmp_path)
        assert isinstance(experiment, TaskExperiment)
        return experiment

    return parse


@pytest.fixture
def numbered() -> Callable[..., Corpus]:
    """Makes a corpus whose sequences have the given lengths, and whose ids are 0, 1, 2, … throughout."""

    def make(*lengths: int) -> Corpus:
        tokens = sum(lengths)
        vocabulary = Vocabulary(tuple(map(chr, range(tokens))), "text")
        starts = np.cumsum([0, *lengths[:-1]])
        ids = np.arange(tokens, dtype=np.uint16)
        return Corpus(ids, starts, tuple(f"{n}.txt" for n in range(len(lengths))), vocabulary, sha256="")

    return make

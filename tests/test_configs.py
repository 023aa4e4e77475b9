"""Every experiment that ships loads, finds its data, and teaches."""

import os
from pathlib import Path
from typing import Any

import pytest

from rnnlab.config.comparison import read_comparison
from rnnlab.config.problems import LAYOUT
from rnnlab.config.reading import parse_experiment, read_experiment
from rnnlab.config.report import Mark
from rnnlab.config.schema import Experiment, FittedExperiment, NoSplit
from rnnlab.config.writing import write_experiment
from rnnlab.config.yaml_tree import read_tree
from rnnlab.datasets.corpus import Corpus, load_corpus
from rnnlab.datasets.loading import fitted
from rnnlab.models.architecture import architecture_of

CONFIGS = Path(__file__).parents[1] / "configs"

COMPARISONS = sorted(CONFIGS.glob("compare_*"))

every_config = pytest.mark.parametrize(
    "path", sorted(set(CONFIGS.iterdir()) - set(COMPARISONS)), ids=lambda path: path.name
)
every_page = pytest.mark.parametrize("path", sorted(CONFIGS.iterdir()), ids=lambda path: path.name)
every_comparison = pytest.mark.parametrize("path", COMPARISONS, ids=lambda path: path.name)

MOST_LINES = 50


def test_there_are_configs():
    """The tests below run over more than an empty folder."""
    assert len(list(CONFIGS.glob("*.yaml"))) > 10


@every_config
def test_a_config_loads_and_its_data_exists(path):
    """A config is valid, and each path in it names a file; where the text is downloaded, it says so."""
    experiment = read_experiment(path)

    assert [data for data in experiment.dataset.path or () if not data.is_file()] == []
    is_downloaded = experiment.dataset.url is not None
    assert is_downloaded == ("The text is not shipped" in path.read_text(encoding="utf-8"))


def test_a_text_that_one_has_takes_the_place_of_an_address(tmp_path):
    """The README and the benchmarks say so; nothing is downloaded then."""
    text = tmp_path / "tinyshakespeare.txt"

    dataset = read_experiment(CONFIGS / "shakespeare_lstm.yaml", [f"dataset.path={text}"]).dataset

    assert (dataset.path, dataset.url, dataset.sha256) == ((text,), None, None)


@every_config
def test_a_config_is_named_after_its_dataset_and_model(path):
    """`<dataset>_<model>.yaml`: what is trained can be told from the name."""
    experiment = read_experiment(path)

    dataset, _, model = path.stem.partition("_")

    assert path.suffix == ".yaml"
    assert dataset
    assert experiment.model.kind in model


@every_page
def test_a_config_is_one_page_that_says_what_to_expect(path):
    """A reader learns at the top what the experiment is and what result it gives."""
    lines = path.read_text(encoding="utf-8").splitlines()
    opening = lines[: next(number for number, line in enumerate(lines) if not line.startswith("#"))]

    assert len(lines) <= MOST_LINES
    assert any(line.startswith("# Expect:") for line in opening)


@every_config
def test_a_config_survives_being_written_out(path):
    """The resolved config of a run folder is the same experiment, every default included."""
    experiment = read_experiment(path)

    text = write_experiment(experiment, folder=CONFIGS)

    assert parse_experiment(text, name="config.yaml", folder=CONFIGS) == experiment


@every_config
def test_a_config_built_in_python_is_the_one_read_from_yaml(path, monkeypatch):
    """The sections as Python objects have the same defaults as the YAML, and make the same network."""
    monkeypatch.chdir(CONFIGS)
    values = read_tree(path.read_text(encoding="utf-8"), lambda *place: Mark(0, *place, path.name)).value

    built, read = in_python(values), read_experiment(path)

    assert built == read
    vocab_size = read.model.units[-1]  # what a network without a head needs
    assert network(built, vocab_size) == network(read, vocab_size)


@every_config
def test_a_config_is_fitted_alike_from_python_and_from_yaml(path, monkeypatch):
    """On the same data both become one fitted experiment, and its YAML leaves nothing to the data."""
    monkeypatch.chdir(CONFIGS)
    values = read_tree(path.read_text(encoding="utf-8"), lambda *place: Mark(0, *place, path.name)).value
    read = read_experiment(path)
    corpus = small_corpus(read)

    of_python, of_yaml = fitted(in_python(values), corpus), fitted(read, corpus)

    assert of_python == of_yaml
    complete, notes = of_yaml
    assert isinstance(complete, FittedExperiment)
    assert bool(notes) == bool(read.left_to_data)
    written = parse_experiment(write_experiment(complete, folder=CONFIGS), name="config.yaml", folder=CONFIGS)
    assert FittedExperiment.of(written) == complete


@pytest.mark.parametrize(
    ("text", "defaults"),
    [
        (
            "{dataset: {kind: text, inline: abc, encoding: embedding}, model: {kind: lstm, units: 4}}",
            (32, 1.0, 30.0),
        ),
        (
            "{dataset: {kind: text, path: a.txt, encoding: embedding},"
            " model: {kind: gru, units: [8, 4], tie_weights: true}}",
            (4, 1.0, 30.0),
        ),
        (
            "{dataset: {kind: notes, path: [b.mid, tunes], split: {kind: files, validation: c.mid}},"
            " model: {kind: lstm, units: 4}, training: {batching: windows}}",
            (None, 0.0, 30.0),
        ),
        (
            "{dataset: {kind: text, inline: abc}, model: {kind: lstm, units: 4},"
            " training: {checkpoint: {every_epochs: 2}, schedule: {kind: plateau}}, generation: {top_k: 3}}",
            (None, 1.0, None),
        ),
    ],
)
def test_what_depends_on_other_sections_has_the_same_default_in_python(text, defaults, tmp_path, monkeypatch):
    """Embedding size, temperature, interval of checkpoints, and paths, which are made absolute."""
    monkeypatch.chdir(tmp_path)

    built = in_python(read_tree(text, lambda *place: Mark(0, *place, "test.yaml")).value)

    assert built == parse_experiment(text, name="test.yaml", folder=tmp_path)
    seconds = built.training.checkpoint.every_seconds
    assert (built.dataset.embedding_size, built.generation.temperature, seconds) == defaults
    assert all(os.path.isabs(each) for paths in built.dataset.files.values() for each in paths)


@every_comparison
def test_a_comparison_lists_configs_that_ship_and_says_how_long_each_is_trained(path):
    """What it compares is in the same folder, and has one budget."""
    page, configs = read_comparison(path)

    assert [config for config in configs if config.parent != CONFIGS or not config.is_file()] == []
    assert (page.epochs is None) != (page.seconds is None)


def in_python(values: Any, place: tuple[str, ...] = ()) -> Any:
    """What someone writes in Python for the values of a YAML: an object for each section."""
    if place not in LAYOUT or not isinstance(values, dict):
        return values
    section = LAYOUT[place].kinds[values.get(LAYOUT[place].tag, "")]
    return section(**{key: in_python(value, (*place, key)) for key, value in values.items()})


def small_corpus(experiment: Experiment) -> Corpus:
    """Two thousand tokens of the kind of data that an experiment reads."""
    text = "c4 d4 e4 f4\n" * 500 if experiment.dataset.kind == "notes" else "abc\n" * 500
    others = {"path": None, "url": None, "sha256": None, "vocabulary": None, "split": NoSplit()}
    return load_corpus(experiment.dataset.model_copy(update={**others, "inline": text}))


def network(experiment: Experiment, vocab_size: int) -> list[Any]:
    """The layers of a network, each with its cell, and what is dropped."""
    architecture = architecture_of(experiment, vocab_size)
    layers = [(layer.name, layer.output_shape, layer.weights) for layer in architecture.layers]
    return [layers, [type(layer.cell) for layer in architecture.recurrent], architecture.dropout]

"""Every experiment that ships loads, finds its data, and teaches."""

import os
from pathlib import Path
from typing import Any

import pytest

from rnnlab.comparison.candidates import read_experiments
from rnnlab.config.comparison import read_comparison
from rnnlab.config.places import layout_of
from rnnlab.config.reading import parse_any, parse_experiment, read_any, read_experiment
from rnnlab.config.report import Mark
from rnnlab.config.schema import Experiment, FittedExperiment, NoSplit
from rnnlab.config.sweep import read_sweep
from rnnlab.config.task_data import GENERATED_TASKS, RowsDataset
from rnnlab.config.tasks import TaskExperiment
from rnnlab.config.writing import write_experiment
from rnnlab.config.yaml_tree import read_tree
from rnnlab.datasets.corpus import Corpus, load_corpus
from rnnlab.datasets.loading import fitted
from rnnlab.datasets.task_loading import load_task_data
from rnnlab.models.architecture import architecture_of
from rnnlab.reports.task_description import architecture_of_task
from rnnlab.sweeps.space import first_guess

CONFIGS = Path(__file__).parents[1] / "configs"

COMPARISONS = sorted(CONFIGS.glob("compare_*"))
SWEEPS = sorted(CONFIGS.glob("sweep_*"))
SINGLE = sorted(set(CONFIGS.iterdir()) - set(COMPARISONS) - set(SWEEPS))
OF_TASKS = [path for path in SINGLE if isinstance(read_any(path), TaskExperiment)]

every_config = pytest.mark.parametrize("path", SINGLE, ids=lambda path: path.name)
next_token_config = pytest.mark.parametrize(
    "path", sorted(set(SINGLE) - set(OF_TASKS)), ids=lambda path: path.name
)
task_config = pytest.mark.parametrize("path", OF_TASKS, ids=lambda path: path.name)
every_page = pytest.mark.parametrize("path", sorted(CONFIGS.iterdir()), ids=lambda path: path.name)
every_sweep = pytest.mark.parametrize("path", SWEEPS, ids=lambda path: path.name)
every_comparison = pytest.mark.parametrize("path", COMPARISONS, ids=lambda path: path.name)

MOST_LINES = 50


def test_there_are_configs():
    """The tests below run over more than an empty folder."""
    assert len(list(CONFIGS.glob("*.yaml"))) > 10


@every_config
def test_a_config_loads_and_its_data_exists(path):
    """A config is valid, and each path in it names a file; where the text is downloaded, it says so."""
    dataset = read_any(path).dataset

    assert [data for paths in dataset.files.values() for data in paths if not data.is_file()] == []
    is_downloaded = getattr(dataset, "url", None) is not None
    assert is_downloaded == ("The text is not shipped" in path.read_text(encoding="utf-8"))


def test_a_text_that_one_has_takes_the_place_of_an_address(tmp_path):
    """The README and the benchmarks say so; nothing is downloaded then."""
    text = tmp_path / "tinyshakespeare.txt"

    dataset = read_experiment(CONFIGS / "shakespeare_lstm.yaml", [f"dataset.path={text}"]).dataset

    assert (dataset.path, dataset.url, dataset.sha256) == ((text,), None, None)


@next_token_config
def test_a_config_is_named_after_its_dataset_and_model(path):
    """`<dataset>_<model>.yaml`: what is trained can be told from the name."""
    experiment = read_experiment(path)

    dataset, _, model = path.stem.partition("_")

    assert path.suffix == ".yaml"
    assert dataset
    assert experiment.model.kind in model


@task_config
def test_a_config_of_a_task_is_named_after_its_data_and_task(path):
    """`<dataset>_<task>`; of a task that shows what a cell can do, `<name>_<model>`."""
    experiment = read_any(path)
    name, _, kind = path.stem.partition("_")

    if not isinstance(experiment.dataset, RowsDataset):
        assert name == experiment.dataset.name
        assert kind in (experiment.task, experiment.model.kind)
    else:
        assert path.stem.endswith(experiment.task)


def test_each_task_and_each_generated_dataset_has_a_config():
    """The configs together show all that can be chosen."""
    experiments = [read_any(path) for path in OF_TASKS]
    names = {getattr(each.dataset, "name", "") for each in experiments} - {""}

    assert {each.task for each in experiments} == {"label", "tags", "pairs", "from_label"}
    assert names == set(GENERATED_TASKS)


@task_config
def test_the_parts_that_a_task_is_measured_on_have_no_input_of_the_training_part(path):
    """The data that ships loads, with a validation and a test part, and makes a network."""
    data = load_task_data(read_any(path))
    examples = data.examples

    trained = {examples.texts[number] for number in examples.parts["train"]}
    held_out = {examples.texts[n] for part in ("validation", "test") for n in examples.parts[part]}
    assert held_out
    assert not held_out & trained
    assert architecture_of_task(data).parameters > 0


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
    experiment = read_any(path)

    text = write_experiment(experiment, folder=CONFIGS)

    assert parse_any(text, name="config.yaml", folder=CONFIGS) == experiment


@every_config
def test_a_config_built_in_python_is_the_one_read_from_yaml(path, monkeypatch):
    """The sections as Python objects have the same defaults as the YAML, and make the same network."""
    monkeypatch.chdir(CONFIGS)
    values = read_tree(path.read_text(encoding="utf-8"), lambda *place: Mark(0, *place, path.name)).value

    built, read = in_python(values), read_any(path)

    assert built == read
    if isinstance(read, Experiment):
        vocab_size = read.model.units[-1]  # what a network without a head needs
        assert network(built, vocab_size) == network(read, vocab_size)


@next_token_config
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
    page, candidates = read_comparison(path)

    configs = [each.path for each in candidates]
    assert [config for config in configs if config.parent != CONFIGS or not config.is_file()] == []
    assert (page.epochs is None) != (page.seconds is None)
    assert len(read_experiments(candidates, epochs=page.epochs)) == len(configs)


@every_sweep
def test_a_sweep_varies_a_config_that_ships(path):
    """Its first trial has the settings of this config, and it has a budget of trials."""
    plan = read_sweep(path)

    assert (CONFIGS / plan.page.sweep).is_file()
    assert first_guess(plan) is not None
    assert plan.page.trials


@pytest.mark.parametrize("name", ["parity", "copy", "adding", "brackets"])
def test_a_comparison_of_cells_has_each_cell_under_its_name(name):
    """On one exercise, with the lengths at which it is tested."""
    _, candidates = read_comparison(CONFIGS / f"compare_{name}.yaml")
    experiments = {each.name: read_any(each.path, each.settings) for each in candidates}

    assert [*experiments] == [each.model.kind for each in experiments.values()]
    assert [*experiments] == ["simple_rnn", "gru", "lstm"]
    assert {each.dataset.name for each in experiments.values()} == {name}
    assert {each.dataset.test_lengths for each in experiments.values()} == {(20, 40, 100)}


def in_python(values: Any) -> Any:
    """What someone writes in Python for the values of a YAML: an object for each section."""
    layout = layout_of(values)

    def section(values: Any, place: tuple[str, ...] = ()) -> Any:
        if place not in layout or not isinstance(values, dict):
            return values
        kind = layout[place].kinds[layout[place].kind_in(values)]
        return kind(**{key: section(value, (*place, key)) for key, value in values.items()})

    return section(values)


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

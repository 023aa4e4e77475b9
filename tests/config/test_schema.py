"""The schema: what contradicts itself, what every key means, and Keras' own defaults."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rnnlab.config.places import LAYOUT, TASK_LAYOUTS
from rnnlab.config.reading import parse_experiment
from rnnlab.config.schema import Experiment, json_schema
from rnnlab.errors import ConfigError

TEXT = "kind: text, inline: abc"
LSTM = "kind: lstm, units: 4"
WINDOWS = "batching: windows"
DIGEST = "ab" * 32


def parse(
    dataset: str = TEXT, model: str = LSTM, training: str = WINDOWS, evaluation: str = "every: 1"
) -> Experiment:
    """The experiment of the insides of four sections."""
    text = f"dataset: {{{dataset}}}\nmodel: {{{model}}}\ntraining: {{{training}}}\n"
    text += f"evaluation: {{{evaluation}}}\n"
    return parse_experiment(text, name="song.yaml", folder=Path("/corpora"))


@pytest.mark.parametrize(
    ("sections", "line"),
    [
        ({"dataset": "kind: text"}, "1:10: dataset: expected one of path, inline and url, received none"),
        (
            {"dataset": f"{TEXT}, path: a"},
            "1:10: dataset: expected one of path, inline and url, received path and inline",
        ),
        (
            {"dataset": f"kind: text, url: 'https://example.org/a.txt', path: a, sha256: {DIGEST}"},
            "1:10: dataset: expected one of path, inline and url, received path and url",
        ),
        (
            {"dataset": "kind: text, url: 'https://example.org/a.txt'"},
            "1:1: dataset.sha256: missing; a url needs the digest of its file, as `sha256sum FILE` prints it",
        ),
        (
            {"dataset": f"{TEXT}, sha256: {DIGEST}"},
            "1:44: dataset.sha256: belongs to dataset.url, which is missing; leave dataset.sha256 out",
        ),
        (
            {"dataset": f"{TEXT}, embedding_size: 3"},
            "1:52: dataset.embedding_size: needs encoding: embedding, received one_hot; leave"
            " embedding_size out",
        ),
        (
            {"dataset": f"{TEXT}, split: {{kind: contiguous, validation: 0.5, test: 0.5}}"},
            "1:43: dataset.split: validation and test take 1 of the data, expected less than 1;"
            " make one of them smaller",
        ),
        (
            {"dataset": f"{TEXT}, split: {{kind: stratified_shuffle, splits: 2, use: 2}}"},
            "1:86: dataset.split.use: expected less than splits, which is 2, received 2",
        ),
        (
            {"dataset": f"{TEXT}, split: {{kind: stratified_shuffle}}", "model": f"{LSTM}, stateful: true"},
            "1:50: dataset.split.kind: windows drawn at random cannot carry a state; set kind: contiguous",
        ),
        (
            {"dataset": f"{TEXT}, target: next", "training": "batching: stream"},
            "1:44: dataset.target: a stream predicts the token after each step; set target: shifted,"
            " or batching: windows",
        ),
        (
            {"model": "kind: mlp, units: 4"},
            "1:1: dataset.target: an mlp predicts one token for a whole window; set target: next",
        ),
        (
            {"dataset": f"{TEXT}, target: next", "model": "kind: mlp, units: 4", "training": "epochs: 1"},
            "3:1: training.batching: an mlp has no state and reads whole windows; set batching: windows",
        ),
        (
            {"training": "batching: stream, shuffle: true"},
            "3:39: training.shuffle: a stream is read in order; set shuffle: false, or batching: windows",
        ),
        (
            {"evaluation": "split: validation"},
            "4:21: evaluation.split: the data has no validation part; leave evaluation.split out,"
            " or set dataset.split",
        ),
        (
            {
                "dataset": f"{TEXT}, split: {{kind: contiguous}}",
                "evaluation": "split: test",
            },
            "4:21: evaluation.split: the data has no test part; leave evaluation.split out, or set"
            " dataset.split: {kind: contiguous, test: 0.1}",
        ),
        (
            {
                "dataset": f"{TEXT}, split: {{kind: contiguous}}",
                "training": f"{WINDOWS}, epochs: 3",
                "evaluation": "every: 5",
            },
            "4:21: evaluation.every: expected at most training.epochs, which is 3, received 5: training would"
            " end before its first validation; set a smaller evaluation.every, or more epochs",
        ),
        (
            {"model": f"{LSTM}, stateful: true", "training": f"{WINDOWS}, shuffle: true"},
            "3:40: training.shuffle: with model.stateful, windows are read in order; set shuffle: false,"
            " or stateful: false",
        ),
        (
            {"model": f"{LSTM}, variational_dropout: true"},
            "2:52: model.variational_dropout: has no effect without dropout; set dropout or input_dropout,"
            " or leave this setting out",
        ),
        (
            {"model": "kind: lstm, units: [4, 5], residual: true"},
            "2:46: model.residual: expected several layers of the same units, received [4, 5]; change"
            " model.units, or leave model.residual out",
        ),
        (
            {"model": f"{LSTM}, residual: true"},
            "2:41: model.residual: expected several layers of the same units, received [4]; change"
            " model.units, or leave model.residual out",
        ),
        (
            {"model": f"{LSTM}, peephole: true, layer_norm: true"},
            "2:59: model.layer_norm: works only in the plain LSTM; leave out peephole and coupled_gates,"
            " or layer_norm",
        ),
        (
            {"model": "kind: gru, units: 4, reset_after: false, layer_norm: true"},
            "2:62: model.layer_norm: works only with reset_after: true; set reset_after: true, or"
            " leave layer_norm out",
        ),
        (
            {"model": f"{LSTM}, tie_weights: true"},
            "2:44: model.tie_weights: needs dataset.encoding: embedding, received one_hot; set encoding:"
            " embedding, or leave tie_weights out",
        ),
        (
            {
                "dataset": f"{TEXT}, encoding: embedding",
                "model": "kind: lstm, units: 3, head: none, tie_weights: true",
            },
            "2:56: model.tie_weights: there is no head to share the embedding with; set head: dense,"
            " or leave tie_weights out",
        ),
        (
            {
                "dataset": f"{TEXT}, encoding: embedding, embedding_size: 3",
                "model": f"{LSTM}, tie_weights: true",
            },
            "1:73: dataset.embedding_size: expected 4, the units of the last layer, because the"
            " embedding is also the head,"
            " received 3; leave embedding_size or model.tie_weights out",
        ),
        (
            {
                "dataset": f"{TEXT}, encoding: embedding",
                "model": "kind: lstm, units: 1025, tie_weights: true",
            },
            "2:47: model.tie_weights: expected at most 1,024 units in the last layer, the largest embedding,"
            " received 1,025; use fewer units, or leave tie_weights out",
        ),
        (
            {"model": "kind: lstm, units: [16384, 16384]"},
            "2:28: model.units: expected at most 500,000,000 weights, received about 3,221,291,008;"
            " use fewer units",
        ),
        (
            {"model": "kind: gru, units: [16384, 16384]"},
            "2:27: model.units: expected at most 500,000,000 weights, received about 2,415,968,256;"
            " use fewer units",
        ),
        (
            {"model": "kind: lstm, coupled_gates: true, units: 16384"},
            "2:49: model.units: expected at most 500,000,000 weights, received about 805,355,520;"
            " use fewer units",
        ),
        (
            {
                "dataset": f"{TEXT}, target: next, encoding: embedding, embedding_size: 1024, window: 4096",
                "model": "kind: mlp, units: [128, 1]",
            },
            "2:27: model.units: expected at most 500,000,000 weights, received about 536,871,040;"
            " use fewer units, or a smaller dataset.window",
        ),
        (
            {"training": "schedule: {kind: exponential, decay_rate: 1, decay_steps: 3000000000}"},
            "3:70: training.schedule.decay_steps: expected at most 2,147,483,647, received 3000000000",
        ),
        (
            {"training": "schedule: {kind: plateau, factor: 1.0}"},
            "3:46: training.schedule.factor: expected less than 1, received 1.0",
        ),
        (
            {"training": "schedule: {kind: plateau, patience: 5}, early_stopping: {patience: 5}"},
            "3:79: training.early_stopping.patience: expected more than schedule.patience, which is 5,"
            " received 5: training would end before the rate falls; set a larger patience",
        ),
        (
            {"training": "samples: {every_epochs: 5}"},
            "3:21: training.samples: no seed to start from; set training.samples.seed, or generation.seed",
        ),
        (
            {"training": "early_stopping: {patience: 0}"},
            "3:39: training.early_stopping.patience: expected 1 or more, received 0",
        ),
        (
            {"training": "early_stopping: {min_delta: 0.1}"},
            "3:12: training.early_stopping.patience: missing; expected: Number of measurements without a"
            " lower loss after which training ends. A measurement is a validation, or an epoch if there is no"
            " validation part.",
        ),
        (
            {"training": "early_stopping: {patience: 3, min_detla: 0.1}"},
            "3:42: training.early_stopping.min_detla: unknown key; did you mean 'min_delta'?",
        ),
        (
            {"training": f"{WINDOWS}, batch_size: 65536", "model": "kind: lstm, units: 128"},
            "3:43: training.batch_size: batch_size × window × units is 536,870,912,"
            " expected at most 268,435,456; make one smaller",
        ),
    ],
)
def test_settings_that_contradict_each_other_are_refused(sections, line):
    """Before any data is read or anything is allocated, with the settings that would do."""
    with pytest.raises(ConfigError) as caught:
        parse(**sections)

    assert str(caught.value) == f"song.yaml:{line}"


def test_the_weights_are_those_of_the_kind_of_cell():
    """A simple recurrent layer has a quarter of the weights of an LSTM: 16,384 units are not too many."""
    assert parse(model="kind: simple_rnn, units: 16384").model.units == (16384,)


def test_all_contradictions_are_said_at_once():
    """A reader mends them together."""
    with pytest.raises(ConfigError) as caught:
        parse("kind: text", "kind: mlp, units: 4", "batching: stream")

    assert [line.split(": ")[1] for line in str(caught.value).splitlines()] == [
        "dataset.target",
        "dataset",
        "training.batching",
    ]


def test_an_experiment_with_another_section_is_checked_as_a_new_one():
    """Sections that are replaced one by one may contradict those that stay."""
    experiment = parse()

    assert experiment.replaced(training=parse(training=f"{WINDOWS}, epochs: 7").training).training.epochs == 7
    with pytest.raises(ConfigError) as caught:
        experiment.replaced(
            model=parse(f"{TEXT}, target: next", "kind: mlp, units: 4").model,
            training=parse(training="batching: stream").training,
        )

    assert [line.split(": ")[0] for line in str(caught.value).splitlines()] == [
        "training.batching",
        "dataset.target",
    ]


@pytest.mark.parametrize(
    ("model", "batching", "regime"),
    [
        ("kind: lstm, units: 4", "windows", "windows"),
        ("kind: gru, units: 4, stateful: true", "windows", "stateful_windows"),
        ("kind: gru, units: 4, stateful: true", "stream", "stream"),
        ("kind: gru, units: 4", "stream", "stream"),
    ],
)
def test_the_regime_follows_from_batching_and_state(model, batching, regime):
    """The table of three regimes."""
    assert parse(model=model, training=f"batching: {batching}").regime == regime


def _properties(schema: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every property in a JSON Schema, with its path."""
    if isinstance(schema, dict):
        for name, value in schema.get("properties", {}).items():
            yield f"{path}.{name}", value
        for name, value in schema.items():
            yield from _properties(value, f"{path}.{name}")
    elif isinstance(schema, list):
        for number, value in enumerate(schema):
            yield from _properties(value, f"{path}.{number}")


def test_every_key_of_the_schema_has_a_description():
    """An editor can say what a key means and in what unit."""
    schema = json_schema()
    properties = list(_properties(schema["$defs"]))

    def description(value: dict[str, Any]) -> str:
        """Its own, or that of the section that it refers to."""
        section = schema["$defs"].get(value.get("$ref", "").rpartition("/")[2], {})
        return value.get("description") or section.get("description", "")

    assert len(properties) > 100
    assert [path for path, value in properties if len(description(value)) < 4] == []


def test_the_schema_refuses_unknown_keys_in_every_section():
    """An editor marks a key that rnnlab would refuse."""
    schema = json_schema()
    sections = schema["$defs"].values()

    assert [
        section["title"] for section in sections if section.get("additionalProperties") is not False
    ] == []


def test_every_kind_of_the_schema_is_known_to_the_messages():
    """What messages say of kinds and keys is of the schema's own classes."""
    places = [place for layout in (LAYOUT, *TASK_LAYOUTS.values()) for place in layout.values()]
    named = {section.__name__ for place in places for section in place.kinds.values()}

    assert named == json_schema()["$defs"].keys()
    for place in places:
        for name, section in place.kinds.items():
            properties = section.model_json_schema()["properties"]
            tag = "kind" if name == "generated" else place.tag
            assert not place.tag or properties[tag]["const"] == name


@pytest.mark.parametrize("name", LAYOUT["training", "optimizer"].kinds)
def test_an_optimizer_that_is_only_named_is_keras_own(name):
    """Leaving a setting out means what it means in Keras; and Keras takes every setting there is."""
    import keras

    ours = LAYOUT["training", "optimizer"].kinds[name](name=name).model_dump(exclude={"name"})
    theirs = {**keras.optimizers.get(name).get_config()}

    assert {key: theirs[key] for key in ours} == pytest.approx(ours)


@pytest.mark.parametrize(
    ("split", "training", "every"),
    [
        ("{kind: contiguous}", "batching: windows, epochs: 5", 5),
        ("{kind: none}", "batching: windows, epochs: 3", 5),
        ("{kind: contiguous, validation: 0, test: 0.1}", "batching: windows, epochs: 3", 5),
        ("{kind: contiguous}", "batching: stream", 50),
    ],
)
def test_epochs_between_validations_may_be_more_where_none_is_missed(split, training, every):
    """As many as there are; any number where nothing is validated, or where the data chooses the epochs."""
    experiment = parse(f"{TEXT}, split: {split}", training=training, evaluation=f"every: {every}")

    assert experiment.evaluation.every == every

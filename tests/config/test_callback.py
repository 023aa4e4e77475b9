"""`training.callbacks`: names, and names with arguments; what is wrong with one is said with its place."""

import json
from pathlib import Path

import pytest

from rnnlab.config.callback import CallbackSettings
from rnnlab.config.reading import parse_experiment, places_named
from rnnlab.config.schema import Experiment, Training, json_schema
from rnnlab.config.writing import write_experiment
from rnnlab.errors import ConfigError, TrainingError

PAGE = "dataset: {kind: text, inline: abcabc}\nmodel: {kind: lstm, units: 1}\ntraining:\n  callbacks: "


def read(callbacks: str, *overrides: str) -> Experiment:
    return parse_experiment(PAGE + callbacks, name="song.yaml", folder=Path("/pages"), overrides=overrides)


def refusal(callbacks: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read(callbacks)
    return str(caught.value)


@pytest.mark.parametrize(
    ("callbacks", "expected"),
    [
        ("a.b:C", [("a.b:C", {})]),
        ("[a:B, c:D]", [("a:B", {}), ("c:D", {})]),
        ("{class: a:B}", [("a:B", {})]),
        ("{class: a:B, arguments: {}}", [("a:B", {})]),
        (
            "[a:B, {class: keras.callbacks:CSVLogger, arguments: {filename: log.csv, append: true}}]",
            [("a:B", {}), ("keras.callbacks:CSVLogger", {"filename": "log.csv", "append": True})],
        ),
        (
            "{class: a:B, arguments: {rate: 1e-3, none: null, many: [1, x, {1: '~', <: no}]}}",
            [("a:B", {"rate": 1e-3, "none": None, "many": [1, "x", {"1": "~", "<": "no"}]})],
        ),
        ("[]", []),
    ],
)
def test_a_callback_is_a_name_or_a_name_with_arguments(callbacks, expected):
    """One, or a list of them; in the file or in a `--set`; written out and read back it is the same."""
    experiment = read(callbacks)

    assert [(each.name, each.arguments) for each in experiment.training.callbacks] == expected
    assert read("[]", f"training.callbacks={callbacks}") == experiment
    written = write_experiment(experiment, folder=Path("/pages"))
    assert parse_experiment(written, name="config.yaml", folder=Path("/elsewhere")) == experiment
    assert json.loads(json.dumps(experiment.model_dump(mode="json"))) == experiment.model_dump(mode="json")


def test_one_without_arguments_is_written_as_its_name():
    """So that configurations and checkpoints of an earlier rnnlab say the same."""
    experiment = read("[a:B, {class: c:D, arguments: {x: null}}, {class: e:F}]")

    assert experiment.model_dump(mode="json")["training"]["callbacks"] == [
        "a:B",
        {"class": "c:D", "arguments": {"x": None}},
        "e:F",
    ]


def test_an_experiment_in_python_takes_the_same():
    """Names, dicts and records; tuples become lists."""
    training = Training(
        callbacks=("a:B", {"class": "c:D", "arguments": {"x": (1, 2)}}, CallbackSettings(name="e:F"))
    )

    assert [each.name for each in training.callbacks] == ["a:B", "c:D", "e:F"]
    assert training.callbacks[1].arguments == {"x": [1, 2]}


@pytest.mark.parametrize(
    ("callbacks", "line"),
    [
        ("3", "4:14: training.callbacks: expected package.module:Class, received 3"),
        ("[[a:B]]", "4:15: training.callbacks.0: expected package.module:Class, received ['a:B']"),
        ("[a:B, .c:D]", "4:20: training.callbacks.1: expected package.module:Class, received '.c:D'"),
        ("[a:B, b..c:D]", "4:20: training.callbacks.1: expected package.module:Class, received 'b..c:D'"),
        (
            "my.Stop",
            "4:14: training.callbacks: expected package.module:Class, received 'my.Stop';"
            " did you mean 'my:Stop'?",
        ),
        (
            "my.py:Stop",
            "4:14: training.callbacks: expected package.module:Class, received 'my.py:Stop';"
            " did you mean 'my:Stop'?",
        ),
        (
            "'my:Stop '",
            "4:14: training.callbacks: expected package.module:Class, received 'my:Stop ';"
            " did you mean 'my:Stop'?",
        ),
        ("[{clas: a:B}]", "4:16: training.callbacks.0.clas: unknown key; did you mean 'class'?"),
        ("[{class: a:B, x: 1}]", "4:28: training.callbacks.0.x: unknown key; there are class and arguments"),
        ("{class: a:B, args: 1}", "4:27: training.callbacks.args: unknown key; did you mean 'arguments'?"),
        ("[{class: 3}]", "4:23: training.callbacks.0.class: expected package.module:Class, received 3"),
        (
            "[{arguments: {x: 1}}]",
            "4:3: training.callbacks.0.class: missing; expected: the class, package.module:Class",
        ),
        (
            "[{class: a:B, arguments: [1]}]",
            "4:39: training.callbacks.0.arguments: expected a section (names and values), received [1];"
            " leave the key out if there are no arguments",
        ),
        (
            "[{class: a:B, arguments: {2x: 1}}]",
            "4:40: training.callbacks.0.arguments.2x: expected the name of an argument, received '2x'",
        ),
        (
            "[{class: a:B, arguments: {x: {y: [1e999]}}}]",
            "4:47: training.callbacks.0.arguments.x.y: expected a finite number, received inf",
        ),
    ],
)
def test_what_is_wrong_is_said_at_its_place(callbacks, line):
    """One line, with the key in the callback that is wrong."""
    assert refusal(callbacks) == f"song.yaml:{line}"


def test_two_wrong_callbacks_are_two_lines():
    """Everything that is wrong is said at once."""
    assert len(refusal("[{clas: a:B}, {class: c:D, arguments: 3}, e:F]").splitlines()) == 2


def test_what_is_no_value_of_yaml_is_refused_in_python():
    """A function cannot be written into the run's configuration."""
    with pytest.raises(ValueError, match="expected a value that YAML has, received function"):
        Training(callbacks=({"class": "a:B", "arguments": {"x": read}},))


@pytest.mark.parametrize(
    ("callbacks", "line", "placed"),
    [
        ("[a:B, c:D]", "training.callbacks.1: no", "song.yaml:4:20: training.callbacks.1: no"),
        ("c:D", "training.callbacks.0: no", "song.yaml:4:14: training.callbacks: no"),
        (
            "[{class: a:B, arguments: {x: 1}}]",
            "training.callbacks.0.arguments.x: no",
            "song.yaml:4:43: training.callbacks.0.arguments.x: no",
        ),
        (
            "{class: a:B, arguments: {x: 1}}",
            "training.callbacks.0.arguments.x: no",
            "song.yaml:4:42: training.callbacks.arguments.x: no",
        ),
    ],
)
def test_what_only_the_import_shows_gets_its_place_too(tmp_path, callbacks, line, placed):
    """`train` adds the place in the YAML to the line of a callback that cannot be made."""
    (tmp_path / "song.yaml").write_text(PAGE + callbacks)

    with pytest.raises(TrainingError) as caught, places_named(tmp_path / "song.yaml"):
        raise TrainingError(line)

    assert str(caught.value) == f"{tmp_path}/{placed}"


def test_the_json_schema_has_both_forms():
    """For an editor: a name, a section, or a list of either."""
    schema = json_schema()["$defs"]["Training"]["properties"]["callbacks"]
    name, section, several = schema["anyOf"]

    assert name["type"] == "string"
    assert (section["required"], set(section["properties"])) == (["class"], {"class", "arguments"})
    assert several["items"] == {"anyOf": [name, section]}

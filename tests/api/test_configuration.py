"""`load_config`: a file or a text, and settings as text or as values."""

from pathlib import Path

import numpy as np
import pytest

import rnnlab

TEXT = """
dataset: {kind: text, inline: if you want to build a ship, window: 5, target: shifted}
model: {kind: gru, units: 5}
"""


def test_a_file_and_its_text_are_the_same_experiment(tmp_path, monkeypatch):
    """As long as no path is in it, which would be relative to the file."""
    monkeypatch.chdir(tmp_path)
    Path("page.yaml").write_text(TEXT)

    assert (
        rnnlab.load_config("page.yaml") == rnnlab.load_config(Path("page.yaml")) == rnnlab.load_config(TEXT)
    )


def test_a_text_on_one_line_is_a_text():
    """It begins with a brace, as no file's name does that one would give."""
    experiment = rnnlab.load_config(
        "{dataset: {kind: text, inline: abc, window: 1}, model: {kind: gru, units: 2}}"
    )

    assert experiment.model.units == (2,)


def test_settings_are_text_or_values():
    """Those that are values come last."""
    experiment = rnnlab.load_config(
        TEXT,
        "model.units=7",
        "training.epochs=3",
        set={"model.units": [8, 9], "training.batch_size": np.int64(2)},
    )

    assert experiment.model.units == (8, 9)
    assert (experiment.training.epochs, experiment.training.batch_size) == (3, 2)


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "no",
        "1e5",
        "a: b, [c] # d",
        "? x",
        "x\ny",
        "\x85\x7f",
        "😀 나비야",
        "'\"",
        "g8 " * 300 + "g8",
    ],
)
def test_a_text_is_taken_as_it_is(text):
    """Whatever it would be in YAML."""
    assert rnnlab.load_config(TEXT, set={"dataset.inline": text}).dataset.inline == text


def test_a_path_is_relative_to_the_working_folder(tmp_path, monkeypatch):
    """As for `--set`; and it takes the place of what the text has."""
    monkeypatch.chdir(tmp_path)

    dataset = rnnlab.load_config(TEXT, set={"dataset.path": Path("my.txt")}).dataset

    assert (dataset.path, dataset.inline) == ((tmp_path / "my.txt",), None)


def test_what_cannot_be_is_a_config_error():
    """With every line; each begins with the key, since Python has no flags."""
    with pytest.raises(rnnlab.ConfigError) as caught:
        rnnlab.load_config(TEXT, set={"model.units": -1, "training.epoch": 2})

    assert str(caught.value) == (
        "model.units: expected 1 or more, received -1\ntraining.epoch: unknown key; did you mean 'epochs'?"
    )


def test_what_yaml_has_not_is_a_type_error():
    """It is no setting of anything."""
    with pytest.raises(TypeError, match="expected a value that YAML has, such as 256, received object"):
        rnnlab.load_config(TEXT, set={"model.units": object()})

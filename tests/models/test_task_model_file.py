"""The model file of a task with examples: what is saved is what is loaded, and damage is refused."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rnnlab.datasets.task_loading import load_task_data
from rnnlab.errors import ModelFileError
from rnnlab.models.model_file import TrainedTask, load_any_model, load_model, save_model
from rnnlab.models.task_architecture import task_architecture_of
from tests.forging import forge, with_header
from tests.task_experiments import EXPERIMENTS, LABEL, TAGS, task_experiment
from tests.task_networks import network

FIELDS = ["config", "vocabulary", "targets", "characters"]


def trained_task(text: str, *overrides: str) -> TrainedTask:
    """The model of a YAML text with random weights."""
    experiment = task_experiment(text, *overrides)
    examples = load_task_data(experiment).examples
    characters = examples.words.spelled.tokens.tokens if examples.words else ()
    tokens, targets = examples.inputs.tokens.tokens, examples.targets.tokens.tokens
    model = TrainedTask(experiment, tokens, targets, characters, {}, examples.sha256)
    rng = np.random.default_rng(0)
    shapes = task_architecture_of(experiment, model.sizes).weight_shapes()
    drawn = {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    return dataclasses.replace(model, weights=drawn)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A good model file with words and characters."""
    save_model(tmp_path / "model.safetensors", trained_task(TAGS))
    return tmp_path / "model.safetensors"


def refusal(path: Path) -> str:
    """What loading a file says, in one line, without its path."""
    with pytest.raises(ModelFileError) as caught:
        load_any_model(path)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"{path}: ")
    return message.removeprefix(f"{path}: ")


@pytest.mark.parametrize("task", EXPERIMENTS)
def test_what_is_saved_is_what_is_loaded(tmp_path: Path, task: str) -> None:
    """Experiment, vocabularies, weights to the bit, and the digest of the data."""
    model = trained_task(EXPERIMENTS[task])
    save_model(tmp_path / "model.safetensors", model)

    loaded = load_any_model(tmp_path / "model.safetensors")

    assert isinstance(loaded, TrainedTask)
    for name in ("experiment", "tokens", "targets", "characters", "data_sha256", "sizes"):
        assert getattr(loaded, name) == getattr(model, name)
    assert {name: array.tobytes() for name, array in loaded.weights.items()} == {
        name: array.tobytes() for name, array in model.weights.items()
    }
    assert loaded.sha256
    assert "task: " in loaded.config or "kind: generated" in loaded.config


def test_the_same_model_gives_the_same_file(tmp_path: Path, path: Path) -> None:
    """To the byte."""
    save_model(tmp_path / "again.safetensors", trained_task(TAGS))

    assert (tmp_path / "again.safetensors").read_bytes() == path.read_bytes()


def test_a_reader_of_next_token_models_says_which_task_it_is(path: Path) -> None:
    """Such as the commands that generate music."""
    with pytest.raises(ModelFileError, match=r"predicts the next token, received one of task tags"):
        load_model(path)


@pytest.mark.parametrize("name", [*FIELDS, "sha256", "format", "format_version"])
def test_a_header_without_a_field_is_refused(path: Path, name: str) -> None:
    """Each field is needed."""
    with_header(path, lambda entries: entries["__metadata__"].pop(name))

    refusal(path)


@pytest.mark.parametrize("name", [*FIELDS, "rnnlab_version", "data_sha256"])
def test_a_field_that_was_changed_is_refused(path: Path, name: str) -> None:
    """The digest is over all fields."""

    def change(entries: dict[str, Any]) -> None:
        text = entries["__metadata__"][name]
        entries["__metadata__"][name] = text.replace("dog", "god") if "dog" in text else f"{text} "

    with_header(path, change)

    assert "damaged" in refusal(path)


def lists(name: str, change: Callable[[list[Any]], Any]) -> Callable[[dict[str, str], Any], None]:
    """A change of one of the vocabularies."""

    def forged(metadata: dict[str, str], _: Any) -> None:
        metadata[name] = json.dumps(change(json.loads(metadata[name])))

    return forged


def weights(**changed: Any) -> Callable[[dict[str, str], dict[str, Any]], None]:
    """A change of weights of the head; None removes one."""

    def forged(_: dict[str, str], found: dict[str, Any]) -> None:
        for name, change in changed.items():
            array = found.pop(f"head/{name}", None)
            if change is not None:
                found[f"head/{name}"] = change(array)

    return forged


def config(old: str, new: str) -> Callable[[dict[str, str], Any], None]:
    """A change of the configuration."""

    def forged(metadata: dict[str, str], _: Any) -> None:
        assert old in metadata["config"]
        metadata["config"] = metadata["config"].replace(old, new)

    return forged


def repeated(tokens: list[Any]) -> list[Any]:
    """The first token in the place of the last, too."""
    return [*tokens[:-1], tokens[0]]


WRONG = "its tensors are not those that its configuration describes"
FORGED: dict[str, tuple[Callable[[dict[str, str], Any], None], str]] = {
    "a token twice": (lists("vocabulary", repeated), "its vocabulary names a token twice"),
    "a tag twice": (lists("targets", repeated), "its targets names a token twice"),
    "a character twice": (lists("characters", repeated), "its characters names a token twice"),
    "a tag more": (lists("targets", lambda tokens: [*tokens, "X"]), WRONG),
    "a token more": (lists("vocabulary", lambda tokens: [*tokens, "X"]), WRONG),
    "no characters": (lists("characters", lambda _: []), WRONG),
    "no list": (lists("targets", lambda tokens: {"a": tokens}), "its targets is not a list of strings"),
    "numbers": (lists("characters", lambda tokens: [0, *tokens]), "its characters is not a list of strings"),
    "a surrogate": (lists("vocabulary", lambda tokens: [*tokens[:-1], "\ud800"]), "which is no text"),
    "no JSON": (lambda metadata, _: metadata.update(targets="[1"), "Expecting"),
    "another task": (config("task: tags", "task: pairs"), "is for task tags"),
    "larger vectors": (config("embedding_size: 32", "embedding_size: 33"), WRONG),
    "a weight less": (weights(bias=None), WRONG),
    "a weight more": (weights(other=lambda _: np.zeros(3, np.float32)), WRONG),
    "a wrong shape": (weights(bias=lambda array: array[:-1]), "'head/bias'"),
    "a wrong type": (weights(bias=lambda array: array.astype(np.float64)), "'head/bias'"),
    "not finite": (weights(bias=lambda array: array * np.float32(np.nan)), "its weights are not all finite"),
}


@pytest.mark.parametrize("what", FORGED)
def test_a_file_that_contradicts_itself_is_refused(path: Path, what: str) -> None:
    """Even with a digest that is right."""
    change, said = FORGED[what]
    forge(path, change)

    assert said in refusal(path)


def test_a_file_that_is_forged_rightly_is_loaded(path: Path) -> None:
    """What the test above refuses is not refused for the forging itself."""
    forge(path, lists("vocabulary", lambda tokens: [*tokens[:-1], "other"]))

    assert load_any_model(path).tokens[-1] == "other"


def test_labels_of_any_kind_are_kept(tmp_path: Path) -> None:
    """Spaces, signs and other scripts."""
    model = trained_task(LABEL.replace("de\\t", "한국어 'x' [1]: #\\t"))
    save_model(tmp_path / "model.safetensors", model)

    loaded = load_any_model(tmp_path / "model.safetensors")

    assert isinstance(loaded, TrainedTask)
    assert loaded.targets == ("en", "한국어 'x' [1]: #")


def test_the_decoder_has_an_embedding_of_its_own_size() -> None:
    """The vectors of its tokens, and the kernel that reads them; the encoder keeps its own."""
    plain, _ = network("pairs", "kind: lstm, units: 4")
    own, _ = network("pairs", "kind: lstm, units: 4", decoder="embedding_size: 2")

    shapes, other = plain.weight_shapes(), own.weight_shapes()

    assert shapes["decoder_encoding/embeddings"] == (5, 3)
    assert {name: shape for name, shape in other.items() if shapes[name] != shape} == {
        "decoder_encoding/embeddings": (5, 2),
        "decoder_lstm_1/kernel": (2, 16),
    }
    assert own.decoder_dropout == plain.decoder_dropout == plain.dropout

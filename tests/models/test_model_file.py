"""The model file: what is saved is what is loaded, and nothing else is loaded at all."""

import hashlib
import json
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load, save

from rnnlab.errors import ModelFileError
from rnnlab.models.model_file import load_model, save_model
from tests.trained import SENTENCE, SONG, STREAM, trained


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A good model file."""
    save_model(tmp_path / "model.safetensors", trained(SENTENCE, tmp_path))
    return tmp_path / "model.safetensors"


def refusal(path: Path) -> str:
    """What loading a file says, shortened to what is wrong."""
    with pytest.raises(ModelFileError) as caught:
        load_model(path)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"{path}: ")
    return message.removeprefix(f"{path}: ")


def header(data: bytes) -> dict[str, str]:
    """The metadata of a safetensors file."""
    (size,) = struct.unpack("<Q", data[:8])
    metadata: dict[str, str] = json.loads(data[8 : 8 + size])["__metadata__"]
    return metadata


def forge(path: Path, change: Callable[[dict[str, str], dict[str, np.ndarray]], None]) -> None:
    """Change a model file as a foreign writer might, with a digest that is right."""
    data = path.read_bytes()
    metadata, weights = header(data), load(data)
    change(metadata, weights)
    del metadata["sha256"]
    digest = hashlib.sha256(json.dumps(metadata, sort_keys=True).encode())
    for name, array in sorted(weights.items()):
        digest.update(f"{name} {array.dtype} {array.shape}".encode() + array.tobytes())
    path.write_bytes(save(weights, {**metadata, "sha256": digest.hexdigest()}))


@pytest.mark.parametrize("text", [SONG, SENTENCE, STREAM], ids=["notes", "text", "stream"])
def test_what_is_saved_is_what_is_loaded(tmp_path, text):
    """Experiment, vocabulary, weights to the bit, and the digest of the data."""
    model = trained(text, tmp_path)
    save_model(tmp_path / "model.safetensors", model)

    loaded = load_model(tmp_path / "model.safetensors")

    assert (loaded.experiment, loaded.tokens, loaded.data_sha256) == (
        model.experiment,
        model.tokens,
        model.data_sha256,
    )
    assert loaded.weights.keys() == model.weights.keys()
    assert all((loaded.weights[name] == array).all() for name, array in model.weights.items())


def test_the_same_model_gives_the_same_file(tmp_path, path):
    """To the byte, so that files can be compared."""
    before = path.read_bytes()

    save_model(path, trained(SENTENCE, tmp_path))

    assert path.read_bytes() == before


def test_data_is_found_when_model_and_data_move_together(tmp_path):
    """Its paths are relative to the file's own folder."""
    (tmp_path / "a" / "runs").mkdir(parents=True)
    (tmp_path / "a" / "data.txt").write_text("if you want")
    text = SENTENCE.replace("inline: if you want to build a ship", "path: a/data.txt")
    save_model(tmp_path / "a" / "runs" / "model.safetensors", trained(text, tmp_path))

    (tmp_path / "a").rename(tmp_path / "b")

    loaded = load_model(tmp_path / "b" / "runs" / "model.safetensors")
    assert loaded.experiment.dataset.path == (tmp_path / "b" / "data.txt",)


def test_a_file_that_is_forged_rightly_is_loaded(path):
    """What the tests below refuse is not refused for the forging itself."""
    forge(path, lambda metadata, weights: metadata.update(rnnlab_version="9.9"))

    assert load_model(path).tokens == tuple(sorted(set("if you want to build a ship")))


def test_any_flipped_bit_is_found(tmp_path):
    """In the length, in the header or in a tensor: there is no byte whose damage goes unnoticed."""
    model = trained(SENTENCE, tmp_path, "model.units=[1]", "dataset.inline=ababababab", "generation.seed=ab")
    path = tmp_path / "model.safetensors"
    save_model(path, model)
    data = path.read_bytes()

    unnoticed = []
    for place in range(len(data)):
        damaged = bytearray(data)
        damaged[place] ^= 1 << place % 8
        path.write_bytes(damaged)
        try:
            load_model(path)
        except ModelFileError:
            continue
        unnoticed.append(place)

    assert unnoticed == []


@pytest.mark.parametrize(
    ("size", "why"),
    [
        (0, "it is empty"),
        (10, "it has 10 bytes, and its header is said to have 1,752"),
        (1759, "it has 1,759 bytes, and its header is said to have 1,752"),
        (1760, "expected 4,828 bytes, received 1,760"),
        (4827, "expected 4,828 bytes, received 4,827"),
    ],
)
def test_a_truncated_file_is_damaged(path, size, why):
    """Cut off anywhere, in the header or in a tensor."""
    path.write_bytes(path.read_bytes()[:size])

    assert refusal(path).startswith(f"the model file is damaged ({why})")


@pytest.mark.parametrize(
    "data",
    [
        SONG.encode(),
        bytes(100),
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        b'{"a": [1, 2, 3], "b": {}}',
        b"abc",
        struct.pack("<Q", 1 << 62) + b"[" * 100,
    ],
    ids=["yaml", "zeros", "png", "json", "short", "long"],
)
def test_a_file_of_another_kind_is_not_called_damaged(path, data):
    """Nobody looks for a copy of what never was a model."""
    path.write_bytes(data)

    assert refusal(path) == "not a model file; expected the model.safetensors of a run"


def test_a_changed_tensor_is_damaged(path):
    """One bit of one weight: safetensors itself does not notice."""
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    path.write_bytes(data)

    assert refusal(path) == (
        "the model file is damaged (its content does not match the sha256 in its header);"
        " train again, or restore it from a copy"
    )


def test_a_changed_header_is_damaged(path):
    """A setting that was edited by hand is not what was trained."""
    path.write_bytes(path.read_bytes().replace(b"window: 5", b"window: 6"))

    assert "does not match the sha256" in refusal(path)


def test_a_foreign_file_is_no_model_of_ours(path):
    """A safetensors file of another program is named for what it is, and is not called damaged."""
    path.write_bytes(save({"weight": np.zeros(3, np.float32)}, {"format": "pt"}))

    assert refusal(path) == "not a model of rnnlab; expected the model.safetensors of a run"


def test_a_later_format_asks_for_a_later_version(path):
    """It is not damaged."""
    forge(path, lambda metadata, weights: metadata.update(format_version="2", rnnlab_version="7.0"))

    assert refusal(path) == (
        "expected format version 1, received '2' written by rnnlab 7.0; update rnnlab to read it"
    )


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda metadata, weights: weights.pop("head/bias"), "its tensors are not those that its config"),
        (lambda metadata, weights: weights.update(extra=np.zeros(1)), "its tensors are not those"),
        (
            lambda metadata, weights: weights.update({"head/bias": weights["head/bias"].astype(np.float64)}),
            "its tensors are not those",
        ),
        (
            lambda metadata, weights: weights.update({"head/bias": weights["head/bias"][:-1]}),
            "its tensors are not those",
        ),
        (
            lambda metadata, weights: metadata.update(config="a: 1\nb: 2"),
            "config:1:1: a: unknown key; there are dataset, model",
        ),
        (lambda metadata, weights: metadata.pop("config"), "config"),
        (lambda metadata, weights: metadata.update(vocabulary='["a", "b"]'), "its tensors are not those"),
        (lambda metadata, weights: metadata.update(vocabulary="{"), "Expecting property name"),
        (lambda metadata, weights: metadata.update(vocabulary="[" * 100_000), "recursion"),
        (lambda metadata, weights: metadata.update(vocabulary="5"), "vocabulary is not a list of words"),
        (lambda metadata, weights: metadata.update(vocabulary="[1, 2]"), "vocabulary is not a list of words"),
        (lambda metadata, weights: metadata.update(vocabulary='["a", "a"]'), "names a token twice"),
        (lambda metadata, weights: metadata.update(vocabulary="[]"), "vocabulary is empty"),
    ],
)
def test_nonsense_of_a_foreign_writer_is_damage(path, change, why):
    """A digest that is right does not make a model of it."""
    forge(path, change)

    message = refusal(path)

    assert message.startswith("the model file is damaged (")
    assert why in message

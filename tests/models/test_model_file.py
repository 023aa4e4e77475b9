"""The model file: what is saved is what is loaded, and nothing else is loaded at all."""

import dataclasses
import json
import re
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from rnnlab.errors import ModelFileError
from rnnlab.models.model_file import load_model, save_model
from tests.forging import forge, refusal
from tests.trained import SENTENCE, SONG, STREAM, trained


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A good model file."""
    save_model(tmp_path / "model.safetensors", trained(SENTENCE, tmp_path))
    return tmp_path / "model.safetensors"


TIED = """
dataset: {kind: text, inline: if you want to build a ship, encoding: embedding, embedding_size: 5}
model: {kind: lstm, units: [5, 5], tie_weights: true, layer_norm: true, residual: true}
"""


@pytest.mark.parametrize("text", [SONG, SENTENCE, STREAM, TIED], ids=["notes", "text", "stream", "tied"])
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


@pytest.mark.parametrize(("written", "read"), [("12", 12), (None, 0), ("-1", 0), ("9" * 99, 0), ("x", 0)])
def test_the_kept_epoch_is_read(path, written, read):
    """0 if the file does not say it, or if a stranger wrote something else."""

    def write(metadata, _):
        metadata |= {"epoch": written} if written else {}

    forge(path, write)

    assert load_model(path).epoch == read


def test_a_file_from_before_a_setting_was_there_means_its_default(path):
    """What is off by default was off."""
    newer = ["input_dropout", "recurrent_dropout", "variational_dropout", "tie_weights", "layer_norm"]
    newer += ["residual", "label_smoothing"]

    def forget(metadata, _):
        lines = metadata["config"].splitlines()
        left = [line for line in lines if line.split(":")[0].strip() not in newer]
        assert len(left) <= len(lines) - len(newer) + 1
        metadata["config"] = "\n".join(left)

    expected = load_model(path).experiment
    forge(path, forget)

    assert load_model(path).experiment == expected


def test_notes_from_before_they_could_be_moved_are_as_they_are_written(tmp_path):
    """Neither moved nor augmented, and read of files as before."""
    path = tmp_path / "song.safetensors"
    save_model(path, trained(SONG, tmp_path))

    def forget(metadata, _):
        newer = "  reading: {}\n  augment:\n    semitones: []\n"
        assert newer in metadata["config"]
        metadata["config"] = metadata["config"].replace(newer, "")

    expected = load_model(path).experiment
    forge(path, forget)

    assert load_model(path).experiment == expected


def test_the_same_model_gives_the_same_file(tmp_path, path):
    """To the byte, so that files can be compared."""
    before = path.read_bytes()

    save_model(path, trained(SENTENCE, tmp_path))

    assert path.read_bytes() == before


PLACES = {
    "one file": "path: data/a.txt",
    "a folder": "path: data",
    "a pattern": "path: data/deeper/*/*.txt",
    "files": "path: [data/a.txt, more/c.txt]",
    "held-out files": "path: data/a.txt, split: {kind: files, validation: [more/c.txt], test: data/deeper/x}",
}


@pytest.mark.parametrize("written", PLACES.values(), ids=PLACES.keys())
def test_the_same_data_in_another_place_gives_the_same_file(tmp_path, written):
    """To the byte, however deep the file and the data lie: it says which data it is, and no folder above."""
    text = SENTENCE.replace("inline: if you want to build a ship", written)
    found = []
    for place, file in (("here", "model.safetensors"), ("there/and/further", "runs/deep/model.safetensors")):
        folder = tmp_path / place
        for name, content in (
            ("data/a", "if you want"),
            ("data/deeper/x/b", "a ship"),
            ("more/c", "to build"),
        ):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / f"{name}.txt").write_text(content)
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        save_model(tmp_path / file, trained(text, folder, "generation.seed=null"))
        found.append((tmp_path / file).read_bytes())

    assert found[0] == found[1]
    assert b"here" not in found[0]
    assert load_model(tmp_path / file).experiment.dataset.files  # the header is read back


def test_a_file_from_before_says_where_its_data_was(tmp_path):
    """Its paths were relative to its own folder, and are still read so."""
    path = tmp_path / "runs" / "model.safetensors"
    path.parent.mkdir()
    (tmp_path / "data.txt").write_text("if you want")
    text = SENTENCE.replace("inline: if you want to build a ship", "path: data.txt")
    save_model(path, trained(text, tmp_path, "generation.seed=null"))

    def as_before(metadata, _):
        assert "path: data.txt" in metadata["config"]
        metadata["config"] = metadata["config"].replace("path: data.txt", "path: ../data.txt")

    forge(path, as_before)

    assert load_model(path).experiment.dataset.path == (tmp_path / "data.txt",)


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
        (lambda metadata, weights: metadata.update(vocabulary="5"), "vocabulary is not a list of strings"),
        (
            lambda metadata, weights: metadata.update(vocabulary="[1, 2]"),
            "vocabulary is not a list of strings",
        ),
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


def test_weights_that_are_no_numbers_are_of_a_training_that_diverged(path):
    """The file is as it was written, and yet no model."""
    for value in (np.nan, np.inf, -np.inf):
        forge(path, lambda metadata, weights: weights["head/bias"].fill(value))  # noqa: B023 (called at once)

        assert refusal(path) == (
            "its weights are not all finite, as after a training that diverged;"
            " train again with a smaller training.optimizer.learning_rate"
        )


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (
            lambda metadata: "# " + "x" * (1 << 20) + metadata["config"],
            "expected at most 524,288 characters",
        ),
        (lambda metadata: metadata["config"].replace("5, 7", "5, 70000"), "expected at most 16,384"),
        (
            lambda metadata: metadata["config"].replace("window: 5", "window: 5000000"),
            "expected at most 65,536",
        ),
        (lambda metadata: "a: " + "[" * 50, "nested more than 20 deep"),
        (lambda metadata: metadata["config"].replace("window: 5", "window: &a 5"), "anchors are not read"),
        (
            lambda metadata: metadata["config"].replace("window: 5", "window: !!python/name:os.system 5"),
            "tags are not read",
        ),
    ],
)
def test_the_configuration_of_a_stranger_is_bounded(path, change, why):
    """As any other that is read, and in one line."""
    forge(path, lambda metadata, weights: metadata.update(config=change(metadata)))

    assert why in refusal(path)


@pytest.mark.parametrize(
    ("text", "token"),
    [(SENTENCE, "if"), (SENTENCE, "\ud800"), (SONG, "h8"), (SONG, "C4"), (SONG, "g08"), (SONG, "<e c>8")],
)
def test_a_vocabulary_of_what_are_no_tokens_is_damage(tmp_path, text, token):
    """The rest of the program relies on it."""
    path = tmp_path / "model.safetensors"
    save_model(path, trained(text, tmp_path))

    def change(metadata, weights):
        metadata["vocabulary"] = json.dumps([token, *json.loads(metadata["vocabulary"])[1:]])

    forge(path, change)

    assert f"its vocabulary has {token!r}, which is no token of" in refusal(path)


def test_what_a_stranger_wrote_is_shortened_in_messages(path):
    """A line stays a line."""
    forge(
        path,
        lambda metadata, weights: metadata.update(format_version="9" * 9999, rnnlab_version="a\n" * 9999),
    )

    assert len(refusal(path)) < 300


def test_what_would_not_be_read_is_not_written(tmp_path):
    """It is said when it can still be changed, and nothing is left behind."""
    model = trained(SENTENCE, tmp_path)
    long = dataclasses.replace(model, tokens=tuple(map(str, range(2_000_000))))

    with pytest.raises(ModelFileError, match="and at most 16,777,216 are read; put the data in a file"):
        save_model(tmp_path / "model.safetensors", long)

    assert list(tmp_path.iterdir()) == []


def test_a_model_whose_cell_is_not_installed_is_not_called_damaged(path):
    """The file is whole: a package is missing."""

    def rename(metadata, _):
        metadata["config"] = re.sub(r"(model:\n  kind: )\w+", r"\1mgu", metadata["config"])

    forge(path, rename)

    message = refusal(path)

    assert message.startswith("its model.kind cannot be used (config:")
    assert "received 'mgu'" in message
    assert message.endswith("; install the package of this cell, or restore the file from a copy")


def test_of_all_that_is_wrong_with_a_configuration_the_first_is_said(path):
    """The file is to be replaced as a whole: nobody mends its header."""
    forge(path, lambda metadata, weights: metadata.update(config="a: 1\nb: 2"))

    assert "a: unknown key" in refusal(path)
    assert "b: unknown key" not in refusal(path)

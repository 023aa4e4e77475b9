"""What is written is complete, is what it should be, or is not there."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rnnlab.errors import OutputError, RunError, UsageError
from rnnlab.exports import onnx_model
from rnnlab.exports.formats import export, format_of, replaced
from tests.exports.variants import pieces_of, task_variant, variant
from tests.trained import SENTENCE, SONG, STREAM, trained


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("path", "given", "expected"),
    [
        ("song.keras", None, "keras"),
        ("song.ONNX", None, "onnx"),
        ("song", "saved_model", "saved_model"),
        ("song.v2", "saved_model", "saved_model"),
    ],
)
def test_the_name_or_the_option_says_the_format(path, given, expected):
    """An extension is enough where the format has one."""
    assert format_of(Path(path), given) == expected


@pytest.mark.parametrize(
    ("path", "given", "message"),
    [
        ("song", None, r"song: expected a name that ends with .keras, .onnx or .html, or a format"),
        ("song.keras", "onnx", r"song.keras: expected a name that ends with .onnx for the format onnx"),
        ("song.h5", "keras", r"song.h5: expected a name that ends with .keras for the format keras"),
        ("song.onnx", "saved_model", r"song.onnx: expected the name of a folder for the format saved_model"),
    ],
)
def test_a_name_of_another_format_is_refused(path, given, message):
    """So that no file has an extension that lies."""
    with pytest.raises(UsageError, match=message):
        format_of(Path(path), given)


@pytest.mark.parametrize(
    ("text", "overrides", "wanted", "message"),
    [
        (SENTENCE, ("model.layer_norm=true",), "onnx", "model.layer_norm: true: ONNX has no recurrent layer"),
        (STREAM, ("model.layer_norm=true",), "keras", "model.layer_norm: true: Keras has no recurrent layer"),
        (SONG, ("model.peephole=true",), "keras", "model.peephole: true: the LSTM of Keras has no peepholes"),
        (SONG, ("model.peephole=true",), "saved_model", "export it as onnx"),
    ],
)
def test_what_no_standard_layer_computes_is_refused(text, overrides, wanted, message):
    """The setting is named, and nothing is written."""
    with pytest.raises(UsageError, match=message):
        export(trained(text, Path.cwd(), *overrides), Path("model"), format=wanted)

    assert list(Path().iterdir()) == []


def test_a_model_without_state_has_none_to_export():
    """An MLP reads its window, and nothing before it."""
    with pytest.raises(UsageError, match="state: an mlp has no state"):
        export(variant("mlp"), Path("mlp.onnx"), format="onnx", state=True)


def test_a_wrong_file_is_never_there(monkeypatch):
    """The check is of what was written, not of what was meant: gates in another order are noticed."""
    monkeypatch.setitem(onnx_model._ORDER, "lstm", (0, 1, 2, 3))

    with pytest.raises(
        OutputError, match=r"song.onnx: differs from rnnlab on random tokens by .*; not written"
    ):
        export(variant("lstm"), Path("song.onnx"), format="onnx")

    assert list(Path().iterdir()) == []


def test_what_is_there_is_replaced_only_if_asked():
    """And a folder never by a file."""
    Path("song.onnx").write_text("mine")
    Path("folder.onnx").mkdir()

    with pytest.raises(UsageError, match=r"song.onnx: exists already"):
        export(variant("lstm"), Path("song.onnx"), format="onnx")
    with pytest.raises(UsageError, match=r"folder.onnx: is not a file, and is not replaced"):
        export(variant("lstm"), Path("folder.onnx"), format="onnx", overwrite=True)
    assert Path("song.onnx").read_text() == "mine"

    export(variant("lstm"), Path("song.onnx"), format="onnx", overwrite=True)
    assert Path("song.onnx").stat().st_size > 1000


def test_only_a_saved_model_is_replaced_by_one():
    """A folder of anything else is left alone, whatever is asked."""
    Path("home").mkdir()
    Path("home/diary.txt").write_text("mine")

    with pytest.raises(UsageError, match="home: is not the folder of a SavedModel"):
        export(variant("lstm"), Path("home"), format="saved_model", overwrite=True)

    assert Path("home/diary.txt").read_text() == "mine"


@pytest.mark.parametrize("name", ["sm [1]", "tb*?", "Music [2024]/sm"])
def test_a_saved_model_is_written_into_a_folder_whose_name_has_wildcards(name):
    """TensorFlow takes such a name for a pattern: it is written all the same, and that is said."""
    path = Path(name)
    path.parent.mkdir(exist_ok=True)

    exported = export(variant("lstm"), path, format="saved_model")

    assert (path / "saved_model.pb").is_file()
    assert (path / "variables/variables.index").is_file()
    assert not path.is_symlink()
    assert "rename or copy the folder before you load it" in exported.notes[-1]
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_folder_that_is_not_there_is_said():
    """In the words of every file that is written."""
    with pytest.raises(RunError, match=r"nowhere/song.onnx: cannot write \(No such file or directory\)"):
        export(variant("lstm"), Path("nowhere/song.onnx"), format="onnx")
    with pytest.raises(RunError, match=r"nowhere/song: cannot write"), replaced(Path("nowhere/song")):
        pass


def test_a_file_or_a_folder_is_replaced_whole_or_not_at_all():
    """What stood there is gone only when the new one is there, and nothing else is left."""
    Path("model").mkdir()
    Path("model/old").touch()

    def stopped() -> None:
        with replaced(Path("model")) as temporary:
            temporary.mkdir()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    with pytest.raises(RunError, match="model: cannot write"), replaced(Path("model")):
        pass  # and nothing is put there
    assert [path.name for path in Path().rglob("*")] == ["model", "old"]

    with replaced(Path("model")) as temporary:
        temporary.mkdir()
        (temporary / "new").touch()
    assert [path.name for path in Path().rglob("*")] == ["model", "new"]


def test_a_state_that_runs_on_is_said_to_be_left_out():
    """Whoever exports a stateful model without its state should know."""
    song = export(variant("lstm"), Path("song.onnx"), format="onnx")
    sentence = export(variant("gru"), Path("sentence.onnx"), format="onnx")
    step = export(variant("lstm"), Path("step.onnx"), format="onnx", state=True)

    assert "the option state makes the state an input and an output" in song.notes[0]
    assert sentence.notes == step.notes == ()


def test_weights_too_large_for_onnxruntime_are_said():
    """Its sigmoid never falls below 5e-7, which a weight above 200 makes a difference of more than 1e-4."""
    model = variant("gru")
    name = next(name for name in model.weights if name.startswith("gru") and name.endswith("/bias"))
    loud = replace(model, weights={**model.weights, name: np.full_like(model.weights[name], -201)})

    written = export(loud, Path("loud.onnx"), format="onnx")

    assert any("as large as 2e+02: onnxruntime may give other outputs" in note for note in written.notes)
    assert not export(model, Path("usual.onnx"), format="onnx").notes


def test_the_vocabulary_of_a_keras_file_lies_beside_it(monkeypatch):
    """As JSON, with what else a program needs to know."""
    from rnnlab.exports import keras_model

    ((_, probe),) = pieces_of(variant("gru"), "Keras", state=False)
    monkeypatch.setattr(keras_model, "build", lambda network: None)
    monkeypatch.setattr(keras_model, "save", lambda model, path: path.write_text("model"))
    monkeypatch.setattr(keras_model, "loaded", lambda path: None)
    monkeypatch.setattr(keras_model, "outputs_of", lambda model, inputs, names: probe.outputs)

    written = export(variant("gru"), Path("ship.keras"), format="keras")

    card = json.loads(Path("ship.vocabulary.json").read_text())
    assert written.vocabulary == Path("ship.vocabulary.json")
    assert tuple(card["vocabulary"]) == variant("gru").tokens
    assert (card["kind"], card["window"], card["logits"], card["state"]) == ("text", 5, "each step", [])


def test_an_encoder_and_a_decoder_are_written_together_or_not_at_all(monkeypatch):
    """Both are checked before one is in its place, and neither replaces a file unasked."""
    model = task_variant("pairs_attention")
    with monkeypatch.context() as patched:
        patched.setattr(onnx_model, "_context", lambda graph, hidden, memory: hidden)
        with pytest.raises(OutputError, match=r"pairs.decoder.onnx: differs from rnnlab on random tokens"):
            export(model, Path("pairs.onnx"), format="onnx", state=True)
    assert list(Path().iterdir()) == []

    written = export(model, Path("pairs.onnx"), format="onnx", state=True)

    assert (written.path, written.decoder) == (Path("pairs.encoder.onnx"), Path("pairs.decoder.onnx"))
    assert sorted(path.name for path in Path().iterdir()) == ["pairs.decoder.onnx", "pairs.encoder.onnx"]
    written.path.unlink()
    with pytest.raises(UsageError, match=r"pairs.decoder.onnx: exists already"):
        export(model, Path("pairs.onnx"), format="onnx", state=True)

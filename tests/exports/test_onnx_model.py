"""An ONNX file gives what rnnlab gives, wherever it is run."""

import json
import subprocess
import sys

import numpy as np
import onnx
import onnxruntime
import pytest

from rnnlab.datasets.examples import Sequences, TokenSet
from rnnlab.engines.numpy import numpy_model, numpy_task_model
from rnnlab.exports.formats import export
from rnnlab.exports.onnx_graph import IR_VERSION, OPSET
from rnnlab.exports.onnx_model import build_onnx_model, check_size, output_names
from rnnlab.exports.probe import Probe
from rnnlab.exports.standard import Network
from tests.exports.variants import (
    PEEPHOLES,
    TASK_PEEPHOLES,
    TASK_VARIANTS,
    VARIANTS,
    WITH_STATE,
    pieces_of,
    task_variant,
    variant,
)

ELSEWHERE = """
import sys
import numpy as np, onnxruntime
for name in sys.argv[1:]:
    session, kept = onnxruntime.InferenceSession(f"{name}.onnx"), np.load(f"{name}.npz")
    outputs = session.run(None, {each.name: kept[each.name] for each in session.get_inputs()})
    for each, output in zip(session.get_outputs(), outputs):
        np.testing.assert_allclose(output, kept[each.name], rtol=0, atol=1e-5 * np.abs(kept["logits"]).max())
print("rnnlab" in sys.modules, len(sys.argv) - 1)
"""


@pytest.mark.parametrize("state", [False, True])
@pytest.mark.parametrize("name", [*VARIANTS, *PEEPHOLES])
def test_onnxruntime_computes_what_rnnlab_does(tmp_path, name, state):
    """Every cell, encoding and head, one window from zeros or from any state, and the state after it."""
    assert_equal_in_onnxruntime(pieces_of(variant(name), "ONNX", state=state and name != "mlp"))


@pytest.mark.parametrize(
    ("name", "state"),
    [
        *((name, False) for name in [*TASK_VARIANTS, *TASK_PEEPHOLES]),
        *((name, True) for name in [*WITH_STATE, *TASK_PEEPHOLES]),
    ],
)
def test_onnxruntime_computes_every_task(name, state):
    """Both directions, pooling, an encoder with its decoder, attention, and the label at every step."""
    assert_equal_in_onnxruntime(pieces_of(task_variant(name), "ONNX", state=state))


def assert_equal_in_onnxruntime(pieces: list[tuple[Network, Probe]]) -> None:
    """The inputs have the names and the order of the probe; each output is that of rnnlab."""
    for network, probe in pieces:
        built = build_onnx_model(onnx, network, {})
        onnx.checker.check_model(built, full_check=True)
        session = onnxruntime.InferenceSession(built.SerializeToString())
        outputs = session.run(None, dict(probe.inputs))

        assert [each.name for each in session.get_inputs()] == list(probe.inputs)
        assert [each.name for each in session.get_outputs()] == output_names(network)
        for received, expected in zip(outputs, probe.outputs, strict=True):
            scale = np.abs(probe.outputs[0]).max()
            np.testing.assert_allclose(received, expected, rtol=0, atol=1e-5 * scale)


def test_a_process_without_rnnlab_reads_the_file(tmp_path, monkeypatch):
    """Only onnxruntime is needed: each file gives there what was stored here."""
    monkeypatch.chdir(tmp_path)
    names = ["lstm", "gru_reset_before", "simple_rnn", "peephole_lstm"]
    for name in names:
        ((network, probe),) = pieces_of(variant(name), "ONNX", state=True)
        export(variant(name), tmp_path / f"{name}.onnx", format="onnx", state=True)
        np.savez(
            f"{name}.npz", **probe.inputs, **dict(zip(output_names(network), probe.outputs, strict=True))
        )

    done = subprocess.run(
        [sys.executable, "-I", "-c", ELSEWHERE, *names], capture_output=True, text=True, check=False
    )

    assert (done.stdout, done.stderr) == (f"False {len(names)}\n", "")


def test_a_text_is_written_step_by_step_from_the_file_alone(tmp_path):
    """Tokens go in one at a time and the state with them: the logits are those of the whole text."""
    model = variant("simple_rnn")
    export(model, tmp_path / "text.onnx", format="onnx", state=True)
    session = onnxruntime.InferenceSession(tmp_path / "text.onnx")
    metadata = session.get_modelmeta().custom_metadata_map
    vocabulary = json.loads(metadata["vocabulary"])
    ids = np.array([[vocabulary.index(letter) for letter in "the lazy dog"]], np.int32)

    state, logits = {name: np.zeros((1, 8), np.float32) for name in json.loads(metadata["state"])}, []
    for step in range(ids.shape[1]):
        logit, *parts = session.run(None, {"ids": ids[:, [step]], **state})
        state = dict(zip(state, parts, strict=True))
        logits.append(logit[:, 0])

    engine = numpy_model(model)
    expected, _ = engine.forward(ids, None, engine.zero_state(1))
    np.testing.assert_allclose(np.stack(logits, axis=1), expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("name", ["pairs", "pairs_attention"])
def test_targets_are_written_by_encoder_and_decoder_alone(tmp_path, name):
    """With what the card says and a step at a time, the targets are those that rnnlab writes."""
    model = task_variant(name)
    written = export(model, tmp_path / "pairs.onnx", format="onnx", state=True)
    encoder, decoder = map(onnxruntime.InferenceSession, (written.path, written.decoder))
    facts = decoder.get_modelmeta().custom_metadata_map
    inputs, targets, names = (json.loads(facts[key]) for key in ("inputs", "targets", "state"))

    texts = []
    for text in ("ab", "bba", "zab"):
        source = [inputs.index(each if each in inputs else facts["unknown"]) for each in text]
        memory, *state = encoder.run(None, {"source": np.array([source], np.int32)})
        known = {"memory": memory} if "memory" in {each.name for each in decoder.get_inputs()} else {}
        token, tokens = json.loads(facts["first_input"]), list[str]()
        while len(tokens) < 9:
            given = {"before": np.array([[token]], np.int32), **known, **dict(zip(names, state, strict=True))}
            logits, *state = decoder.run(None, given)
            token = int(logits[0, -1].argmax())
            if targets[token] == facts["end"]:
                break
            tokens.append(targets[token])
        texts.append(tokens)

    ids = [[inputs.index(each) if each in inputs else 0 for each in text] for text in ("ab", "bba", "zab")]
    found, _ = numpy_task_model(model).greedy(Sequences.of(ids, TokenSet((), "word")), 9)
    assert texts == [[model.targets[token] for token in each] for each in found]
    assert len({*map(tuple, texts)}) > 1


@pytest.mark.parametrize("name", ["from_label", "from_label_every"])
def test_a_sequence_for_a_label_is_read_step_by_step(tmp_path, name):
    """The label goes in first; the logits are those of the whole sequence."""
    model = task_variant(name)
    export(model, tmp_path / "names.onnx", format="onnx", state=True)
    session = onnxruntime.InferenceSession(tmp_path / "names.onnx")
    facts = session.get_modelmeta().custom_metadata_map
    inputs, targets, names = (json.loads(facts[key]) for key in ("inputs", "targets", "state"))
    label = json.loads(facts["first_input"]) + inputs.index("Polish")
    ids = [label, *(targets.index(letter) for letter in "lak")]
    known = {"label": np.array([[label]], np.int32)} if name == "from_label_every" else {}
    shapes = {each.name: (1, each.shape[1]) for each in session.get_inputs()}

    state, logits = {each: np.zeros(shapes[each], np.float32) for each in names}, []
    for token in ids:
        logit, *parts = session.run(None, {"before": np.array([[token]], np.int32), **known, **state})
        state = dict(zip(names, parts, strict=True))
        logits.append(logit[0, 0])

    one, target = (Sequences.of([each], TokenSet((), "word")) for each in ([inputs.index("Polish")], ids[1:]))
    expected = numpy_task_model(model).target_logits(one, target)
    np.testing.assert_allclose(logits, expected, rtol=0, atol=1e-4)


def test_the_file_says_what_it_is(tmp_path):
    """Versions that old programs read, and the vocabulary with what else is needed to use it."""
    export(variant("lstm"), tmp_path / "song.onnx", format="onnx")

    model = onnx.load(tmp_path / "song.onnx")
    metadata = {entry.key: entry.value for entry in model.metadata_props}

    assert [(each.domain, each.version) for each in model.opset_import] == [("", OPSET)]
    assert (model.ir_version, OPSET, IR_VERSION) == (IR_VERSION, 17, 8)
    assert json.loads(metadata["vocabulary"]) == list(variant("lstm").tokens)
    assert (metadata["kind"], metadata["window"], metadata["logits"]) == ("notes", "4", "last step")
    assert json.loads(metadata["state"]) == []
    assert [each.name for each in model.graph.input] == ["ids"]


def test_what_no_file_can_hold_is_refused(monkeypatch):
    """Before anything is built."""
    monkeypatch.setattr("rnnlab.exports.onnx_model.MOST_BYTES", 1000)

    with pytest.raises(Exception, match="an ONNX file holds at most 1,000; export as keras"):
        check_size(pieces_of(variant("gru"), "ONNX", state=False)[0][0])

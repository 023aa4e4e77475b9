"""An ONNX file gives what rnnlab gives, wherever it is run."""

import json
import subprocess
import sys

import numpy as np
import onnx
import onnxruntime
import pytest

from rnnlab.engines.numpy import numpy_model
from rnnlab.exports.formats import export
from rnnlab.exports.onnx_model import IR_VERSION, OPSET, build_onnx_model, check_size
from rnnlab.exports.standard import probe_of, standard_network
from tests.exports.variants import PEEPHOLES, VARIANTS, variant

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
    model = variant(name)
    network = standard_network(model, target="ONNX", peepholes=True)
    probe = probe_of(model, network, state=state and name != "mlp")
    built = build_onnx_model(onnx, network, {}, state=bool(probe.state))

    session = onnxruntime.InferenceSession(built.SerializeToString())
    inputs = [each.name for each in session.get_inputs()]
    outputs = session.run(None, dict(zip(inputs, (probe.ids, *probe.state), strict=True)))

    assert inputs == ["ids", *(network.state_names if probe.state else ())]
    for received, expected in zip(outputs, probe.outputs, strict=True):
        np.testing.assert_allclose(received, expected, rtol=0, atol=1e-5 * np.abs(probe.outputs[0]).max())


def test_a_process_without_rnnlab_reads_the_file(tmp_path, monkeypatch):
    """Only onnxruntime is needed: each file gives there what was stored here."""
    monkeypatch.chdir(tmp_path)
    names = ["lstm", "gru_reset_before", "simple_rnn", "peephole_lstm"]
    for name in names:
        network = standard_network(variant(name), target="ONNX", peepholes=True)
        probe = probe_of(variant(name), network, state=True)
        export(variant(name), tmp_path / f"{name}.onnx", format="onnx", state=True)
        outputs = ["logits", *(f"next_{part}" for part in network.state_names)]
        arrays = {"ids": probe.ids, **dict(zip(network.state_names, probe.state, strict=True))}
        np.savez(f"{name}.npz", **arrays, **dict(zip(outputs, probe.outputs, strict=True)))

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
        check_size(standard_network(variant("gru"), target="ONNX", peepholes=True))

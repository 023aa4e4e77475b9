"""What of a network for examples has a form outside of rnnlab, and what is refused."""

from pathlib import Path

import pytest

from rnnlab.errors import UsageError
from rnnlab.exports.formats import export
from tests.exports.variants import pieces_of, task_variant
from tests.trained_tasks import LABEL, PAIRS, TAGS, TASKS, trained_task

PEEPHOLE = "model={kind: lstm, units: 4, peephole: true}"
NORMALIZED = "model={kind: gru, units: 4, layer_norm: true}"


@pytest.mark.parametrize(
    ("page", "override", "wanted", "message"),
    [
        (TAGS, "model.characters=true", "onnx", "model.characters: true: words have different numbers of"),
        (
            TAGS,
            "model.characters=true",
            "keras",
            "in Keras a recurrent layer reads sequences of one length",
        ),
        (PAIRS, NORMALIZED, "onnx", "model.layer_norm: true: ONNX has no recurrent layer with layer norm"),
        (LABEL, PEEPHOLE, "keras", "model.peephole: true: the LSTM of Keras has no peepholes; export it as"),
        (PAIRS, PEEPHOLE, "saved_model", "model.peephole: true: the LSTM of Keras has no peepholes"),
    ],
)
def test_what_no_standard_layer_computes_is_refused(tmp_path, monkeypatch, page, override, wanted, message):
    """The setting is named, and nothing is written."""
    monkeypatch.chdir(tmp_path)

    with pytest.raises(UsageError, match=message):
        export(trained_task(page, tmp_path, override), Path("model"), format=wanted)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("task", ["label", "tags"])
def test_a_task_that_reads_whole_sequences_has_no_state(tmp_path, task):
    """Its prediction needs the last token, so that there is nothing to carry on."""
    model = trained_task(TASKS[task], tmp_path)

    with pytest.raises(UsageError, match=f"state: a model of task {task} reads whole sequences; export it"):
        export(model, tmp_path / "model.onnx", format="onnx", state=True)


def test_what_differs_from_rnnlab_is_said(tmp_path):
    """Once, also of an encoder and a decoder."""
    model = trained_task(PAIRS, tmp_path, "model={kind: lstm, units: 4, coupled_gates: true}")

    written = export(model, tmp_path / "pairs.onnx", format="onnx", state=True)

    assert len(written.notes) == 1
    assert written.notes[0].startswith("model.coupled_gates: exported as an LSTM")


def test_both_directions_and_all_stacks_are_counted():
    """In the largest weight, and in the size of a file."""
    ((label, _),) = pieces_of(task_variant("label_both_ways"), "ONNX", state=False)
    ((pairs, _),) = pieces_of(task_variant("pairs_attention"), "ONNX", state=False)

    names = [layer.name for layer in label.recurrent]
    assert names == ["lstm_1", "lstm_2", "lstm_3", "lstm_1_backward", "lstm_2_backward", "lstm_3_backward"]
    assert [layer.name for layer in pairs.recurrent][2:4] == ["lstm_3", "decoder_lstm_1"]
    assert [dense.name for dense in pairs.all_dense] == ["attention", "head"]

"""Keras files and SavedModels give what rnnlab gives, in a process that has only Keras."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from rnnlab.exports.formats import export
from rnnlab.models.model_file import Trained
from tests.exports.variants import pieces_of, task_variant, variant

KERAS = {
    **dict.fromkeys(["coupled_lstm", "residual_lstm", "gru", "tied_simple_rnn"], True),
    **dict.fromkeys(["mlp", "lstm_pitch_duration", "gru_reset_before"], False),
}
SAVED_MODELS = {"lstm": True}
"""The variants, and whether their state goes in and comes out."""

TASKS = {
    **dict.fromkeys(["label_both_ways", "label_mean", "label_max", "tags_both_ways"], False),
    **dict.fromkeys(["pairs_attention", "from_label_every"], False),
    **dict.fromkeys(["pairs_reversed", "from_label_one_hot"], True),
}
SAVED_TASKS = {"pairs_attention": True}
"""The variants for examples, and whether their state goes in and comes out."""

ELSEWHERE = """
import sys
import keras, numpy as np, tensorflow as tf
for path in sys.argv[1:]:
    kept = np.load(f"{path}.npz")
    model = keras.saving.load_model(path) if path.endswith(".keras") else tf.saved_model.load(path)
    run = getattr(model, "serve", model)
    inputs = {name.removeprefix("in_"): kept[name] for name in kept if name.startswith("in_")}
    outputs = run(inputs if len(inputs) > 1 else next(iter(inputs.values())))
    outputs = outputs if isinstance(outputs, dict) else {"logits": outputs}
    assert {f"out_{name}" for name in outputs} == {name for name in kept if name.startswith("out_")}
    for name, output in outputs.items():
        np.testing.assert_allclose(
            output, kept[f"out_{name}"], rtol=0, atol=1e-5 * kept["scale"], err_msg=f"{path} {name}"
        )
print("rnnlab" in sys.modules, len(sys.argv) - 1)
"""


def exported(model: Trained, path: Path, wanted: str, *, state: bool) -> list[str]:
    """Write a model, and beside each file what goes in and what should come out."""
    written = export(model, path, format=wanted, state=state)
    paths = [str(each) for each in (written.path, written.decoder) if each]
    for file, (network, probe) in zip(paths, pieces_of(model, "Keras", state=state), strict=True):
        inputs = {f"in_{name}": array for name, array in probe.inputs.items()}
        names = [f"out_{name}" for name in (network.output, *network.gives_state)]
        outputs = dict(zip(names, probe.outputs, strict=True))
        np.savez(f"{file}.npz", **inputs, **outputs, scale=np.abs(probe.outputs[0]).max())
    return paths


def read_elsewhere(paths: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", "-c", ELSEWHERE, *paths],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "KERAS_BACKEND": "tensorflow"},
    )


# Keras' saver asks a variable for an array as NumPy 1 did.
@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
def test_a_process_with_only_keras_reads_every_file(tmp_path):
    """Each cell, encoding and head gives there what was stored here, within 1e-5 of the largest logit."""
    paths = []
    for name, state in KERAS.items():
        paths += exported(variant(name), tmp_path / f"{name}.keras", "keras", state=state)
    for name, state in SAVED_MODELS.items():
        paths += exported(variant(name), tmp_path / name, "saved_model", state=state)

    done = read_elsewhere(paths)

    assert done.stdout == f"False {len(paths)}\n", done.stderr


# Keras' saver asks a variable for an array as NumPy 1 did.
@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
def test_a_process_with_only_keras_reads_every_task(tmp_path):
    """Both directions, pooling, an encoder with its decoder, attention, and the label at every step."""
    paths = []
    for name, state in TASKS.items():
        paths += exported(task_variant(name), tmp_path / f"{name}.keras", "keras", state=state)
    for name, state in SAVED_TASKS.items():
        paths += exported(task_variant(name), tmp_path / name, "saved_model", state=state)

    done = read_elsewhere(paths)

    assert len(paths) == len(TASKS) + len(SAVED_TASKS) + 2  # two encoders
    assert done.stdout == f"False {len(paths)}\n", done.stderr

"""Keras files and SavedModels give what rnnlab gives, in a process that has only Keras."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from rnnlab.exports.formats import export
from rnnlab.exports.standard import probe_of, standard_network
from tests.exports.variants import variant

KERAS = {
    **dict.fromkeys(["coupled_lstm", "residual_lstm", "gru", "tied_simple_rnn"], True),
    **dict.fromkeys(["mlp", "lstm_pitch_duration", "gru_reset_before"], False),
}
SAVED_MODELS = {"lstm": True}
"""The variants, and whether their state goes in and comes out."""

ELSEWHERE = """
import sys
import keras, numpy as np, tensorflow as tf
for path in sys.argv[1:]:
    kept = np.load(f"{path}.npz")
    model = keras.saving.load_model(path) if path.endswith(".keras") else tf.saved_model.load(path)
    run = getattr(model, "serve", model)
    inputs = {name.removeprefix("in_"): kept[name] for name in kept if name.startswith("in_")}
    outputs = run(inputs) if len(inputs) > 1 else {"logits": run(inputs["ids"])}
    for name, output in outputs.items():
        expected, scale = kept[f"out_{name}"], np.abs(kept["out_logits"]).max()
        np.testing.assert_allclose(output, expected, rtol=0, atol=1e-5 * scale, err_msg=f"{path} {name}")
print("rnnlab" in sys.modules, len(sys.argv) - 1)
"""


def exported(name: str, path: Path, wanted: str, *, state: bool) -> str:
    """Write a variant, and beside it what goes in and what should come out."""
    model = variant(name)
    network = standard_network(model, target="Keras", peepholes=False)
    probe = probe_of(model, network, state=state)
    export(model, path, format=wanted, state=state)
    parts = network.state_names if state else ()
    inputs = dict(zip(["in_ids", *(f"in_{part}" for part in parts)], [probe.ids, *probe.state], strict=True))
    outputs = dict(zip(["out_logits", *(f"out_{part}" for part in parts)], probe.outputs, strict=True))
    np.savez(f"{path}.npz", **inputs, **outputs)
    return str(path)


# Keras' saver asks a variable for an array as NumPy 1 did.
@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
def test_a_process_with_only_keras_reads_every_file(tmp_path):
    """Each cell, encoding and head gives there what was stored here, within 1e-5 of the largest logit."""
    paths = [
        exported(name, tmp_path / f"{name}.keras", "keras", state=state) for name, state in KERAS.items()
    ]
    for name, state in SAVED_MODELS.items():
        paths.append(exported(name, tmp_path / name, "saved_model", state=state))

    done = subprocess.run(
        [sys.executable, "-I", "-c", ELSEWHERE, *paths],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "KERAS_BACKEND": "tensorflow"},
    )

    assert done.stdout == f"False {len(paths)}\n", done.stderr

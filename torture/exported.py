"""Compare the outputs of an exported model, in the program it is made for, with the NumPy engine."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from rnnlab.config.schema import Experiment, LstmModel, MlpModel
from rnnlab.engines.numpy import numpy_model
from rnnlab.exports.formats import LARGEST_IN_ONNX
from rnnlab.exports.standard import standard_network
from rnnlab.models.model_file import TrainedModel

LANES = 2
CLOSE = 1e-4
"""Allowed difference, as a share of the largest logit, or of 1 if the largest logit is smaller."""


def formats_refused(experiment: Experiment, wanted: str, *, state: bool) -> bool:
    """Whether a format has no layer for the cell, or cannot hold the state."""
    model = experiment.model
    if wanted == "tensorboard":
        return False
    peephole = isinstance(model, LstmModel) and model.peephole and wanted != "onnx"
    return peephole or getattr(model, "layer_norm", False) or (state and isinstance(model, MlpModel))


def outputs_wrong(
    path: Path, wanted: str, trained: TrainedModel, *, state: bool, random_seed: int
) -> Iterator[str]:
    """Yield the differences between an exported model and the NumPy engine, on random tokens.

    If the weights are too large for onnxruntime, the ONNX file is not compared; `export` warns of this.
    """
    rng, engine = np.random.default_rng(random_seed), numpy_model(trained)
    network = standard_network(trained, target=wanted, peepholes=wanted == "onnx", state=state)
    if wanted == "onnx" and network.largest_weight > LARGEST_IN_ONNX:
        return
    steps = min(network.window, 20) if network.recurrent else network.window
    ids = rng.integers(len(trained.tokens), size=(LANES, steps)).astype(np.int32)
    before = engine.zero_state(LANES)
    inputs: dict[str, Any] = {"ids": ids}
    if state:
        before = tuple(
            tuple(rng.normal(size=part.shape).astype(np.float32) for part in layer) for layer in before
        )
        flat = [part for layer in before for part in layer]
        inputs |= dict(zip(network.gives_state, flat, strict=True))
    last_only = network.pooling == "last"
    logits, after = engine.forward(ids, None, before, last_only=last_only)
    expected = [logits[:, -1] if last_only else logits]
    expected += [part for layer in after for part in layer] if state else []
    scale = max(1.0, float(np.abs(logits).max()))
    outputs = _outputs(path, wanted, inputs, ["logits", *network.gives_state])
    for number, (mine, other) in enumerate(zip(expected, outputs, strict=True)):
        largest = float(np.abs(mine - other).max()) / scale if mine.shape == other.shape else np.nan
        if not largest <= CLOSE:
            yield f"export {wanted}: output {number} {other.shape} differs from {mine.shape} by {largest:.1e}"


def _outputs(path: Path, wanted: str, inputs: dict[str, Any], names: list[str]) -> list[Any]:
    if wanted == "onnx":
        import onnxruntime  # noqa: PLC0415 (only ONNX needs it)

        return list(onnxruntime.InferenceSession(path).run(None, inputs))
    from rnnlab.exports import keras_model  # noqa: PLC0415 (loads TensorFlow)

    read = keras_model.loaded(path) if wanted == "keras" else keras_model.served(path)
    return keras_model.outputs_of(read, inputs, names)

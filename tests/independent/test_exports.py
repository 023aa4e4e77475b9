"""What Keras, TensorFlow and onnxruntime make of an exported file is what the plain float64 network gives."""

import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from rnnlab.engines.tensorflow.start import tf
from rnnlab.exports.formats import export
from rnnlab.models.model_file import TrainedModel
from tests.independent.drawing import CELLS, Drawn, draw
from tests.independent.plain_network import PlainNetwork, State, Vector

LANES = 2
EXPORTED = [cell for cell in CELLS if not cell.startswith("normalized")]
Arrays = dict[str, NDArray[Any]]
Loader = Callable[[Path, Arrays], Arrays]


def by_onnxruntime(path: Path, inputs: Arrays) -> Arrays:
    session = onnxruntime.InferenceSession(path)
    names = [each.name.removeprefix("next_") for each in session.get_outputs()]
    return dict(zip(names, session.run(None, inputs), strict=True))


def by_keras(path: Path, inputs: Arrays) -> Arrays:
    return _named(keras.saving.load_model(path)(inputs if len(inputs) > 1 else inputs["ids"]))


def by_tensorflow(path: Path, inputs: Arrays) -> Arrays:
    loaded = tf.saved_model.load(str(path))  # its variables live as long as it does
    return _named(loaded.serve(inputs if len(inputs) > 1 else inputs["ids"]))


def _named(outputs: Any) -> Arrays:
    """The outputs as arrays by name; a single one is the logits."""
    named = outputs if isinstance(outputs, dict) else {"logits": outputs}
    return {name: np.asarray(each) for name, each in named.items()}


def plain_outputs(
    plain: PlainNetwork, ids: list[int], state: list[State]
) -> tuple[list[Vector], list[State]]:
    """The logits of each step of a lane that the file gives, and the state after the last."""
    if plain.model["kind"] == "mlp":
        return [plain.window(ids)], []
    steps = []
    for token in ids:
        logits, state = plain.step(token, state)
        steps.append(logits)
    return steps[-1:] if plain.page["dataset"]["target"] == "next" else steps, state


def assert_the_plain_outputs(
    drawn: Drawn, model: TrainedModel, path: Path, load: Loader, *, state: bool
) -> None:
    """Random tokens, and any state before them: logits, and the state after them, to 1e-5."""
    rng, plain = np.random.default_rng(3), PlainNetwork(drawn.page, model.tokens, model.weights)
    kind, window = drawn.page["model"]["kind"], drawn.page["dataset"]["window"]
    ids = rng.integers(0, len(model.tokens), (LANES, window)).astype(np.int32)
    before = [[] if kind == "mlp" else plain.zero_state() for _ in range(LANES)]
    if state:
        before = [[tuple(drawn_part(rng, part) for part in own) for own in lane] for lane in before]
    lanes = [plain_outputs(plain, own.tolist(), lane) for own, lane in zip(ids, before, strict=True)]
    logits = np.array([steps for steps, _ in lanes])
    expected = {"logits": logits[:, -1] if drawn.page["dataset"]["target"] == "next" else logits}
    if state:
        expected |= parts_of([after for _, after in lanes], kind)

    received = load(path, {"ids": ids, **(parts_of(before, kind) if state else {})})

    assert set(received) == set(expected)
    for name, array in expected.items():
        np.testing.assert_allclose(received[name], array, rtol=0, atol=1e-5, err_msg=name)


def drawn_part(rng: np.random.Generator, part: Vector) -> Vector:
    """A random part of a state, of the same shape, in numbers that float32 has."""
    return rng.normal(0, 0.4, part.shape).astype(np.float32).astype(np.float64)


def parts_of(lanes: list[list[State]], kind: str) -> Arrays:
    """Each part of a state, (N, H), by the name that the file has for it."""
    return {
        f"{kind}_{number + 1}_{'hc'[part]}": np.stack([lane[number][part] for lane in lanes]).astype(
            np.float32
        )
        for number, layer in enumerate(lanes[0])
        for part in range(len(layer))
    }


def drawn_for_export(cell: str, folder: Path) -> tuple[Drawn, TrainedModel]:
    rng = np.random.default_rng(zlib.crc32(cell.encode()))
    drawn = draw(rng, folder, cell=cell, regime="windows")
    return drawn, drawn.model(rng)


@pytest.mark.parametrize("state", [False, True])
@pytest.mark.parametrize("cell", [*EXPORTED, "mlp"])
def test_onnxruntime_gives_what_the_plain_network_does(tmp_path: Path, cell: str, state: bool) -> None:
    """Every cell that ONNX has, of any number of layers, with any encoding and head."""
    drawn, model = drawn_for_export(cell, tmp_path)
    path, state = tmp_path / "model.onnx", state and cell != "mlp"

    export(model, path, format="onnx", state=state)

    assert_the_plain_outputs(drawn, model, path, by_onnxruntime, state=state)


# Keras' saver asks a variable for an array as NumPy 1 did.
@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
@pytest.mark.parametrize(
    ("cell", "wanted", "state"),
    [
        ("lstm", "keras", True),
        ("gru_reset_before", "keras", False),
        ("mlp", "keras", False),
        ("coupled", "saved_model", True),
        ("simple_rnn", "saved_model", False),
        ("gru_reset_after", "saved_model", True),
    ],
)
def test_keras_gives_what_the_plain_network_does(tmp_path: Path, cell: str, wanted: str, state: bool) -> None:
    """As a .keras file, and as a SavedModel that is served."""
    drawn, model = drawn_for_export(cell, tmp_path)
    path = tmp_path / {"keras": "model.keras", "saved_model": "model"}[wanted]

    export(model, path, format=wanted, state=state)

    load = {"keras": by_keras, "saved_model": by_tensorflow}[wanted]
    assert_the_plain_outputs(drawn, model, path, load, state=state)

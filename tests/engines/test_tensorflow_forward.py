"""Looking up rows, with its gradients, against TensorFlow's own gather; whole networks against NumPy."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rnnlab.engines import tensorflow_forward
from rnnlab.engines.numpy_engine import numpy_model
from rnnlab.engines.tensorflow_start import tf
from rnnlab.models.architecture import architecture_of
from rnnlab.models.encodings import encoding_table
from tests.experiments import SONG, experiment
from tests.trained import STREAM, trained


def gradient_of(look_up: Callable[[Any, Any], Any], table: Any, ids: Any) -> tuple[Any, Any]:
    """What is looked up, and the gradient of a sum that weighs each number of it differently."""

    def measured() -> tuple[Any, Any]:
        with tf.GradientTape() as tape:
            tape.watch(table)
            found = look_up(table, ids)
            places = tf.range(tf.size(found), dtype=tf.float32)
            loss = tf.reduce_sum(tf.sin(found) * tf.reshape(places, found.shape))
        return found, tape.gradient(loss, table)

    found, gradient = tf.function(measured, jit_compile=True, autograph=False)()
    return found, tf.convert_to_tensor(gradient)


@pytest.mark.parametrize("dense_rows", [0, 1024])
@pytest.mark.parametrize(("steps", "lanes"), [(1, 1), (7, 1), (3, 4), (9, 3)])
def test_a_lookup_has_the_gradient_of_a_gather(
    steps: int, lanes: int, dense_rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As rows (T, N, K) and as columns (T, K, N), summed densely and by segments, one lane and several."""
    monkeypatch.setattr(tensorflow_forward, "DENSE_LOOKUP_ROWS", dense_rows)
    rng = np.random.default_rng(0)
    table = tf.constant(rng.normal(size=(5, 6)).astype(np.float32))
    ids = tf.constant(rng.integers(0, 5, (steps, lanes)).astype(np.int32))
    pairs = [
        (tensorflow_forward._lookup, tf.gather),
        (tensorflow_forward._columns_of, lambda table, ids: tf.transpose(tf.gather(table, ids), (0, 2, 1))),
    ]
    for ours, theirs in pairs:
        found, gradient = gradient_of(ours, table, ids)
        expected, expected_gradient = gradient_of(theirs, table, ids)

        np.testing.assert_array_equal(found, expected)
        np.testing.assert_allclose(gradient, expected_gradient, rtol=1e-4, atol=1e-4)


def test_a_small_vocabulary_is_encoded_as_a_large_one_is() -> None:
    """13 tokens through an embedding: 4 places look it up first, 32 look up its product with the kernel."""
    settings = experiment(SONG, "dataset.encoding=embedding", "dataset.embedding_size=3")
    architecture = architecture_of(settings, 13)
    rng = np.random.default_rng(0)
    weights = {
        f"{layer.name}/{name}": tf.constant(rng.normal(size=shape).astype(np.float32))
        for layer in architecture.layers
        for name, shape in layer.weights.items()
    }
    forward = tensorflow_forward.ForwardPass(architecture, None, last_only=False)
    ids = tf.constant([[3, 1, 12, 0]])

    alone, _ = forward(weights, ids, None, forward.zero_state(1))
    among, _ = forward(weights, tf.tile(ids, (8, 1)), None, forward.zero_state(8))

    np.testing.assert_allclose(among[:, 0], alone[:, 0], atol=1e-5)
    assert np.abs(alone).max() > 0.1


@pytest.mark.parametrize("target", ["shifted", "next"])
@pytest.mark.parametrize(
    ("encoding", "model"),
    [
        ("embedding", "{kind: lstm, units: [4, 4], layer_norm: true, residual: true, tie_weights: true}"),
        ("one_hot", "{kind: gru, units: [4, 4, 4], layer_norm: true, residual: true, input_dropout: 0.5}"),
        ("scalar", "{kind: simple_rnn, units: 4, layer_norm: true, recurrent_dropout: 0.5}"),
    ],
)
def test_equals_the_numpy_engine_with_the_same_weights(
    tmp_path: Path, encoding: str, model: str, target: str
) -> None:
    """Logits of a window to 1e-5, nothing dropped; those of the last step where only it counts."""
    settings = [f"dataset.encoding={encoding}", f"dataset.target={target}", f"model={model}"]
    own = trained(STREAM, tmp_path, *settings, "training.batching=windows")
    numbers, engine = len(own.tokens), numpy_model(own)
    forward = tensorflow_forward.ForwardPass(
        architecture_of(own.experiment, numbers),
        encoding_table(encoding, own.tokens),
        last_only=target == "next",
    )
    ids = np.random.default_rng(0).integers(0, numbers, (3, 5)).astype(np.int32)
    expected, _ = engine.forward(ids, None, engine.zero_state(3), last_only=target == "next")

    logits, _ = forward(own.weights, tf.constant(ids), None, forward.zero_state(3))

    np.testing.assert_allclose(tf.transpose(logits, (1, 0, 2)), expected, atol=1e-5, rtol=1e-5)

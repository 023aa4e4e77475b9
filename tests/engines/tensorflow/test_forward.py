"""Looking up rows, with its gradients, against TensorFlow's own gather; whole networks against NumPy."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rnnlab.engines.numpy import numpy_model
from rnnlab.engines.numpy.network import NumpyRnn
from rnnlab.engines.tensorflow import layers
from rnnlab.engines.tensorflow.forward import DropoutMasks, ForwardPass
from rnnlab.engines.tensorflow.start import tf
from rnnlab.models.architecture import Architecture, Dropout, architecture_of, encoding_table
from tests.experiments import SONG, STREAM, experiment
from tests.trained import STREAM as TRAINED_STREAM
from tests.trained import trained


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
    monkeypatch.setattr(layers, "DENSE_LOOKUP_ROWS", dense_rows)
    rng = np.random.default_rng(0)
    table = tf.constant(rng.normal(size=(5, 6)).astype(np.float32))
    ids = tf.constant(rng.integers(0, 5, (steps, lanes)).astype(np.int32))
    pairs = [
        (layers.lookup, tf.gather),
        (layers.columns_of, lambda table, ids: tf.transpose(tf.gather(table, ids), (0, 2, 1))),
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
    forward_pass = ForwardPass(architecture, None, last_only=False)
    ids = tf.constant([[3, 1, 12, 0]])

    alone, _ = forward_pass(weights, ids, None, forward_pass.zero_state(1))
    among, _ = forward_pass(weights, tf.tile(ids, (8, 1)), None, forward_pass.zero_state(8))

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
    own = trained(TRAINED_STREAM, tmp_path, *settings, "training.batching=windows")
    numbers, engine = len(own.tokens), numpy_model(own)
    forward_pass = ForwardPass(
        architecture_of(own.experiment, numbers),
        encoding_table(encoding, own.tokens),
        last_only=target == "next",
    )
    ids = np.random.default_rng(0).integers(0, numbers, (3, 5)).astype(np.int32)
    expected, _ = engine.forward(ids, None, engine.zero_state(3), last_only=target == "next")

    logits, _ = forward_pass(own.weights, tf.constant(ids), None, forward_pass.zero_state(3))

    np.testing.assert_allclose(tf.transpose(logits, (1, 0, 2)), expected, atol=1e-5, rtol=1e-5)


def test_two_notes_as_pitch_and_duration_are_not_one_hot() -> None:
    """The table of two tokens has D = V, but other numbers."""
    architecture = architecture_of(experiment(SONG, "dataset.encoding=pitch_duration"), 2)
    table = encoding_table("pitch_duration", ["c4", "d8"])
    rng = np.random.default_rng(0)
    weights = {
        name: rng.normal(size=shape).astype(np.float32)
        for name, shape in architecture.weight_shapes().items()
    }
    ids = np.array([[0, 1, 1, 0]], np.int32)
    assert table is not None
    engine = NumpyRnn(architecture, weights, table)
    expected, _ = engine.forward(ids, None, engine.zero_state(1))

    forward_pass = ForwardPass(architecture, table, last_only=False)
    logits, _ = forward_pass(weights, tf.constant(ids), None, forward_pass.zero_state(1))

    np.testing.assert_allclose(tf.transpose(logits, (1, 0, 2)), expected, atol=1e-5, rtol=1e-5)


SEED, NEXT_SEED = tf.constant([5, 7]), tf.constant([5, 8])
STEPWISE, VARIATIONAL = Dropout(0.25, 0.5, 0.25), Dropout(0.25, 0.5, 0.25, variational=True)
IDS = tf.constant(np.random.default_rng(0).integers(0, 7, (40, 30)), tf.int32)
"""(T, N)."""


def compiled(draw: Callable[[], Any]) -> Any:
    """What a function gives, as one XLA program: Threefry is drawn there only."""
    return tf.nest.map_structure(np.asarray, tf.function(draw, jit_compile=True, autograph=False)())


def test_of_outputs_a_share_is_dropped_and_the_rest_scaled() -> None:
    """A quarter becomes 0 and the rest 4/3, so that the mean stays; each step and each use draws anew."""
    masks = DropoutMasks(STEPWISE, SEED)

    first, second = compiled(lambda: [masks.outputs(tf.ones((20, 40, 30))) for _ in range(2)])

    assert set(np.unique(first)) == {0, np.float32(4 / 3)}
    assert first.mean() == pytest.approx(1, abs=0.02)
    assert (first[:, 0] != first[:, 1]).any()
    assert (first != second).any()


def test_variational_dropout_is_the_same_at_every_step() -> None:
    """One mask for the T steps of each lane, another for each lane."""
    dropped = compiled(lambda: DropoutMasks(VARIATIONAL, SEED).outputs(tf.ones((20, 40, 30))))

    assert (dropped == dropped[:, :1]).all()
    assert (dropped[:, 0, 0] != dropped[:, 0, 1]).any()
    assert dropped.mean() == pytest.approx(1, abs=0.1)


def test_variational_dropout_of_one_hot_inputs_drops_kinds_of_tokens() -> None:
    """In a lane, a token is dropped wherever it stands or nowhere."""
    scale, stepwise = compiled(
        lambda: [DropoutMasks(shares, SEED).tokens(IDS, 7) for shares in (VARIATIONAL, STEPWISE)]
    )

    assert set(np.unique(scale)) == {0, 2}
    for lane, ids in zip(scale.T, IDS.numpy().T, strict=True):
        assert all(len(np.unique(lane[ids == token])) == 1 for token in np.unique(ids))
    assert any(len(np.unique(stepwise[:, 0][IDS[:, 0] == token])) == 2 for token in range(7))


def test_dropout_is_a_function_of_its_seed() -> None:
    """The same seed drops the same, the next step's another; without a seed nothing is dropped."""
    values = tf.ones((4, 5, 3))
    seeds = SEED, SEED, NEXT_SEED
    one, again, other = compiled(lambda: [DropoutMasks(STEPWISE, seed).outputs(values) for seed in seeds])
    idle = DropoutMasks(STEPWISE, None)

    assert (one == again).all()
    assert (one != other).any()
    assert idle.outputs(values) is idle.inputs(values) is values
    assert idle.recurrent(4, 3) is None
    assert not idle.drops_inputs


def network(*changes: str) -> tuple[Architecture, dict[str, Any]]:
    """Two layers of three units on seven tokens, with random weights."""
    architecture = architecture_of(experiment(STREAM, *changes), 7)
    rng = np.random.default_rng(0)
    shapes = architecture.weight_shapes()
    return architecture, {n: tf.constant(rng.normal(size=s).astype(np.float32)) for n, s in shapes.items()}


@pytest.mark.parametrize("variational", [False, True])
def test_a_dropped_one_hot_token_is_a_row_of_zeros(variational: bool) -> None:
    """The quick way, which looks rows up and scales them, equals the product with dropped one-hot rows."""
    model = f"{{kind: simple_rnn, units: 3, input_dropout: 0.5, variational_dropout: {variational}}}".lower()
    architecture, weights = network(f"model={model}")
    forward = ForwardPass(architecture, np.eye(7, dtype=np.float32), last_only=False)
    logits, scale = compiled(
        lambda: (
            forward(weights, tf.transpose(IDS), None, forward.zero_state(30), SEED)[0],
            DropoutMasks(architecture.dropout, SEED).tokens(IDS, 7),
        )
    )

    kernel, recurrent, bias = (weights[f"simple_rnn_1/{n}"] for n in ("kernel", "recurrent_kernel", "bias"))
    h, expected = np.zeros((30, 3)), []
    for rows, factors in zip(np.eye(7)[IDS], scale, strict=True):
        h = np.tanh((rows * factors[:, None]) @ kernel + h @ recurrent + bias)
        expected.append(h @ weights["head/kernel"] + weights["head/bias"])

    np.testing.assert_allclose(logits, expected, atol=1e-4)


@pytest.mark.parametrize(
    "dropout",
    ["input_dropout: 0.5", "recurrent_dropout: 0.5", "input_dropout: 0.5, variational_dropout: true"],
)
def test_a_forward_pass_drops_with_a_seed_only(dropout: str) -> None:
    """Learnt rows and h, in training; the same seed gives the same bits."""
    changes = "dataset.encoding=embedding", f"model={{kind: gru, units: [3, 3], residual: true, {dropout}}}"
    architecture, weights = network(*changes)
    forward = ForwardPass(architecture, None, last_only=False)
    state, ids = forward.zero_state(30), tf.transpose(IDS)

    plain, dropped, again = compiled(
        lambda: [forward(weights, ids, None, state, seed)[0] for seed in (None, SEED, SEED)]
    )

    assert (dropped == again).all()
    assert (dropped != plain).any()

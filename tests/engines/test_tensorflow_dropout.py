"""What is dropped: which shares, at which steps, and by which seed."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from rnnlab.engines.tensorflow_dropout import DropoutMasks
from rnnlab.engines.tensorflow_forward import ForwardPass
from rnnlab.engines.tensorflow_start import tf
from rnnlab.models.architecture import Architecture, Dropout, architecture_of
from tests.experiments import STREAM, experiment

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

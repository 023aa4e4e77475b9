"""The compiled recurrence against plain automatic differentiation, and against Keras' own layers."""

import itertools
from typing import Any

import numpy as np
import pytest

from rnnlab.engines.tensorflow.recurrence import UNROLLED_STEPS, run_recurrence
from rnnlab.engines.tensorflow.start import keras, tf
from rnnlab.models import cells
from rnnlab.models.cells import NormalizedGru, NormalizedLstm, NormalizedSimpleRnn


class CandidateFirst(cells.Cell):
    """A minimal gated unit that resets after the product, and takes the columns of its last gate first."""

    gates = "uh"
    additive = False

    def step(self, xp: Any, x: Any, product: Any, state: Any, parameters: Any) -> Any:
        (h,) = state
        x_u, x_h = xp.split(x, 2)
        candidate = product(h, "h")
        u = xp.sigmoid(x_u + product(h, "u"))
        return ((1 - u) * h + u * xp.tanh(x_h + u * candidate),)


class ResetByInput(CandidateFirst):
    """Its first product is not of the old h, and its second is."""

    def step(self, xp: Any, x: Any, product: Any, state: Any, parameters: Any) -> Any:
        (h,) = state
        x_u, x_h = xp.split(x, 2)
        candidate = xp.tanh(x_h + product(xp.sigmoid(x_u) * h, "h"))
        u = xp.sigmoid(x_u + product(h, "u"))
        return ((1 - u) * h + u * candidate,)


class ColumnsTwice(CandidateFirst):
    """It uses the columns of h in two products."""

    def step(self, xp: Any, x: Any, product: Any, state: Any, parameters: Any) -> Any:
        (h,) = state
        h_u, h_h = xp.split(x + product(h), 2)
        u = xp.sigmoid(h_u)
        return ((1 - u) * h + u * xp.tanh(h_h + product(u * h, "h")),)


class ColumnsUnused(CandidateFirst):
    """It never uses the columns of u."""

    def step(self, xp: Any, x: Any, product: Any, state: Any, parameters: Any) -> Any:
        (h,) = state
        x_u, x_h = xp.split(x, 2)
        u = xp.sigmoid(x_u)
        return ((1 - u) * h + u * xp.tanh(x_h + product(h, "h")),)


ORDERS = [CandidateFirst(), ResetByInput(), ColumnsTwice(), ColumnsUnused()]
"""Cells whose products are not one for each gate in the order of the gates."""

CELLS = [
    cells.SimpleRnn(),
    cells.Lstm(),
    cells.PeepholeLstm(),
    cells.CoupledLstm(),
    cells.CoupledPeepholeLstm(),
    cells.GruResetBefore(),
    cells.GruResetAfter(),
]
NORMALIZED = [NormalizedSimpleRnn(), NormalizedLstm(), NormalizedGru()]
SHAPES = [(1, 1, 1, 1), (UNROLLED_STEPS, 1, 2, 4), (UNROLLED_STEPS + 1, 1, 3, 2), (3, 3, 2, 4), (7, 2, 3, 5)]
"""T, N, D, H: one lane, unrolled and looped, and several."""


def name_of(cell: cells.Cell) -> str:
    return type(cell).__name__


def draw(rng: np.random.Generator, *shape: int) -> Any:
    return tf.constant(rng.normal(0, 0.5, shape).astype(np.float32))


class RowsOfLanes:
    """What the equations use, for rows of lanes, as TensorFlow differentiates it."""

    tanh, sigmoid = staticmethod(tf.tanh), staticmethod(tf.sigmoid)

    @staticmethod
    def split(x: Any, parts: int) -> list[Any]:
        return list(tf.split(x, parts, axis=-1))

    @staticmethod
    def normalized(x: Any) -> Any:
        mean, variance = tf.nn.moments(x, axes=-1, keepdims=True)
        return (x - mean) / tf.sqrt(variance + 1e-5)


def turned(x: Any) -> Any:
    """The last two axes exchanged: rows of lanes as columns, and back."""
    return tf.linalg.matrix_transpose(x)


def random_layer(cell: cells.Cell, inputs: int, units: int) -> dict[str, Any]:
    rng = np.random.default_rng(1)
    return {name: draw(rng, *shape) for name, shape in cell.weight_shapes(inputs, units).items()}


def naive(
    cell: cells.Cell, x: Any, weights: dict[str, Any], keep: Any, state: Any, mask: Any = 1.0
) -> tuple[Any, Any]:
    """A loop over the equation that TensorFlow differentiates by itself."""
    kernel, outputs = weights["recurrent_kernel"], []

    def product(operand: Any, gates: str = cell.gates, /) -> Any:
        first = cell.gates.index(gates) * kernel.shape[0]
        return (operand * mask) @ kernel[:, first : first + len(gates) * kernel.shape[0]]

    for t in range(x.shape[0]):
        if keep is not None:
            state = tuple(part * keep[t] for part in state)
        a = x[t] @ weights["kernel"] + cell.input_bias(weights)
        state = cell.step(RowsOfLanes, a, product, state, cell.parameters(weights))
        outputs.append(state[0])
    return tf.stack(outputs), state


def fast(
    cell: cells.Cell, x: Any, weights: dict[str, Any], keep: Any, state: Any, mask: Any = None
) -> tuple[Any, Any]:
    a = x @ weights["kernel"] + cell.input_bias(weights)
    outputs, last = run_recurrence(
        cell,
        turned(a),
        weights["recurrent_kernel"],
        parameters=cell.parameters(weights),
        keep=None if keep is None else turned(keep),
        state=tuple(map(turned, state)),
        mask=None if mask is None else turned(mask),
    )
    return tf.transpose(outputs, (1, 2, 0)), tuple(map(turned, last))


def weighted_sum(outputs: Any, last: Any) -> Any:
    """A loss that every output and every part of the last state enters with a weight of its own."""
    rng = np.random.default_rng(2)
    return sum(tf.reduce_sum(part * draw(rng, *part.shape)) for part in (outputs, *last))


@pytest.mark.parametrize("resets", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("cell", CELLS, ids=name_of)
@pytest.mark.parametrize("compiled", [False, True])
def test_every_gradient_equals_plain_differentiation(
    cell: cells.Cell, shape: tuple[int, int, int, int], resets: bool, compiled: bool
) -> None:
    """Outputs, last state and all gradients, those of the inputs and the first state included."""
    steps, lanes, inputs, units = shape
    rng = np.random.default_rng(0)
    weights = random_layer(cell, inputs, units)
    x, state = draw(rng, steps, lanes, inputs), tuple(draw(rng, lanes, units) for _ in cell.state)
    keep = tf.constant(rng.integers(0, 2, (steps, lanes, 1)).astype(np.float32)) if resets else None
    results = []
    for run in (naive, fast):

        def measured(run: Any = run) -> Any:
            with tf.GradientTape() as tape:
                sources = [x, *state, *weights.values()]
                tape.watch(sources)
                outputs, last = run(cell, x, weights, keep, state)
                loss = weighted_sum(outputs, last)
            return [outputs, *last, *tape.gradient(loss, sources)]

        compiles = compiled and run is fast  # the loop takes seconds to compile
        results.append(tf.function(measured, jit_compile=True, autograph=False)() if compiles else measured())

    for expected, received in zip(*results, strict=True):
        np.testing.assert_allclose(received, expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("cell", [*CELLS, *NORMALIZED, *ORDERS], ids=name_of)
def test_masks_and_normalisation_keep_every_gradient(cell: cells.Cell, masked: bool) -> None:
    """A product of h where the mask leaves it, with lanes that are reset: gradients of the plain loop."""
    steps, lanes, inputs, units = 7, 2, 3, 5
    rng = np.random.default_rng(0)
    weights = random_layer(cell, inputs, units)
    x, state = draw(rng, steps, lanes, inputs), tuple(draw(rng, lanes, units) for _ in cell.state)
    keep = tf.constant(rng.integers(0, 2, (steps, lanes, 1)).astype(np.float32))
    mask = tf.constant(rng.integers(0, 2, (lanes, units)).astype(np.float32) * 2)
    results = []
    for run in (naive, fast):
        with tf.GradientTape() as tape:
            sources = [x, *state, *weights.values()]
            tape.watch(sources)
            outputs, last = run(cell, x, weights, keep, state, *([mask] if masked else []))
            loss = weighted_sum(outputs, last)
        gradients = tape.gradient(loss, sources, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        results.append([outputs, *last, *gradients])

    for expected, received in zip(*results, strict=True):
        np.testing.assert_allclose(received, expected, atol=1e-4, rtol=1e-4)


def test_an_additive_cell_with_other_products_is_refused() -> None:
    """One gradient cannot serve x and two products."""

    class Additive(CandidateFirst):
        additive = True

    weights = random_layer(Additive(), 3, 5)

    with pytest.raises(
        ValueError, match=r"Additive: additive: expected one product, product\(h\), for all gates"
    ):
        fast(Additive(), tf.zeros((7, 2, 3)), weights, None, (tf.zeros((2, 5)),))


@pytest.mark.parametrize(
    ("cell", "layer"),
    [
        (cells.SimpleRnn(), "SimpleRNN"),
        (cells.Lstm(), "LSTM"),
        (cells.GruResetAfter(), "GRU"),
        (cells.GruResetBefore(), "GRU"),
    ],
    ids=["simple_rnn", "lstm", "gru_after", "gru_before"],
)
def test_equals_keras_layer_with_the_same_weights(cell: cells.Cell, layer: str) -> None:
    """Outputs to 1e-5 and gradients to 1e-4 of `keras.layers.SimpleRNN`, `LSTM` and `GRU`."""
    steps, lanes, inputs, units = 20, 3, 4, 6
    settings = {"reset_after": isinstance(cell, cells.GruResetAfter)} if layer == "GRU" else {}
    theirs = getattr(keras.layers, layer)(units, return_sequences=True, **settings)
    x = draw(np.random.default_rng(0), lanes, steps, inputs)
    theirs.build(x.shape)
    weights = random_layer(cell, inputs, units)
    theirs.set_weights(list(weights.values()))
    with tf.GradientTape() as tape:
        expected = theirs(x)
        loss = weighted_sum(expected, ())
    expected_gradients = tape.gradient(loss, [v.value for v in theirs.trainable_variables])

    with tf.GradientTape() as tape:
        tape.watch(list(weights.values()))
        zero = tuple(tf.zeros((lanes, units)) for _ in cell.state)
        outputs, _ = fast(cell, tf.transpose(x, (1, 0, 2)), weights, None, zero)
        received = tf.transpose(outputs, (1, 0, 2))
        loss = weighted_sum(received, ())
    gradients = tape.gradient(loss, list(weights.values()))

    np.testing.assert_allclose(received, expected, atol=1e-5)
    for ours, keras_gradient in zip(gradients, expected_gradients, strict=True):
        np.testing.assert_allclose(ours, keras_gradient, atol=1e-4)


def test_gru_of_the_lecture_is_ours_with_z_turned() -> None:
    """h = (1 − z)∘h + z∘h̃, as on the slide, is the reset-before GRU with the sign of z's weights turned."""
    cell, units = cells.GruResetBefore(), 3
    rng = np.random.default_rng(0)
    h, x, kernel = draw(rng, 2, units), draw(rng, 2, 3 * units), draw(rng, units, 3 * units)
    z = tf.sigmoid(x[:, :units] + h @ kernel[:, :units])
    r = tf.sigmoid(x[:, units : 2 * units] + h @ kernel[:, units : 2 * units])
    slide = (1 - z) * h + z * tf.tanh(x[:, 2 * units :] + (r * h) @ kernel[:, 2 * units :])
    signs = tf.concat([-tf.ones(units), tf.ones(2 * units)], axis=0)

    outputs, _ = run_recurrence(
        cell, turned(x * signs)[None], kernel * signs, parameters=(), keep=None, state=(turned(h),)
    )

    np.testing.assert_allclose(turned(outputs[:, 0]), slide, atol=1e-6)


def test_a_lane_that_is_reset_forgets_only_itself() -> None:
    """After a reset a lane gives what a fresh one gives; the other lane goes on as if nothing had been."""
    for cell, resets in itertools.product(CELLS, [3, 20]):
        weights = random_layer(cell, 2, 4)
        x = draw(np.random.default_rng(0), resets + 4, 2, 2)
        keep = np.ones((resets + 4, 2, 1), np.float32)
        keep[resets, 0] = 0
        zero = tuple(tf.zeros((2, 4)) for _ in cell.state)

        outputs, _ = fast(cell, x, weights, tf.constant(keep), zero)
        fresh, _ = fast(cell, x[resets:], weights, None, zero)
        unbroken, _ = fast(cell, x, weights, None, zero)

        np.testing.assert_allclose(outputs[resets:, 0], fresh[:, 0], atol=1e-6)
        np.testing.assert_allclose(outputs[:, 1], unbroken[:, 1], atol=1e-6)
        assert np.abs(outputs[resets:, 0] - unbroken[resets:, 0]).max() > 1e-3

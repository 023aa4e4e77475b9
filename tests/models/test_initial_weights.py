"""The weights that training begins with, drawn without Keras, against those that Keras draws."""

from pathlib import Path

import numpy as np
import pytest

from rnnlab.config.reading import parse_experiment
from rnnlab.models.architecture import Architecture, architecture_of, encoding_table
from rnnlab.models.cells import Lstm, Shapes
from rnnlab.models.initial_weights import initial_weights, normal, uniform
from rnnlab.models.network import build_network, named_weights
from tests.trained import STREAM

MODELS = {
    "simple_rnn": "model={kind: simple_rnn, units: 2}",
    "lstm": "model={kind: lstm, units: [3, 5]}",
    "peephole": "model={kind: lstm, units: 3, peephole: true, coupled_gates: true}",
    "gru": "model={kind: gru, units: [4, 3]}",
    "layer_norm": "model={kind: lstm, units: 4, layer_norm: true}",
    "tied": "model={kind: gru, units: 4, tie_weights: true}",
    "mlp": "model={kind: mlp, units: [6, 3]}",
}


def architecture(model: str) -> Architecture:
    """Of a vocabulary of seven tokens."""
    changes = [MODELS[model]]
    if model in ("tied", "gru"):
        changes.append("dataset.encoding=embedding")
    if model == "mlp":
        changes += ["dataset.target=next", "training.batching=windows"]
    experiment = parse_experiment(STREAM, name="test.yaml", folder=Path.cwd(), overrides=changes)
    return architecture_of(experiment, 7)


@pytest.mark.parametrize("model", MODELS)
def test_they_are_those_that_keras_draws(model):
    """Every weight of every kind of network, in the order of the layers; 1e-5 is the rounding of float32."""
    layers = architecture(model)
    table = None if layers.encoding.weights else encoding_table("one_hot", "abcdefg")
    network = build_network(layers, table, window=5, last_only=model == "mlp", random_seed=3)

    drawn = initial_weights(layers, 3)

    expected = {name: variable.numpy() for name, variable in named_weights(network).items()}
    assert drawn.keys() == expected.keys() == layers.weight_shapes().keys()
    for name, array in expected.items():
        assert drawn[name].dtype == np.float32
        np.testing.assert_allclose(drawn[name], array, rtol=0, atol=1e-5, err_msg=name)


class _TwoBiases(Lstm):
    """An LSTM with a bias of its own for h U."""

    def weight_shapes(self, input_size: int, units: int) -> Shapes:
        return {**super().weight_shapes(input_size, units), "bias": (2, 4 * units)}


def test_the_rows_of_a_bias_are_the_same(monkeypatch):
    """A forget gate begins with 1 in each of them, as Keras' `Constant` gives it."""
    monkeypatch.setattr("rnnlab.models.architecture.cells.Lstm", _TwoBiases)

    drawn = initial_weights(architecture("lstm"), 3)

    assert drawn["lstm_1/bias"].tolist() == [[0.0] * 3 + [1.0] * 3 + [0.0] * 6] * 2


@pytest.mark.parametrize("seed", [0, 1, 12_345, 2**31 - 2])
def test_uniform_numbers_are_kerass_to_the_bit(seed):
    """Of any size, also one that is no multiple of a block of four."""
    import keras

    for shape in [(1, 1), (5, 7), (40, 30)]:
        expected = np.array(keras.random.uniform(shape, -0.37, 0.37, seed=seed))
        assert (uniform(seed, shape, 0.37) == expected).all()


def test_a_thousand_rows_of_normal_numbers_are_kerass():
    """Up to the last bits of sine and logarithm."""
    import keras

    expected = np.array(keras.random.normal((1000, 7), seed=5))

    np.testing.assert_allclose(normal(5, (1000, 7)), expected, rtol=0, atol=1e-5)
    assert abs(expected.mean()) < 0.03 > abs(expected.std() - 1)

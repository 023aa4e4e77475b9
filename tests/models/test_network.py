"""The Keras model: the same function as the NumPy engine, a start as Keras', and Keras' own `fit`."""

from typing import Any

import numpy as np
import pytest

from rnnlab.engines.numpy import numpy_model
from rnnlab.engines.tensorflow.start import keras
from rnnlab.models.architecture import architecture_of, encoding_table
from rnnlab.models.model_file import TrainedModel
from rnnlab.models.network import build_network, named_weights
from tests.experiments import experiment

TOKENS = tuple("abcdefg")
MODELS = [
    "kind: simple_rnn, units: 4",
    "kind: lstm, units: [4, 3]",
    "kind: lstm, units: 4, peephole: true",
    "kind: lstm, units: 4, coupled_gates: true",
    "kind: lstm, units: 4, peephole: true, coupled_gates: true",
    "kind: gru, units: 4, reset_after: false",
    "kind: gru, units: [4, 3], reset_after: true, dropout: 0.5",
    "kind: lstm, units: [4, 7], head: none",
]
EMBEDDED = "kind: lstm, units: [4, 4], layer_norm: true, residual: true, tie_weights: true"
EVERY_DROPOUT = "input_dropout: 0.5, recurrent_dropout: 0.5, variational_dropout: true"
MLP = "kind: mlp, units: [5, 4], activation: elu, dropout: 0.5"


def text_of(model: str, *, target: str = "shifted", encoding: str = "one_hot") -> str:
    return (
        f"dataset: {{kind: text, inline: abcdefg, window: 3, target: {target}, encoding: {encoding}}}\n"
        f"model: {{{model}}}\ntraining: {{batching: windows}}"
    )


def network_of(text: str, *, random_seed: int = 0) -> Any:
    wanted = experiment(text)
    return build_network(
        architecture_of(wanted, len(TOKENS)),
        encoding_table(wanted.dataset.encoding, TOKENS),
        window=wanted.dataset.window,
        last_only=wanted.dataset.target == "next",
        random_seed=random_seed,
    )


def shake(network: Any) -> dict[str, np.ndarray]:
    """Give a network new weights, biases included, and return them by name."""
    rng = np.random.default_rng(3)
    weights = {}
    for name, variable in named_weights(network).items():
        weights[name] = rng.normal(0, 0.6, variable.shape).astype(np.float32)
        variable.assign(weights[name])
    return weights


CASES = [
    *((text_of(model), "shifted") for model in MODELS),
    *((text_of(model, target="next"), "next") for model in (MODELS[1], MODELS[-1], MLP)),
    (text_of(MODELS[0], encoding="scalar"), "shifted"),
    (text_of(MODELS[0], encoding="embedding"), "shifted"),
    (text_of(f"{EMBEDDED}, {EVERY_DROPOUT}", encoding="embedding"), "shifted"),
    (text_of(EMBEDDED, encoding="embedding", target="next"), "next"),
    (text_of("kind: simple_rnn, units: 4, layer_norm: true"), "shifted"),
    (text_of("kind: gru, units: 4, layer_norm: true"), "shifted"),
]


@pytest.mark.parametrize(("text", "target"), CASES)
def test_equals_the_numpy_engine_with_the_same_weights(text: str, target: str) -> None:
    """Logits of every window from a zero state, to 1e-5: (N, T, V), or (N, V) of the last step alone."""
    network = network_of(text)
    model = TrainedModel(experiment(text), TOKENS, shake(network), "")
    engine = numpy_model(model)
    ids = np.random.default_rng(0).integers(0, len(TOKENS), (5, 3))

    logits = np.asarray(network(ids))

    expected, _ = engine.forward(ids, None, engine.zero_state(5), last_only=target == "next")
    assert logits.shape == ((5, 7) if target == "next" else (5, 3, 7))
    np.testing.assert_allclose(logits, expected[:, 0] if target == "next" else expected, atol=1e-5)


@pytest.mark.parametrize(
    "text",
    [
        text_of(MODELS[1]),
        text_of(MLP, target="next", encoding="embedding"),
        text_of(EMBEDDED, encoding="embedding"),
    ],
)
def test_its_weights_are_those_of_the_architecture(text: str) -> None:
    """The names and shapes of a model file, in the same order."""
    shapes = {name: tuple(variable.shape) for name, variable in named_weights(network_of(text)).items()}
    architecture = architecture_of(experiment(text), len(TOKENS))
    expected = architecture.weight_shapes()

    assert shapes == expected
    assert list(shapes) == list(expected)
    assert network_of(text).count_params() == architecture.parameters


def test_summary_shows_the_layers(capsys: pytest.CaptureFixture[str]) -> None:
    """`summary()` of a true `keras.Model`, with the architecture's names and its number of weights."""
    text = text_of(MODELS[1])
    network = network_of(text)

    network.summary()

    shown = capsys.readouterr().out
    assert isinstance(network, keras.Model)
    assert network.count_params() == architecture_of(experiment(text), len(TOKENS)).parameters
    assert all(name in shown for name in ("encoding", "lstm_1", "lstm_2", "head"))


def test_keras_own_fit_lowers_the_loss() -> None:
    """`compile` and `fit` work on it as on any Keras model, with a cell of rnnlab's own inside."""
    network = network_of(text_of("kind: lstm, units: 8, peephole: true"))
    ids = np.arange(40).reshape(10, 4) % len(TOKENS)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    network.compile(keras.optimizers.Adam(0.1), loss, jit_compile=False)  # compiling takes longer than this

    losses = network.fit(ids[:, :3], ids[:, 1:], epochs=15, verbose=0).history["loss"]

    assert losses[-1] < 0.2 * losses[0]


@pytest.mark.parametrize("text", [text_of(MODELS[2]), text_of(MLP, target="next")])
def test_the_random_seed_alone_decides_the_weights(text: str) -> None:
    """The same seed draws the same bits, whatever Keras drew before; another seed draws others."""
    first = network_of(text, random_seed=5).get_weights()
    keras.utils.set_random_seed(99)
    again = network_of(text, random_seed=5).get_weights()
    other = network_of(text, random_seed=6).get_weights()

    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    assert all((a != b).all() for a, b in zip(first, other, strict=True) if a.ndim == 2 and a.any())


def test_no_two_weights_are_drawn_alike() -> None:
    """Layers of one shape do not start as copies of each other."""
    weights = named_weights(network_of(text_of("kind: simple_rnn, units: [7, 7]")))

    for name in ("kernel", "recurrent_kernel"):
        assert (np.asarray(weights[f"simple_rnn_1/{name}"]) != weights[f"simple_rnn_2/{name}"]).any()


@pytest.mark.parametrize(
    ("model", "bias"),
    [
        ("kind: simple_rnn, units: 32", [0]),
        ("kind: lstm, units: 32", [0, 1, 0, 0]),
        ("kind: lstm, units: 32, peephole: true", [0, 1, 0, 0]),
        ("kind: lstm, units: 32, coupled_gates: true", [1, 0, 0]),
        ("kind: gru, units: 32", [0, 0, 0]),
        ("kind: gru, units: 32, reset_after: false", [0, 0, 0]),
    ],
)
def test_weights_start_as_in_keras(model: str, bias: list[int]) -> None:
    """Glorot-uniform kernels, orthogonal recurrent kernels, biases of 0, but 1 for the forget gate."""
    network = network_of(text_of(model))
    weights = {
        name.split("/")[1]: np.asarray(variable)
        for name, variable in named_weights(network).items()
        if not name.startswith("head")
    }
    rows, columns = weights["kernel"].shape
    limit = np.sqrt(6 / (rows + columns))

    assert 0.9 * limit < np.abs(weights["kernel"]).max() <= limit
    square = weights["recurrent_kernel"] @ weights["recurrent_kernel"].T
    np.testing.assert_allclose(square, np.eye(32), atol=1e-5)
    assert (weights["bias"] == np.repeat(bias, 32)).all()
    assert not weights.get("peephole_kernel", np.zeros(1)).any()


def test_how_the_head_and_an_embedding_start() -> None:
    """Glorot-uniform and zeros, as in Keras; unit normal, as in PyTorch."""
    weights = named_weights(network_of(text_of("kind: lstm, units: 32", encoding="embedding")))
    kernel, rows = np.asarray(weights["head/kernel"]), np.asarray(weights["encoding/embeddings"])
    limit = np.sqrt(6 / (32 + len(TOKENS)))

    assert 0.9 * limit < np.abs(kernel).max() <= limit
    assert not np.asarray(weights["head/bias"]).any()
    assert 0.7 < rows.std() < 1.3
    assert abs(rows.mean()) < 0.3


def test_dropout_acts_in_training_only() -> None:
    """`fit` drops outputs, a plain call does not."""
    network = network_of(text_of("kind: lstm, units: [8, 8], dropout: 0.5"))
    ids = np.array([[0, 1, 2]])

    assert (np.asarray(network(ids)) == np.asarray(network(ids))).all()
    assert (np.asarray(network(ids, training=True)) != np.asarray(network(ids))).any()


@pytest.mark.parametrize("dropout", ["input_dropout: 0.5", "recurrent_dropout: 0.5"])
def test_each_dropout_acts_in_training_only(dropout: str) -> None:
    """On the inputs, and on h; the first step from a zero state has no h to drop."""
    network = network_of(text_of(f"kind: lstm, units: 16, {dropout}"))
    ids = np.array([[0, 1, 2]])

    plain, dropped = (np.asarray(network(ids, training=training)) for training in (False, True))

    assert (plain == np.asarray(network(ids))).all()
    assert (plain[:, 2] != dropped[:, 2]).any()
    assert dropout.startswith("input") or (plain[:, 0] == dropped[:, 0]).all()


def test_variational_dropout_drops_the_same_at_every_step() -> None:
    """The noise of Keras' dropout layers has one step, which serves all."""
    dropout = "dropout: 0.5, input_dropout: 0.5"
    network = network_of(text_of(f"kind: lstm, units: 4, {dropout}, variational_dropout: true"))

    assert [network.get_layer(name).noise_shape for name in ("input_dropout", "dropout_1")] == [
        (None, 1, None)
    ] * 2

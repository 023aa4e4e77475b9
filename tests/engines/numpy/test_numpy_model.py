"""The NumPy engine against loops over the lecture's equations, written out one vector at a time."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from rnnlab.config.reading import parse_experiment
from rnnlab.datasets.corpus import load_corpus
from rnnlab.engines import Ids, State
from rnnlab.engines.numpy import numpy_model
from rnnlab.engines.numpy.equation import sigmoid as float_sigmoid
from rnnlab.models.architecture import architecture_of
from rnnlab.models.model_file import TrainedModel

Vector = NDArray[np.float64]
Weights = dict[str, Vector]
Equation = Callable[[Vector, tuple[Vector, ...], Weights], tuple[Vector, ...]]

WINDOW = 6
TEXT = "dataset: {kind: text, inline: abcdefghijklm, window: 6}\nmodel: {%s}\ntraining: {batching: windows}"
NOTES = (
    "dataset: {kind: notes, inline: c4 d4 r4 g8 <c e>2 a8 b4 c4, window: 6, encoding: pitch_duration}\n"
    "model: {%s}\ntraining: {batching: windows}"
)


def sigmoid(v: Vector) -> Vector:
    return 1 / (1 + np.exp(-v))


def gates_of(x: Vector, h: Vector, w: Weights, count: int) -> list[Vector]:
    """x W + h U + b of each gate."""
    return np.split(x @ w["kernel"] + h @ w["recurrent_kernel"] + w["bias"], count)


def simple_rnn(x: Vector, state: tuple[Vector, ...], w: Weights) -> tuple[Vector, ...]:
    (h,) = state
    return (np.tanh(x @ w["kernel"] + h @ w["recurrent_kernel"] + w["bias"]),)


def lstm(x: Vector, state: tuple[Vector, ...], w: Weights) -> tuple[Vector, ...]:
    h, c = state
    i, f, candidate, o = gates_of(x, h, w, 4)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(candidate)
    return sigmoid(o) * np.tanh(c), c


def peephole(x: Vector, state: tuple[Vector, ...], w: Weights) -> tuple[Vector, ...]:
    """Gates i and f see the old c, o the new one."""
    h, old = state
    peep_i, peep_f, peep_o = w["peephole_kernel"]
    i, f, candidate, o = gates_of(x, h, w, 4)
    c = sigmoid(f + peep_f * old) * old + sigmoid(i + peep_i * old) * np.tanh(candidate)
    return sigmoid(o + peep_o * c) * np.tanh(c), c


def coupled(x: Vector, state: tuple[Vector, ...], w: Weights) -> tuple[Vector, ...]:
    """What is written is what is forgotten: i = 1 − f."""
    h, c = state
    f, candidate, o = gates_of(x, h, w, 3)
    c = sigmoid(f) * c + (1 - sigmoid(f)) * np.tanh(candidate)
    return sigmoid(o) * np.tanh(c), c


def coupled_peephole(x: Vector, state: tuple[Vector, ...], w: Weights) -> tuple[Vector, ...]:
    h, old = state
    peep_f, peep_o = w["peephole_kernel"]
    f, candidate, o = gates_of(x, h, w, 3)
    forget = sigmoid(f + peep_f * old)
    c = forget * old + (1 - forget) * np.tanh(candidate)
    return sigmoid(o + peep_o * c) * np.tanh(c), c


def gru_reset_before(x: Vector, state: tuple[Vector, ...], w: Weights) -> tuple[Vector, ...]:
    (h,) = state
    (w_z, w_r, w_h), (u_z, u_r, u_h) = np.split(w["kernel"], 3, 1), np.split(w["recurrent_kernel"], 3, 1)
    b_z, b_r, b_h = np.split(w["bias"], 3)
    z, r = sigmoid(x @ w_z + h @ u_z + b_z), sigmoid(x @ w_r + h @ u_r + b_r)
    return (z * h + (1 - z) * np.tanh(x @ w_h + (r * h) @ u_h + b_h),)


def gru_reset_after(x: Vector, state: tuple[Vector, ...], w: Weights) -> tuple[Vector, ...]:
    (h,) = state
    (w_z, w_r, w_h), (u_z, u_r, u_h) = np.split(w["kernel"], 3, 1), np.split(w["recurrent_kernel"], 3, 1)
    (b_z, b_r, b_h), (c_z, c_r, c_h) = np.split(w["bias"][0], 3), np.split(w["bias"][1], 3)
    z, r = sigmoid(x @ w_z + b_z + h @ u_z + c_z), sigmoid(x @ w_r + b_r + h @ u_r + c_r)
    return (z * h + (1 - z) * np.tanh(x @ w_h + b_h + r * (h @ u_h + c_h)),)


def normalized(v: Vector) -> Vector:
    """Mean 0 and variance 1."""
    return (v - v.mean()) / np.sqrt(((v - v.mean()) ** 2).mean() + 1e-5)


def normalized_sums(x: Vector, h: Vector, w: Weights) -> tuple[Vector, Vector]:
    """What x and h bring, each normalised over all gates and with a gain of its own."""
    own = normalized(x @ w["kernel"]) * w["input_gain"]
    return own, normalized(h @ w["recurrent_kernel"]) * w["recurrent_gain"]


def normalized_simple_rnn(x: Vector, state: tuple[Vector, ...], w: Weights) -> tuple[Vector, ...]:
    (h,) = state
    return (np.tanh(sum(normalized_sums(x, h, w)) + w["bias"]),)


def normalized_lstm(x: Vector, state: tuple[Vector, ...], w: Weights) -> tuple[Vector, ...]:
    """The memory is kept as it is, and normalised where it is shown."""
    h, c = state
    i, f, candidate, o = np.split(sum(normalized_sums(x, h, w)) + w["bias"], 4)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(candidate)
    return sigmoid(o) * np.tanh(normalized(c) * w["memory_gain"] + w["memory_bias"]), c


def normalized_gru(x: Vector, state: tuple[Vector, ...], w: Weights) -> tuple[Vector, ...]:
    (h,) = state
    own, recurrent = normalized_sums(x, h, w)
    (x_z, x_r, x_h), (h_z, h_r, h_h) = np.split(own + w["bias"][0], 3), np.split(recurrent + w["bias"][1], 3)
    z, r = sigmoid(x_z + h_z), sigmoid(x_r + h_r)
    return (z * h + (1 - z) * np.tanh(x_h + r * h_h),)


CELLS: dict[str, tuple[str, Equation]] = {
    "simple_rnn": ("kind: simple_rnn", simple_rnn),
    "lstm": ("kind: lstm", lstm),
    "peephole": ("kind: lstm, peephole: true", peephole),
    "coupled": ("kind: lstm, coupled_gates: true", coupled),
    "coupled_peephole": ("kind: lstm, peephole: true, coupled_gates: true", coupled_peephole),
    "gru_reset_before": ("kind: gru, reset_after: false", gru_reset_before),
    "gru_reset_after": ("kind: gru, reset_after: true", gru_reset_after),
    "normalized_simple_rnn": ("kind: simple_rnn, layer_norm: true", normalized_simple_rnn),
    "normalized_lstm": ("kind: lstm, layer_norm: true", normalized_lstm),
    "normalized_gru": ("kind: gru, layer_norm: true", normalized_gru),
}
cell = pytest.mark.parametrize("cell", CELLS)


def random_model(text: str, *overrides: str) -> TrainedModel:
    """The model of a YAML text with random weights, biases and peepholes included."""
    experiment = parse_experiment(text, name="test.yaml", folder=Path.cwd(), overrides=overrides)
    tokens = load_corpus(experiment.dataset).vocabulary.tokens
    rng = np.random.default_rng(7)
    shapes = architecture_of(experiment, len(tokens)).weight_shapes()
    weights = {name: rng.normal(0, 0.6, shape).astype(np.float32) for name, shape in shapes.items()}
    return TrainedModel(experiment, tokens, weights, "")


def recurrent_model(cell: str, units: str = "[5, 4]", text: str = TEXT) -> TrainedModel:
    return random_model(text % f"{CELLS[cell][0]}, units: {units}")


def random_ids(model: TrainedModel, lanes: int = 3, steps: int = WINDOW) -> Ids:
    return np.random.default_rng(1).integers(0, len(model.tokens), (lanes, steps))


def layer_weights(model: TrainedModel, layer: str) -> Weights:
    """The weights of a layer, by their own names, in double precision."""
    return {
        name.split("/")[1]: array.astype(np.float64)
        for name, array in model.weights.items()
        if name.startswith(f"{layer}/")
    }


def naive(cell: str, model: TrainedModel, inputs: Vector) -> Vector:
    """Logits (T, V) of one lane of inputs (T, D), layer after layer, step after step, all in float64."""
    for layer in architecture_of(model.experiment, len(model.tokens)).recurrent:
        weights = layer_weights(model, layer.name)
        state: tuple[Vector, ...] = (np.zeros(layer.units), np.zeros(layer.units))
        if "lstm" not in CELLS[cell][0]:
            state = state[:1]
        outputs = []
        for x in inputs:
            state = CELLS[cell][1](x, state, weights)
            outputs.append(state[0])
        residual = getattr(model.experiment.model, "residual", False) and not layer.name.endswith("_1")
        inputs = np.array(outputs) + (inputs if residual else 0)
    head = layer_weights(model, "head")
    if "kernel" not in head and head:
        head["kernel"] = layer_weights(model, "encoding")["embeddings"].T
    return inputs @ head["kernel"] + head["bias"] if head else inputs


def assert_close(received: Any, expected: Any) -> None:
    np.testing.assert_allclose(received, expected, rtol=1e-5, atol=1e-5)


@cell
def test_forward_is_the_equation_step_after_step(cell: str) -> None:
    """A stack of two layers of different width, each lane on its own, from one-hot inputs."""
    model = recurrent_model(cell)
    ids = random_ids(model)
    engine = numpy_model(model)

    logits, _ = engine.forward(ids, None, engine.zero_state(3))

    one_hot = np.eye(len(model.tokens))
    assert logits.shape == (3, WINDOW, len(model.tokens))
    for lane in range(3):
        assert_close(logits[lane], naive(cell, model, one_hot[ids[lane]]))


def test_residual_layers_add_what_they_read() -> None:
    """Layers 2 and 3, in `forward` and step after step, for one lane and for several."""
    model = random_model(TEXT % "kind: lstm, units: [4, 4, 4], residual: true")
    ids, engine = random_ids(model), numpy_model(model)
    expected = [naive("lstm", model, np.eye(len(model.tokens))[row]) for row in ids]

    logits, _ = engine.forward(ids, None, engine.zero_state(3))

    assert_close(logits, expected)
    for lanes in (1, 3):
        stream = engine.stream(engine.zero_state(lanes))
        steps = [stream.feed(ids[:lanes, t]).copy() for t in range(WINDOW)]
        assert_close(np.stack(steps, axis=1), logits[:lanes])


def test_a_tied_head_is_the_embedding_transposed() -> None:
    """The logits are h Eᵀ + b, with the rows E that encode the tokens."""
    text = (
        TEXT.replace("window: 6", "window: 6, encoding: embedding") % "kind: gru, units: 5, tie_weights: true"
    )
    model = random_model(text)
    ids, engine = random_ids(model), numpy_model(model)

    logits, _ = engine.forward(ids, None, engine.zero_state(3))

    assert "head/kernel" not in model.weights
    rows = layer_weights(model, "encoding")["embeddings"]
    assert_close(logits, [naive("gru_reset_after", model, rows[own]) for own in ids])


@cell
def test_step_after_step_equals_forward(cell: str) -> None:
    """A stream gives the logits that `forward` does."""
    model = recurrent_model(cell)
    ids, engine = random_ids(model), numpy_model(model)
    logits, _ = engine.forward(ids, None, engine.zero_state(3))

    stream = engine.stream(engine.zero_state(3))
    steps = [stream.feed(ids[:, t]).copy() for t in range(WINDOW)]

    assert_close(np.stack(steps, axis=1), logits)


@cell
@pytest.mark.parametrize("lanes", [1, 3])
def test_a_stream_goes_on_from_a_state(cell: str, lanes: int) -> None:
    """One lane and several: the second half from the state after the first."""
    model = recurrent_model(cell)
    ids, engine = random_ids(model)[:lanes], numpy_model(model)
    logits, _ = engine.forward(ids, None, engine.zero_state(lanes))
    _, between = engine.forward(ids[:, :3], None, engine.zero_state(lanes))

    stream = engine.stream(between)
    steps = [stream.feed(ids[:, t]).copy() for t in range(3, WINDOW)]

    assert_close(np.stack(steps, axis=1), logits[:, 3:])


@cell
@pytest.mark.parametrize("lanes", [1, 3])
def test_the_state_of_a_stream_is_where_another_goes_on(cell: str, lanes: int) -> None:
    """Bit for bit, and feeding the first does not change the copy that the other began with."""
    model = recurrent_model(cell)
    ids, engine = random_ids(model)[:lanes], numpy_model(model)
    stream = engine.stream(engine.zero_state(lanes))
    for t in range(3):
        stream.feed(ids[:, t])

    state = stream.state
    steps = [stream.feed(ids[:, t]).copy() for t in range(3, WINDOW)]
    other = engine.stream(state)

    assert all((other.feed(ids[:, t]) == step).all() for t, step in enumerate(steps, 3))
    zeros = engine.zero_state(lanes)
    assert [[part.shape for part in parts] for parts in state] == [
        [part.shape for part in parts] for parts in zeros
    ]


def test_streams_do_not_share_a_state() -> None:
    """Two of one model, fed in turns, each as if alone."""
    model = recurrent_model("lstm")
    ids, engine = random_ids(model), numpy_model(model)
    alone = engine.stream(engine.zero_state(3))
    expected = [alone.feed(ids[:, t]).copy() for t in range(2)]

    one, other = engine.stream(engine.zero_state(3)), engine.stream(engine.zero_state(3))
    for t in range(2):
        assert (one.feed(ids[:, t]) == expected[t]).all()
        assert (other.feed(ids[:, t]) == expected[t]).all()


def assert_same_state(received: State, expected: State) -> None:
    for layer, expected_layer in zip(received, expected, strict=True):
        for part, expected_part in zip(layer, expected_layer, strict=True):
            assert_close(part, expected_part)


@cell
@pytest.mark.parametrize("cut", [1, 4])
def test_two_halves_equal_the_whole(cell: str, cut: int) -> None:
    """The state that the first half leaves is all that the second needs."""
    model = recurrent_model(cell)
    ids, engine = random_ids(model), numpy_model(model)
    whole, after = engine.forward(ids, None, engine.zero_state(3))

    first, between = engine.forward(ids[:, :cut], None, engine.zero_state(3))
    second, last = engine.forward(ids[:, cut:], None, between)

    assert_close(np.concatenate([first, second], axis=1), whole)
    assert_same_state(last, after)


@cell
def test_a_reset_starts_a_lane_anew(cell: str) -> None:
    """A lane that is reset before step 2 and before step 5 equals three pieces that are run apart."""
    model = recurrent_model(cell)
    ids, engine = random_ids(model), numpy_model(model)
    resets = np.zeros(ids.shape, bool)
    resets[1, [2, 5]] = True

    logits, _ = engine.forward(ids, resets, engine.zero_state(3))

    pieces = [
        engine.forward(ids[1:2, a:b], None, engine.zero_state(1))[0] for a, b in [(0, 2), (2, 5), (5, WINDOW)]
    ]
    assert_close(logits[1:2], np.concatenate(pieces, axis=1))


@cell
def test_a_reset_leaves_the_other_lanes_alone(cell: str) -> None:
    """The lanes beside one that is reset give what they give without it."""
    model = recurrent_model(cell)
    ids, engine = random_ids(model), numpy_model(model)
    resets = np.zeros(ids.shape, bool)
    resets[1, 3] = True

    plain, _ = engine.forward(ids, None, engine.zero_state(3))
    logits, _ = engine.forward(ids, resets, engine.zero_state(3))

    assert_close(logits[[0, 2]], plain[[0, 2]])
    assert_close(logits[1, :3], plain[1, :3])
    assert np.abs(logits[1, 3] - plain[1, 3]).max() > 1e-3


@cell
def test_a_reset_before_the_first_step_forgets_the_given_state(cell: str) -> None:
    """Whatever state comes in, a lane that is reset at once starts from zero."""
    model = recurrent_model(cell)
    ids, engine = random_ids(model), numpy_model(model)
    resets = np.zeros(ids.shape, bool)
    resets[:, 0] = True
    _, before = engine.forward(ids[:, ::-1], None, engine.zero_state(3))

    logits, _ = engine.forward(ids, resets, before)

    assert_close(logits, engine.forward(ids, None, engine.zero_state(3))[0])


@cell
def test_lanes_do_not_leak(cell: str) -> None:
    """What one lane reads changes nothing in another."""
    model = recurrent_model(cell)
    ids, engine = random_ids(model), numpy_model(model)
    changed = ids.copy()
    changed[1] = (changed[1] + 1) % len(model.tokens)

    logits, state = engine.forward(ids, None, engine.zero_state(3))
    others, other_state = engine.forward(changed, None, engine.zero_state(3))

    assert (logits[[0, 2]] == others[[0, 2]]).all()
    assert all((a[2] == b[2]).all() for a, b in zip(state[-1], other_state[-1], strict=True))
    assert (logits[1] != others[1]).any()


@cell
def test_everything_is_float32(cell: str) -> None:
    """Logits and state, after `forward` with resets and in a stream: nothing widens on the way."""
    model = recurrent_model(cell)
    ids, engine = random_ids(model), numpy_model(model)

    logits, state = engine.forward(ids, np.ones(ids.shape, bool), engine.zero_state(3))
    one = engine.stream(state).feed(ids[:, 0])

    arrays = [logits, one, *(part for layer in state for part in layer)]
    assert {array.dtype for array in arrays} == {np.dtype(np.float32)}


@cell
@pytest.mark.parametrize("lanes", [1, 3])
def test_no_call_changes_what_it_is_given(cell: str, lanes: int) -> None:
    """A state can be used again: the engine writes neither into it nor into the weights."""
    model = recurrent_model(cell, text=TEXT.replace("window: 6", "window: 6, encoding: embedding"))
    ids, engine = random_ids(model)[:lanes], numpy_model(model)
    weights = {name: array.copy() for name, array in model.weights.items()}
    _, state = engine.forward(ids, None, engine.zero_state(lanes))
    copies = [part.copy() for layer in state for part in layer]

    first = engine.stream(state).feed(ids[:, 0])
    engine.forward(ids, np.ones(ids.shape, bool), state)
    again = engine.stream(state).feed(ids[:, 0])

    assert (first == again).all()
    assert all((part == copy).all() for part, copy in zip(sum(state, ()), copies, strict=True))
    assert all((model.weights[name] == array).all() for name, array in weights.items())


@cell
def test_last_only_is_the_last_of_all_steps(cell: str) -> None:
    """The shape keeps its T, which is 1; the state is that of the whole."""
    model = recurrent_model(cell)
    ids, engine = random_ids(model), numpy_model(model)

    logits, after = engine.forward(ids, None, engine.zero_state(3))
    last, last_after = engine.forward(ids, None, engine.zero_state(3), last_only=True)

    assert last.shape == (3, 1, len(model.tokens))
    assert_close(last, logits[:, -1:])
    assert_same_state(last_after, after)


def test_without_a_head_the_last_layer_gives_the_logits() -> None:
    """`head: none` (E3): the outputs of the last layer, which has V units, as they are."""
    model = random_model(TEXT % "kind: lstm, units: [5, 13], head: none")
    ids, engine = random_ids(model), numpy_model(model)

    logits, _ = engine.forward(ids, None, engine.zero_state(3))
    first = engine.stream(engine.zero_state(3)).feed(ids[:, 0])

    assert_close(logits[0], naive("lstm", model, np.eye(13)[ids[0]]))
    assert_close(first, logits[:, 0])


def test_a_scalar_is_the_id_as_a_share_of_the_largest() -> None:
    """E1: id / (V − 1)."""
    model = recurrent_model("lstm", text=TEXT.replace("window: 6", "window: 6, encoding: scalar"))
    ids, engine = random_ids(model), numpy_model(model)

    logits, _ = engine.forward(ids, None, engine.zero_state(3))

    assert_close(logits[0], naive("lstm", model, ids[0][:, None] / 12))


def test_an_embedding_is_the_learnt_row_of_the_id() -> None:
    """The table comes from the model's weights."""
    model = recurrent_model(
        "lstm", text=TEXT.replace("window: 6", "window: 6, encoding: embedding, embedding_size: 3")
    )
    ids, engine = random_ids(model), numpy_model(model)

    logits, _ = engine.forward(ids, None, engine.zero_state(3))

    rows = model.weights["encoding/embeddings"].astype(np.float64)
    assert rows.shape == (13, 3)
    assert_close(logits[0], naive("lstm", model, rows[ids[0]]))


def test_pitch_and_duration_are_two_numbers_for_a_note() -> None:
    """Pitch from 0 to 1 over c (60) … b (71), −1 for a rest, a chord its top; duration over the longest."""
    by_hand = {
        "<c e>2": (4 / 11, 1.0),
        "r4": (-1.0, 0.5),
        "c4": (0.0, 0.5),
        "d4": (2 / 11, 0.5),
        "g8": (7 / 11, 0.25),
        "a8": (9 / 11, 0.25),
        "b4": (1.0, 0.5),
    }
    model = recurrent_model("lstm", text=NOTES)
    ids, engine = random_ids(model), numpy_model(model)

    logits, _ = engine.forward(ids, None, engine.zero_state(3))

    assert set(model.tokens) == set(by_hand)
    assert_close(logits[0], naive("lstm", model, np.array([by_hand[model.tokens[i]] for i in ids[0]])))


def mlp_model(activation: str = "relu") -> TrainedModel:
    return random_model(
        TEXT % f"kind: mlp, units: [7, 5], activation: {activation}",
        "dataset.target=next",
        "dataset.window=3",
    )


ACTIVATIONS: dict[str, Callable[[Vector], Vector]] = {
    "relu": lambda v: np.where(v > 0, v, 0),
    "tanh": np.tanh,
    "sigmoid": sigmoid,
    "elu": lambda v: np.where(v > 0, v, np.exp(v) - 1),
}


def naive_mlp(model: TrainedModel, inputs: Vector, activation: str) -> Vector:
    """Logits (V,) of inputs (T·D,)."""
    for name in ("dense_1", "dense_2"):
        weights = layer_weights(model, name)
        inputs = ACTIVATIONS[activation](inputs @ weights["kernel"] + weights["bias"])
    head = layer_weights(model, "head")
    return inputs @ head["kernel"] + head["bias"]


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_an_mlp_sees_the_whole_window_at_once(activation: str) -> None:
    """Dense layers over the T encoded tokens side by side, an activation after each but the head."""
    model = mlp_model(activation)
    ids, engine = random_ids(model, steps=3), numpy_model(model)

    logits, state = engine.forward(ids, None, engine.zero_state(3))

    assert (logits.shape, state) == ((3, 1, 13), ())
    assert logits.dtype == np.float32
    for lane in range(3):
        assert_close(logits[lane, 0], naive_mlp(model, np.eye(13)[ids[lane]].ravel(), activation))


def test_what_a_short_window_lacks_is_zeros_on_the_left() -> None:
    """One token stands in the place of the last of three; the two before it are zeros, not token 0."""
    model = mlp_model()
    engine = numpy_model(model)

    logits, _ = engine.forward(np.array([[4]]), None, ())
    stream = engine.stream(())
    stepped = stream.feed(np.array([4]))

    assert stream.state == ()
    expected = naive_mlp(model, np.concatenate([np.zeros(26), np.eye(13)[4]]), "relu")
    assert_close(logits[0, 0], expected)
    assert_close(stepped[0], expected)


def test_of_a_long_window_an_mlp_sees_the_last_tokens() -> None:
    """Five tokens, of which a window of three sees three."""
    engine = numpy_model(mlp_model())

    long, _ = engine.forward(np.array([[1, 2, 3, 4, 5]]), None, ())

    assert_close(long, engine.forward(np.array([[3, 4, 5]]), None, ())[0])


def test_sigmoid_saturates_without_overflow() -> None:
    """1 / (1 + exp(−x)) at the ends of float32 and in the middle; warnings are errors here."""
    x = np.array([-3e38, -100, -1, 0, 1, 100, 3e38], np.float32)

    assert_close(float_sigmoid(x, x.copy()), [0, 0, 1 / (1 + np.e), 0.5, np.e / (1 + np.e), 1, 1])


@pytest.mark.parametrize("cell", ["lstm", "gru_reset_after"])
def test_the_flags_of_a_product_are_no_warning(cell: str) -> None:
    """BLAS raises one now and then for what no result depends on; here ∞ · 0 raises it each time."""
    model = recurrent_model(cell)
    first = next(iter(model.weights))
    model.weights[first][:] = np.inf
    engine = numpy_model(model)

    logits, state = engine.forward(random_ids(model), None, engine.zero_state(3))

    engine.stream(state).feed(np.array([0, 1, 2]))
    assert np.isnan(logits).any()

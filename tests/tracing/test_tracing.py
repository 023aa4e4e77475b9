"""Every value of a trace against plain numbers, loops over the equations, and the engine."""

import math
from pathlib import Path

import numpy as np
import pytest

from rnnlab.engines.numpy import numpy_model
from rnnlab.errors import ModelFileError, UsageError, VocabularyError
from rnnlab.models.model_file import TrainedModel
from rnnlab.tracing import tracing
from rnnlab.tracing.tracing import Trace, trace
from tests.engines.numpy.test_numpy_model import (
    CELLS,
    TEXT,
    layer_weights,
    random_ids,
    random_model,
    recurrent_model,
)
from tests.trained import SENTENCE, SONG, STREAM, trained

cell = pytest.mark.parametrize("cell", CELLS)

HELLO = """
dataset: {kind: text, inline: hello, vocabulary: helo, window: 4, target: shifted}
model: {kind: simple_rnn, units: 2}
training: {batching: windows}
"""
W = {"h": (0.1, -0.2), "e": (0.3, 0.4), "l": (-0.5, 0.6), "o": (0.7, -0.8)}
U = ((0.2, -0.3), (0.5, 0.1))
B = (0.05, -0.05)


def texts_of(model: TrainedModel, ids) -> list[str]:
    """Token ids (N, T) as texts."""
    return ["".join(model.tokens[i] for i in row) for row in ids]


def model_of(text: str, *overrides: str) -> TrainedModel:
    return trained(text, Path.cwd(), *overrides)


def hello() -> TrainedModel:
    """E2's cell with weights that one can work with by hand."""
    model = model_of(HELLO)
    model.weights["simple_rnn_1/kernel"][:] = [W[letter] for letter in "helo"]
    model.weights["simple_rnn_1/recurrent_kernel"][:] = U
    model.weights["simple_rnn_1/bias"][:] = B
    return model


def by_hand(text: str) -> list[tuple[float, float]]:
    """h after each letter: tanh(x W + h U + b), in Python's own numbers."""
    first, second, states = 0.0, 0.0, []
    for letter in text:
        a = W[letter][0] + first * U[0][0] + second * U[1][0] + B[0]
        b = W[letter][1] + first * U[0][1] + second * U[1][1] + B[1]
        first, second = math.tanh(a), math.tanh(b)
        states.append((first, second))
    return states


@pytest.mark.parametrize(
    ("texts", "shape"),
    [(["h"], (1, 1)), (["hello"], (1, 5)), (["hello", "eolll", "lleel"], (3, 5))],
)
def test_e2_one_cell_unfolded_and_a_batch(texts, shape):
    """Input (1, 1, 4), (1, 5, 4) and (3, 5, 4) give h of (…, 2), with the numbers worked out by hand."""
    found = trace(hello(), texts, runs_on=True)

    (layer,) = found.layers
    assert layer.inputs.shape == (*shape, 4)
    assert layer.values.keys() == {"h"}
    assert layer.values["h"].shape == (*shape, 2)
    np.testing.assert_allclose(layer.values["h"], [by_hand(text) for text in texts], rtol=0, atol=1e-6)


def test_an_lstm_step_by_hand():
    """One unit, two steps: i, f, c̃, o = σ or tanh of the sums; c = f·c + i·c̃; h = o·tanh(c)."""
    model = model_of(
        "dataset: {kind: text, inline: abab, window: 2, target: shifted}\n"
        "model: {kind: lstm, units: 1}\ntraining: {batching: windows}"
    )
    model.weights["lstm_1/kernel"][:] = [[0.5, -0.5, 1.0, 0.25], [-1.0, 2.0, 0.5, 1.0]]
    model.weights["lstm_1/recurrent_kernel"][:] = [[0.1, 0.2, -0.3, 0.4]]
    model.weights["lstm_1/bias"][:] = [0.0, 1.0, 0.0, -0.25]

    values = trace(model, ["ab"]).layers[0].values

    def sigma(x: float) -> float:
        return 1 / (1 + math.exp(-x))

    c1 = sigma(0.5) * 0 + sigma(0.5) * math.tanh(1.0)  # f, of −0.5 + 1, has nothing to keep
    h1 = sigma(0.0) * math.tanh(c1)
    i, f = sigma(-1.0 + 0.1 * h1), sigma(2.0 + 0.2 * h1 + 1.0)
    new, o = math.tanh(0.5 - 0.3 * h1), sigma(1.0 + 0.4 * h1 - 0.25)
    c2 = f * c1 + i * new
    expected = {
        "i": (sigma(0.5), i), "f": (sigma(0.5), f), "candidate": (math.tanh(1.0), new), "o": (0.5, o),
        "c": (c1, c2), "h": (h1, o * math.tanh(c2)),
    }  # fmt: skip
    assert list(values) == list(expected)
    for name, numbers in expected.items():
        np.testing.assert_allclose(values[name][0, :, 0], numbers, rtol=0, atol=1e-6, err_msg=name)


@cell
def test_states_are_those_of_a_plain_loop(cell):
    """Each layer of a stack, each lane on its own, step after step, in float64."""
    model = recurrent_model(cell)
    ids = random_ids(model)

    found = trace(model, texts_of(model, ids))

    for lane, row in enumerate(ids):
        inputs = np.eye(len(model.tokens))[row]
        for layer in found.layers:
            names, weights = layer.cell.cell.state, layer_weights(model, layer.name)
            state = tuple(np.zeros(layer.units) for _ in names)
            for t, x in enumerate(inputs):
                state = CELLS[cell][1](x, state, weights)
                for name, part in zip(names, state, strict=True):
                    np.testing.assert_allclose(layer.values[name][lane, t], part, rtol=0, atol=1e-5)
            inputs = layer.values["h"][lane].astype(np.float64)


@cell
def test_gates_make_the_state(cell):
    """What is named i, f, z … is what the equation of the lecture does with it."""
    model = recurrent_model(cell)
    values = trace(model, texts_of(model, random_ids(model))).layers[0].values
    before = {name: np.pad(part, ((0, 0), (1, 0), (0, 0)))[:, :-1] for name, part in values.items()}

    if "z" in values:
        expected = values["z"] * before["h"] + (1 - values["z"]) * values["candidate"]
        np.testing.assert_allclose(values["h"], expected, rtol=0, atol=1e-6)
        assert list(values) == ["z", "r", "candidate", "h"]
    elif "f" in values:
        written = values["i"] if "i" in values else 1 - values["f"]
        expected = values["f"] * before["c"] + written * values["candidate"]
        np.testing.assert_allclose(values["c"], expected, rtol=0, atol=1e-6)
        if "normalized" not in cell:
            shown = values["o"] * np.tanh(values["c"])
            np.testing.assert_allclose(values["h"], shown, rtol=0, atol=1e-6)
    else:
        assert list(values) == ["h"]


@pytest.mark.parametrize(
    "model",
    [
        *(f"{kind}, units: [5, 4]" for kind, _ in CELLS.values()),
        "kind: lstm, units: [4, 4, 4], residual: true",
        "kind: gru, units: 13, head: none",
    ],
)
def test_logits_are_the_engines(model):
    """Whatever the stack ends with."""
    used = random_model(TEXT % model)
    ids, engine = random_ids(used), numpy_model(used)

    found = trace(used, texts_of(used, ids))

    expected, _ = engine.forward(ids, None, engine.zero_state(3))
    np.testing.assert_allclose(found.logits, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("dataset", ["encoding: embedding", "encoding: scalar"])
def test_what_is_encoded_otherwise_is_read_so(dataset):
    """Learnt rows, tied to the head, and a single number."""
    tied = ", tie_weights: true" if "embedding" in dataset else ""
    text = TEXT.replace("window: 6", f"window: 6, {dataset}")
    model = random_model(text % f"kind: gru, units: 5{tied}")
    ids, engine = random_ids(model), numpy_model(model)

    expected, _ = engine.forward(ids, None, engine.zero_state(3))

    found = trace(model, texts_of(model, ids))
    np.testing.assert_allclose(found.logits, expected, rtol=0, atol=1e-5)


def test_the_surprise_is_that_of_the_token_that_came():
    """−ln of a softmax, in nats; after the last token nothing came."""
    found = trace(model_of(STREAM), ["the fox"])

    exponentials = np.exp(found.logits[0].astype(np.float64))
    softmax = exponentials / exponentials.sum(axis=-1, keepdims=True)
    came = [found.model.tokens.index(letter) for letter in "he fox"]
    np.testing.assert_allclose(found.surprises[0, :-1], -np.log(softmax[range(6), came]), rtol=1e-6)
    assert math.isnan(found.surprises[0, -1])


def logits_of(model: TrainedModel, text: str) -> np.ndarray:
    """The engine's, from a zero state."""
    engine = numpy_model(model)
    ids = np.array([[model.tokens.index(token) for token in text]])
    return engine.forward(ids, None, engine.zero_state(1))[0][0]


def test_a_stream_runs_on():
    """One zero state, at the first token, however short the windows were."""
    model = model_of(STREAM)

    found = trace(model, ["the quick fox"])

    assert found.starts[0].tolist() == [True] + [False] * 12
    np.testing.assert_allclose(found.logits[0], logits_of(model, "the quick fox"), rtol=0, atol=1e-5)
    assert found.notes == ()


def test_windows_start_from_a_zero_state():
    """A text of seven tokens is a window of five and one of two; the state does not pass between them."""
    model = model_of(SENTENCE)

    found = trace(model, ["if you "])

    expected = np.concatenate([logits_of(model, "if yo"), logits_of(model, "u ")])
    np.testing.assert_allclose(found.logits[0], expected, rtol=0, atol=1e-5)
    assert np.flatnonzero(found.starts[0]).tolist() == [0, 5]
    assert "cut into windows of 5 tokens" in found.notes[0]


def test_run_on_goes_on_beyond_a_window():
    """What was trained with windows is read as a stream, and that is said."""
    model = model_of(SENTENCE)

    found = trace(model, ["if you "], runs_on=True)

    np.testing.assert_allclose(found.logits[0], logits_of(model, "if you "), rtol=0, atol=1e-5)
    assert found.notes == ("the state runs on over 7 tokens; the windows of the configuration have 5",)


def test_stateful_windows_are_read_one_after_the_other():
    """Each one token further, the state runs on; training counts the last step of each."""
    model = model_of(SONG)
    engine = numpy_model(model)

    found = trace(model, ["g8 e8 e4 f8 d8"])

    assert found.tokens(0) == "g8 e8 e4 f8 e8 e4 f8 d8".split()
    assert found.reading.counted.tolist() == [False, False, False, True] * 2
    assert np.flatnonzero(found.starts[0]).tolist() == [0]
    expected, _ = engine.forward(found.ids, None, engine.zero_state(1))
    np.testing.assert_allclose(found.logits, expected, rtol=0, atol=1e-5)
    assert [found.model.tokens[i] if i >= 0 else None for i in found.targets[0]] == [
        *("e8", "e4", "f8", "d8", "e4", "f8", "d8", None)
    ]


def test_a_boundary_begins_a_sequence_from_a_zero_state():
    """A text begins with one, and every line of it is read as if it stood alone."""
    model = model_of(
        'dataset: {kind: text, inline: "ab\\nba", unit: line, window: 3}\nmodel: {kind: lstm, units: 3}'
    )

    found = trace(model, ["ab\nba"])

    assert found.tokens(0) == ["\n", "a", "b", "\n", "b", "a"]
    assert found.starts[0].tolist() == [True, False, False, True, False, False]
    np.testing.assert_allclose(found.logits[0, 3:], logits_of(model, "\nba"), rtol=0, atol=1e-5)


def test_a_step_is_worked_out_again_with_its_terms():
    """The same numbers, from the state before it; also where the state starts anew."""
    found = trace(model_of(SENTENCE), ["if you ", "to want"])

    for step in (0, 3, 5, 6):
        for number, layer in enumerate(found.layers):
            again = found.step(number, step).values
            for name, values in layer.values.items():
                np.testing.assert_allclose(again[name].T, values[:, step], rtol=0, atol=1e-6)


def refused(kind: type[Exception], message: str, model: TrainedModel, texts: list[str]) -> None:
    with pytest.raises(kind, match=message):
        trace(model, texts)


def test_what_cannot_be_traced_is_refused():
    """Nothing to read, lanes of different lengths, an unknown token, a network without a state."""
    sentence = model_of(SENTENCE)

    refused(UsageError, "input: expected at least one token, received none", sentence, [""])
    refused(UsageError, "inputs of equally many tokens as one batch, received 2, 3", sentence, ["if", "you"])
    refused(VocabularyError, "input:1:3: character 'Z' is not in the vocabulary", sentence, ["ifZ"])
    mlp = model_of(SONG, "model={kind: mlp, units: 3}")
    refused(UsageError, "an mlp has no state and no gates", mlp, ["g8 e8 e4 f8"])


def test_a_text_that_memory_would_not_hold_is_refused(monkeypatch):
    """With how many steps there may be."""
    monkeypatch.setattr(tracing, "MOST_VALUES", 1000)

    refused(
        UsageError,
        "too long: 30 steps of 72 values each; of this model at most 13",
        model_of(STREAM),
        ["t" * 30],
    )


def test_values_that_are_not_numbers_are_refused():
    """Finite weights may still be too large to compute with."""
    model = model_of(STREAM)
    model.weights["simple_rnn_1/kernel"][:] = 1
    model.weights["head/kernel"][:] = 3e38

    refused(ModelFileError, "the model's values are not numbers", model, ["the the the"])


def test_the_trace_leaves_the_model_alone():
    """Neither weights nor what was given is written to."""
    model = model_of(SENTENCE)
    before = {name: array.copy() for name, array in model.weights.items()}

    first, again = (trace(model, ["if yo"]) for _ in range(2))

    assert isinstance(first, Trace)
    assert (first.logits == again.logits).all()
    assert all((model.weights[name] == array).all() for name, array in before.items())

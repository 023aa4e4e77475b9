"""The influence of tokens against a calculation by hand and against plain runs of each variant."""

import math
from pathlib import Path

import numpy as np
import pytest

from rnnlab.engines.numpy import encodings_of, numpy_model
from rnnlab.errors import UsageError, VocabularyError
from rnnlab.models.model_file import TrainedModel
from rnnlab.tracing import influence as module
from rnnlab.tracing.influence import influence, shares_of
from tests.trained import trained

NOTES = "inline: g8 e8 e4 f8 d8 d4 c8 d8 e8 f8 g8 g8 g4"
TEXT = "inline: the quick brown fox jumps over the lazy dog"


def model_of(text: str, *overrides: str) -> TrainedModel:
    return trained(text, Path.cwd(), *overrides)


def stream(dataset: str = f"kind: text, {TEXT}", model: str = "kind: lstm, units: 5") -> TrainedModel:
    return model_of(f"dataset: {{{dataset}, window: 5}}\nmodel: {{{model}}}\ntraining: {{batch_size: 1}}")


def plainly(model: TrainedModel, ids: np.ndarray, mean: np.ndarray, token: int, starts=()) -> list[float]:
    """Log-probability of a token after ids, and without each of them: one run from a zero state for each."""
    engine, missing = numpy_model(model, mean[None].astype(np.float32)), len(model.tokens)
    found = []
    for taken in [None, *range(len(ids))]:
        changed = ids.copy()
        if taken is not None:
            changed[taken] = missing
        resets = np.isin(np.arange(len(ids)), starts)[None]
        logits = engine.forward(changed[None], resets, engine.zero_state(1))[0][0, -1].astype(np.float64)
        found.append(float(logits[token] - np.log(np.exp(logits).sum())))
    return found


def test_one_unit_by_hand():
    """h = tanh(x W + h U + b) over the letters a and b; for the letter taken away x W is the mean of W."""
    model = model_of(
        "dataset: {kind: text, inline: aaab, window: 2}\nmodel: {kind: simple_rnn, units: 1}\n"
        "training: {batch_size: 1}"
    )
    model.weights["simple_rnn_1/kernel"][:] = [[0.8], [-0.6]]
    model.weights["simple_rnn_1/recurrent_kernel"][:] = [[0.5]]
    model.weights["simple_rnn_1/bias"][:] = [0.1]
    model.weights["head/kernel"][:] = [[1.5, -1.0]]
    model.weights["head/bias"][:] = [0.2, 0.3]

    found = influence(model, "ab", of="a", shares=np.array([0.75, 0.25]))

    def of_a(first: float, second: float) -> float:
        h = math.tanh(second + 0.5 * math.tanh(first + 0.1) + 0.1)
        a, b = 1.5 * h + 0.2, -h + 0.3
        return a - math.log(math.exp(a) + math.exp(b))

    mean = 0.75 * 0.8 + 0.25 * -0.6
    assert found.log_probability == pytest.approx(of_a(0.8, -0.6), abs=1e-6)
    assert found.without == pytest.approx([of_a(mean, -0.6), of_a(0.8, mean)], abs=1e-6)
    assert found.values == pytest.approx(found.log_probability - found.without)
    assert found.tokens == ("a", "b")


@pytest.mark.parametrize("kind", ["simple_rnn", "lstm", "gru"])
@pytest.mark.parametrize(
    "dataset",
    [
        f"kind: text, {TEXT}, encoding: one_hot",
        f"kind: text, {TEXT}, encoding: scalar",
        f"kind: text, {TEXT}, encoding: embedding, embedding_size: 3",
        f"kind: notes, {NOTES}, encoding: pitch_duration",
    ],
)
def test_each_encoding_equals_one_run_for_each_token(kind, dataset, monkeypatch):
    """The lanes that begin late, in three groups, are those of texts that are run from their beginning."""
    monkeypatch.setattr(module, "_STEPS_OF_A_CORE", 800)
    monkeypatch.setattr(module, "cores", lambda: 3)
    model = stream(dataset, f"kind: {kind}, units: [5, 4]")
    ids = np.random.default_rng(1).integers(len(model.tokens), size=41)
    text = (" " if "notes" in dataset else "").join(model.tokens[i] for i in ids)
    shares = shares_of(ids, len(model.tokens))

    found = influence(model, text, shares=shares)

    token = model.tokens.index(found.of)
    plain = plainly(model, ids, shares @ encodings_of(model), token)
    np.testing.assert_allclose([found.log_probability, *found.without], plain, rtol=0, atol=1e-4)
    assert found.of == found.best
    assert (found.first, len(found.tokens), found.mean, found.notes) == (0, 41, "training", ())


def test_tied_weights_and_residual_layers():
    """The mean encoding is an input only: it is no further token of the head."""
    model = stream(
        f"kind: text, {TEXT}, encoding: embedding, embedding_size: 5",
        "kind: gru, units: [5, 5], tie_weights: true, residual: true",
    )
    text = "the quick brown fox"
    ids = np.array([model.tokens.index(letter) for letter in text])

    found = influence(model, text, of="z")

    plain = plainly(model, ids, encodings_of(model).mean(axis=0), model.tokens.index("z"))
    np.testing.assert_allclose([found.log_probability, *found.without], plain, rtol=0, atol=1e-4)


@pytest.mark.parametrize("model", ["{kind: mlp, units: 6}", "{kind: lstm, units: 6}"])
def test_windows_read_only_the_last_window(model):
    """As `generate` does: the tokens before the last window are not there."""
    used = model_of(
        f"dataset: {{kind: notes, {NOTES}, window: 4, target: next}}\nmodel: {model}\n"
        "training: {batching: windows}"
    )

    long = influence(used, "c8 d8 g8 e8 e4 f8")
    short = influence(used, "g8 e8 e4 f8")

    assert long.tokens == short.tokens == ("g8", "e8", "e4", "f8")
    assert (long.first, short.first) == (2, 0)
    assert long.without == pytest.approx(short.without)
    assert np.abs(long.values).min() > 0
    assert long.notes[0] == "the prediction reads only the last 4 tokens"


def test_an_mlp_with_fewer_tokens_than_its_window():
    """The zeros on the left stay zeros; what is taken away is a token."""
    used = model_of(
        f"dataset: {{kind: notes, {NOTES}, window: 4, target: next}}\nmodel: {{kind: mlp, units: 6}}\n"
        "training: {batching: windows}"
    )
    ids = np.array([used.tokens.index(note) for note in ("g8", "e8")])

    found = influence(used, "g8 e8", of="g4")

    mean = encodings_of(used).mean(axis=0)
    plain = plainly(used, ids, mean, used.tokens.index("g4"))
    np.testing.assert_allclose([found.log_probability, *found.without], plain, rtol=0, atol=1e-6)


def test_stateful_windows_lack_a_token_each_time_they_read_it():
    """Windows of 3 over 5 notes read 1 2 3, 2 3 4, 3 4 5; the third note is missing three times."""
    used = model_of(
        f"dataset: {{kind: notes, {NOTES}, window: 3}}\nmodel: {{kind: lstm, units: 6, stateful: true}}\n"
        "training: {batching: windows, batch_size: 1}"
    )
    ids = np.array([used.tokens.index(note) for note in "g8 e8 e4 f8 d8".split()])
    places = np.array([0, 1, 2, 1, 2, 3, 2, 3, 4])

    found = influence(used, "g8 e8 e4 f8 d8", of="d4")

    engine = numpy_model(used, encodings_of(used).mean(axis=0)[None])
    for taken, without in enumerate(found.without):
        changed = np.where(places == taken, len(used.tokens), ids[places])
        logits = engine.forward(changed[None], None, engine.zero_state(1))[0][0, -1].astype(float)
        expected = logits[used.tokens.index("d4")] - np.log(np.exp(logits).sum())
        assert without == pytest.approx(expected, abs=1e-5)


def test_tokens_before_a_boundary_count_for_nothing():
    """The boundary zeroes the state, so that they change the log-probability by exactly 0."""
    used = model_of(
        'dataset: {kind: text, inline: "one\\ntwo\\nthree", unit: line, window: 3}\n'
        "model: {kind: gru, units: 6}\ntraining: {batch_size: 1}"
    )

    found = influence(used, "one\ntwo")

    assert found.tokens == tuple("\none\ntwo")
    assert (found.values[:4] == 0).all()
    assert (found.values[4:] != 0).all()


def test_an_earlier_prediction_knows_nothing_of_what_follows():
    """Step 5 of a longer text is the last step of its first five tokens; `next` is the sixth."""
    model = stream()

    early = influence(model, "the quick", step=5, of="next")
    alone = influence(model, "the q", of="u")

    assert (early.of, early.came, alone.came) == ("u", "u", None)
    assert early.without == pytest.approx(alone.without)


def test_only_the_given_places_are_taken_away():
    """The figures are those of the same places among all of them."""
    model = stream()

    some, every = influence(model, "the quick", places=range(3, 6)), influence(model, "the quick")

    assert (some.first, some.tokens) == (3, (" ", "q", "u"))
    assert some.without == pytest.approx(every.without[3:6])
    assert some.notes[0] == "tokens 4 to 6 of 9 are taken away; the option steps chooses others"


def test_the_strongest_come_first():
    """By absolute value."""
    found = influence(stream(), "the quick")

    order = found.strongest(3)

    assert [abs(found.values[place]) for place in order] == sorted(np.abs(found.values))[::-1][:3]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"text": ""}, "input: expected at least one token, received none"),
        ({"step": 10}, "step: the input has 9 tokens, received 10"),
        ({"of": "next"}, "of='next': no token follows the last one of the input; give an earlier step"),
        ({"of": "qu"}, "of: expected one token, or next, received 'qu'"),
        ({"of": "7"}, "of: .* '7' is not in the vocabulary"),
        ({"places": range(4, 12)}, "steps: the prediction reads the tokens 1 to 9, received 5 to 12"),
    ],
)
def test_wrong_arguments(options, message):
    """Each is named, with what was expected."""
    with pytest.raises(UsageError, match=message):
        influence(stream(), options.pop("text", "the quick"), **options)


def test_a_token_that_the_vocabulary_lacks():
    """The message has its place in the input."""
    with pytest.raises(VocabularyError, match="input:1:4: "):
        influence(stream(), "the7")

"""Networks for examples in NumPy, against TensorFlow's engine, the Keras model, and searches by hand."""

from itertools import product
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from rnnlab.datasets.examples import Sequences, TokenSet, Words
from rnnlab.engines.numpy import examples, stack
from rnnlab.engines.numpy.beam import Hypothesis
from rnnlab.engines.numpy.examples import NumpyTaskModel, decoder_stepper
from rnnlab.generation.decoding import Decoding, decode
from rnnlab.generation.sampling import Sampling
from rnnlab.models.model_file import Weights
from rnnlab.models.task_architecture import TaskArchitecture
from tests.task_networks import ALL, LSTM, SIZES, Data, data_of, network, one, sequences

END = 0
PEEPHOLES = "kind: lstm, peephole: true, coupled_gates: true, units: [4, 4]"
VARIED = [
    ("pairs", LSTM),
    ("pairs", f"{PEEPHOLES}, attention: dot, reverse_source: true"),
    ("pairs", "kind: simple_rnn, units: [4, 4], attention: dot"),
    ("from_label", LSTM),
    ("from_label", "kind: simple_rnn, units: [4, 3], label_input: every"),
]
"""Networks that write targets of different length, if `writer` makes them."""

WRITERS = [(task, model) for task, model in ALL if task in ("pairs", "from_label")]


def writer(task: str, model: str) -> NumpyTaskModel:
    """A network that often writes END, and is surer than others of what it writes."""
    architecture, weights = network(task, model)
    weights["head/kernel"] *= 2
    weights["head/bias"][END] += 1
    return NumpyTaskModel(architecture, weights)


def logits_of(model: NumpyTaskModel, data: Data) -> NDArray[np.float32]:
    """The logits of all targets, a row for each."""
    if model.architecture.task == "label":
        return model.label_logits(data.inputs, data.words)
    if model.architecture.task == "tags":
        return model.tag_logits(data.inputs, data.words)
    return model.target_logits(data.inputs, data.targets)


def in_tensorflow(architecture: TaskArchitecture, weights: Weights, data: Data) -> NDArray[np.float32]:
    """The same from TensorFlow's engine, all examples as one batch with room to spare."""
    from rnnlab.engines.tensorflow.examples import ExampleData
    from rnnlab.engines.tensorflow.start import tf
    from rnnlab.engines.tensorflow.task_forward import TaskForward

    count = len(data.inputs)
    held = ExampleData(data, architecture.task, label_row=SIZES.targets)
    most = int(data.inputs.lengths.max()) + 2
    if architecture.task == "from_label":
        most = 1
    batch = held.batch(tf.range(1, count + 1), most, int(data.targets.lengths.max()) + 1)
    constants = {name: tf.constant(weight) for name, weight in weights.items()}
    logits = np.asarray(TaskForward(architecture)(constants, batch, None))  # (steps, N, V)
    return logits.transpose(1, 0, 2)[np.asarray(batch.counted).T > 0]


def assert_close(received: Any, expected: Any) -> None:
    np.testing.assert_allclose(received, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("encoding", ["embedding", "one_hot"])
@pytest.mark.parametrize(("task", "model"), ALL)
def test_equals_the_tensorflow_engine(task: str, model: str, encoding: str) -> None:
    """Every kind of network on one batch of examples of different length, with equal weights."""
    architecture, weights = network(task, model, encoding)
    data = data_of(task, model)

    logits = logits_of(NumpyTaskModel(architecture, weights), data)

    assert logits.dtype == np.float32
    assert_close(logits, in_tensorflow(architecture, weights, data))


@pytest.mark.parametrize("attention", ["none", "dot"])
def test_a_decoder_with_vectors_of_its_own_size_equals_the_tensorflow_engine(attention: str) -> None:
    """The vectors of target tokens may be larger or smaller than those of source tokens."""
    model = f"kind: lstm, units: [4, 4], attention: {attention}"
    architecture, weights = network("pairs", model, decoder="embedding_size: 6, dropout: 0.5")
    data = data_of("pairs", model)

    logits = logits_of(NumpyTaskModel(architecture, weights), data)

    assert weights["decoder_encoding/embeddings"].shape == (SIZES.targets, 6)
    assert_close(logits, in_tensorflow(architecture, weights, data))


@pytest.mark.parametrize(("task", "model"), ALL)
def test_batches_are_examples_one_by_one(task: str, model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An example's logits do not depend on the examples beside it, nor on where a batch ends."""
    architecture, weights = network(task, model)
    data = data_of(task, model)
    whole = logits_of(NumpyTaskModel(architecture, weights), data)

    monkeypatch.setattr(stack, "MOST_STEPS", 1)

    assert_close(logits_of(NumpyTaskModel(architecture, weights), data), whole)


@pytest.mark.parametrize(("task", "model"), ALL)
def test_equals_the_keras_model(task: str, model: str) -> None:
    """Four inputs of one length, and for a decoder four targets of one length."""
    from rnnlab.models.task_network import build_task_network, named_task_weights

    architecture, weights = network(task, model)
    keras_model = build_task_network(architecture, random_seed=0)
    for name, variable in named_task_weights(keras_model).items():
        variable.assign(weights[name])
    spelled = sequences([3] * 8, SIZES.characters, 4)
    words = Words(np.arange(8) % SIZES.inputs, spelled) if architecture.characters else None
    inputs = sequences([1 if task == "from_label" else 5] * 4, SIZES.inputs, 1)
    targets = sequences([3] * 4, SIZES.targets, 2, first=1)
    ids = inputs.ids.reshape(4, -1)
    first = ids + SIZES.targets if task == "from_label" else np.zeros((4, 1), int)
    before = np.hstack([first, targets.ids.reshape(4, 3)])  # (4, U + 1)
    arrays = {"label": [ids], "tags": [ids], "pairs": [ids, before], "from_label": [before]}[task]
    if words:
        arrays = [words.ids[ids], spelled.ids.reshape(8, 3)[ids]]

    expected = np.asarray(keras_model(arrays if len(arrays) > 1 else arrays[0]))

    received = logits_of(NumpyTaskModel(architecture, weights), Data(inputs, targets, words))
    assert_close(received, expected.reshape(-1, SIZES.targets))


def log_probabilities_of(logits: Any) -> NDArray[np.float64]:
    """Of each token, from logits (…, V)."""
    wide = logits.astype(np.float64)
    result: NDArray[np.float64] = wide - np.log(np.exp(wide).sum(axis=-1, keepdims=True))
    return result


def scores_of(
    model: NumpyTaskModel, ids: NDArray[Any], targets: list[tuple[int, ...]]
) -> dict[tuple[int, ...], float]:
    """The log-probability of each target of an input with its END, from teacher forcing."""
    tokens, wanted = TokenSet((), "word"), [token for target in targets for token in (*target, END)]
    inputs = Sequences.of([ids.tolist()] * len(targets), tokens)
    rows = log_probabilities_of(model.target_logits(inputs, Sequences.of(targets, tokens)))
    ends = np.cumsum([len(target) + 1 for target in targets])
    sums = [each.sum() for each in np.split(rows[np.arange(len(rows)), wanted], ends[:-1])]
    return dict(zip(targets, sums, strict=True))


def score(model: NumpyTaskModel, ids: NDArray[Any], target: list[int]) -> float:
    """The log-probability of a target with its END."""
    return scores_of(model, ids, [tuple(target)])[tuple(target)]


@pytest.mark.parametrize(("task", "model"), WRITERS)
def test_greedy_takes_the_largest_logit_each_time(task: str, model: str) -> None:
    """Tokens are added one by one until END has the largest logit, or there are four."""
    engine = writer(task, model)
    data = data_of(task, model)

    found, log_probabilities = engine.greedy(data.inputs, 4)

    for number, ids in enumerate(found):
        written: list[int] = []
        while len(written) < 4:
            token = int(engine.target_logits(one(data.inputs[number]), one(written))[-1].argmax())
            if token == END:
                break
            written.append(token)
        assert ids == written
        assert log_probabilities[number] == pytest.approx(score(engine, data.inputs[number], ids), abs=1e-5)
    assert log_probabilities.dtype == np.float64


@pytest.mark.parametrize(("task", "model"), WRITERS)
def test_a_wide_beam_finds_the_best_targets_there_are(task: str, model: str) -> None:
    """All 85 targets of up to three of four tokens, by their log-probability: the beam holds them all."""
    engine = writer(task, model)
    data = data_of(task, model)
    every = [ids for length in range(4) for ids in product(range(1, 5), repeat=length)]

    found = engine.beam(data.inputs, 85, 3)

    for number in (0, 5):
        scores = scores_of(engine, data.inputs[number], every)
        best = sorted(scores, key=lambda target: -scores[target])
        assert [tuple(ids) for ids, _ in found[number]][:20] == best[:20]
        assert len(found[number]) == 85
        assert_close([each for _, each in found[number]], [scores[tuple(ids)] for ids, _ in found[number]])


def naive_beam(engine: NumpyTaskModel, ids: NDArray[Any], width: int, most: int) -> list[Hypothesis]:
    """Beam search with lists; a hypothesis that ends with END is finished."""
    beam: list[tuple[float, list[int]]] = [(0.0, [])]
    for step in range(most + 1):
        extended = [each for each in beam if each[1][-1:] == [END]]
        for total, written in beam:
            if written[-1:] == [END]:
                continue
            each = log_probabilities_of(engine.target_logits(one(ids), one(written))[-1])
            tokens = [END] if step == most else range(len(each))
            extended += [(total + each[token], [*written, token]) for token in tokens]
        beam = sorted(extended, key=lambda each: -each[0])[:width]
    return [(written[:-1], total) for total, written in beam]


@pytest.mark.parametrize("width", [1, 2, 3])
@pytest.mark.parametrize(("task", "model"), VARIED)
def test_a_narrow_beam_equals_one_with_lists(task: str, model: str, width: int) -> None:
    """Finished hypotheses compete with the others; examples leave the batch when all theirs are finished."""
    engine = writer(task, model)
    data = data_of(task, model)

    found = engine.beam(data.inputs, width, 5)

    for number, hypotheses in enumerate(found):
        expected = naive_beam(engine, data.inputs[number], width, 5)
        assert [ids for ids, _ in hypotheses] == [ids for ids, _ in expected]
        assert_close([each for _, each in hypotheses], [each for _, each in expected])
    if width == 3:
        assert len({len(ids) for hypotheses in found for ids, _ in hypotheses}) > 1
    if width == 1:
        greedy, log_probabilities = engine.greedy(data.inputs, 5)
        assert [hypotheses[0] for hypotheses in found] == list(zip(greedy, log_probabilities, strict=True))


def test_a_beam_does_not_depend_on_its_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """All examples at once, and one after another."""
    engine = writer("pairs", f"{PEEPHOLES}, attention: dot")
    data = data_of("pairs", "")
    whole = engine.beam(data.inputs, 3, 5)

    monkeypatch.setattr(examples, "SEARCHED_AT_ONCE", 1)

    for mine, other in zip(engine.beam(data.inputs, 3, 5), whole, strict=True):
        assert [ids for ids, _ in mine] == [ids for ids, _ in other]


def test_no_token_is_written_if_none_may_be() -> None:
    """Of length 0 there is one target: the empty one."""
    engine = NumpyTaskModel(*network("pairs", LSTM))
    data = data_of("pairs", "")

    found = engine.beam(data.inputs, 3, 0)

    assert [[ids for ids, _ in hypotheses] for hypotheses in found] == [[[]]] * len(data.inputs)
    assert found[0][0][1] == pytest.approx(score(engine, data.inputs[0], []), abs=1e-5)


OUTPUTS = {"head/kernel": np.eye(4, 5, dtype=np.float32), "head/bias": np.zeros(5, np.float32)}
"""A head with which the first four logits are what the head reads."""


@pytest.mark.parametrize("turned", [False, True])
def test_an_alignment_weighs_each_token_of_the_source(turned: bool) -> None:
    """The memory weighed by it, beside the decoder's outputs, gives the logits of the network."""
    setting = f"reverse_source: {str(turned).lower()}"
    architecture, weights = network("pairs", f"{LSTM}, attention: dot, {setting}")
    engine = NumpyTaskModel(architecture, weights)
    source, target = np.array([3, 1, 5, 2]), np.array([1, 4, 2])
    encoder = NumpyTaskModel(network("tags", LSTM)[0], Weights(weights | OUTPUTS))
    decoder = NumpyTaskModel(network("pairs", f"{LSTM}, {setting}")[0], Weights(weights | OUTPUTS))
    order = slice(None, None, -1 if turned else 1)
    memory = encoder.tag_logits(one(source[order]))[order, :4]  # (T, H)
    outputs = decoder.target_logits(one(source), one(target))[:, :4]  # (U + 1, H)

    alignment = engine.alignment(source, target)

    assert alignment.shape == (4, 4)
    assert_close(alignment.sum(axis=1), np.ones(4))
    both = np.hstack([alignment @ memory, outputs])
    read = np.tanh(both @ weights["attention/kernel"] + weights["attention/bias"])
    logits = engine.target_logits(one(source), one(target))
    assert_close(read @ weights["head/kernel"] + weights["head/bias"], logits)


def test_without_attention_there_is_no_alignment() -> None:
    engine = NumpyTaskModel(*network("pairs", LSTM))

    with pytest.raises(ValueError, match="the network has no attention"):
        engine.alignment(np.array([1, 2]), np.array([1]))


def test_characters_need_the_spelling_of_the_words() -> None:
    engine = NumpyTaskModel(*network("tags", f"{LSTM}, characters: true"))

    with pytest.raises(ValueError, match="needs the spelling of the words"):
        engine.tag_logits(sequences([2], SIZES.inputs, 1))


@pytest.mark.parametrize("encoding", ["embedding", "one_hot"])
@pytest.mark.parametrize("model", [model for task, model in ALL if task == "from_label"])
def test_a_stepper_writes_what_the_decoder_does(model: str, encoding: str) -> None:
    """Its logits after the label and each token are those of teacher forcing, and `decode` runs it."""
    engine = NumpyTaskModel(*network("from_label", model, encoding))
    label, target = 2, [3, 1, 4]
    stepper = decoder_stepper(engine, label)
    ids = np.array([[SIZES.targets + label, *target]])
    expected = engine.target_logits(one([label]), one(target))

    logits, _ = stepper.forward(ids, None, stepper.zero_state(1))
    stream = stepper.stream(stepper.zero_state(1))
    how = Decoding("stream", 1, 4, Sampling(temperature=0), stop=END)
    (sample,) = decode(stepper, ids[0, :1], how)

    assert_close(logits[0], expected)
    assert_close([stream.feed(ids[:, step])[0].copy() for step in range(4)], expected)
    greedy, _ = engine.greedy(one([label]), 4)
    assert list(sample.ids) == greedy[0]


def test_batches_hold_every_example_once() -> None:
    """The shortest come first; a batch has at most so many lanes, and so many time steps of all lanes."""
    lengths = np.random.default_rng(0).integers(0, 3000, 400)
    ends = np.cumsum(lengths)

    batches = list(stack.lane_batches(ends - lengths, ends, most=32))

    assert sorted(np.concatenate([batch.numbers for batch in batches])) == list(range(400))
    assert all(batch.steps == max(batch.lengths.max(), 1) for batch in batches)
    assert all(len(batch.numbers) * batch.steps <= stack.MOST_STEPS for batch in batches)
    assert max(len(batch.numbers) for batch in batches) == 32
    assert [batch.steps for batch in batches] == sorted(batch.steps for batch in batches)

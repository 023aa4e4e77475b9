"""Networks for examples in TensorFlow: gradients, what is filled up, and dropout."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from rnnlab.datasets.examples import Sequences, Words
from rnnlab.engines.tensorflow.examples import ExampleData
from rnnlab.engines.tensorflow.objective import ExampleObjective
from rnnlab.engines.tensorflow.start import tf
from rnnlab.engines.tensorflow.task_forward import TaskForward
from rnnlab.models.model_file import Weights
from rnnlab.models.task_architecture import TaskArchitecture
from rnnlab.models.task_network import build_task_network, named_task_weights
from tests.task_networks import SIZES, Data, data_of, network, sequences

Floats = NDArray[np.float32]

NETWORKS = [
    ("label", "kind: lstm, units: 4"),
    ("label", "kind: lstm, units: 4, bidirectional: true"),
    ("label", "kind: gru, units: [4, 4], bidirectional: true, residual: true, pooling: mean"),
    ("label", "kind: simple_rnn, units: [4, 4], residual: true, pooling: max"),
    ("tags", "kind: lstm, units: [4, 5], bidirectional: true, layer_norm: true"),
    ("tags", "kind: gru, units: 4, characters: true"),
    ("tags", "kind: lstm, units: [4, 4], characters: true, bidirectional: true, residual: true"),
    ("pairs", "kind: lstm, units: 4"),
    ("pairs", "kind: gru, units: 4, attention: dot"),
    ("pairs", "kind: lstm, units: [4, 4], attention: dot, reverse_source: true, residual: true"),
    ("from_label", "kind: lstm, units: 4"),
    ("from_label", "kind: gru, units: [4, 4], label_input: every, residual: true"),
]
ENCODINGS = ["embedding", "one_hot"]
NOTHING = tf.constant(False)


def examples_of(task: str, model: str) -> Data:
    """Four examples of different length; the words of an example have equally many characters."""
    if "characters" not in model:
        return (
            data_of(task, model, [3, 1, 6, 2]) if task == "tags" else few(data_of(task, model), [0, 1, 2, 6])
        )
    spelled = sequences([2, 2, 2, 2, 3, 3, 3, 3], SIZES.characters, 4)
    inputs = sequences([3, 1, 6, 2], 4, 1)
    inputs.ids[inputs.offsets[1] : inputs.offsets[3]] += 4
    words = Words(np.random.default_rng(5).integers(0, SIZES.inputs, 8), spelled)
    return Data(inputs, sequences([3, 1, 6, 2], SIZES.targets, 2), words)


def few(data: Data, numbers: list[int]) -> Data:
    """Some of the examples."""
    inputs = Sequences.of([data.inputs[number].tolist() for number in numbers], data.inputs.tokens)
    targets = Sequences.of([data.targets[number].tolist() for number in numbers], data.targets.tokens)
    return Data(inputs, targets, data.words)


def engine(
    architecture: TaskArchitecture,
    weights: Weights,
    data: Data,
    numbers: Sequence[int],
    *,
    room: int = 0,
    smoothing: float = 0.0,
    importance: Floats | None = None,
) -> tuple[Floats, dict[str, Floats]]:
    """The sums of a batch, and the gradients of what training lowers.

    Args:
        architecture: the layers.
        weights: the weights.
        data: the examples.
        numbers: the examples of the batch, from 1; 0 for none.
        room: how many more time steps there are than the longest example needs.
        smoothing: of the targets.
        importance: of the labels.
    """
    run = measuring(
        architecture, weights, data, numbers, room=room, smoothing=smoothing, importance=importance
    )
    sums, gradients = run(None)
    return sums.numpy(), {name: tf.convert_to_tensor(each).numpy() for name, each in gradients.items()}


def measuring(
    architecture: TaskArchitecture,
    weights: Weights,
    data: Data,
    numbers: Sequence[int],
    *,
    room: int = 0,
    smoothing: float = 0.0,
    importance: Floats | None = None,
) -> Callable[[Any], tuple[Any, dict[str, Any]]]:
    """A function of the seed of dropout, (2,) or None; it returns what `engine` does, as tensors."""
    most = int(data.inputs.lengths.max()) + room, int(data.targets.lengths.max()) + room
    held = ExampleData(data, architecture.task, label_row=SIZES.targets)
    objective = ExampleObjective(TaskForward(architecture), held, most, importance)
    constants = {name: tf.constant(weight) for name, weight in weights.items()}

    def measured(seed: Any) -> tuple[Any, dict[str, Any]]:
        with tf.GradientTape() as tape:
            tape.watch(constants)
            costs, _ = objective(constants, [tf.constant(numbers, tf.int32)], NOTHING, (), seed)
            lowered = costs.lowered(smoothing)
        gradients = tape.gradient(lowered, constants)
        return costs.sums, {name: tf.convert_to_tensor(each) for name, each in gradients.items()}

    return measured


def compiled(architecture: TaskArchitecture, weights: Weights, data: Data, numbers: Sequence[int]) -> Any:
    """`measuring`, compiled: the generator of dropout is XLA's."""
    return tf.function(measuring(architecture, weights, data, numbers), jit_compile=True, autograph=False)


def compiled_sums(
    architecture: TaskArchitecture, weights: Weights, data: Data, numbers: Sequence[int]
) -> Any:
    """The sums of `measuring` alone, compiled: gradients would take longest to compile."""
    measured = measuring(architecture, weights, data, numbers)
    return tf.function(lambda seed: measured(seed)[0], jit_compile=True, autograph=False)


def keras_gradients(
    architecture: TaskArchitecture, weights: Weights, data: Data
) -> tuple[float, dict[str, Floats]]:
    """The sum of the costs of all examples, each alone in the Keras model, and its gradients."""
    model = build_task_network(architecture, random_seed=0)
    variables = named_task_weights(model)
    for name, variable in variables.items():
        variable.assign(weights[name])
    with tf.GradientTape() as tape:
        total = 0.0
        for number in range(len(data.inputs)):
            arrays, wanted = of_one(architecture.task, data, number)
            logits = tf.reshape(model(arrays if len(arrays) > 1 else arrays[0]), (-1, SIZES.targets))
            total += tf.reduce_sum(tf.nn.sparse_softmax_cross_entropy_with_logits(wanted, logits))
    gradients = tape.gradient(total, [variable.value for variable in variables.values()])
    found = {
        name: tf.convert_to_tensor(each).numpy() for name, each in zip(variables, gradients, strict=True)
    }
    return float(total), found


def of_one(task: str, data: Data, number: int) -> tuple[list[Any], Any]:
    """The inputs of the Keras model for one example, and its targets with END."""
    ids, targets = data.inputs[number][None], data.targets[number]
    if task in ("label", "tags"):
        if data.words is None:
            return [ids], targets
        spelled = np.array([[data.words.spelled[word] for word in ids[0]]])
        return [data.words.ids[ids], spelled], targets
    first = ids[0] + SIZES.targets if task == "from_label" else [0]
    before = np.append(first, targets)[None]
    return ([before] if task == "from_label" else [ids, before]), np.append(targets, 0)


def assert_equal(received: dict[str, Floats], expected: dict[str, Floats], tolerance: float = 1e-4) -> None:
    assert received.keys() == expected.keys()
    for name, array in expected.items():
        np.testing.assert_allclose(received[name], array, rtol=tolerance, atol=tolerance, err_msg=name)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(("task", "model"), NETWORKS)
def test_a_batch_has_the_gradients_of_keras_example_by_example(task: str, model: str, encoding: str) -> None:
    """Inputs and targets of different length as one batch, with room to spare and a lane without example."""
    architecture, weights = network(task, model, encoding)
    data = examples_of(task, model)
    total, expected = keras_gradients(architecture, weights, data)

    sums, gradients = engine(architecture, weights, data, [1, 0, 2, 3, 4], room=2)

    assert sums[0] == pytest.approx(total, rel=1e-4)
    assert sums[2] == sum(len(of_one(task, data, number)[1]) for number in range(4))
    assert_equal(gradients, expected)
    assert all(np.abs(each).max() > 0 for each in gradients.values())


@pytest.mark.parametrize(("task", "model"), NETWORKS)
def test_a_gradient_is_the_slope(task: str, model: str) -> None:
    """Central differences along random directions of all weights together; Keras has each weight alone."""
    architecture, weights = network(task, model)
    data = examples_of(task, model)
    rng, numbers, width = np.random.default_rng(0), [1, 2, 3, 4], 1e-2
    _, gradients = engine(architecture, weights, data, numbers)

    for _ in range(2):
        ways = {name: rng.normal(size=weight.shape).astype(np.float32) for name, weight in weights.items()}
        length = np.sqrt(sum(float((way * way).sum()) for way in ways.values()))
        ways = {name: (way / length).astype(np.float32) for name, way in ways.items()}
        high, low = (
            engine(
                architecture,
                {name: weights[name] + sign * width * ways[name] for name in ways},
                data,
                numbers,
            )
            for sign in (1, -1)
        )
        slope = (high[0][0] - low[0][0]) / (2 * width)
        along = sum(float((gradients[name] * ways[name]).sum()) for name in ways)
        assert along == pytest.approx(slope, rel=0.02, abs=0.02)


@pytest.mark.parametrize(("task", "model"), NETWORKS)
def test_an_example_counts_the_same_in_any_company(task: str, model: str) -> None:
    """Sums and gradients of a batch are those of its examples alone; empty inputs and targets too."""
    architecture, weights = network(task, model)
    data = data_of(task, model)
    if task == "label":
        data = data_of(task, model, [3, 1, 6, 2, 3, 4, 5])
    alone = [engine(architecture, weights, data, [number]) for number in range(1, 8)]

    sums, gradients = engine(architecture, weights, data, [7, 3, 0, 1, 2, 6, 5, 4], room=3)

    np.testing.assert_allclose(sums, np.sum([each for each, _ in alone], axis=0), rtol=1e-4)
    assert_equal(gradients, {name: np.sum([each[name] for _, each in alone], axis=0) for name in weights})


@pytest.mark.parametrize(("task", "model"), NETWORKS)
def test_a_lane_without_example_adds_nothing(task: str, model: str) -> None:
    """Neither costs nor gradients, in a batch of nothing else."""
    architecture, weights = network(task, model)

    sums, gradients = engine(architecture, weights, data_of(task, model), [0, 0])

    assert sums.tolist() == [0, 0, 0]
    assert not any(each.any() for each in gradients.values())


@pytest.mark.parametrize(("task", "model"), NETWORKS)
def test_a_large_table_is_looked_up_as_a_small_one(task: str, model: str) -> None:
    """Tables with more rows than a batch has tokens are not multiplied by the kernel: one example or many."""
    architecture, weights = network(task, model)
    data = examples_of(task, model)

    together = engine(architecture, weights, data, [1, *[0] * 40])
    alone = engine(architecture, weights, data, [1])

    np.testing.assert_allclose(together[0], alone[0], rtol=1e-5)
    assert_equal(together[1], alone[1])


DROPPING = "dropout: 0.3, input_dropout: 0.3, recurrent_dropout: 0.3"


DROPPED = [
    (*NETWORKS[number], flag)
    for number, flag in ((1, "false"), (4, "true"), (6, "false"), (9, "true"), (11, "false"))
]
"""Some networks of each task, and whether one mask holds for all time steps: each takes long to compile."""


@pytest.mark.parametrize(("task", "model", "variational"), DROPPED)
def test_a_seed_decides_what_is_dropped(task: str, model: str, variational: str) -> None:
    """The same seed gives the same bits, another one others; without a seed nothing is dropped."""
    data = examples_of(task, model)
    dropping, weights = network(task, f"{model}, {DROPPING}, variational_dropout: {variational}")
    plain, _ = network(task, model)
    numbers = [1, 2, 3, 4]
    run = compiled(dropping, weights, data, numbers)

    one, again, other = (run(tf.constant(seed)) for seed in ([3, 5], [3, 5], [3, 6]))

    bits, same = (
        [each.numpy().tobytes() for each in (sums, *slopes.values())] for sums, slopes in (one, again)
    )
    assert bits == same
    assert one[0][0] != other[0][0]
    nothing, of_plain = (engine(each, weights, data, numbers)[0] for each in (dropping, plain))
    np.testing.assert_allclose(nothing, of_plain, rtol=1e-5)


def test_the_decoder_has_dropout_of_its_own() -> None:
    """The fractions of `model` written out in `decoder` give the bits that they give without the section."""
    model = "kind: gru, units: 4"
    nothing = DROPPING.replace("0.3", "0")
    data, numbers, seed = examples_of("pairs", model), [1, 2, 3, 4], tf.constant([3, 5])
    both, weights = network("pairs", f"{model}, {DROPPING}")
    same, _ = network("pairs", f"{model}, {DROPPING}", decoder=DROPPING)
    decoder, _ = network("pairs", model, decoder=DROPPING)
    encoder, _ = network("pairs", f"{model}, {DROPPING}", decoder=nothing)

    losses = [
        compiled_sums(each, weights, data, numbers)(seed).numpy() for each in (both, same, decoder, encoder)
    ]

    assert losses[0].tobytes() == losses[1].tobytes()
    assert len({each[0] for each in losses}) == 3


def test_dropout_of_the_decoder_drops_nothing_of_the_encoder() -> None:
    """Where no input of the decoder counts, but only the state handed over, its seed changes nothing."""
    model = "kind: lstm, units: 4"
    only, weights = network("pairs", model, decoder="input_dropout: 0.9")
    weights["decoder_lstm_1/kernel"][:] = 0
    data = examples_of("pairs", model)

    run = compiled_sums(only, weights, data, [1, 2, 3, 4])

    one, other = (run(tf.constant(seed)).numpy() for seed in ([3, 5], [7, 7]))
    assert one.tobytes() == other.tobytes()


def test_the_keras_model_has_the_dropout_layers_of_encoder_and_decoder() -> None:
    """Each by its own name; the model runs in training."""
    model = "kind: gru, units: 4, attention: dot, dropout: 0.1, input_dropout: 0.2"
    architecture, _ = network("pairs", model, decoder="input_dropout: 0.3")

    built = build_task_network(architecture, random_seed=0)

    assert {layer.name: layer.rate for layer in built.layers if "dropout" in layer.name} == {
        "input_dropout": 0.2,
        "dropout_1": 0.1,
        "decoder_input_dropout": 0.3,
        "decoder_dropout_2": 0.1,
    }
    ids = np.ones((2, 3), np.int32)
    assert built([ids, ids], training=True).shape == (2, 3, SIZES.targets)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_both_directions_read_the_same_dropped_inputs(encoding: str) -> None:
    """One token, read by two layers with equal weights, gives equal outputs: as with one dropout layer."""
    model = "kind: lstm, units: 4, bidirectional: true, input_dropout: 0.5"
    architecture, weights = network("label", model, encoding)
    for name in ("kernel", "recurrent_kernel", "bias"):
        weights[f"lstm_1_backward/{name}"] = weights[f"lstm_1/{name}"]
    weights["head/kernel"][4:] = -weights["head/kernel"][:4]  # the difference of both
    data = data_of("label", model, [1] * 7)
    held = ExampleData(data, "label")
    batch = held.batch(tf.range(1, 8), 1, 0)
    constants = {name: tf.constant(weight) for name, weight in weights.items()}

    forward = tf.function(
        lambda: TaskForward(architecture)(constants, batch, tf.constant([1, 2])),
        jit_compile=True,
        autograph=False,
    )
    logits = forward()

    np.testing.assert_allclose(logits[0], np.tile(weights["head/bias"], (7, 1)), atol=1e-6)


def test_class_weights_and_smoothing_change_what_is_lowered_and_not_what_is_shown() -> None:
    """Each example's cost, with its target spread over the labels, times the factor of its label."""
    architecture, weights = network("label", "kind: lstm, units: 4")
    data = data_of("label", "", [3, 1, 6, 2, 3, 4, 5])
    importance = np.float32([0.5, 2.0, 1.0, 3.0, 0.25])
    numbers = [*range(1, 8)]
    alone = [engine(architecture, weights, data, [number], smoothing=0.1) for number in numbers]

    sums, gradients = engine(architecture, weights, data, numbers, smoothing=0.1, importance=importance)

    plain, _ = engine(architecture, weights, data, numbers)
    np.testing.assert_allclose(sums, plain, rtol=1e-6)
    factors = importance[data.targets.ids]
    expected = {
        name: np.sum([factor * each[name] for factor, (_, each) in zip(factors, alone, strict=True)], axis=0)
        for name in weights
    }
    assert_equal(gradients, expected)

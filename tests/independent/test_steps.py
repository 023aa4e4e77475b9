"""Whole trainings take the steps that Keras' own layers, and the optimizers' papers, say they should."""

import json
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from rnnlab.config.reading import parse_experiment
from rnnlab.datasets.corpus import load_corpus
from rnnlab.datasets.splits import split_corpus
from rnnlab.engines.tensorflow.start import tf
from rnnlab.training.history import LossHistory
from rnnlab.training.loop import TrainingLoop
from rnnlab.training.token_problem import TokenProblem
from rnnlab.training.trainer import Trainer
from tests.independent.keras_network import KerasNetwork
from tests.independent.plain_network import Page
from tests.independent.plain_optimizers import PlainOptimizer, rates_of

TEXT = "abacabcdabceadecbaabdcabecadbaceabdecabdcaeb"  # 44 tokens of 5 kinds
VOCAB_SIZE = 5
EPOCHS = 2
MOMENTS = {"beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-3}

CASES: dict[str, tuple[Page, Page, Page]] = {
    "simple_rnn": (
        {"window": 4, "target": "next", "encoding": "one_hot"},
        {"kind": "simple_rnn", "units": 6},
        {
            "batching": "windows",
            "batch_size": 7,  # the last of six batches holds 5 of 40 windows
            "optimizer": {
                "name": "sgd",
                "learning_rate": 0.5,
                "momentum": 0.7,
                "nesterov": True,
                "clipnorm": 0.3,
            },
            "schedule": {"kind": "linear", "warmup": 0.2},
        },
    ),
    "two_lstms": (
        {"window": 4, "target": "shifted", "encoding": "embedding", "embedding_size": 3},
        {"kind": "lstm", "units": [5, 4]},
        {
            "batching": "windows",
            "batch_size": 10,
            "optimizer": {
                "name": "adam",
                "learning_rate": 0.05,
                **MOMENTS,
                "amsgrad": True,
                "global_clipnorm": 0.2,
            },
            "schedule": {"kind": "cosine", "final": 0.1},
            "label_smoothing": 0.2,
        },
    ),
    "gru_of_a_stream": (  # 43 targets in 3 lanes of 15, 14 and 14 tokens, cut every 5 steps
        {"window": 5, "target": "shifted", "encoding": "scalar"},
        {"kind": "gru", "units": 6},
        {
            "batching": "stream",
            "batch_size": 3,
            "optimizer": {
                "name": "rmsprop",
                "learning_rate": 0.03,
                "rho": 0.8,
                "momentum": 0.5,
                "epsilon": 1e-3,
                "centered": True,
                "clipvalue": 0.05,
            },
            "schedule": {"kind": "exponential", "decay_rate": 0.5, "decay_steps": 3},
        },
    ),
    "gru_of_stateful_windows": (
        {"window": 3, "target": "next", "encoding": "one_hot"},
        {"kind": "gru", "units": 5, "reset_after": False, "stateful": True},
        {
            "batching": "windows",
            "batch_size": 1,
            "optimizer": {
                "name": "adamw",
                "learning_rate": 0.03,
                **MOMENTS,
                "amsgrad": False,
                "weight_decay": 0.5,
            },
            "schedule": {"kind": "constant", "warmup": 0.5},
        },
    ),
    "lstm_of_stateful_windows": (  # 40 windows in 3 lanes of 14, 13 and 13
        {"window": 4, "target": "shifted", "encoding": "one_hot"},
        {"kind": "lstm", "units": 5, "stateful": True},
        {
            "batching": "windows",
            "batch_size": 3,
            "optimizer": {"name": "nadam", "learning_rate": 0.03, **MOMENTS},
            "schedule": {"kind": "constant"},
            "label_smoothing": 0.1,
        },
    ),
    "mlp": (
        {"window": 4, "target": "next", "encoding": "one_hot"},
        {"kind": "mlp", "units": [6, 5], "activation": "tanh"},
        {
            "batching": "windows",
            "batch_size": 8,
            "optimizer": {
                "name": "adagrad",
                "learning_rate": 0.3,
                "initial_accumulator_value": 0.1,
                "epsilon": 1e-3,
            },
            "schedule": {"kind": "constant"},
        },
    ),
}

Lanes = list[tuple[list[int], list[int]]]


def batches(page: Page, ids: list[int]) -> Iterator[tuple[Lanes, bool]]:
    """Each step of an epoch: the inputs and targets of its lanes, and whether the state goes on."""
    window, count = page["dataset"]["window"], page["training"]["batch_size"]
    if page["training"]["batching"] == "stream":
        for step in range(0, -(-(len(ids) - 1) // count), window):
            cut = [lane[step : step + window] for lane in blocks(range(len(ids) - 1), count)]
            yield [([ids[i] for i in lane], [ids[i + 1] for i in lane]) for lane in cut], step > 0
        return
    pairs = [(ids[i : i + window], ids[i + 1 : i + window + 1]) for i in range(len(ids) - window)]
    carries = page["model"].get("stateful", False)
    for step in range(-(-len(pairs) // count)):
        if carries:
            yield [(lane[step : step + 1] or [([], [])])[0] for lane in blocks(pairs, count)], step > 0
        else:
            yield pairs[step * count : (step + 1) * count], False


def blocks(whole: Sequence[Any], count: int) -> list[Any]:
    """What each of some lanes reads: neighbours, as equal as can be, the first ones longer."""
    base, longer = divmod(len(whole), count)
    begins = [lane * base + min(lane, longer) for lane in range(count + 1)]
    return [whole[begin:end] for begin, end in pairwise(begins)]


def keras_training(page: Page, ids: list[int], weights: dict[str, Any]) -> list[float]:
    """The loss of each step, before it; the weights are changed by all of them."""
    network, own = (
        KerasNetwork(page, VOCAB_SIZE, weights),
        {name: np.array(w, np.float64) for name, w in weights.items()},
    )
    steps = [step for _ in range(EPOCHS) for step in batches(page, ids)]
    rate = page["training"]["optimizer"]["learning_rate"]
    optimizer = PlainOptimizer(
        page["training"]["optimizer"], rates_of(rate, page["training"]["schedule"], len(steps))
    )
    losses, state = [], None
    for lanes, goes_on in steps:
        if not goes_on:
            state = _of_lanes_before(state) if page["model"].get("stateful") and state else None
        loss, gradients, state = _differentiated(network, lanes, state)
        losses.append(loss)
        optimizer.step(own, gradients)
        for name, variable in network.weights.items():
            variable.assign(own[name])
    weights.update(own)
    return losses


def _of_lanes_before(state: Any) -> Any:
    """What lanes of windows begin another epoch with: lane n's windows follow those of lane n − 1."""
    return [[tf.concat([tf.zeros_like(part[:1]), part[:-1]], axis=0) for part in layer] for layer in state]


def _differentiated(network: KerasNetwork, lanes: Lanes, state: Any) -> tuple[float, dict[str, Any], Any]:
    """The mean cross-entropy of a batch, the gradients of what is lowered, and the state after it."""
    longest = max(len(inputs) for inputs, _ in lanes)
    ids, targets = (
        np.array([lane[side] + [0] * (longest - len(lane[side])) for lane in lanes], np.int32)
        for side in (0, 1)
    )
    counted = np.array([[step < len(inputs) for step in range(longest)] for inputs, _ in lanes], np.float32)
    with tf.GradientTape() as tape:
        logits, after = network.logits(ids, state)
        if network.page["dataset"]["target"] == "next":
            logits, targets, counted = logits[:, -1:], targets[:, -1:], counted[:, -1:]
        shown, lowered = (
            keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=share, reduction=None)(
                tf.one_hot(targets, VOCAB_SIZE), logits
            )
            for share in (0.0, network.page["training"].get("label_smoothing", 0.0))
        )
        mean = tf.reduce_sum(lowered * counted) / counted.sum()
    if state:
        reads = tf.constant([[bool(inputs)] for inputs, _ in lanes])
        after = [
            [tf.where(reads, part, old) for part, old in zip(layer, before, strict=True)]
            for layer, before in zip(after, state, strict=True)
        ]
    gradients = tape.gradient(mean, network.weights)
    found = {name: tf.convert_to_tensor(each).numpy() for name, each in gradients.items()}
    return float(tf.reduce_sum(shown * counted) / counted.sum()), found, after


@pytest.mark.parametrize("case", CASES)
def test_a_training_takes_the_steps_of_keras_layers(case: str) -> None:
    """The loss of each step, and the weights after all of them, to 1e-5."""
    dataset, model, training = CASES[case]
    page = {
        "dataset": {"kind": "text", "inline": TEXT, "split": {"kind": "none"}, **dataset},
        "model": model,
        "training": {"epochs": EPOCHS, **training},
    }
    experiment = parse_experiment(json.dumps(page), name="page.yaml", folder=Path.cwd())
    corpus = load_corpus(experiment.dataset)
    trainer, history = (
        Trainer(TokenProblem(experiment, corpus, split_corpus(corpus, experiment))),
        LossHistory(),
    )
    weights = trainer.program.weights()

    TrainingLoop(trainer, [history]).run()
    losses = keras_training(page, ["abcde".index(letter) for letter in TEXT], weights)

    np.testing.assert_allclose(history.batch_losses, losses, atol=1e-5)
    for name, received in trainer.program.weights().items():
        np.testing.assert_allclose(received, weights[name], atol=1e-5, err_msg=name)

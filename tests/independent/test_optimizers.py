"""Every optimizer, clip and schedule takes the steps of its paper, in plain float64."""

from typing import Any, get_args

import keras
import numpy as np
import pytest

from rnnlab.config import optimizer as sections
from rnnlab.config.schema import Training
from rnnlab.engines.tensorflow.start import tf
from rnnlab.engines.tensorflow.update import Update
from rnnlab.training.optimizers import optimizer_of
from tests.independent.plain_optimizers import PlainOptimizer, rates_of

STEPS = 12
MOMENTS = {"beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-3}
VARIANTS: dict[str, dict[str, Any]] = {
    "sgd": {"name": "sgd", "momentum": 0.0, "nesterov": False},
    "momentum": {"name": "sgd", "momentum": 0.7, "nesterov": False},
    "nesterov": {"name": "sgd", "momentum": 0.7, "nesterov": True},
    "rmsprop": {"name": "rmsprop", "rho": 0.8, "momentum": 0.0, "epsilon": 1e-3, "centered": False},
    "centered": {"name": "rmsprop", "rho": 0.8, "momentum": 0.6, "epsilon": 1e-3, "centered": True},
    "adam": {"name": "adam", **MOMENTS, "amsgrad": False},
    "amsgrad": {"name": "adam", **MOMENTS, "amsgrad": True},
    "adamw": {"name": "adamw", **MOMENTS, "amsgrad": False, "weight_decay": 0.3},
    "adamw_amsgrad": {"name": "adamw", **MOMENTS, "amsgrad": True, "weight_decay": 0.3},
    "nadam": {"name": "nadam", **MOMENTS},
    "adamax": {"name": "adamax", **MOMENTS},
    "adagrad": {"name": "adagrad", "initial_accumulator_value": 0.3, "epsilon": 1e-3},
    "adadelta": {"name": "adadelta", "rho": 0.8, "epsilon": 1e-3},
    "lion": {"name": "lion", "beta_1": 0.8, "beta_2": 0.9},
}
CLIPS = [{}, {"clipnorm": 0.9}, {"global_clipnorm": 1.5}, {"clipvalue": 0.4}]
SCHEDULES: list[dict[str, Any]] = [
    {"kind": "constant"},
    {"kind": "constant", "warmup": 0.4},
    {"kind": "linear", "final": 0.1},
    {"kind": "linear", "warmup": 0.3},
    {"kind": "cosine", "warmup": 0.25, "final": 0.2},
    {"kind": "exponential", "decay_rate": 0.6, "decay_steps": 5, "warmup": 0.2},
]


def assert_the_same_steps(settings: dict[str, Any], schedule: dict[str, Any]) -> None:
    """Steps with random gradients, large and small, from the same weights: equal to 1e-5 after each."""
    rng = np.random.default_rng(0)
    weights = {"kernel": rng.normal(size=(3, 4)), "bias": rng.normal(size=4)}
    variables = {name: keras.Variable(each.astype(np.float32)) for name, each in weights.items()}
    training = Training.model_validate({"optimizer": settings, "schedule": schedule})
    optimizer = optimizer_of(training, total_steps=STEPS)
    optimizer.build(list(variables.values()))
    update = Update(variables, optimizer, None, skips=False)
    plain = PlainOptimizer(settings, rates_of(settings["learning_rate"], schedule, STEPS))

    for number in range(STEPS):
        size = [1.0, 0.05, 3.0][number % 3]
        gradients = {name: size * rng.normal(size=each.shape) for name, each in weights.items()}
        shown = {name: tf.constant(each, tf.float32) for name, each in gradients.items()}
        update([tf.constant([1.0, 0.0, 1.0])], [shown])
        plain.step(weights, gradients)
        for name, variable in variables.items():
            np.testing.assert_allclose(variable.numpy(), weights[name], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("clip", CLIPS, ids=lambda clip: "".join(clip) or "no_clip")
@pytest.mark.parametrize("variant", VARIANTS)
def test_an_optimizer_takes_the_steps_of_its_paper(variant: str, clip: dict[str, float]) -> None:
    """Twelve steps of two weights, with every way to clip their gradients."""
    assert_the_same_steps({**VARIANTS[variant], **clip, "learning_rate": 0.03}, {"kind": "constant"})


@pytest.mark.parametrize("variant", ["sgd", "adamw"])
@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda schedule: "_".join(map(str, schedule.values())))
def test_a_schedule_gives_each_step_its_rate(variant: str, schedule: dict[str, Any]) -> None:
    """Of the first, which has a share of the rate while warming up, to the last."""
    assert_the_same_steps({**VARIANTS[variant], "learning_rate": 0.1}, schedule)


def test_every_optimizer_and_each_of_its_settings_is_among_them() -> None:
    """A new optimizer, or a new setting of one, has to be written out here."""
    clips = {"clipnorm", "global_clipnorm", "clipvalue", "learning_rate"}
    for section in get_args(get_args(sections.Optimizer)[0]):
        (name,) = get_args(section.model_fields["name"].annotation)
        mine = [variant for variant in VARIANTS.values() if variant["name"] == name]

        assert mine
        assert all(set(variant) == set(section.model_fields) - clips for variant in mine), name

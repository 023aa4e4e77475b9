"""Optimizers under Keras' names, and the learning rate over the steps."""

import math
from typing import get_args

import keras
import numpy as np
import pytest

from rnnlab.config import optimizer as sections
from rnnlab.config.schema import Training
from rnnlab.training.schedules import begin_schedule, lower_rate, optimizer_of, rate_of
from tests.experiments import SONG, experiment


def rates(schedule: str, steps: int = 100) -> list[float]:
    """The learning rate of each step of a training with peak 1."""
    peak = "training.optimizer.learning_rate=1.0"
    training = experiment(SONG, peak, f"training.schedule={schedule}").training
    rate = optimizer_of(training, total_steps=steps)._learning_rate
    return [float(rate(step)) for step in range(steps)]


def test_every_optimizer_of_the_schema_can_be_built() -> None:
    """Each name and each of its settings is one that Keras knows."""
    for section in get_args(get_args(sections.Optimizer)[0]):
        (name,) = get_args(section.model_fields["name"].annotation)
        built = optimizer_of(Training(optimizer=section(name=name, global_clipnorm=1.0)), total_steps=1)

        assert type(built).__name__.lower() == name
        assert built.global_clipnorm == 1.0


def test_a_constant_rate_stays_a_variable() -> None:
    """So that a callback can change it."""
    built = optimizer_of(Training(), total_steps=10)

    built.learning_rate = 0.5
    assert float(built.learning_rate) == 0.5


def test_warm_up_rises_in_a_straight_line() -> None:
    """A tenth of a hundred steps: the first has a tenth of the rate, the tenth all of it."""
    received = rates("{kind: constant, warmup: 0.1}")

    np.testing.assert_allclose(received[:10], np.arange(1, 11) / 10, rtol=1e-6)
    assert set(received[10:]) == {1.0}


@pytest.mark.parametrize(
    ("schedule", "at_half", "at_end"),
    [
        ("{kind: linear, final: 0.2}", 0.6, 0.2),
        ("{kind: cosine, final: 0.2}", 0.6, 0.2),
        ("{kind: exponential, decay_rate: 0.5, decay_steps: 25}", 0.25, 0.0625),
    ],
)
def test_a_schedule_ends_where_it_should(schedule: str, at_half: float, at_end: float) -> None:
    """Halfway and, but for one step, at the end."""
    received = rates(schedule, steps=1000) if "exponential" not in schedule else rates(schedule)

    assert received[0] == 1.0
    assert received[len(received) // 2] == pytest.approx(at_half, rel=1e-4)
    assert received[-1] == pytest.approx(at_end, rel=0.03)
    assert sorted(received, reverse=True) == received


def test_cosine_is_half_a_wave() -> None:
    """A quarter of the way the rate is (1 + cos 45°) / 2."""
    assert rates("{kind: cosine}")[25] == pytest.approx((1 + math.cos(math.pi / 4)) / 2, rel=1e-5)


@pytest.mark.parametrize(
    "schedule",
    [
        "{kind: constant, warmup: 0.5}",
        "{kind: linear, final: 0.2}",
        "{kind: cosine}",
        "{kind: exponential, decay_rate: 0.5, decay_steps: 3}",
        "{kind: plateau, warmup: 0.5}",
    ],
)
def test_the_rate_that_is_recorded_is_the_one_of_the_step(schedule: str) -> None:
    """Keras' float32 and NumPy's float64 agree, also after a fall and in a training of another length."""
    peak = "training.optimizer.learning_rate=1.0"
    training = experiment(SONG, peak, f"training.schedule={schedule}").training
    built = optimizer_of(training, total_steps=8)

    def check(total: int) -> None:
        used = [float(built._learning_rate(step)) for step in range(total)]
        assert [rate_of(built, step) for step in range(total)] == pytest.approx(used, rel=1e-5, abs=1e-6)

    check(8)
    lower_rate(built, 0.25)
    check(8)
    begin_schedule(built, 20)
    check(20)


def test_what_a_plateau_leaves_is_a_share_of_the_whole_schedule() -> None:
    """Of the warm-up too; a training that begins has all of it again."""
    schedule = "training.schedule={kind: plateau, warmup: 0.5}"
    built = optimizer_of(
        experiment(SONG, "training.optimizer.learning_rate=1.0", schedule).training, total_steps=8
    )
    rate = built._learning_rate

    assert [float(rate(step)) for step in (0, 3, 7)] == [0.25, 1, 1]
    lower_rate(built, 0.5)
    assert [float(rate(step)) for step in (0, 3, 7)] == [0.125, 0.5, 0.5]
    begin_schedule(built, 4)
    assert [float(rate(step)) for step in (0, 3, 7)] == [0.5, 1, 1]


def test_the_schedule_can_be_made_again_from_its_config() -> None:
    """As Keras asks of every schedule."""
    training = experiment(SONG, "training.schedule={kind: linear, warmup: 0.5}").training
    schedule = optimizer_of(training, total_steps=10)._learning_rate

    again = type(schedule)(**schedule.get_config())

    assert isinstance(again, keras.optimizers.schedules.LearningRateSchedule)
    assert [float(again(step)) for step in range(10)] == [float(schedule(step)) for step in range(10)]

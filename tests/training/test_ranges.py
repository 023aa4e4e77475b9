"""Every optimizer and every schedule works at both ends of the range that the schema gives each setting."""

import math
from collections.abc import Iterator
from functools import partial
from itertools import product
from typing import Any, get_args

import annotated_types
import keras
import numpy as np
import pytest
from pydantic import BaseModel

from rnnlab.config import optimizer as optimizers
from rnnlab.config import optimizer as schedules
from rnnlab.config.schema import Training
from rnnlab.config.section import LEAST, MOST
from rnnlab.datasets.loading import MOST_STEPS
from rnnlab.engines.tensorflow.start import tf
from rnnlab.engines.tensorflow.update import Update
from rnnlab.training.optimizers import Schedule, optimizer_of

WEIGHTS = [[1.0, -2.0], [3.0, 1.0]]
GRADIENT = [[0.5, -2.0], [0.0, 1e-3]]


def kinds_of(union: Any) -> list[type[BaseModel]]:
    """The sections of a union that a tag tells apart."""
    return list(get_args(get_args(union)[0]))


def ends_of(section: type[BaseModel]) -> Iterator[dict[str, Any]]:
    """Each setting of a section at its lowest and at its highest value, one at a time."""
    for name, field in section.model_fields.items():
        if field.annotation is bool:
            yield from ({name: value} for value in (False, True))
        for bound in _bounds(field):
            yield {name: bound}


def _bounds(field: Any) -> Iterator[float]:
    """The lowest and the highest value of a number; of an open range the nearest number inside."""
    metadata = [each for kind in get_args(field.annotation) for each in getattr(kind, "__metadata__", ())]
    found = [*field.metadata, *metadata]
    for each in (each for one in found for each in getattr(one, "metadata", [one])):
        match each:
            case annotated_types.Ge():
                yield each.ge
            case annotated_types.Le():
                yield each.le
            case annotated_types.Gt():
                yield math.nextafter(each.gt, math.inf)
            case annotated_types.Lt():
                yield math.nextafter(each.lt, -math.inf)


def tag_of(section: type[BaseModel]) -> dict[str, str]:
    """The key that says which section it is, with its value."""
    tag = "name" if "name" in section.model_fields else "kind"
    return {tag: get_args(section.model_fields[tag].annotation)[0]}


def stepped(trainings: list[Training]) -> list[Any]:
    """The weights after a step of each optimizer, in a compiled program as training has it."""
    weights, updates = [], []
    for training in trainings:
        weights.append(keras.Variable(np.array(WEIGHTS, np.float32)))
        optimizer = optimizer_of(training, total_steps=MOST_STEPS)
        optimizer.build(weights[-1:])
        updates.append(Update({"w": weights[-1]}, optimizer, None, skips=False))

    @partial(tf.function, jit_compile=True, autograph=False)
    def step(gradient: Any) -> None:
        for update in updates:
            update([tf.constant([1.0, 1.0, 1.0])], [{"w": gradient}])

    step(tf.constant(GRADIENT))
    return [weight.numpy() for weight in weights]


@pytest.mark.parametrize("section", kinds_of(optimizers.Optimizer), ids=lambda each: each.__name__)
def test_an_optimizer_takes_a_step_at_the_ends_of_each_range(section: type[BaseModel]) -> None:
    """What the schema takes, Keras takes, and the weights stay numbers; some gradients are 0."""
    tried = list(ends_of(section))

    received = stepped([Training(optimizer=section(**tag_of(section), **each)) for each in tried])

    not_finite = [each for each, found in zip(tried, received, strict=True) if not np.isfinite(found).all()]
    assert not_finite == []
    assert len(tried) >= 8  # two ends of the learning rate and of three ways to clip


def test_a_clip_above_every_gradient_changes_nothing() -> None:
    """Also at the highest value that it may have: its reciprocal is a float too."""
    clips = [{}, *({name: MOST} for name in ("clipnorm", "global_clipnorm", "clipvalue"))]

    free, *clipped = stepped([Training(optimizer=optimizers.Sgd(name="sgd", **each)) for each in clips])

    for weights in clipped:
        np.testing.assert_allclose(weights, free, rtol=1e-6)


@pytest.mark.parametrize("section", kinds_of(schedules.Schedule), ids=lambda each: each.__name__)
def test_a_schedule_gives_a_rate_at_the_ends_of_each_range(section: type[BaseModel]) -> None:
    """From 0 to the peak, at the first steps and the last of the shortest training and of the longest."""
    needed = {name: 1 for name, field in section.model_fields.items() if field.is_required()}
    peaks = (LEAST, 0.5, MOST)
    made = [section(**{**needed, **tag_of(section), **each}) for each in ends_of(section)]
    for schedule, peak, total in product(made, peaks, (1, 2, MOST_STEPS)):
        rate = Schedule(peak, schedule.model_dump(), total_steps=total)

        rates = np.array([rate(step) for step in {0, 1, total // 2, total - 1}])

        assert ((rates >= 0) & (rates <= np.float32(peak))).all(), (schedule, total, rates)
    sgd = optimizers.Sgd(name="sgd")
    assert np.isfinite(stepped([Training(optimizer=sgd, schedule=each) for each in made])).all()

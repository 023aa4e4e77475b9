"""The Keras optimizer of a configuration, and its schedule."""

from typing import Any

import keras
import numpy as np

from rnnlab.config.optimizer import learning_rate
from rnnlab.config.schema import Training

CLASSES = {
    name.lower(): getattr(keras.optimizers, name)
    for name in ("Adadelta", "Adagrad", "Adam", "Adamax", "AdamW", "Lion", "Nadam", "RMSprop", "SGD")
}


def begin_schedule(optimizer: Any, total_steps: int) -> None:
    """Start the schedule of an optimizer, if there is one, for a training of `total_steps` steps."""
    schedule = optimizer._learning_rate
    if isinstance(schedule, Schedule):
        schedule.set_total(total_steps)
        schedule.leave(1.0)


def lower_rate(optimizer: Any, left: float) -> None:
    """Set the factor of an optimizer's plateau schedule to `left`, 0 to 1, from the next step on."""
    optimizer._learning_rate.leave(left)


def is_scheduled(optimizer: Any) -> bool:
    """Whether the learning rate of an optimizer follows a schedule; a plateau schedule is one too."""
    return isinstance(optimizer._learning_rate, Schedule)


def rate_of(optimizer: Any, step: int) -> float:
    """Return the learning rate of a step, counted from 0, with the current state of the optimizer."""
    rate = optimizer._learning_rate
    return rate.at(step) if isinstance(rate, Schedule) else float(rate.value.numpy())


def optimizer_of(training: Training, *, total_steps: int) -> Any:
    """Return the Keras optimizer that a section `training` describes.

    Args:
        training: the section.
        total_steps: number of optimizer steps of the whole training, for the schedule.
    """
    settings = training.optimizer.model_dump(exclude={"name"}, exclude_none=True)
    if training.schedule.kind != "constant" or training.schedule.warmup:
        settings["learning_rate"] = Schedule(
            settings["learning_rate"], training.schedule.model_dump(), total_steps=total_steps
        )
    return CLASSES[training.optimizer.name](**settings)


class Schedule(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """The learning rate of `rnnlab.config.optimizer` in the form that Keras' optimizers call.

    Attributes:
        total: number of optimizer steps of the whole training; a variable, so that a compiled program can be
            used again.
        left: factor of a plateau schedule, 0 to 1; a variable, which is set between two steps.
    """

    def __init__(self, learning_rate: float, settings: dict[str, Any], *, total_steps: int) -> None:
        self.learning_rate, self.settings = learning_rate, settings
        self.total = keras.Variable(float(total_steps), trainable=False, dtype="float32", name="total_steps")
        self.left = keras.Variable(1.0, trainable=False, dtype="float32", name="left")
        self._total, self._left = float(total_steps), 1.0  # copies, since reading a variable takes 50 µs

    def set_total(self, total_steps: int) -> None:
        """Set the number of steps of the whole training."""
        self.total.assign(total_steps)
        self._total = float(total_steps)

    def leave(self, left: float) -> None:
        """Set the factor of the plateau schedule, 0 to 1, from the next step on."""
        self.left.assign(left)
        self._left = left

    def __call__(self, step: Any) -> Any:
        """Return the learning rate of a step, counted from 0, as a tensor."""
        done, total = keras.ops.cast(step, "float32"), keras.ops.convert_to_tensor(self.total)
        left = keras.ops.convert_to_tensor(self.left) if self.settings["kind"] == "plateau" else 1.0
        return learning_rate(
            keras.ops, done, peak=self.learning_rate, schedule=self.settings, total=total, left=left
        )

    def at(self, step: int) -> float:
        """Return the learning rate of a step, counted from 0, computed with NumPy."""
        peak, total, left = self.learning_rate, self._total, self._left
        return float(
            learning_rate(np, float(step), peak=peak, schedule=self.settings, total=total, left=left)
        )

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal schedule."""
        return {
            "learning_rate": self.learning_rate,
            "settings": self.settings,
            "total_steps": int(self._total),
        }

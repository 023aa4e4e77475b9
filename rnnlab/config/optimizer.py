"""Settings of `training.optimizer`, named as in Keras, and of `training.schedule`.

The docstring of `learning_rate` has the equation of each schedule.
"""

from math import pi
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from rnnlab.config.section import (
    LEAST,
    MOST,
    MOST_DECAY,
    Decay,
    MinDelta,
    Patience,
    Positive,
    Section,
    Share,
)

NotNegative = Annotated[float, Field(ge=0, le=MOST)]


class _Optimizer(Section):
    """The settings of every optimizer."""

    name: str
    learning_rate: Positive = Field(0.001, description="Step size; with a schedule, its largest value.")
    clipnorm: Positive | None = Field(
        None, description="Largest L2 norm of the gradient of one weight array."
    )
    global_clipnorm: Positive | None = Field(
        None, description="Largest L2 norm of all gradients together (Pascanu et al., 2013)."
    )
    clipvalue: Positive | None = Field(
        None, description="Largest absolute value of each number in a gradient."
    )

    @model_validator(mode="after")
    def _one_clip(self) -> "_Optimizer":
        if sum(clip is not None for clip in (self.clipnorm, self.global_clipnorm, self.clipvalue)) > 1:
            raise PydanticCustomError(
                "clip", "expected at most one of clipnorm, global_clipnorm and clipvalue"
            )
        return self


class _Moments(_Optimizer):
    """The settings of optimizers with a running mean of the gradient and one of its size."""

    beta_1: Decay = Field(0.9, description="Decay of the running mean of the gradient.")
    beta_2: Decay = Field(0.999, description="Decay of the running mean of the squared gradient.")
    epsilon: Positive = Field(
        1e-7, description="Small number that is added to a divisor, so that it is not 0."
    )


class Sgd(_Optimizer):
    """Stochastic gradient descent."""

    name: Literal["sgd"] = Field(description="Stochastic gradient descent.")
    learning_rate: Positive = Field(0.01, description="Step size; with a schedule, its largest value.")
    momentum: Decay = Field(0.0, description="Fraction of the last step that is added to the next.")
    nesterov: bool = Field(False, description="Use Nesterov momentum.")


class RmsProp(_Optimizer):
    """RMSprop (Hinton, 2012)."""

    name: Literal["rmsprop"] = Field(description="RMSprop (Hinton, 2012).")
    rho: Decay = Field(0.9, description="Decay of the running mean of the squared gradient.")
    momentum: Decay = Field(0.0, description="Fraction of the last step that is added to the next.")
    epsilon: Positive = Field(
        1e-7, description="Small number that is added to a divisor, so that it is not 0."
    )
    centered: bool = Field(
        False,
        description="Divide by the standard deviation of the gradient in place of its root mean square.",
    )


class Adam(_Moments):
    """Adam (Kingma and Ba, 2015)."""

    name: Literal["adam"] = Field(description="Adam (Kingma and Ba, 2015).")
    amsgrad: bool = Field(
        False, description="Use the largest running mean of the squared gradient so far (Reddi et al., 2018)."
    )


class AdamW(_Moments):
    """Adam with decoupled weight decay (Loshchilov and Hutter, 2019)."""

    name: Literal["adamw"] = Field(
        description="Adam with decoupled weight decay (Loshchilov and Hutter, 2019)."
    )
    weight_decay: NotNegative = Field(
        0.004,
        description="Fraction of each weight that is subtracted at each step, times the learning rate;"
        " biases, gains and embeddings too.",
    )
    amsgrad: bool = Field(
        False, description="Use the largest running mean of the squared gradient so far (Reddi et al., 2018)."
    )


class Nadam(_Moments):
    """Adam with Nesterov momentum (Dozat, 2016)."""

    name: Literal["nadam"] = Field(description="Adam with Nesterov momentum (Dozat, 2016).")


class Adamax(_Moments):
    """Adam with the infinity norm (Kingma and Ba, 2015)."""

    name: Literal["adamax"] = Field(description="Adam with the infinity norm (Kingma and Ba, 2015).")
    beta_2: Decay = Field(0.999, description="Decay of the running maximum of the gradient's absolute value.")


class Adagrad(_Optimizer):
    """Adagrad (Duchi et al., 2011)."""

    name: Literal["adagrad"] = Field(description="Adagrad (Duchi et al., 2011).")
    initial_accumulator_value: NotNegative = Field(0.1, description="First value of the sums of squares.")
    epsilon: Positive = Field(
        1e-7, description="Small number that is added to a divisor, so that it is not 0."
    )


class Adadelta(_Optimizer):
    """Adadelta (Zeiler, 2012)."""

    name: Literal["adadelta"] = Field(description="Adadelta (Zeiler, 2012).")
    rho: Decay = Field(0.95, description="Decay of the running means.")
    epsilon: Positive = Field(
        1e-7, description="Small number that is added to a divisor, so that it is not 0."
    )


class Lion(_Optimizer):
    """Lion (Chen et al., 2023)."""

    name: Literal["lion"] = Field(description="Lion (Chen et al., 2023).")
    beta_1: Annotated[float, Field(ge=LEAST, le=MOST_DECAY)] = Field(
        0.9, description="Fraction of the running mean in the step; more than 0, as Keras requires."
    )
    beta_2: Decay = Field(0.99, description="Decay of the running mean.")


Optimizer = Annotated[
    Sgd | RmsProp | Adam | AdamW | Nadam | Adamax | Adagrad | Adadelta | Lion, Field(discriminator="name")
]


class _Schedule(Section):
    """The settings of every schedule."""

    kind: str
    warmup: Share = Field(
        0.0,
        description="Fraction of all steps in which, at first, the rate rises from 0 to its largest value,"
        " 0 to 1.",
    )


class ConstantSchedule(_Schedule):
    """A learning rate that is the same at every step."""

    kind: Literal["constant"] = Field("constant", description="The rate is the same at every step.")


class LinearSchedule(_Schedule):
    """A learning rate that falls linearly."""

    kind: Literal["linear"] = Field(description="The rate falls linearly.")
    final: Share = Field(0.0, description="Rate at the end, as a fraction of the largest rate, 0 to 1.")


class CosineSchedule(_Schedule):
    """A learning rate that falls along half a cosine wave (Loshchilov and Hutter, 2017)."""

    kind: Literal["cosine"] = Field(
        description="The rate falls along half a cosine wave (Loshchilov and Hutter, 2017)."
    )
    final: Share = Field(0.0, description="Rate at the end, as a fraction of the largest rate, 0 to 1.")


class ExponentialSchedule(_Schedule):
    """A learning rate that is multiplied by a factor every `decay_steps` steps, smoothly."""

    kind: Literal["exponential"] = Field(
        description="The rate is multiplied by a factor every `decay_steps` steps, smoothly."
    )
    decay_rate: Annotated[float, Field(ge=LEAST, le=1)] = Field(description="The factor.")
    decay_steps: Annotated[int, Field(ge=1, le=2**31 - 1)] = Field(
        description="Number of steps after which the rate has been multiplied by the factor once."
    )


class PlateauSchedule(_Schedule):
    """A learning rate that is multiplied by a factor when the loss no longer falls.

    It is the loss that chooses the best weights.
    """

    kind: Literal["plateau"] = Field(
        description="The rate is multiplied by a factor when the loss no longer falls."
    )
    factor: Annotated[float, Field(ge=LEAST, lt=1)] = Field(0.5, description="The factor.")
    patience: Patience = Field(
        2,
        description="Number of measurements without a lower loss after which the rate falls. A measurement"
        " is a validation, or an epoch if there is no validation part.",
    )
    min_delta: MinDelta = Field(
        0.0, description="A loss is lower only if it falls by more than this, in nats per token."
    )
    final: Share = Field(0.01, description="Smallest rate, as a fraction of the largest rate, 0 to 1.")


Schedule = Annotated[
    ConstantSchedule | LinearSchedule | CosineSchedule | ExponentialSchedule | PlateauSchedule,
    Field(discriminator="kind"),
]


def learning_rate(
    xp: Any, done: Any, *, peak: float, schedule: dict[str, Any], total: Any, left: Any = 1.0
) -> Any:
    """Return the learning rate of steps: it rises linearly from 0 in the warm-up, then follows the schedule.

    The rate is multiplied by a factor. p, from 0 to 1, is the fraction of the steps after the warm-up that
    are done; `final` is the factor at the end. During the warm-up only the factor of `plateau` may differ
    from 1:

        constant     1
        linear       1 − (1 − final) · p
        cosine       final + (1 − final) · (1 + cos πp) / 2         (Loshchilov and Hutter, 2017)
        exponential  decay_rate ^ (steps after the warm-up / decay_steps)
        plateau      `left`, which `rnnlab.training.stopping` computes from the losses so far

    Args:
        xp: an array library with `round`, `minimum`, `maximum` and `cos`.
        done: number of steps before each step, of any shape.
        peak: `training.optimizer.learning_rate`.
        schedule: the section `training.schedule`, as plain values.
        total: number of steps of the whole training.
        left: the factor of a plateau schedule, 0 to 1.
    """
    warm_steps = xp.round(schedule["warmup"] * total)
    rising = xp.minimum((done + 1) / xp.maximum(warm_steps, 1.0), 1.0)
    after = xp.maximum(done - warm_steps, 0.0)
    return peak * rising * _decay(xp, after, schedule, xp.maximum(total - warm_steps, 1.0), left)


def _decay(xp: Any, after: Any, schedule: dict[str, Any], steps: Any, left: Any) -> Any:
    """Return the factor of the learning rate, `after` steps after the warm-up."""
    if schedule["kind"] == "constant":
        return 1.0
    if schedule["kind"] == "plateau":
        return left
    if schedule["kind"] == "exponential":
        return schedule["decay_rate"] ** (after / schedule["decay_steps"])
    progress, final = xp.minimum(after / steps, 1.0), schedule["final"]
    if schedule["kind"] == "linear":
        return 1 - (1 - final) * progress
    return final + (1 - final) * (1 + xp.cos(pi * progress)) / 2

"""The section `training.optimizer`, under Keras' own names.

The learning rate over the steps of a training: the equations, for every array library.

The section `training.schedule`: the learning rate over the steps of a training.
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


def learning_rate(
    xp: Any, done: Any, *, peak: float, schedule: dict[str, Any], total: Any, left: Any = 1.0
) -> Any:
    """The learning rate of steps: it rises in a straight line from 0 while warming up, then follows its kind.

    With p, from 0 to 1, the share of the steps after the warm-up that are done, and `final` the share of the
    rate that is left at the end:

        constant     1
        linear       1 − (1 − final) · p
        cosine       final + (1 − final) · (1 + cos πp) / 2         (Loshchilov and Hutter, 2017)
        exponential  decay_rate ^ (steps after the warm-up / decay_steps)
        plateau      what the losses so far have left of it (`rnnlab.training.monitor`)

    Args:
        xp: the library's `round`, `minimum`, `maximum` and `cos`.
        done: how many steps have been taken before each, (…).
        peak: `training.optimizer.learning_rate`.
        schedule: the section `training.schedule`.
        total: steps of the whole training.
        left: what a plateau schedule leaves of the rate, 0 to 1.
    """
    warm_steps = xp.round(schedule["warmup"] * total)
    rising = xp.minimum((done + 1) / xp.maximum(warm_steps, 1.0), 1.0)
    after = xp.maximum(done - warm_steps, 0.0)
    return peak * rising * _decay(xp, after, schedule, xp.maximum(total - warm_steps, 1.0), left)


def _decay(xp: Any, after: Any, schedule: dict[str, Any], steps: Any, left: Any) -> Any:
    """The share of the learning rate that is left some steps after the warm-up."""
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


NotNegative = Annotated[float, Field(ge=0, le=MOST)]


class _Optimizer(Section):
    """What every optimizer has."""

    name: str
    learning_rate: Positive = Field(0.001, description="Step size; the start, or the peak, of a schedule.")
    clipnorm: Positive | None = Field(None, description="Most L2 norm of each weight's gradient.")
    global_clipnorm: Positive | None = Field(
        None, description="Most L2 norm of all gradients together (Pascanu et al., 2013)."
    )
    clipvalue: Positive | None = Field(None, description="Most absolute value of a gradient.")

    @model_validator(mode="after")
    def _one_clip(self) -> "_Optimizer":
        if sum(clip is not None for clip in (self.clipnorm, self.global_clipnorm, self.clipvalue)) > 1:
            raise PydanticCustomError(
                "clip", "expected at most one of clipnorm, global_clipnorm and clipvalue"
            )
        return self


class _Moments(_Optimizer):
    """Running means of the gradient and of its size."""

    beta_1: Decay = Field(0.9, description="Decay of the gradient's running mean.")
    beta_2: Decay = Field(0.999, description="Decay of the running mean of its square.")
    epsilon: Positive = Field(1e-7, description="Keeps the division stable.")


class Sgd(_Optimizer):
    """Stochastic gradient descent."""

    name: Literal["sgd"] = Field(description="Stochastic gradient descent.")
    learning_rate: Positive = Field(0.01, description="Step size; the start, or the peak, of a schedule.")
    momentum: Decay = Field(0.0, description="How much of the last step is kept.")
    nesterov: bool = Field(False, description="Look ahead along the momentum.")


class RmsProp(_Optimizer):
    """Hinton, 2012."""

    name: Literal["rmsprop"] = Field(description="RMSprop (Hinton, 2012).")
    rho: Decay = Field(0.9, description="Decay of the running mean of the squared gradient.")
    momentum: Decay = Field(0.0, description="How much of the last step is kept.")
    epsilon: Positive = Field(1e-7, description="Keeps the division stable.")
    centered: bool = Field(False, description="Divide by the variance instead of the mean square.")


class Adam(_Moments):
    """Kingma and Ba, 2015."""

    name: Literal["adam"] = Field(description="Adam (Kingma and Ba, 2015).")
    amsgrad: bool = Field(False, description="Keep the largest running mean (Reddi et al., 2018).")


class AdamW(_Moments):
    """Loshchilov and Hutter, 2019."""

    name: Literal["adamw"] = Field(
        description="Adam with decoupled weight decay (Loshchilov and Hutter, 2019)."
    )
    weight_decay: NotNegative = Field(
        0.004,
        description="Share of each weight lost per step, times the rate; biases, gains and embeddings too.",
    )
    amsgrad: bool = Field(False, description="Keep the largest running mean (Reddi et al., 2018).")


class Nadam(_Moments):
    """Dozat, 2016."""

    name: Literal["nadam"] = Field(description="Adam with Nesterov momentum (Dozat, 2016).")


class Adamax(_Moments):
    """Kingma and Ba, 2015."""

    name: Literal["adamax"] = Field(description="Adam with the infinity norm (Kingma and Ba, 2015).")


class Adagrad(_Optimizer):
    """Duchi et al., 2011."""

    name: Literal["adagrad"] = Field(description="Adagrad (Duchi et al., 2011).")
    initial_accumulator_value: NotNegative = Field(0.1, description="Start of the sums of squares.")
    epsilon: Positive = Field(1e-7, description="Keeps the division stable.")


class Adadelta(_Optimizer):
    """Zeiler, 2012."""

    name: Literal["adadelta"] = Field(description="Adadelta (Zeiler, 2012).")
    rho: Decay = Field(0.95, description="Decay of the running means.")
    epsilon: Positive = Field(1e-7, description="Keeps the division stable.")


class Lion(_Optimizer):
    """Chen et al., 2023."""

    name: Literal["lion"] = Field(description="Lion (Chen et al., 2023).")
    beta_1: Annotated[float, Field(ge=LEAST, le=MOST_DECAY)] = Field(
        0.9, description="Share of the running mean in the step; more than 0, as in Keras."
    )
    beta_2: Decay = Field(0.99, description="Decay of the running mean.")


Optimizer = Annotated[
    Sgd | RmsProp | Adam | AdamW | Nadam | Adamax | Adagrad | Adadelta | Lion, Field(discriminator="name")
]


class _Schedule(Section):
    """What every schedule has."""

    kind: str
    warmup: Share = Field(0.0, description="Share of all steps over which the rate rises from 0, 0 to 1.")


class ConstantSchedule(_Schedule):
    """The same rate at every step."""

    kind: Literal["constant"] = Field("constant", description="The rate stays.")


class LinearSchedule(_Schedule):
    """A straight line."""

    kind: Literal["linear"] = Field(description="The rate falls in a straight line.")
    final: Share = Field(0.0, description="Share of the rate that is left at the end, 0 to 1.")


class CosineSchedule(_Schedule):
    """Half a cosine wave (Loshchilov and Hutter, 2017)."""

    kind: Literal["cosine"] = Field(
        description="The rate falls along half a cosine wave (Loshchilov and Hutter, 2017)."
    )
    final: Share = Field(0.0, description="Share of the rate that is left at the end, 0 to 1.")


class ExponentialSchedule(_Schedule):
    """A constant factor every so many steps."""

    kind: Literal["exponential"] = Field(description="The rate falls by a factor every so many steps.")
    decay_rate: Annotated[float, Field(ge=LEAST, le=1)] = Field(description="The factor.")
    decay_steps: Annotated[int, Field(ge=1, le=2**31 - 1)] = Field(
        description="After how many steps it has been applied once."
    )


class PlateauSchedule(_Schedule):
    """A factor each time that the loss that chooses the best weights no longer falls."""

    kind: Literal["plateau"] = Field(description="The rate falls by a factor when the loss no longer does.")
    factor: Annotated[float, Field(ge=LEAST, lt=1)] = Field(0.5, description="The factor.")
    patience: Patience = Field(
        2,
        description="Measurements, one after the other, in which the loss has to fall: validations, or epochs"
        " where nothing is held out. After so many in which it did not, the rate falls.",
    )
    min_delta: MinDelta = Field(
        0.0, description="Only a fall of the loss by more than this counts, in nats per token."
    )
    final: Share = Field(0.01, description="Share of the rate below which it does not fall, 0 to 1.")


Schedule = Annotated[
    ConstantSchedule | LinearSchedule | CosineSchedule | ExponentialSchedule | PlateauSchedule,
    Field(discriminator="kind"),
]

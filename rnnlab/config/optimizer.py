"""The section `training.optimizer`, under Keras' own names."""

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from rnnlab.config.section import LEAST, MOST, MOST_DECAY, Decay, Positive, Section

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

"""The section `training.schedule`: the learning rate over the steps of a training."""

from typing import Annotated, Literal

from pydantic import Field

from rnnlab.config.early_stopping import MinDelta, Patience
from rnnlab.config.section import LEAST, Section, Share


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

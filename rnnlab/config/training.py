"""The section `training.checkpoint`: when a training is saved so that it can be resumed.

The section `training.early_stopping`: what ends a training before its last epoch.

The section `training.samples`: what is written while the network is trained.
"""

from typing import Annotated

from pydantic import Field, model_validator

from rnnlab.config.section import Length, SampleCount, Section, Temperature

DEFAULT_SECONDS = 30.0


class Checkpoints(Section):
    """When a training is saved so that it can be resumed."""

    every_seconds: Annotated[float, Field(gt=0, le=1e6)] | None = Field(
        None,
        description=f"Seconds between two saves; left out, {DEFAULT_SECONDS:g}, unless every_epochs is set."
        " Stretched where saves would take more than a hundredth of the time.",
    )
    every_epochs: Annotated[int, Field(ge=1, le=10_000_000)] | None = Field(
        None, description="Epochs between two saves, instead of every_seconds."
    )
    keep: Annotated[int, Field(ge=1, le=1000)] = Field(
        2, description="How many checkpoints are kept; the best weights are always."
    )

    @model_validator(mode="after")
    def _default_interval(self) -> "Checkpoints":
        """Set `every_seconds` to its default where neither interval is given."""
        if self.every_seconds is None and self.every_epochs is None:
            object.__setattr__(self, "every_seconds", DEFAULT_SECONDS)  # the record is frozen
        return self


Patience = Annotated[int, Field(ge=1, le=10_000_000)]
"""Measurements of a loss in which it is to fall."""

MinDelta = Annotated[float, Field(ge=0)]
"""A loss counts as lower if it is by more than this, nats per token."""


class EarlyStopping(Section):
    """Training ends when the loss that chooses the best weights no longer falls."""

    patience: Patience = Field(
        description="Measurements, one after the other, in which the loss has to fall: validations, or epochs"
        " where nothing is held out. After so many in which it did not, training ends.",
    )
    min_delta: MinDelta = Field(0.0, description="Only a fall by more than this counts, in nats per token.")


class Samples(Section):
    """What the network writes while it is trained, with the weights as they are, into `samples.txt`."""

    every_epochs: Annotated[int, Field(ge=1, le=10_000_000)] = Field(
        description="Epochs between two times that samples are written."
    )
    seed: Annotated[str, Field(min_length=1)] | None = Field(
        None, description="Text or notes to start from; left out, generation.seed."
    )
    length: Length | None = Field(None, description="Tokens after the seed; left out, generation.length.")
    count: SampleCount | None = Field(
        None, description="How many samples each time; left out, generation.samples."
    )
    temperature: Temperature | None = Field(
        None, description="0 takes the most probable token; left out, generation.temperature."
    )

"""The section `training.checkpoint`: when a training is saved so that it can be resumed."""

from typing import Annotated

from pydantic import Field, model_validator

from rnnlab.config.section import Section

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

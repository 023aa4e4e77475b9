"""The section `training.early_stopping`: what ends a training before its last epoch."""

from typing import Annotated

from pydantic import Field

from rnnlab.config.section import Section

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

"""The section `training.samples`: what is written while the network is trained."""

from typing import Annotated

from pydantic import Field

from rnnlab.config.section import Length, SampleCount, Section, Temperature


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

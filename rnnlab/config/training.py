"""The sections `training`, `evaluation` and `generation`: what is done with the network."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from rnnlab.config.callback import Callbacks
from rnnlab.config.model import RecurrentModel
from rnnlab.config.optimizer import Adam, ConstantSchedule, Optimizer, Schedule
from rnnlab.config.section import (
    Length,
    MinDelta,
    Patience,
    RandomSeed,
    SampleCount,
    Section,
    Share,
    Temperature,
)

Regime = Literal["windows", "stateful_windows", "stream"]

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


class Training(Section):
    """How the network is trained."""

    batching: Literal["windows", "stream"] = Field(
        "stream", description="Overlapping windows, or contiguous lanes cut every `window` steps."
    )
    batch_size: Annotated[int, Field(ge=1, le=65_536)] = Field(
        32, description="Windows, or lanes of a stream, per batch."
    )
    shuffle: bool = Field(False, description="Whether windows come in a new random order each epoch.")
    epochs: Annotated[int, Field(ge=1, le=10_000_000)] = Field(
        10, description="Passes over the training data."
    )
    random_seed: RandomSeed = Field(
        0, description="The number that fixes initial weights, shuffling and dropout."
    )
    optimizer: Optimizer = Field(Adam(name="adam"), description="What takes the steps, and its settings.")
    schedule: Schedule = Field(ConstantSchedule(), description="The learning rate over the steps.")
    early_stopping: EarlyStopping | None = Field(
        None,
        description="What ends training before its last epoch; left out, nothing does. The best weights are"
        " kept in any case.",
    )
    label_smoothing: Share = Field(
        0.0,
        description="Share of each target that is spread over all tokens in what training lowers, 0 to 1"
        " (Szegedy et al., 2016). Every loss that is shown, or chooses the best weights, is without it.",
    )
    on_non_finite: Literal["stop", "skip_step"] = Field(
        "stop",
        description="What becomes of a step whose loss, or the weights after it, are no finite numbers:"
        " training ends, or goes on without the step.",
    )
    checkpoint: Checkpoints = Field(Checkpoints(), description="When the training is saved to be resumed.")
    samples: Samples | None = Field(
        None,
        description="What the network writes into samples.txt while it is trained; left out, nothing.",
    )
    tensorboard: bool = Field(
        False,
        description="Whether the training writes event files for TensorBoard into the run folder (extra"
        " `tensorboard`).",
    )
    callbacks: Callbacks = Field(
        (),
        description="Keras callbacks, each `package.module:Class`, or that with the arguments of its"
        " constructor: `{class: package.module:Class, arguments: {…}}`.",
    )


class EvaluationSettings(Section):
    """How the network is measured."""

    every: Annotated[int, Field(ge=1, le=10_000_000)] = Field(
        1, description="Epochs between two validations."
    )
    split: Literal["train", "validation", "test"] | None = Field(
        None,
        description="The part that `evaluate` measures; left out, validation where there is one, else train.",
    )
    seeds: Annotated[int, Field(ge=1, le=10_000)] | None = Field(
        None, description="Windows of the part, spread evenly, that free runs start from; left out, none."
    )


class Generation(Section):
    """How the network writes."""

    seed: Annotated[str, Field(min_length=1)] | None = Field(None, description="Text or notes to start from.")
    length: Length = Field(200, description="Tokens to generate after the seed.")
    temperature: Temperature | None = Field(
        None, description="0 takes the most probable token; left out, 0 for windows and 1 for a stream."
    )
    top_k: Annotated[int, Field(ge=1, le=10_000_000)] | None = Field(
        None,
        description="Draw from the K most probable tokens (Fan et al., 2018); from all, if there are fewer.",
    )
    top_p: Annotated[float, Field(gt=0, le=1)] | None = Field(
        None,
        description="Draw from the most probable tokens whose probabilities reach P, 0 to 1 (Holtzman et al.,"
        " 2020).",
    )
    samples: SampleCount = Field(1, description="How many samples.")
    random_seed: RandomSeed = Field(0, description="The number that fixes what is drawn.")
    stop: str | None = Field(None, description="The token that ends a sample; it is not written.")


def regime_of(training: Training, model: Section) -> Regime:
    """The regime of a training: windows, windows with a carried state, or a stream."""
    if training.batching == "stream":
        return "stream"
    stateful = isinstance(model, RecurrentModel) and model.stateful
    return "stateful_windows" if stateful else "windows"

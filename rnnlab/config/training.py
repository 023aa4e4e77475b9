"""The sections `training`, `evaluation` and `generation`."""

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
    """When checkpoints are saved, so that a training can be resumed."""

    every_seconds: Annotated[float, Field(gt=0, le=1e6)] | None = Field(
        None,
        description=f"Seconds between two checkpoints; left out, {DEFAULT_SECONDS:g}, unless every_epochs is"
        " set. The interval grows if saving would take more than a hundredth of the time.",
    )
    every_epochs: Annotated[int, Field(ge=1, le=10_000_000)] | None = Field(
        None, description="Epochs between two checkpoints, in place of every_seconds."
    )
    keep: Annotated[int, Field(ge=1, le=1000)] = Field(
        2, description="Number of checkpoints that are kept; the best weights are always kept."
    )

    @model_validator(mode="after")
    def _default_interval(self) -> "Checkpoints":
        """Set `every_seconds` to its default if neither interval is given."""
        if self.every_seconds is None and self.every_epochs is None:
            object.__setattr__(self, "every_seconds", DEFAULT_SECONDS)  # the section is frozen
        return self


class EarlyStopping(Section):
    """Early stopping: training ends when the loss that chooses the best weights no longer falls."""

    patience: Patience = Field(
        description="Number of measurements without a lower loss after which training ends. A measurement is"
        " a validation, or an epoch if there is no validation part.",
    )
    min_delta: MinDelta = Field(
        0.0, description="A loss is lower only if it falls by more than this, in nats per token."
    )


class Samples(Section):
    """Samples that the network writes into `samples.txt` during training, with the weights of that moment."""

    every_epochs: Annotated[int, Field(ge=1, le=10_000_000)] = Field(
        description="Number of epochs from one writing of samples to the next."
    )
    seed: Annotated[str, Field(min_length=1)] | None = Field(
        None, description="Text or notes to start from; left out, generation.seed."
    )
    length: Length | None = Field(
        None, description="Number of tokens after the seed; left out, generation.length."
    )
    count: SampleCount | None = Field(
        None, description="Number of samples each time; left out, generation.samples."
    )
    temperature: Temperature | None = Field(
        None,
        description="The logits are divided by this number; with 0, the most probable token is chosen; left"
        " out, generation.temperature.",
    )


class Distribute(Section):
    """Training on several devices or machines: each has some of the lanes, and all have the same weights."""

    strategy: Literal["multi_worker", "mirrored"] = Field(
        description="multi_worker: one process on each of several machines, which TF_CONFIG or Slurm's"
        " variables name; without them, one process trains alone. mirrored: all GPUs of one machine.",
    )
    port: Annotated[int, Field(ge=1024, le=65_000)] = Field(
        8888,
        description="Under Slurm, the first port of a machine; each further worker there takes the next one."
        " TF_CONFIG has ports of its own.",
    )
    wait_seconds: Annotated[float, Field(gt=0, le=86_400)] = Field(
        300.0, description="Seconds that a worker waits for the others when training begins."
    )


class Training(Section):
    """How the network is trained."""

    batching: Literal["windows", "stream"] = Field(
        "stream", description="Overlapping windows, or contiguous lanes cut every `window` time steps."
    )
    batch_size: Annotated[int, Field(ge=1, le=65_536)] = Field(
        32, description="Windows, or lanes of a stream, per batch."
    )
    shuffle: bool = Field(False, description="Whether each epoch reads the windows in a new random order.")
    epochs: Annotated[int, Field(ge=1, le=10_000_000)] = Field(
        10, description="Passes over the training data."
    )
    random_seed: RandomSeed = Field(
        0,
        description="The seed of the initial weights, of shuffling, of dropout, and of the folds of"
        " a cross-validation.",
    )
    optimizer: Optimizer = Field(Adam(name="adam"), description="The optimizer, and its settings.")
    schedule: Schedule = Field(
        ConstantSchedule(), description="How the learning rate changes over the steps."
    )
    early_stopping: EarlyStopping | None = Field(
        None,
        description="When training ends before its last epoch; left out, never. The best weights are kept in"
        " any case.",
    )
    label_smoothing: Share = Field(
        0.0,
        description="Fraction of each target that the training loss spreads over all tokens, 0 to 1 (Szegedy"
        " et al., 2016). Losses that are shown, or that choose the best weights, are computed without it.",
    )
    on_non_finite: Literal["stop", "skip_step"] = Field(
        "stop",
        description="What happens after a step with an infinite or undefined loss or weight: training ends,"
        " or training goes on without the step.",
    )
    checkpoint: Checkpoints = Field(
        Checkpoints(), description="When the training is saved, so that it can be resumed."
    )
    samples: Samples | None = Field(
        None,
        description="Samples that the network writes into samples.txt during training; left out, none.",
    )
    snapshots: Annotated[int, Field(ge=0, le=1000)] = Field(
        0,
        description="Number of epochs whose weights are kept in the folder `snapshots/` of the run. They are"
        " the first epoch, the last, and epochs between them, spaced by the logarithm of their number; 1"
        " keeps only the last.",
    )
    tensorboard: bool = Field(
        False,
        description="Whether event files for TensorBoard are written into the run folder; needs the extra"
        " `tensorboard`.",
    )
    distribute: Distribute | None = Field(
        None,
        description="How the lanes of a batch are divided among machines or devices; left out, one process"
        " trains on one device.",
    )
    callbacks: Callbacks = Field(
        (),
        description="Keras callbacks: each is `package.module:Class`, or, with arguments of the constructor,"
        " `{class: package.module:Class, arguments: {…}}`.",
    )


class EvaluationSettings(Section):
    """How the network is measured."""

    every: Annotated[int, Field(ge=1, le=10_000_000)] = Field(
        1, description="Number of epochs from one validation to the next."
    )
    split: Literal["train", "validation", "test"] | None = Field(
        None,
        description="The part that `evaluate` measures; left out, validation if there is one, else train.",
    )
    seeds: Annotated[int, Field(ge=1, le=10_000)] | None = Field(
        None,
        description="Largest number of free-running sequences. Each starts from a window of the part, and the"
        " windows are evenly spaced; left out, none.",
    )


def regime_of(training: Training, model: Section) -> Regime:
    """Return the regime of a training: windows, windows with a carried state, or a stream."""
    if training.batching == "stream":
        return "stream"
    stateful = isinstance(model, RecurrentModel) and model.stateful
    return "stateful_windows" if stateful else "windows"

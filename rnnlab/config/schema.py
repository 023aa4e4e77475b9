"""A whole experiment, and what its sections may not say together."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from rnnlab.config.dataset import ContiguousSplit, NoSplit, NotesDataset, StratifiedShuffleSplit, TextDataset
from rnnlab.config.model import GruModel, LstmModel, MlpModel, RecurrentModel, SimpleRnnModel
from rnnlab.config.optimizer import Adam, ConstantSchedule, Optimizer, Schedule
from rnnlab.config.section import RandomSeed, Section, one_or_many

__all__ = [
    "ContiguousSplit",
    "Evaluation",
    "Experiment",
    "Generation",
    "GruModel",
    "LstmModel",
    "MlpModel",
    "NoSplit",
    "NotesDataset",
    "RecurrentModel",
    "SimpleRnnModel",
    "StratifiedShuffleSplit",
    "TextDataset",
    "Training",
    "json_schema",
]

MOST_WEIGHTS = 500_000_000
MOST_ACTIVATIONS = 2**28
"""Bounds on what a network allocates: its weights, and the outputs of its widest layer over one batch."""

Regime = Literal["windows", "stateful_windows", "stream"]
Callbacks = Annotated[
    tuple[Annotated[str, Field(pattern=r"^[\w.]+:\w+$")], ...],
    Field(max_length=100),
    BeforeValidator(one_or_many),
    WithJsonSchema({"type": "array", "items": {"type": "string", "pattern": r"^[\w.]+:\w+$"}}),
]


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
    callbacks: Callbacks = Field((), description="Keras callbacks of your own, each `package.module:Class`.")


class Evaluation(Section):
    """How the network is measured."""

    every: Annotated[int, Field(ge=1, le=10_000_000)] = Field(
        1, description="Epochs between two validations."
    )
    split: Literal["train", "validation", "test"] | None = Field(
        None,
        description="The part that `evaluate` measures; left out, validation where there is one, else train.",
    )


class Generation(Section):
    """How the network writes."""

    seed: Annotated[str, Field(min_length=1)] | None = Field(None, description="Text or notes to start from.")
    length: Annotated[int, Field(ge=1, le=10_000_000)] = Field(
        200, description="Tokens to generate after the seed."
    )
    temperature: Annotated[float, Field(ge=0, le=1000)] | None = Field(
        None, description="0 takes the most probable token; left out, 0 for windows and 1 for a stream."
    )
    top_k: Annotated[int, Field(ge=1, le=65_536)] | None = Field(
        None, description="Draw from the K most probable tokens."
    )
    top_p: Annotated[float, Field(gt=0, le=1)] | None = Field(
        None, description="Draw from the most probable tokens whose probabilities reach P, 0 to 1."
    )
    samples: Annotated[int, Field(ge=1, le=10_000)] = Field(1, description="How many samples.")
    random_seed: RandomSeed = Field(0, description="The number that fixes what is drawn.")
    stop: str | None = Field(None, description="The token that ends a sample; it is not written.")


class Experiment(Section):
    """One page of YAML."""

    dataset: Annotated[TextDataset | NotesDataset, Field(discriminator="kind")] = Field(
        description="What is read, and how it is cut and encoded."
    )
    model: Annotated[SimpleRnnModel | LstmModel | GruModel | MlpModel, Field(discriminator="kind")] = Field(
        description="The network's layers."
    )
    training: Training = Field(Training(), description="How the network is trained.")
    evaluation: Evaluation = Field(Evaluation(), description="How the network is measured.")
    generation: Generation = Field(Generation(), description="How the network writes.")

    @property
    def regime(self) -> Regime:
        """What a batch is, and whether the state runs on from one to the next."""
        if self.training.batching == "stream":
            return "stream"
        stateful = isinstance(self.model, RecurrentModel) and self.model.stateful
        return "stateful_windows" if stateful else "windows"

    @model_validator(mode="after")
    def _refuse_contradictions(self) -> "Experiment":
        found = [*_data_contradictions(self), *_regime_contradictions(self), *_size_contradictions(self)]
        if found:
            raise PydanticCustomError("contradictions", "contradictions", {"found": found})
        return self


def json_schema() -> dict[str, Any]:
    """The JSON Schema of the YAML, each key with its description."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Experiment.model_json_schema()}


def _data_contradictions(experiment: Experiment) -> Iterator[tuple[str, str]]:
    """(key, what is wrong) of the dataset section alone."""
    dataset = experiment.dataset
    if (dataset.path is None) == (dataset.inline is None):
        received = "neither" if dataset.path is None else "both"
        yield "dataset", f"expected one of path and inline, received {received}"
    if dataset.embedding_size is not None and dataset.encoding != "embedding":
        yield (
            "dataset.embedding_size",
            f"needs encoding: embedding, received {dataset.encoding}; leave it out",
        )
    split = dataset.split
    if isinstance(split, ContiguousSplit) and split.validation + split.test >= 1:
        yield (
            "dataset.split",
            f"validation and test take {split.validation + split.test:g} of the data; leave some to train on",
        )
    if isinstance(split, StratifiedShuffleSplit) and split.use >= split.splits:
        yield "dataset.split.use", f"expected less than splits, which is {split.splits}, received {split.use}"


def _regime_contradictions(experiment: Experiment) -> Iterator[tuple[str, str]]:
    """(key, what is wrong) of what the batches, the target and the model ask of each other."""
    dataset, training, regime = experiment.dataset, experiment.training, experiment.regime
    if isinstance(experiment.model, MlpModel):
        if regime == "stream":
            yield "training.batching", "an mlp has no state and reads whole windows; set batching: windows"
        if dataset.target == "shifted":
            yield "dataset.target", "an mlp predicts one token for a whole window; set target: next"
    elif regime == "stream" and dataset.target == "next":
        yield (
            "dataset.target",
            "a stream predicts the token after each step; set target: shifted, or batching: windows",
        )
    if training.shuffle and regime == "stream":
        yield "training.shuffle", "a stream is read in order; set shuffle: false, or batching: windows"
    if training.shuffle and regime == "stateful_windows":
        yield (
            "training.shuffle",
            "with model.stateful windows come in order; set shuffle: false, or stateful: false",
        )
    if isinstance(dataset.split, StratifiedShuffleSplit) and regime != "windows":
        yield "dataset.split.kind", "windows drawn at random cannot carry a state; set kind: contiguous"


def _size_contradictions(experiment: Experiment) -> Iterator[tuple[str, str]]:
    """(key, what is wrong) of sizes whose product could not be held in memory."""
    units = experiment.model.units
    weights = sum(4 * width * (width + before) for before, width in zip((0, *units), units, strict=False))
    if weights > MOST_WEIGHTS:
        yield (
            "model.units",
            f"expected at most {MOST_WEIGHTS:,} weights, received about {weights:,}; use fewer units",
        )
    training, window = experiment.training, experiment.dataset.window
    activations = training.batch_size * window * max(units)
    if activations > MOST_ACTIVATIONS:
        yield (
            "training.batch_size",
            f"batch_size × window × units is {activations:,}, expected at most {MOST_ACTIVATIONS:,};"
            " make one smaller",
        )

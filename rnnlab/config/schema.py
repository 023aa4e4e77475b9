"""The page of YAML: an experiment and its sections."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from rnnlab.config.callback import Callbacks
from rnnlab.config.contradictions import contradictions
from rnnlab.config.dataset import (
    DEFAULT_EMBEDDING_SIZE,
    ContiguousSplit,
    FilesSplit,
    NoSplit,
    NotesDataset,
    SequencesSplit,
    StratifiedShuffleSplit,
    TextDataset,
)
from rnnlab.config.model import MODELS, GruModel, LstmModel, MlpModel, RecurrentModel, SimpleRnnModel
from rnnlab.config.optimizer import Adam, ConstantSchedule, Optimizer, Schedule
from rnnlab.config.section import (
    Length,
    RandomSeed,
    SampleCount,
    Section,
    Share,
    Temperature,
)
from rnnlab.config.training import Checkpoints, EarlyStopping, Samples

__all__ = [
    "ContiguousSplit",
    "EvaluationSettings",
    "Experiment",
    "FilesSplit",
    "Generation",
    "GruModel",
    "LstmModel",
    "MlpModel",
    "NoSplit",
    "NotesDataset",
    "RecurrentModel",
    "SequencesSplit",
    "SimpleRnnModel",
    "StratifiedShuffleSplit",
    "TextDataset",
    "Training",
    "json_schema",
]

if TYPE_CHECKING:  # those of other packages are known when they are installed
    Model = SimpleRnnModel | LstmModel | GruModel | MlpModel
else:
    Model = MODELS

Regime = Literal["windows", "stateful_windows", "stream"]


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


class Experiment(Section):
    """One page of YAML.

    It is complete when it is built, from YAML or in Python: defaults that depend on other sections are set.
    """

    dataset: Annotated[TextDataset | NotesDataset, Field(discriminator="kind")] = Field(
        description="What is read, and how it is cut and encoded."
    )
    model: Annotated[Model, Field(discriminator="kind")] = Field(description="The network's layers.")
    training: Training = Field(Training(), description="How the network is trained.")
    evaluation: EvaluationSettings = Field(EvaluationSettings(), description="How the network is measured.")
    generation: Generation = Field(Generation(), description="How the network writes.")

    @property
    def regime(self) -> Regime:
        """What a batch is, and whether the state runs on from one to the next."""
        if self.training.batching == "stream":
            return "stream"
        stateful = isinstance(self.model, RecurrentModel) and self.model.stateful
        return "stateful_windows" if stateful else "windows"

    @model_validator(mode="after")
    def _set_dependent_defaults(self) -> "Experiment":
        """Set the defaults that depend on other sections; each record is replaced, since it is frozen."""
        if self.generation.temperature is None:
            temperature = 1.0 if self.regime == "stream" else 0.0
            generation = self.generation.model_copy(update={"temperature": temperature})
            object.__setattr__(self, "generation", generation)
        if self.dataset.encoding == "embedding" and self.dataset.embedding_size is None:
            tied = isinstance(self.model, RecurrentModel) and self.model.tie_weights
            size = self.model.units[-1] if tied else DEFAULT_EMBEDDING_SIZE
            dataset = self.dataset.model_copy(update={"embedding_size": size})
            object.__setattr__(self, "dataset", dataset)
        return self

    @model_validator(mode="after")
    def _refuse_contradictions(self) -> "Experiment":
        if found := list(contradictions(self)):
            lines = "; ".join(f"{contradiction.keys[0]}: {contradiction.message}" for contradiction in found)
            raise PydanticCustomError("contradictions", "{lines}", {"lines": lines, "found": found})
        return self


def json_schema() -> dict[str, Any]:
    """The JSON Schema of the YAML, each key with its description."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Experiment.model_json_schema()}

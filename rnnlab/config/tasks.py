"""The configuration of a task other than `next_token`: the same sections, with other settings and defaults.

`dataset.task`, or `dataset.kind: generated`, tells such a configuration from an `Experiment`; `task_of` says
which task a section `dataset` names.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import Discriminator, Field, Tag, create_model, model_validator
from pydantic_core import PydanticCustomError

from rnnlab.config.dataset import MOST_EMBEDDING_SIZE
from rnnlab.config.generation import Generation
from rnnlab.config.model import MODELS, RecurrentModel
from rnnlab.config.optimizer import Adam, CosineSchedule, Optimizer, Schedule
from rnnlab.config.report import Contradiction
from rnnlab.config.section import Section, Share
from rnnlab.config.task_contradictions import task_contradictions
from rnnlab.config.task_data import (
    FromLabelDataset,
    GeneratedDataset,
    LabelDataset,
    PairsDataset,
    TagsDataset,
    Task,
)
from rnnlab.config.training import EvaluationSettings, Training
from rnnlab.errors import ConfigError

GENERATED = "generated"


def task_of(dataset: Any) -> str:
    """Return the task of a section `dataset`: plain values, or a section; `generated` for that kind of data.

    It is `next_token` if the section names no task.
    """
    if not isinstance(dataset, Mapping):
        kind, task = getattr(dataset, "kind", ""), getattr(dataset, "task", "next_token")
    else:
        kind, task = dataset.get("kind", ""), dataset.get("task", "next_token")
    return GENERATED if kind == GENERATED else str(task)


TaskData = Annotated[
    Annotated[LabelDataset, Tag("label")]
    | Annotated[TagsDataset, Tag("tags")]
    | Annotated[PairsDataset, Tag("pairs")]
    | Annotated[FromLabelDataset, Tag("from_label")]
    | Annotated[GeneratedDataset, Tag(GENERATED)],
    Discriminator(task_of),
]


class TaskModel(RecurrentModel):
    """The settings of `model` that only the tasks with examples have."""

    bidirectional: bool = Field(
        False,
        description="For label and tags: a second layer beside each layer reads the sequence backwards"
        " (Schuster and Paliwal, 1997).",
    )
    pooling: Literal["last", "mean", "max"] = Field(
        "last",
        description="For label: what the head reads: the outputs after the last token, or the mean or the"
        " maximum of the outputs over all tokens.",
    )
    characters: bool = Field(
        False,
        description="For tags: a small bidirectional layer also reads the characters of each word, the first"
        " 64 of a longer one, so that unknown words have an input of their own.",
    )
    attention: Literal["none", "dot"] = Field(
        "none",
        description="For pairs: at each step, the decoder also reads a mean of the encoder's outputs,"
        " weighted by their products with its own output (Luong et al., 2015).",
    )
    reverse_source: bool = Field(
        False,
        description="For pairs: the encoder reads the source from its end (Sutskever et al., 2014).",
    )
    label_input: Literal["first", "every"] = Field(
        "first",
        description="For from_label: the label's vector is the first input, or is also added to every input.",
    )


def _task_models() -> Any:
    """Return the union of the recurrent models, each with the settings of `TaskModel`."""
    models: Any = None
    for model in get_args(MODELS):
        if not issubclass(model, RecurrentModel):
            continue
        own: Any = create_model(
            f"Task{model.__name__}", __base__=(model, TaskModel), __module__=__name__, __doc__=model.__doc__
        )
        globals()[own.__name__] = own  # pickle looks the class up by its name, for another process
        models = own if models is None else models | own
    return models


TASK_MODELS: Any = _task_models()
"""Every kind of the section `model` for a task with examples: the recurrent layers."""


class DecoderSettings(Section):
    """The settings in which the decoder of pairs differs from the encoder; None for that of the encoder."""

    embedding_size: Annotated[int, Field(ge=1, le=MOST_EMBEDDING_SIZE)] | None = Field(
        None,
        description="Size of the learnt vector of a target token; left out, `dataset.embedding_size`.",
    )
    dropout: Share | None = Field(
        None,
        description="Fraction of the outputs of each layer of the decoder that training drops; left out,"
        " `model.dropout`.",
    )
    input_dropout: Share | None = Field(
        None,
        description="Fraction of the decoder's encoded inputs that training drops, so that the decoder relies"
        " less on the tokens before; left out, `model.input_dropout`.",
    )
    recurrent_dropout: Share | None = Field(
        None,
        description="Fraction of the units of h that training drops from the recurrent product of each layer"
        " of the decoder; left out, `model.recurrent_dropout`.",
    )


class TaskTraining(Training):
    """How the network is trained on examples."""

    batching: Literal["buckets"] = Field(  # type: ignore[assignment]
        "buckets", description="Examples of similar length form a batch; the batches come in random order."
    )
    batch_size: Annotated[int, Field(ge=1, le=65_536)] = Field(64, description="Examples per batch.")
    shuffle: Literal[True] = Field(True, description="Each epoch reads the examples in a new random order.")
    epochs: Annotated[int, Field(ge=1, le=10_000_000)] = Field(
        20, description="Passes over the training data."
    )
    optimizer: Optimizer = Field(
        Adam(name="adam", learning_rate=0.004, global_clipnorm=1.0),
        description="The optimizer, and its settings.",
    )
    schedule: Schedule = Field(
        CosineSchedule(kind="cosine", warmup=0.05),
        description="How the learning rate changes over the steps.",
    )
    class_weights: Literal["none", "balanced"] = Field(
        "none",
        description="For label: `balanced` multiplies the loss of an example by examples / (labels ×"
        " examples of its label), so that all labels count the same in training. Losses that are shown have"
        " no weights.",
    )


class TaskEvaluationSettings(EvaluationSettings):
    """How the network is measured on examples."""

    beam: Annotated[int, Field(ge=1, le=100)] = Field(
        5, description="For pairs: width of the beam search that is measured beside the greedy target."
    )


class TaskExperiment(Section):
    """One YAML file of a task with examples, or the same sections built in Python.

    It is complete when it is built, and no two settings contradict each other.
    """

    dataset: TaskData = Field(description="The examples, and how they are read.")
    model: Annotated[TASK_MODELS, Field(discriminator="kind")] = Field(description="The network's layers.")
    decoder: DecoderSettings | None = Field(
        None,
        description="For pairs: the settings in which the decoder differs from the encoder. Its layers are"
        " those of `model`: each begins with the last state of the encoder's layer.",
    )
    training: TaskTraining = Field(TaskTraining(), description="How the network is trained.")
    evaluation: TaskEvaluationSettings = Field(
        TaskEvaluationSettings(), description="How the network is measured."
    )
    generation: Generation = Field(
        Generation(length=100, temperature=1.0),
        description="For from_label: how the network writes sequences.",
    )

    @property
    def task(self) -> Task:
        """The task: label, tags, pairs or from_label."""
        task: Task = self.dataset.task
        return task

    def replaced(self, **sections: Section) -> Self:
        """Return the experiment with these sections in place of its own; contradictions are checked again.

        Raises:
            ConfigError: settings contradict each other, one line each.
        """
        changed = self.model_copy(update=sections)
        if found := changed._contradictions():
            raise ConfigError(*(f"{each.keys[0]}: {each.message}" for each in found))
        return changed

    @model_validator(mode="after")
    def _refuse_contradictions(self) -> Self:
        """Refuse settings that contradict each other, all in one error."""
        if found := self._contradictions():
            lines = "; ".join(f"{contradiction.keys[0]}: {contradiction.message}" for contradiction in found)
            raise PydanticCustomError("contradictions", "{lines}", {"lines": lines, "found": found})
        return self

    def _contradictions(self) -> list[Contradiction]:
        found = task_contradictions(
            self.dataset, self.model, self.decoder, self.training, self.evaluation, self.generation
        )
        return [*found]

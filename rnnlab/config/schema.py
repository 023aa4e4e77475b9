"""The whole configuration: an experiment and its sections, complete when it is built."""

from typing import TYPE_CHECKING, Annotated, Any, Self, get_args

from pydantic import Field, model_validator
from pydantic.json_schema import models_json_schema
from pydantic_core import PydanticCustomError

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
from rnnlab.config.generation import Generation
from rnnlab.config.model import MODELS, GruModel, LstmModel, MlpModel, RecurrentModel, SimpleRnnModel
from rnnlab.config.report import Contradiction
from rnnlab.config.section import Section
from rnnlab.config.task_data import Task
from rnnlab.config.tasks import GENERATED, TaskExperiment
from rnnlab.config.training import EvaluationSettings, Regime, Training, regime_of
from rnnlab.errors import ConfigError

__all__ = [
    "ContiguousSplit",
    "EvaluationSettings",
    "Experiment",
    "FilesSplit",
    "FittedExperiment",
    "Generation",
    "GruModel",
    "LstmModel",
    "MlpModel",
    "NoSplit",
    "NotesDataset",
    "RecurrentModel",
    "Regime",
    "SequencesSplit",
    "SimpleRnnModel",
    "StratifiedShuffleSplit",
    "TextDataset",
    "Training",
    "json_schema",
]

if TYPE_CHECKING:  # the models of other packages are known only when those packages are installed
    Model = SimpleRnnModel | LstmModel | GruModel | MlpModel
else:
    Model = MODELS

FITTED_SETTINGS = {
    "dataset": ("split", "window"),
    "training": ("batch_size", "epochs", "optimizer", "schedule"),
}
"""Settings that `datasets/loading.py` chooses for a stream by the size of its data, if they are left out."""


class Experiment(Section):
    """One YAML file, or the same sections built in Python.

    Every default that needs no data is set when the experiment is built, and no two settings contradict each
    other. `rnnlab.datasets.loading.fitted` sets what depends on the data, in a `FittedExperiment`.
    """

    dataset: Annotated[TextDataset | NotesDataset, Field(discriminator="kind")] = Field(
        description="The data, and how it is cut and encoded."
    )
    model: Annotated[Model, Field(discriminator="kind")] = Field(description="The network's layers.")
    training: Training = Field(Training(), description="How the network is trained.")
    evaluation: EvaluationSettings = Field(EvaluationSettings(), description="How the network is measured.")
    generation: Generation = Field(Generation(), description="How the network generates text or notes.")

    def __eq__(self, other: object) -> bool:
        """Whether all sections are equal, also of an `Experiment` and a `FittedExperiment`."""
        if not isinstance(other, Experiment):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in Experiment.model_fields)

    def __hash__(self) -> int:
        return hash((self.dataset, self.model, self.training, self.evaluation, self.generation))

    @property
    def regime(self) -> Regime:
        """The training regime: windows, stateful windows, or a stream."""
        return regime_of(self.training, self.model)

    @property
    def left_to_data(self) -> tuple[str, ...]:
        """Names of the settings that are left out and fitted to the data; empty unless `regime` is `stream`.

        An optimizer and a schedule are chosen together: if one of them is set, the other keeps its default.
        """
        if self.regime != "stream":
            return ()
        sections: tuple[Section, ...] = (self.dataset, self.training)
        given = set[str]().union(*(section.model_fields_set for section in sections))
        if given & {"optimizer", "schedule"}:
            given |= {"optimizer", "schedule"}
        return tuple(name for names in FITTED_SETTINGS.values() for name in names if name not in given)

    def replaced(self, **sections: Section) -> Self:
        """Return the experiment with these sections in place of its own; contradictions are checked again.

        The defaults that depend on other sections stay as they are.

        Raises:
            ConfigError: settings contradict each other, one line each.
        """
        changed = self.model_copy(update=sections)
        if found := changed._contradictions():
            raise ConfigError(*(f"{each.keys[0]}: {each.message}" for each in found))
        return changed

    @model_validator(mode="after")
    def _set_dependent_defaults(self) -> Self:
        """Set the defaults that depend on other sections; sections are frozen: a copy replaces each."""
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
    def _refuse_contradictions(self) -> Self:
        """Refuse settings that contradict each other, all in one error."""
        if found := self._contradictions():
            lines = "; ".join(f"{contradiction.keys[0]}: {contradiction.message}" for contradiction in found)
            raise PydanticCustomError("contradictions", "{lines}", {"lines": lines, "found": found})
        return self

    def _contradictions(self) -> list[Contradiction]:
        return [*contradictions(self.dataset, self.model, self.training, self.evaluation, self.generation)]


class FittedExperiment(Experiment):
    """An experiment in which the settings that depend on the data are set, too.

    Training uses it, and `config.yaml` of the run stores it.
    """

    @staticmethod
    def of(experiment: Experiment) -> "FittedExperiment":
        """Return the fitted experiment with the sections of an experiment whose `left_to_data` is empty.

        Raises:
            ValueError: `left_to_data` is not empty; `rnnlab.datasets.loading.fitted` chooses these settings.
        """
        return FittedExperiment(**{name: getattr(experiment, name) for name in Experiment.model_fields})

    @model_validator(mode="after")
    def _refuse_what_is_left_to_data(self) -> Self:
        if names := self.left_to_data:
            raise PydanticCustomError(
                "left_to_data",
                "expected values for {names}, received none; rnnlab.datasets.loading.fitted chooses them",
                {"names": ", ".join(names)},
            )
        return self


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of the YAML, each key with its description.

    The section `dataset` decides whether the YAML is an `Experiment` or a `TaskExperiment`.
    """
    _, schema = models_json_schema([(Experiment, "validation"), (TaskExperiment, "validation")])
    tasks = {"required": ["task"], "properties": {"task": {"enum": [*get_args(Task)]}}}
    generated = {"required": ["kind"], "properties": {"kind": {"const": GENERATED}}}
    has_examples = {"required": ["dataset"], "properties": {"dataset": {"anyOf": [tasks, generated]}}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "if": has_examples,
        "then": {"$ref": "#/$defs/TaskExperiment"},
        "else": {"$ref": "#/$defs/Experiment"},
        **schema,
    }

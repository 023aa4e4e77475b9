"""The YAML file of a sweep: a configuration, the settings that are varied, the objective, and the budget."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from rnnlab.config.overrides import Setting
from rnnlab.config.plan_file import PlanForm, read_plan, settings_at
from rnnlab.config.reading import AnyExperiment, parse_any
from rnnlab.config.section import RandomSeed, Section
from rnnlab.config.tasks import TaskExperiment
from rnnlab.config.writing import yaml_line
from rnnlab.config.yaml_tree import MOST_CHARACTERS, Tree
from rnnlab.errors import ConfigError
from rnnlab.files import read_text

MOST_TRIALS = 10_000

_EXPECTED = "expected a sweep, with the keys sweep (a configuration) and space (the settings to vary)"


_MEASURE = "objective.measure"


def _refused(message: str) -> PydanticCustomError:
    return PydanticCustomError("contradiction", message)


class Dimension(Section):
    """The values that one setting may take: one of a list, or a number of a range, with both ends."""

    choice: Annotated[list[Any], Field(min_length=1, max_length=1000)] | None = Field(
        None, description="A list of values, of which each trial takes one."
    )
    integer: Annotated[list[int], Field(min_length=2, max_length=2)] | None = Field(
        None, description="The lowest and the highest whole number."
    )
    float_: Annotated[list[float], Field(min_length=2, max_length=2)] | None = Field(
        None, alias="float", description="The lowest and the highest number."
    )
    log: bool = Field(
        False, description="Whether the logarithm of the number is drawn evenly, and not the number."
    )
    step: float | None = Field(
        None, gt=0, description="The distance between two numbers, from the lowest on."
    )
    when: dict[str, Any] = Field(
        {},
        description="The setting is varied only if these other settings of the space have these values, such"
        " as {model.kind: [lstm, gru]}.",
    )

    @model_validator(mode="after")
    def _check_kind(self) -> "Dimension":
        given = [each for each in (self.choice, self.integer, self.float_) if each is not None]
        if len(given) != 1:
            raise _refused("expected one of choice, integer and float")
        if self.choice is not None:
            if self.log or self.step:
                raise _refused("log and step are for numbers; leave them out with choice")
            return self
        low, high = given[0]
        if low > high:
            raise _refused(f"expected the lower end first, received {low:g} before {high:g}")
        if self.log and (low <= 0 or self.step):
            raise _refused("log needs a lowest number above 0, and no step")
        if self.integer is not None and self.step and self.step != int(self.step):
            raise _refused(f"expected a whole number as step of integer, received {self.step:g}")
        return self

    def grid(self) -> list[str]:
        """Return all values, as YAML on one line each; a range needs a step, or whole numbers.

        Raises:
            ConfigError: the values are not countable.
        """
        if self.choice is not None:
            return [yaml_line(each) for each in self.choice]
        low, high = self.integer or self.float_ or (0, 0)
        step = self.step or (1 if self.integer and not self.log else None)
        if step is None:
            raise ConfigError("a grid needs a list of values, or a step")
        count = math.floor((high - low) / step + 1e-9) + 1
        kind = int if self.integer else float
        return [yaml_line(kind(round(low + number * step, 12))) for number in range(count)]

    def allowed(self) -> dict[str, list[str]]:
        """Return the values of other settings with which this one is varied, as YAML, by dotted name."""
        return {
            key: [yaml_line(each) for each in (value if isinstance(value, list) else [value])]
            for key, value in self.when.items()
        }


def _from_list(value: Any) -> Any:
    """Return a list as the section of a choice; any other value unchanged."""
    return {"choice": value} if isinstance(value, list) else value


Space = Annotated[
    dict[str, Annotated[Dimension, BeforeValidator(_from_list)]], Field(min_length=1, max_length=100)
]

MEASURES: dict[str, Literal["minimize", "maximize"]] = {
    "loss": "minimize",
    "bits_per_token": "minimize",
    "perplexity": "minimize",
    "token_error_rate": "minimize",
    "accuracy": "maximize",
    "top_5_accuracy": "maximize",
    "free_running_accuracy": "maximize",
    "macro_f1": "maximize",
    "sequence_accuracy": "maximize",
    "unseen_accuracy": "maximize",
    "exact_match": "maximize",
}
"""The measures of `rnnlab evaluate` that a sweep can optimise, and the direction of each."""

MEASURES_OF = {
    "next_token": (
        "loss",
        "bits_per_token",
        "perplexity",
        "accuracy",
        "top_5_accuracy",
        "free_running_accuracy",
    ),
    "label": ("loss", "accuracy", "macro_f1"),
    "tags": ("loss", "accuracy", "sequence_accuracy", "unseen_accuracy"),
    "pairs": ("loss", "accuracy", "exact_match", "token_error_rate"),
    "from_label": ("loss",),
}
"""The measures of each task."""


class SweepObjective(Section):
    """What a sweep optimises: a measure of the validation set, or its mean over folds."""

    measure: Literal[
        "loss", "bits_per_token", "perplexity", "token_error_rate", "accuracy", "top_5_accuracy",
        "free_running_accuracy", "macro_f1", "sequence_accuracy", "unseen_accuracy", "exact_match",
    ] = Field("loss", description="The measure, by its name in the results of an evaluation.")  # fmt: skip
    folds: Annotated[int, Field(ge=2, le=1000)] | None = Field(
        None,
        description="Number of folds over which the measure is averaged; left out, the validation set is"
        " measured.",
    )

    @property
    def direction(self) -> Literal["minimize", "maximize"]:
        """The direction of the measure."""
        return MEASURES[self.measure]


class SweepPage(Section):
    """A search for good settings of one configuration."""

    sweep: Annotated[str, Field(min_length=1, pattern=r"^[^\x00]*$")] = Field(
        description="The configuration, relative to this file."
    )
    set: dict[str, Any] = Field({}, description="Settings of every trial, such as {training.epochs: 20}.")
    space: Space = Field(
        description="The settings to vary, by dotted name: a list of values, or a section with the keys"
        " choice, integer, float, log, step and when."
    )
    objective: SweepObjective = Field(SweepObjective(), description="What is optimised.")
    sampler: Literal["tpe", "random", "grid"] = Field(
        "tpe",
        description="tpe learns from the trials so far (Bergstra et al., 2011); random draws; grid takes"
        " every combination.",
    )
    pruning: Literal["none", "median", "halving", "wilcoxon"] = Field(
        "median",
        description="Which trials are ended early, by their validation loss so far: those worse than the"
        " median of the others at the same epoch, or all but the best by successive halving; wilcoxon is for"
        " folds.",
    )
    trials: Annotated[int, Field(ge=1, le=MOST_TRIALS)] | None = Field(
        None, description="Number of trials; left out, as many as fit into `seconds`."
    )
    seconds: Annotated[float, Field(gt=0, le=1e8)] | None = Field(
        None, description="Time of one call of the command, after which running trials are ended."
    )
    random_seed: RandomSeed = Field(0, description="Random seed of the sampler.")

    @model_validator(mode="after")
    def _check_budget(self) -> "SweepPage":
        if self.sampler != "grid" and self.trials is None and self.seconds is None:
            raise _refused("expected a budget: trials, seconds or both")
        if self.sampler == "grid" and self.trials is not None:
            raise _refused("a grid has as many trials as combinations; leave trials out")
        if self.pruning == "wilcoxon" and self.objective.folds is None:
            raise _refused("pruning: wilcoxon compares folds; give objective.folds, or choose median")
        if self.objective.folds is not None and self.pruning in {"median", "halving"}:
            if "pruning" in self.model_fields_set:
                raise _refused(f"pruning: {self.pruning} needs epochs; with folds choose wilcoxon or none")
            return self.model_copy(update={"pruning": "wilcoxon"})
        return self

    @model_validator(mode="after")
    def _check_conditions(self) -> "SweepPage":
        before: dict[str, Dimension] = {}
        for key, dimension in self.space.items():
            if key in self.set:
                raise _refused(f"{key} is in set and in space; leave one of them out")
            for other, values in dimension.allowed().items():
                if other not in before:
                    raise _refused(f"space.{key}.when: expected a key above it, received {other}")
                if before[other].choice is None:
                    raise _refused(f"space.{key}.when: expected a key with choices, received {other}")
                if unknown := [each for each in values if each not in before[other].grid()]:
                    raise _refused(f"space.{key}.when: {unknown[0]} is no value of {other}")
            before[key] = dimension
        return self


@dataclass(frozen=True)
class SweepPlan:
    """A sweep with its configuration, complete: it needs no file but the data.

    Attributes:
        page: the sweep.
        text: the YAML of the configuration.
        name: name of the configuration in messages, and of the study.
        folder: the folder that paths of data in the configuration are relative to.
        settings: the settings of every trial.
        places: where each key of the space stands, for messages.
        best: settings of the best configuration in place of those of every trial, such as more epochs.
    """

    page: SweepPage
    text: str
    name: str
    folder: Path
    settings: tuple[Setting, ...] = ()
    places: tuple[tuple[str, str], ...] = ()
    best: tuple[Setting, ...] = ()

    def best_experiment(self, values: dict[str, str]) -> AnyExperiment:
        """Return the experiment that is written for the best trial.

        Args:
            values: the value of each varied setting as YAML, by dotted name.

        Raises:
            ConfigError: the values contradict the configuration.
        """
        return replace(self, settings=(*self.settings, *self.best)).experiment(values)

    def experiment(self, values: dict[str, str] | None = None) -> AnyExperiment:
        """Return the experiment of a trial.

        Args:
            values: the value of each varied setting as YAML, by dotted name; None for the configuration as
                it is, with the settings of every trial.

        Raises:
            ConfigError: the configuration has faults, or the values contradict it.
        """
        places = dict(self.places)
        varied = [Setting(key, value, places.get(key, key)) for key, value in (values or {}).items()]
        return parse_any(self.text, name=self.name, folder=self.folder, overrides=[*self.settings, *varied])

    def check(self) -> AnyExperiment:
        """Return the experiment of the configuration, and check that each varied setting exists in it.

        Raises:
            ConfigError: the configuration has faults, its task has no such measure, or a key of the space or
                a value of it alone does not fit.
        """
        base, measure = self.experiment(), self.page.objective.measure
        task = base.task if isinstance(base, TaskExperiment) else "next_token"
        if measure not in MEASURES_OF[task]:
            place = dict(self.places).get(_MEASURE, self.name)
            known = ", ".join(MEASURES_OF[task])
            raise ConfigError(f"{place}: {_MEASURE}: task {task} has no {measure}; it has {known}")
        for key, dimension in self.page.space.items():
            if not dimension.when:
                for value in _ends(dimension):
                    self.experiment({key: value})
        return base


def _ends(dimension: Dimension) -> list[str]:
    """Return the values of a choice, or both ends of a range, as YAML."""
    if dimension.choice is not None:
        return dimension.grid()
    return [yaml_line(each) for each in dimension.integer or dimension.float_ or ()]


_FORM = PlanForm(
    SweepPage,
    key="sweep",
    expected=_EXPECTED,
    sections={"space": Dimension, "objective": SweepObjective},
    kinds={
        "list_type": "a list",
        "dict_type": "settings such as {training.epochs: 20}",
        "missing": "a value",
    },
)


def read_sweep(path: Path) -> SweepPlan:
    """Return the sweep of a YAML file.

    Raises:
        ConfigError: the file or its configuration cannot be read, or has faults; one line each, with file,
            line and column.
    """
    page, tree = read_plan(path, _FORM)
    config = path.parent / page.sweep
    text = read_text(config, most_bytes=4 * MOST_CHARACTERS)
    plan = SweepPlan(
        page,
        text,
        name=str(config),
        folder=config.parent.absolute(),
        settings=settings_at(("set",), page.set, tree, path.parent),
        places=tuple(_places(page, tree)),
    )
    plan.check()
    return plan


def _places(page: SweepPage, tree: Tree) -> Iterator[tuple[str, str]]:
    """Yield the place of the measure, if the file names it, and of each key of the space."""
    if ("objective", "measure") in tree.values:
        yield _MEASURE, str(tree.values["objective", "measure"])
    for key in page.space:
        yield key, str(tree.keys["space", key])

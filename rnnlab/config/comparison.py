"""The YAML file of a comparison: the configurations that `rnnlab compare` trains, their seeds and budget."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from rnnlab.config.overrides import Setting
from rnnlab.config.plan_file import PlanForm, read_plan, settings_at
from rnnlab.config.section import Section
from rnnlab.config.yaml_tree import Tree

MOST_SEEDS = 1000

_EXPECTED = (
    "expected two configurations or more, or a YAML file that lists them (compare: [one.yaml, other.yaml])"
)

_NAME = r"^\w[\w .,+=()-]*$"

Seeds = Annotated[int, Field(ge=1, le=MOST_SEEDS)]
Config = Annotated[str, Field(min_length=1, pattern=r"^[^\x00]*$")]


class ChangedConfig(Section):
    """A configuration with other settings: so one configuration is compared with several cells."""

    config: Config = Field(description="The configuration, relative to this file.")
    name: Annotated[str, Field(max_length=100, pattern=_NAME)] | None = Field(
        None, description="Its name in tables and folders; left out, that of the configuration."
    )
    set: dict[str, Any] = Field(
        {}, description="Settings in place of those of the configuration, such as {model.kind: gru}."
    )


_PATH, _CHANGED = "path", "changed"
"""The two forms of a configuration in the list: a path, or a section."""


def _form_of(value: Any) -> str:
    return _CHANGED if isinstance(value, dict | ChangedConfig) else _PATH


Compared = Annotated[
    Annotated[Config, Tag(_PATH)] | Annotated[ChangedConfig, Tag(_CHANGED)], Discriminator(_form_of)
]


class ComparisonPage(Section):
    """Configurations that are compared on the same data, with the same budget and the same random seeds."""

    compare: Annotated[list[Compared], Field(min_length=2, max_length=100)] = Field(
        description="Configurations to compare, relative to this file, or sections with the keys config, name"
        " and set."
    )
    seeds: Seeds = Field(
        3, description="Number of trainings of each configuration, with random seeds from 0 on."
    )
    epochs: Annotated[int, Field(ge=1, le=10_000_000)] | None = Field(
        None,
        description="Number of epochs of each training; left out, the number that each configuration gives.",
    )
    seconds: Annotated[float, Field(gt=0, le=1e6)] | None = Field(
        None,
        description="Seconds for the steps of each training, in place of epochs: they give the epochs.",
    )

    @model_validator(mode="after")
    def _refuse_two_budgets(self) -> "ComparisonPage":
        if self.epochs is not None and self.seconds is not None:
            raise PydanticCustomError(
                "budgets", "epochs and seconds are two budgets, expected one; leave epochs or seconds out"
            )
        return self


_FORM = PlanForm(
    ComparisonPage,
    key="compare",
    expected=_EXPECTED,
    sections={"compare": ChangedConfig},
    kinds={
        "list_type": "a list of configurations",
        "dict_type": "settings such as {model.kind: gru}",
        "missing": "the path of a configuration",
    },
    patterns={"name": "a name of letters, digits, spaces and . , + = ( ) _ - only"},
)


@dataclass(frozen=True)
class Candidate:
    """A configuration that is to be compared.

    Attributes:
        path: its file.
        name: its name in the comparison; empty for the name of the file.
        settings: settings that replace those of the file.
    """

    path: Path
    name: str = ""
    settings: tuple[Setting, ...] = ()

    def __str__(self) -> str:
        """The file, with the name of the configuration if it has one of its own; for messages."""
        return f"{self.path} ({self.name})" if self.name else str(self.path)


def read_comparison(path: Path) -> tuple[ComparisonPage, list[Candidate]]:
    """Return the comparison of a YAML file, and its configurations.

    Raises:
        ConfigError: the file cannot be read, has no key `compare`, or has faults; one line each, with file,
            line and column.
    """
    page, tree = read_plan(path, _FORM)
    return page, [*_candidates(page, tree, path.parent)]


def _candidates(page: ComparisonPage, tree: Tree, folder: Path) -> Iterator[Candidate]:
    """Yield the configurations of a comparison.

    Args:
        page: the comparison.
        tree: its tree, with the place of each setting.
        folder: the folder that the paths of the comparison are relative to.
    """
    for number, each in enumerate(page.compare):
        if isinstance(each, str):
            yield Candidate(folder / each)
            continue
        settings = settings_at(("compare", number, "set"), each.set, tree, folder)
        yield Candidate(folder / each.config, each.name or "", settings)

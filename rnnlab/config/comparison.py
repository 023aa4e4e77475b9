"""The YAML file of a comparison: the configurations that `rnnlab compare` trains, their seeds and budget."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError

from rnnlab.config.overrides import Setting
from rnnlab.config.report import Mark, Problem, did_you_mean, expectation, report, shown
from rnnlab.config.section import Section, make_absolute
from rnnlab.config.writing import yaml_line
from rnnlab.config.yaml_tree import MOST_CHARACTERS, Tree, is_comparison, read_tree, value_at
from rnnlab.config.yaml_tree import Path as KeyPath
from rnnlab.errors import ConfigError, DataError, near
from rnnlab.files import read_text

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
    try:
        text = read_text(path, most_bytes=4 * MOST_CHARACTERS)
    except DataError as error:
        raise ConfigError(_about_file(path, error)) from None
    tree = read_tree(text, lambda line, column: Mark(0, line, column, str(path)))
    if not is_comparison(tree.value):
        received = "one configuration" if isinstance(tree.value, dict) else shown(tree.value)
        raise ConfigError(f"{path}: {_EXPECTED}, received {received}")
    page, problems = _checked(tree)
    if problems or page is None:
        raise ConfigError(*report(problems))
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
        places = {key: str(tree.values["compare", number, "set", key]) for key in each.set}
        settings = tuple(
            Setting(key, yaml_line(_absolute(key, value, folder)), places[key])
            for key, value in each.set.items()
        )
        yield Candidate(folder / each.config, each.name or "", settings)


def _absolute(key: str, value: Any, folder: Path) -> Any:
    """Return the value of a setting; if it has paths of data, with absolute paths.

    Args:
        key: the dotted name of the setting.
        value: the plain value.
        folder: the folder that the paths are relative to.
    """
    path, nested = tuple(key.split(".")), value
    for name in reversed(path):
        nested = {name: nested}
    make_absolute(nested, folder)
    return value_at(nested, path)


def _about_file(path: Path, error: DataError) -> str:
    """Return the message for a YAML file that cannot be read."""
    if path.is_file() and not path.stat().st_size:
        return f"{path}: the file is empty; {_EXPECTED}"
    return str(error)


def _checked(tree: Tree) -> tuple[ComparisonPage | None, list[Problem]]:
    """Return the comparison of a tree (None if pydantic refuses the tree), and the faults of the tree."""
    try:
        return ComparisonPage.model_validate(tree.value), tree.problems
    except ValidationError as error:
        refused = [each for each in error.errors(include_url=False) if _path_of(each) not in tree.refused]
        return None, [*tree.problems, *(_problem(each, tree) for each in refused)]


def _path_of(error: ErrorDetails) -> KeyPath:
    """Return the path in the YAML of an error of pydantic, which also names the form of a configuration."""
    path = tuple(error["loc"])
    return path[:2] + path[3:] if path[2:3] in ((_PATH,), (_CHANGED,)) else path


def _problem(error: ErrorDetails, tree: Tree) -> Problem:
    """Return an error of pydantic as a line with its place."""
    path = _path_of(error)
    dotted = ".".join(map(str, path))
    if error["type"] == "extra_forbidden":
        known = list((ChangedConfig if len(path) > 1 else ComparisonPage).model_fields)
        meant = near(str(path[-1]), known, 1)
        hint = did_you_mean(meant) if meant else f"; there are {', '.join(known)}"
        return Problem(tree.keys[path], f"{dotted}: unknown key{hint}")
    return Problem(_mark(path, tree), f"{dotted}: {_refusal(error)}" if path else error["msg"])


def _mark(path: KeyPath, tree: Tree) -> Mark:
    """Return the place of a value; if the YAML does not have the value, of the innermost one around it."""
    around = (path[:depth] for depth in range(len(path), -1, -1))
    return next(tree.values[each] for each in around if each in tree.values)


_LISTS = {"list_type": "a list of configurations", "dict_type": "settings such as {model.kind: gru}"}


def _refusal(error: ErrorDetails) -> str:
    """Return what was expected and received; the message of pydantic if no expectation is known."""
    if error["type"] == "missing":
        return "missing; expected the path of a configuration"
    expected = _LISTS.get(error["type"]) or expectation(error)
    if error["type"] == "string_pattern_mismatch":
        is_name = error["loc"][-1] == "name"
        expected = "a name of letters, digits, spaces and . , + = ( ) _ - only" if is_name else "a path"
    return f"expected {expected}, received {shown(error['input'])}" if expected else error["msg"]

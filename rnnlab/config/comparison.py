"""The YAML file of a comparison: the configurations that `rnnlab compare` trains, their seeds and budget."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError

from rnnlab.config.report import Mark, Problem, did_you_mean, expectation, report, shown
from rnnlab.config.section import Section
from rnnlab.config.yaml_tree import MOST_CHARACTERS, Tree, is_comparison, read_tree
from rnnlab.errors import ConfigError, DataError, near
from rnnlab.files import read_text

MOST_SEEDS = 1000

_EXPECTED = (
    "expected two configurations or more, or a YAML file that lists them (compare: [one.yaml, other.yaml])"
)

Seeds = Annotated[int, Field(ge=1, le=MOST_SEEDS)]
Config = Annotated[str, Field(min_length=1, pattern=r"^[^\x00]*$")]


class ComparisonPage(Section):
    """Configurations that are compared on the same data, with the same budget and the same random seeds."""

    compare: Annotated[list[Config], Field(min_length=2, max_length=100)] = Field(
        description="Configurations to compare, relative to this file."
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


def read_comparison(path: Path) -> tuple[ComparisonPage, list[Path]]:
    """Return the comparison of a YAML file, and the paths of its configurations.

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
    return page, [path.parent / each for each in page.compare]


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
        refused = [each for each in error.errors(include_url=False) if each["loc"] not in tree.refused]
        return None, [*tree.problems, *(_problem(each, tree) for each in refused)]


def _problem(error: ErrorDetails, tree: Tree) -> Problem:
    """Return an error of pydantic as a line with its place."""
    path = tuple(error["loc"])
    dotted = ".".join(map(str, path))
    if error["type"] == "extra_forbidden":
        known = list(ComparisonPage.model_fields)
        meant = near(dotted, known, 1)
        hint = did_you_mean(meant) if meant else f"; there are {', '.join(known)}"
        return Problem(tree.keys[path], f"{dotted}: unknown key{hint}")
    return Problem(_mark(path, tree), f"{dotted}: {_refusal(error)}" if path else error["msg"])


def _mark(path: Sequence[str | int], tree: Tree) -> Mark:
    return tree.values.get(tuple(path), tree.values[()])


def _refusal(error: ErrorDetails) -> str:
    """Return what was expected and received; the message of pydantic if no expectation is known."""
    expected = "a path" if error["type"] == "string_pattern_mismatch" else expectation(error)
    if error["type"] == "list_type":
        expected = "a list of configurations"
    return f"expected {expected}, received {shown(error['input'])}" if expected else error["msg"]

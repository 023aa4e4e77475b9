"""The reader of a YAML file that plans several trainings: a comparison, or a sweep.

Such a file names configurations and says how they are varied. It has its own keys, and its faults are
reported as those of a configuration are: one line each, with file, line and column.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from rnnlab.config.overrides import Setting
from rnnlab.config.report import Mark, Problem, did_you_mean, expectation, report, shown
from rnnlab.config.section import Section, make_absolute
from rnnlab.config.writing import yaml_line
from rnnlab.config.yaml_tree import MOST_CHARACTERS, Tree, plan_in, read_tree, value_at
from rnnlab.config.yaml_tree import Path as KeyPath
from rnnlab.errors import ConfigError, DataError, near
from rnnlab.files import read_text

Page = TypeVar("Page", bound=Section)

_NAMES = {None: "one configuration", "compare": "a list of configurations", "sweep": "a sweep"}
"""What a YAML file is, by the key that plans trainings."""


@dataclass(frozen=True)
class PlanForm(Generic[Page]):
    """The form of a file that plans trainings.

    Attributes:
        page: the section that the whole file is.
        key: the key that tells this kind of file from a configuration.
        expected: what is expected if the file is something else, for the message.
        sections: the section of the items below a key of the file, by this key.
        kinds: what is expected, by the type of an error of pydantic.
        patterns: what is expected of a text that does not match its pattern, by the name of the key.
    """

    page: type[Page]
    key: str
    expected: str
    sections: Mapping[str, type[Section]] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    patterns: Mapping[str, str] = field(default_factory=dict)


def read_plan(path: Path, form: PlanForm[Page]) -> tuple[Page, Tree]:
    """Return the section that a file is, and the tree of the file, with the place of each value.

    Raises:
        ConfigError: the file cannot be read, lacks the key of its form, or has faults; one line each, with
            file, line and column.
    """
    try:
        text = read_text(path, most_bytes=4 * MOST_CHARACTERS)
    except DataError as error:
        raise ConfigError(_about_file(path, error, form)) from None
    tree = read_tree(text, lambda line, column: Mark(0, line, column, str(path)))
    if not (isinstance(tree.value, dict) and form.key in tree.value):
        received = _NAMES[plan_in(tree.value)] if isinstance(tree.value, dict) else shown(tree.value)
        raise ConfigError(f"{path}: {form.expected}, received {received}")
    try:
        page, problems = form.page.model_validate(tree.value), tree.problems
    except ValidationError as error:
        new = (each for each in error.errors(include_url=False) if _path_of(each, tree) not in tree.refused)
        page, problems = None, [*tree.problems, *(_problem(each, tree, form) for each in new)]
    if problems or page is None:
        raise ConfigError(*report(problems))
    return page, tree


def settings_at(path: KeyPath, values: Mapping[str, Any], tree: Tree, folder: Path) -> tuple[Setting, ...]:
    """Return settings of a plan, each with its place.

    Args:
        path: the path of the settings in the file.
        values: the settings: plain values by dotted name.
        tree: the tree of the file.
        folder: the folder that paths of data are relative to.
    """
    return tuple(
        Setting(key, yaml_line(_absolute(key, value, folder)), str(tree.values[*path, key]))
        for key, value in values.items()
    )


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


def _about_file(path: Path, error: DataError, form: PlanForm[Page]) -> str:
    """Return the message for a YAML file that cannot be read."""
    if path.is_file() and not path.stat().st_size:
        return f"{path}: the file is empty; {form.expected}"
    return str(error)


def _path_of(error: ErrorDetails, tree: Tree) -> KeyPath:
    """Return the path in the YAML of an error of pydantic, which also names the form of a value."""
    path: KeyPath = ()
    *outer, last = error["loc"] or ("",)
    for key in outer:
        if (*path, key) in tree.values:
            path = (*path, key)
    return (*path, last) if error["loc"] and not _is_form(last, path, tree, error) else path


def _is_form(key: str | int, path: KeyPath, tree: Tree, error: ErrorDetails) -> bool:
    """Whether the last part of an error's path names the form of a value, and is no key of the YAML."""
    return (*path, key) not in tree.values and error["type"] not in {"missing", "extra_forbidden"}


def _problem(error: ErrorDetails, tree: Tree, form: PlanForm[Page]) -> Problem:
    """Return an error of pydantic as a line with its place."""
    path = _path_of(error, tree)
    dotted = ".".join(map(str, path))
    if error["type"] == "extra_forbidden":
        section = form.sections[str(path[0])] if len(path) > 1 else form.page
        known = [field.alias or name for name, field in section.model_fields.items()]
        meant = near(str(path[-1]), known, 1)
        hint = did_you_mean(meant) if meant else f"; there are {', '.join(known)}"
        return Problem(tree.keys[path], f"{dotted}: unknown key{hint}")
    return Problem(_mark(path, tree), f"{dotted}: {_refusal(error, form)}" if path else error["msg"])


def _mark(path: KeyPath, tree: Tree) -> Mark:
    """Return the place of a value; if the YAML does not have the value, of the innermost one around it."""
    around = (path[:depth] for depth in range(len(path), -1, -1))
    return next(tree.values[each] for each in around if each in tree.values)


def _refusal(error: ErrorDetails, form: PlanForm[Page]) -> str:
    """Return what was expected and received; the message of pydantic if no expectation is known."""
    if error["type"] == "missing":
        return f"missing; expected {form.kinds['missing']}"
    expected = form.kinds.get(error["type"]) or expectation(error)
    if error["type"] == "literal_error":
        expected = error["ctx"]["expected"].replace("'", "")
    if error["type"] == "string_pattern_mismatch":
        expected = form.patterns.get(str(error["loc"][-1]), "a path")
    return f"expected {expected}, received {shown(error['input'])}" if expected else error["msg"]

"""`--set key.path=value`: settings of the command line in place of the file's."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from rnnlab.config import yaml_tree
from rnnlab.config.data_paths import make_absolute
from rnnlab.config.dataset import SOURCES
from rnnlab.config.report import Mark, Problem, shortened
from rnnlab.config.yaml_tree import DEEPEST, Tree, read_tree


def apply_overrides(overrides: Sequence[str], tree: Tree) -> None:
    """Put settings into the tree of a file.

    Args:
        overrides: each `key.path=value`; the value is YAML, and a data path in it is relative to the working
            folder. One of `dataset.path`, `inline` and `url` takes the place of whichever is in the file.
        tree: changed in place; what cannot be put into it is added to its problems.

    Raises:
        ConfigError: a value is no YAML at all.
    """
    for number, override in enumerate(overrides, start=1):
        dotted, equals, text = override.partition("=")
        path = tuple(name.strip() for name in dotted.split("."))
        if equals and all(path) and len(path) <= DEEPEST:
            mark = Mark(number, 0, 0, f"--set {'.'.join(path)}")
            message = _apply(path, text, tree, mark)
        else:
            mark = Mark(number, 0, 0, f"--set {shortened(override)}")
            message = "expected KEY.PATH=VALUE, such as model.units=256"
        if message:
            tree.problems.append(Problem(mark, message))


def _apply(path: yaml_tree.Path, text: str, tree: Tree, mark: Mark) -> str:
    """Put one setting into the tree; gives what is wrong with it, or nothing."""
    if any(str(name).isdecimal() for name in path):
        return "an item of a list cannot be set; set the whole list, such as model.units=[128, 64]"
    section = _section(path[:-1], tree, mark)
    if not isinstance(section, dict):
        return f"{'.'.join(map(str, path[:-1]))} is not a section; replace it as a whole"
    value = read_tree(text, partial(_mark_within, mark))
    section[path[-1]] = value.value
    tree.replace(path, value, mark)
    if path[0] == "dataset":
        make_absolute(tree.value, Path.cwd())
    if path[:-1] == ("dataset",) and path[-1] in SOURCES and value.value is not None:
        _drop_sources_of_the_file(str(path[-1]), tree, section)
    return ""


def _drop_sources_of_the_file(source: str, tree: Tree, dataset: dict[str, Any]) -> None:
    """Leave out where the file has its data from: who names a source on the command line means that alone."""
    kept = (source, "sha256") if source == "url" else (source,)
    for other in (*SOURCES, "sha256"):
        mark = tree.keys.get(("dataset", other))
        if other not in kept and mark and not mark.override:
            dataset.pop(other, None)


def _mark_within(mark: Mark, line: int, column: int) -> Mark:
    return replace(mark, line=line, column=column)


def _section(path: yaml_tree.Path, tree: Tree, mark: Mark) -> Any:
    """What stands at a path; sections that are not there are made."""
    section = tree.value
    for depth, name in enumerate(path, start=1):
        if isinstance(section, dict) and section.get(name) is None:
            section[name] = {}
            tree.replace(path[:depth], Tree(), mark)
        section = section[name] if isinstance(section, dict) else section
    return section

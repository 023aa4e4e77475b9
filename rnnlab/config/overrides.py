"""`--set key.path=value`: settings from the command line, or from Python, that replace those of the file.

For a key that takes text or paths, the value is the text after the `=`, to its last character: `The ` keeps
its space, `notes #1.txt` its number. An empty value or `null` removes the text, and `[a.txt, b.txt]` is a
list for a key that takes lists. For any other key the value is YAML. The schema says which keys take text.
The value of a setting from Python (`Setting`) is always YAML.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import partial
from pathlib import Path
from typing import Any

from rnnlab.config import yaml_tree
from rnnlab.config.dataset import SOURCES
from rnnlab.config.places import TASK, Place, layout_of
from rnnlab.config.report import Mark, Problem, shortened
from rnnlab.config.section import Section, make_absolute
from rnnlab.config.yaml_tree import DEEPEST, MOST_CHARACTERS, Tree, plain_value, read_tree, value_at
from rnnlab.config.yaml_tree import Path as KeyPath
from rnnlab.errors import ConfigError

Schema = dict[str, Any]


class Takes(Enum):
    """The kind of value that a key takes."""

    YAML = auto()
    """A number, one of a few words, a section, or another value that is no free text."""

    TEXT = auto()
    TEXTS = auto()
    """A text, or a list of texts."""

    TEXT_OR_NUMBER = auto()
    """A text or another value: the kind of the section decides, and this kind is not known."""


def what_is_taken(path: KeyPath, sections: Any, overrides: Mapping[str, str]) -> Takes:
    """Return the kind of value that a key takes; YAML for an unknown key.

    Args:
        path: the path of the key.
        sections: the plain values so far; they may name the kind of the section.
        overrides: all overrides, by dotted name; one of them may name the kind of the section.
    """
    sections = _with_task(sections, overrides)
    if not path or (place := layout_of(sections).get(path[:-1])) is None:
        return Takes.YAML
    kind = _kind_of(path[:-1], place, sections, overrides)
    kinds = [place.kinds[kind]] if kind in place.kinds else place.kinds.values()
    found = {_takes(section, str(path[-1])) for section in kinds if path[-1] in section.model_fields}
    if len(found) == 1:
        return found.pop()
    return Takes.TEXT_OR_NUMBER if found - {Takes.YAML} else Takes.YAML


def _with_task(sections: Any, overrides: Mapping[str, str]) -> Any:
    """Return the sections with the kind and the task of the dataset that overrides set."""
    named = {
        key: overrides[f"dataset.{key}"].strip() for key in (TASK, "kind") if f"dataset.{key}" in overrides
    }
    dataset = value_at(sections, ("dataset",))
    return {**sections, "dataset": {**dataset, **named}} if named and isinstance(dataset, dict) else sections


def _kind_of(path: KeyPath, place: Place, sections: Any, overrides: Mapping[str, str]) -> str:
    """Return the kind of the section at a path, from the overrides or the values; empty if there is none."""
    if place.tag == TASK:
        return place.kind_in(value_at(sections, path))
    dotted = ".".join(map(str, (*path, place.tag)))
    kind = overrides.get(dotted, value_at(sections, (*path, place.tag)))
    return kind.strip() if isinstance(kind, str) and place.tag else ""


def _takes(section: type[Section], key: str) -> Takes:
    """Return the kind of value that a key takes in one kind of section, from its JSON Schema."""
    schema = section.model_json_schema()["properties"][key]
    choices = [each for each in schema.get("anyOf", [schema]) if each.get("type") != "null"]
    if choices and all(map(_is_text, choices)):
        return Takes.TEXT
    if choices and all(_is_text(each) or _is_texts(each) for each in choices):
        return Takes.TEXTS
    return Takes.YAML


def _is_text(schema: Schema) -> bool:
    """Whether a value may be any text, and not only one of a few words."""
    return schema.get("type") == "string" and not {"enum", "const"} & schema.keys()


def _is_texts(schema: Schema) -> bool:
    """Whether a value may be a list of any texts."""
    return schema.get("type") == "array" and _is_text(schema.get("items", {}))


NOTHING = ("", "null")
"""The values that remove a text: nothing after the `=`, or the word null."""


@dataclass(frozen=True)
class Setting:
    """A setting from Python or from the list of a comparison, which replaces the one of the file.

    Attributes:
        name: the dotted name of the key.
        value: the value as YAML on one line.
        place: file, line and column of the value, for messages; empty for a setting from Python.
    """

    name: str
    value: str
    place: str = ""


Override = str | Setting
"""`key.path=value` as it was typed, or a setting from Python or from a comparison."""


def apply_overrides(overrides: Sequence[Override], tree: Tree) -> None:
    """Put settings into the tree of a file.

    Args:
        overrides: the settings; a data path in a setting is relative to the working folder. A value of
            `dataset.path`, `dataset.inline` or `dataset.url` replaces whichever of the three the file has.
        tree: the tree, which is changed in place; faults are added to its problems.

    Raises:
        ConfigError: a value is no valid YAML, or exceeds a bound of `read_tree`.
    """
    kinds = {name: text for name, _, text in map(_divided, overrides)}
    for number, override in enumerate(overrides, start=1):
        dotted, equals, text = _divided(override)
        path = tuple(dotted.split("."))
        flag = "--set " if isinstance(override, str) else ""
        place = override.place if isinstance(override, Setting) else ""
        if equals and all(path) and len(path) <= DEEPEST:
            mark = Mark(number, 0, 0, place or f"{flag}{dotted}")
            takes = what_is_taken(path, tree.value, kinds) if flag else Takes.YAML
            message = _apply(path, text, takes, tree, mark)
        else:
            typed = override if isinstance(override, str) else dotted
            mark = Mark(number, 0, 0, place or f"{flag}{shortened(typed)}")
            message = "expected KEY.PATH=VALUE, such as model.units=256"
        if message:
            tree.problems.append(Problem(mark, message))


def _divided(override: Override) -> tuple[str, bool, str]:
    """Return the dotted name of an override, whether it has a `=`, and its value."""
    if isinstance(override, Setting):
        return override.name, True, override.value
    dotted, equals, text = override.partition("=")
    return ".".join(name.strip() for name in dotted.split(".")), bool(equals), text


def _apply(path: yaml_tree.Path, text: str, takes: Takes, tree: Tree, mark: Mark) -> str:
    """Put one setting into the tree; return its fault, or an empty text."""
    if any(str(name).isdecimal() for name in path):
        return "an item of a list cannot be set; set the whole list, such as model.units=[128, 64]"
    section = _section(path[:-1], tree, mark)
    if not isinstance(section, dict):
        return f"{'.'.join(map(str, path[:-1]))} is not a section; replace it as a whole"
    value = _value(text, takes, mark)
    section[path[-1]] = value.value
    tree.replace(path, value, mark)
    if path[0] == "dataset":
        make_absolute(tree.value, Path.cwd())
    if path[:-1] == ("dataset",) and path[-1] in SOURCES and value.value is not None:
        _drop_sources_of_the_file(str(path[-1]), tree, section)
    return ""


def _value(text: str, takes: Takes, mark: Mark) -> Tree:
    """Return the value after the `=` as `takes` says: YAML, a text, a list of texts, or a text or number.

    A text in brackets is a list only if the key takes lists, and no file or folder has this name.

    Raises:
        ConfigError: the key takes YAML, and the value is no valid YAML, or exceeds a bound of `read_tree`.
    """
    if takes is Takes.YAML:
        return read_tree(text, partial(_mark_within, mark))
    if takes is Takes.TEXT_OR_NUMBER and not isinstance(number := plain_value(text.strip()), str):
        return Tree(number)
    listed = _list(text, mark) if takes is Takes.TEXTS and not _is_there(text) else None
    return listed or _text(text, mark)


def _text(text: str, mark: Mark) -> Tree:
    """Return a tree with the text, or with None if the text is one of `NOTHING`.

    A text that is too long, or that cannot be written as UTF-8, is refused: the tree has None and a problem.
    """
    tree = Tree(None if text in NOTHING else text)
    if len(text) > MOST_CHARACTERS:
        tree.problems.append(Problem(mark, f"expected at most {MOST_CHARACTERS:,} characters; use a file"))
    elif not _is_unicode(text):
        tree.problems.append(
            Problem(mark, "expected UTF-8, received other bytes; rename the file, or convert the text")
        )
    else:
        return tree
    tree.value = None
    tree.refused.add(())
    return tree


def _list(text: str, mark: Mark) -> Tree | None:
    """Return the list of a text in brackets; None if the text has no brackets, or YAML refuses any of it."""
    if not (text.startswith("[") and text.endswith("]")):
        return None
    try:
        tree = read_tree(text, partial(_mark_within, mark))
    except ConfigError:
        return None
    return None if tree.problems else tree


def _is_there(text: str) -> bool:
    """Whether a file or a folder has exactly this name."""
    try:
        return os.path.lexists(text)
    except ValueError:  # the text has a NUL character
        return False


def _is_unicode(text: str) -> bool:
    """Whether a text can be written as UTF-8; an argument of the command line may have other bytes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _drop_sources_of_the_file(source: str, tree: Tree, dataset: dict[str, Any]) -> None:
    """Remove the data source that the file names, because an override names another one.

    `sha256` of the file is removed too, unless the override sets the url.
    """
    kept = (source, "sha256") if source == "url" else (source,)
    for other in (*SOURCES, "sha256"):
        mark = tree.keys.get(("dataset", other))
        if other not in kept and mark and not mark.override:
            dataset.pop(other, None)


def _mark_within(mark: Mark, line: int, column: int) -> Mark:
    return replace(mark, line=line, column=column)


def _section(path: yaml_tree.Path, tree: Tree, mark: Mark) -> Any:
    """Return the value at a path; add each missing section on the way.

    If a value on the way is no section, return that value.
    """
    section = tree.value
    for depth, name in enumerate(path, start=1):
        if isinstance(section, dict) and section.get(name) is None:
            section[name] = {}
            tree.replace(path[:depth], Tree(), mark)
        section = section[name] if isinstance(section, dict) else section
    return section

"""`--set key.path=value`: settings of the command line, or of Python, in place of the file's.

For a key that takes text or paths, what stands behind the `=` is the text itself, to its last character:
`The ` keeps its space, `notes #1.txt` its number. For any other key it is YAML.

Which keys take text or paths, read off the schema: on a command line they are not YAML.

What a training is resumed with: its own configuration, of which little may change.
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
from rnnlab.config.problems import LAYOUT, Place
from rnnlab.config.report import Mark, Problem, shortened
from rnnlab.config.section import Section, make_absolute
from rnnlab.config.yaml_tree import DEEPEST, MOST_CHARACTERS, Tree, plain_value, read_tree, value_at
from rnnlab.config.yaml_tree import Path as KeyPath
from rnnlab.errors import ConfigError

Schema = dict[str, Any]


class Takes(Enum):
    """What a key takes."""

    YAML = auto()
    """A number, a word of a few, a section, or something else than text."""

    TEXT = auto()
    TEXTS = auto()
    """A text, or a list of them."""

    TEXT_OR_NUMBER = auto()
    """A text or a number, by the kind of the section, which is not known."""


def what_is_taken(path: KeyPath, sections: Any, overrides: Mapping[str, str]) -> Takes:
    """What the key at a path takes in the kind of section that stands there, or will.

    Args:
        path: of the key.
        sections: plain values, as they are so far.
        overrides: settings in place of those, by dotted name; one may be the kind.
    """
    if not path or (place := LAYOUT.get(path[:-1])) is None:
        return Takes.YAML
    kind = _kind_of(path[:-1], place, sections, overrides)
    kinds = [place.kinds[kind]] if kind in place.kinds else place.kinds.values()
    found = {_takes(section, str(path[-1])) for section in kinds if path[-1] in section.model_fields}
    if len(found) == 1:
        return found.pop()
    return Takes.TEXT_OR_NUMBER if found - {Takes.YAML} else Takes.YAML


def _kind_of(path: KeyPath, place: Place, sections: Any, overrides: Mapping[str, str]) -> str:
    """The kind of the section at a path; empty where nothing says it."""
    dotted = ".".join(map(str, (*path, place.tag)))
    kind = overrides.get(dotted, value_at(sections, (*path, place.tag)))
    return kind.strip() if isinstance(kind, str) and place.tag else ""


def _takes(section: type[Section], key: str) -> Takes:
    """What a key takes in one kind of section, by its JSON Schema."""
    schema = section.model_json_schema()["properties"][key]
    choices = [each for each in schema.get("anyOf", [schema]) if each.get("type") != "null"]
    if choices and all(map(_is_text, choices)):
        return Takes.TEXT
    if choices and all(_is_text(each) or _is_texts(each) for each in choices):
        return Takes.TEXTS
    return Takes.YAML


def _is_text(schema: Schema) -> bool:
    """Whether any text will do, and not only a word of a few."""
    return schema.get("type") == "string" and not {"enum", "const"} & schema.keys()


def _is_texts(schema: Schema) -> bool:
    return schema.get("type") == "array" and _is_text(schema.get("items", {}))


NOTHING = ("", "null")
"""What takes a text away: nothing behind the `=`, or the word."""


@dataclass(frozen=True)
class Setting:
    """A value of Python in place of the file's.

    Attributes:
        name: of the key, dotted.
        value: as YAML on one line.
    """

    name: str
    value: str


Override = str | Setting
"""`key.path=value` as it was typed, or a value of Python."""


def apply_overrides(overrides: Sequence[Override], tree: Tree) -> None:
    """Put settings into the tree of a file.

    Args:
        overrides: each `key.path=value`, or a value; a data path in it is relative to the working folder. One
            of `dataset.path`, `inline` and `url` takes the place of whichever is in the file.
        tree: changed in place; what cannot be put into it is added to its problems.

    Raises:
        ConfigError: a value is no YAML at all.
    """
    kinds = {name: text for name, _, text in map(_divided, overrides)}
    for number, override in enumerate(overrides, start=1):
        dotted, equals, text = _divided(override)
        path = tuple(dotted.split("."))
        flag = "--set " if isinstance(override, str) else ""
        if equals and all(path) and len(path) <= DEEPEST:
            mark = Mark(number, 0, 0, f"{flag}{dotted}")
            takes = what_is_taken(path, tree.value, kinds) if flag else Takes.YAML
            message = _apply(path, text, takes, tree, mark)
        else:
            mark = Mark(number, 0, 0, f"{flag}{shortened(override if isinstance(override, str) else dotted)}")
            message = "expected KEY.PATH=VALUE, such as model.units=256"
        if message:
            tree.problems.append(Problem(mark, message))


def _divided(override: Override) -> tuple[str, bool, str]:
    """The dotted name, whether there is a value, and the value."""
    if isinstance(override, Setting):
        return override.name, True, override.value
    dotted, equals, text = override.partition("=")
    return ".".join(name.strip() for name in dotted.split(".")), bool(equals), text


def _apply(path: yaml_tree.Path, text: str, takes: Takes, tree: Tree, mark: Mark) -> str:
    """Put one setting into the tree; gives what is wrong with it, or nothing."""
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
    """What stands behind the `=`, as the key takes it.

    Raises:
        ConfigError: it is no YAML where it should be.
    """
    if takes is Takes.YAML:
        return read_tree(text, partial(_mark_within, mark))
    if takes is Takes.TEXT_OR_NUMBER and not isinstance(number := plain_value(text.strip()), str):
        return Tree(number)
    listed = _list(text, mark) if takes is Takes.TEXTS and not _is_there(text) else None
    return listed or _text(text, mark)


def _text(text: str, mark: Mark) -> Tree:
    """A text as it stands; nothing where a text is taken away."""
    tree = Tree(None if text in NOTHING else text)
    if len(text) > MOST_CHARACTERS:
        tree.problems.append(Problem(mark, f"expected at most {MOST_CHARACTERS:,} characters; use a file"))
    elif not _is_unicode(text):
        tree.problems.append(Problem(mark, "expected UTF-8, received other bytes; rename or convert it"))
    else:
        return tree
    tree.value = None
    tree.refused.add(())
    return tree


def _list(text: str, mark: Mark) -> Tree | None:
    """A list in brackets; None where it is none, so that a name may begin with a bracket."""
    if not (text.startswith("[") and text.endswith("]")):
        return None
    try:
        tree = read_tree(text, partial(_mark_within, mark))
    except ConfigError:
        return None
    return None if tree.problems else tree


def _is_there(text: str) -> bool:
    """Whether a file or a folder has this very name."""
    try:
        return os.path.lexists(text)
    except ValueError:  # it has a NUL
        return False


def _is_unicode(text: str) -> bool:
    """Whether a file can hold a text; what was typed may have bytes that are not UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


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

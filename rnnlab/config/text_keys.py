"""Which keys take text or paths, read off the schema: on a command line they are not YAML."""

from collections.abc import Mapping
from enum import Enum, auto
from typing import Any

from rnnlab.config.layout import LAYOUT, Place
from rnnlab.config.section import Section
from rnnlab.config.yaml_tree import Path, value_at

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


def what_is_taken(path: Path, sections: Any, overrides: Mapping[str, str]) -> Takes:
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


def _kind_of(path: Path, place: Place, sections: Any, overrides: Mapping[str, str]) -> str:
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

"""Which sections the YAML has, and of which kinds, read off the schema."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args

from pydantic.fields import FieldInfo

from rnnlab.config.schema import Experiment
from rnnlab.config.section import Section
from rnnlab.config.yaml_tree import Path, value_at


@dataclass(frozen=True)
class Place:
    """A place for a section.

    Attributes:
        tag: the key that says which kind of section stands there; empty where there is but one.
        kinds: the class of each kind.
    """

    tag: str
    kinds: dict[str, type[Section]]

    def having(self, key: str) -> list[str]:
        """The kinds that have a key."""
        return [kind for kind, section in self.kinds.items() if key in section.model_fields]


def section_at(path: Path, sections: Any) -> type[Section] | None:
    """The class of the section at a path, of the kind that the data names; None if it names none."""
    place = LAYOUT.get(path)
    if place is None:
        return None
    section = value_at(sections, path)
    kind = section.get(place.tag, "") if isinstance(section, dict) else ""
    return place.kinds.get(kind) if isinstance(kind, str) else None


def homes(key: str) -> list[Path]:
    """The sections that have a key, in any of their kinds."""
    return [path for path, place in LAYOUT.items() if place.having(key)]


def _places(path: Path, place: Place) -> Iterator[tuple[Path, Place]]:
    """A place with its path, and all places within it."""
    yield path, place
    for section in place.kinds.values():
        for key, field in section.model_fields.items():
            if kinds := _kinds(field):
                yield from _places((*path, key), Place(_tag(field), kinds))


def _kinds(field: FieldInfo) -> dict[str, type[Section]]:
    """The sections that may stand in a field, by kind; none where the field is a setting."""
    if tag := _tag(field):
        sections = get_args(field.annotation)
        return {kind: each for each in sections for kind in get_args(each.model_fields[tag].annotation)}
    for kind in (field.annotation, *get_args(field.annotation)):  # of `Section | None`, too
        if isinstance(kind, type) and issubclass(kind, Section):
            return {"": kind}
    return {}


def _tag(field: FieldInfo) -> str:
    return field.discriminator if isinstance(field.discriminator, str) else ""


LAYOUT: dict[Path, Place] = dict(_places((), Place("", {"": Experiment})))
"""Every place for a section, by its path; the whole page stands at the empty path."""

"""The check of plain values against the schema: all faults at once, as sentences with a remedy.

If a value is wrong, pydantic does not check for contradictions. So each wrong value is set aside: its
stand-in, a valid value, replaces it, or its key is removed so that the default holds. Then all values are
checked again. `LAYOUT` has the sections of the schema, by their place in the YAML.
"""

import copy
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path as FolderPath
from typing import Any, get_args

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from rnnlab.config.callback import FOLDER
from rnnlab.config.report import Contradiction, did_you_mean, expectation, shown
from rnnlab.config.schema import Experiment
from rnnlab.config.section import Section
from rnnlab.config.yaml_tree import Path, value_at
from rnnlab.errors import near

STAND_INS: dict[Path, Any] = {
    ("dataset",): {"kind": "text", "inline": "-"},
    ("model",): {"kind": "lstm", "units": 1},
    ("model", "units"): 1,
    ("training", "schedule", "decay_rate"): 1.0,
    ("training", "schedule", "decay_steps"): 1,
    ("training", "early_stopping", "patience"): 1,
    ("training", "samples", "every_epochs"): 1,
}
"""The stand-in of each setting without a default; any other wrong setting is removed."""

_ROUNDS = 3
"""Largest number of checks: a wrong value can hide a wrong section, and that section can hide a
contradiction."""


@dataclass(frozen=True)
class Place:
    """A place for a section in the YAML.

    Attributes:
        tag: the key that names the kind of the section; empty if there is only one kind.
        kinds: the class of each kind.
    """

    tag: str
    kinds: dict[str, type[Section]]

    def having(self, key: str) -> list[str]:
        """Return the kinds whose section has this key."""
        return [kind for kind, section in self.kinds.items() if key in section.model_fields]


@dataclass(frozen=True)
class Finding:
    """One fault.

    Attributes:
        path: the path of the wrong key or value in the YAML.
        message: the fault and its remedy.
        about_key: whether the key itself is wrong, rather than its value.
        meant: the known word that is most similar to a wrong one; empty if no word is similar.
        keys: the paths of all settings of a contradiction; empty for any other fault.
    """

    path: Path
    message: str
    about_key: bool = False
    meant: str = ""
    keys: tuple[Path, ...] = ()


def check(
    sections: dict[str, Any], unreadable: Iterable[Path] = (), *, folder: FolderPath | None = None
) -> tuple[Experiment | None, list[Finding]]:
    """Return the experiment of plain values and no fault; or None and the faults that `_ROUNDS` checks find.

    Args:
        sections: plain values, as the YAML has them.
        unreadable: the paths of values that the YAML reader refused. If there are any, None is returned; the
            reader has reported these values, so no fault here is about them.
        folder: the folder of the YAML file.
    """
    aside: dict[Path, Any] = {}
    for path in unreadable:
        _set_aside(path, aside)
    found: list[Finding] = []
    for _ in range(_ROUNDS):
        mended = _without(sections, aside)
        try:
            experiment = Experiment.model_validate(mended, context={FOLDER: folder})
        except ValidationError as error:
            new = findings(error.errors(include_url=False), mended)
            found += [finding for finding in new if not _doubtful(finding, aside)]
            for finding in new:
                _set_aside(finding.path, aside, finding.meant)
        else:
            break
    return (None, _without_echoes(found)) if found or aside else (experiment, [])


def section_at(path: Path, sections: Any) -> type[Section] | None:
    """Return the class of the section at a path; None if no section belongs there, or its kind is unknown."""
    place = LAYOUT.get(path)
    if place is None:
        return None
    section = value_at(sections, path)
    kind = section.get(place.tag, "") if isinstance(section, dict) else ""
    return place.kinds.get(kind) if isinstance(kind, str) else None


def homes(key: str) -> list[Path]:
    """Return the paths of the sections of which at least one kind has this key."""
    return [path for path, place in LAYOUT.items() if place.having(key)]


def _set_aside(path: Path, aside: dict[Path, Any], meant: str = "") -> None:
    """Set the stand-in of a wrong value: one of `STAND_INS`, or None if the value is to be removed.

    For an item of a list, the whole list is set aside. For a wrong kind of a section, the stand-in is the
    kind that was meant; if there is none, the whole section is set aside.
    """
    path = next((path[:depth] for depth, key in enumerate(path) if isinstance(key, int)), path)
    place = LAYOUT.get(path[:-1])
    if place and place.tag and path[-1] == place.tag:
        if meant:
            aside[path] = meant
            return
        path = path[:-1]
    aside[path] = STAND_INS.get(path)


def _without(sections: dict[str, Any], aside: dict[Path, Any]) -> dict[str, Any]:
    """Return a copy of the sections with the stand-ins in place of the wrong values."""
    mended = copy.deepcopy(sections)
    for path, value in sorted(aside.items(), key=lambda item: len(item[0])):
        section = value_at(mended, path[:-1])
        if isinstance(section, dict):
            section.pop(path[-1], None)
            if value is not None:
                section[path[-1]] = value
    return mended


def _doubtful(finding: Finding, aside: Iterable[Path]) -> bool:
    """Whether a finding is about a value that was set aside, or about one within it or around it."""
    return any(
        path[: len(key)] == key or key[: len(path)] == path
        for path in aside
        for key in finding.keys or (finding.path,)
    )


def _without_echoes(found: list[Finding]) -> list[Finding]:
    """Return the findings without `missing` for a key that the YAML has in a wrong spelling."""
    misspelled = {(*finding.path[:-1], finding.meant) for finding in found if finding.about_key}
    return [
        finding
        for finding in found
        if not (finding.path in misspelled and finding.message.startswith("missing;"))
    ]


def findings(errors: Iterable[ErrorDetails], sections: Any) -> list[Finding]:
    """Return the errors of pydantic as findings.

    Args:
        errors: the errors of pydantic.
        sections: the plain values that it read.
    """
    return [finding for error in errors for finding in _findings(error, _path(error, sections), sections)]


def _path(error: ErrorDetails, sections: Any) -> Path:
    """Return the place of an error, as the keys of the YAML.

    pydantic adds the kind of each section, and an index if a single value of the YAML became a list; both are
    removed.
    """
    path: Path = ()
    kinds: Collection[str] = ()
    for step in error["loc"]:
        if step in kinds:
            kinds = ()
            continue
        path = (*path, step)
        kinds = LAYOUT[path].kinds if path in LAYOUT else ()
    if path and isinstance(path[-1], int) and not isinstance(value_at(sections, path[:-1]), list):
        return path[:-1]
    return path


def _findings(error: ErrorDetails, path: Path, sections: Any) -> Iterator[Finding]:
    """Yield the findings of one error of pydantic.

    There is one finding for each contradiction, none for a list that is only called too short, else one.
    """
    kind = error["type"]
    if kind == "contradictions":
        yield from map(_contradiction, error["ctx"]["found"])
    elif kind == "callback" and error["ctx"]["within"]:
        context = error["ctx"]
        yield Finding((*path, *context["within"]), context["message"], about_key=context["about_key"])
    elif kind in ("union_tag_invalid", "union_tag_not_found"):
        yield _wrong_kind(path, sections)
    elif kind == "extra_forbidden":
        yield _unknown_key(path, sections)
    elif kind == "missing":
        yield Finding(path, f"missing; expected: {_meaning(path, sections)}")
    elif kind == "literal_error":
        yield _wrong_choice(error, path, sections)
    elif kind != "too_short" or len(error["input"]) < error["ctx"]["min_length"]:
        # pydantic also calls a list too short when its items are wrong
        is_item = isinstance(error["loc"][-1], int) and not isinstance(path[-1], int)
        yield Finding(path, _refusal(error, is_item=is_item) + _if_left_out(error["input"], path, sections))


def _contradiction(contradiction: Contradiction) -> Finding:
    keys = tuple(tuple(key.split(".")) for key in contradiction.keys)
    return Finding(keys[0], contradiction.message, keys=keys)


def _wrong_kind(path: Path, sections: Any) -> Finding:
    """Return the fault of a section that names no kind, or an unknown one."""
    place, section = LAYOUT[path], value_at(sections, path)
    expected = f"expected one of {', '.join(place.kinds)}"
    if not isinstance(section, dict) or place.tag not in section:
        return Finding((*path, place.tag), f"missing; {expected}")
    received = section[place.tag]
    meant = [] if received is None else near(str(received), place.kinds, 1)
    message = f"{expected}, received {shown(received)}{did_you_mean(meant)}"
    return Finding((*path, place.tag), message, meant="".join(meant))


def _wrong_choice(error: ErrorDetails, path: Path, sections: Any) -> Finding:
    """Return the fault of a word that its key does not allow, or only in another kind of the section."""
    expected, received = error["ctx"]["expected"], error["input"]
    place = LAYOUT[path[:-1]]
    fields = {kind: section.model_fields.get(str(path[-1])) for kind, section in place.kinds.items()}
    having = [kind for kind, field in fields.items() if field and received in get_args(field.annotation)]
    if having:
        hint = f"; that is for {place.tag}: {', '.join(having)}"
    else:
        choices = [] if received is None else re.findall("'(.*?)'", expected)
        hint = did_you_mean(near(str(received), choices, 1)) or _if_left_out(received, path, sections)
    return Finding(path, f"expected {expected}, received {shown(received)}{hint}")


def _unknown_key(path: Path, sections: Any) -> Finding:
    """Return the fault of an unknown key, with the kinds or sections that have it, a similar key, or all."""
    parent, key = path[:-1], str(path[-1])
    place, section = LAYOUT[parent], section_at(parent, sections)
    if having := place.having(key):
        verb = "has" if len(having) == 1 else "have"
        message = (
            f"only {place.tag}: {', '.join(having)} {verb} this key; leave it out, or change the {place.tag}"
        )
        return Finding(path, message, about_key=True)
    known = list(section.model_fields) if section else []
    found = homes(key)
    if found and not any(name.startswith(key) for name in known):
        belongs = " or ".join(".".join(map(str, (*home, key))) for home in found)
        return Finding(path, f"unknown key; did you mean {belongs}?", about_key=True)
    meant = near(key, known, 1)
    hint = did_you_mean(meant) if meant else f"; there are {', '.join(known)}"
    return Finding(path, f"unknown key{hint}", about_key=True, meant="".join(meant))


def _meaning(path: Path, sections: Any) -> str:
    """Return the description of a missing key; `a value` if it has none."""
    section = section_at(path[:-1], sections)
    description = section.model_fields[str(path[-1])].description if section else None
    return description or "a value"


def _if_left_out(received: Any, path: Path, sections: Any) -> str:
    """Return the remedy if a key that has a default is given without a value; else an empty text."""
    section = section_at(path[:-1], sections)
    field = section.model_fields.get(str(path[-1])) if section else None
    if received is not None or field is None or field.is_required():
        return ""
    return "; leave the key out for its default"


def _refusal(error: ErrorDetails, *, is_item: bool) -> str:
    """Return what was expected and received; if `expectation` is empty, the message of the error.

    Args:
        error: the error of pydantic.
        is_item: whether the value is a single one of which the YAML may also have a list.
    """
    expected = expectation(error)
    if expected and is_item and error["input"] is None:
        expected += ", or a list of them"
    return f"expected {expected}, received {shown(error['input'])}" if expected else error["msg"]


def _places(path: Path, place: Place) -> Iterator[tuple[Path, Place]]:
    """Yield a place with its path, and all places within it."""
    yield path, place
    for section in place.kinds.values():
        for key, field in section.model_fields.items():
            if kinds := _kinds(field):
                yield from _places((*path, key), Place(_tag(field), kinds))


def _kinds(field: FieldInfo) -> dict[str, type[Section]]:
    """Return the sections that a field may hold, by kind; an empty dict if the field is no section."""
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
"""Every place for a section, by its path; the empty path is the whole file."""

"""The check of plain values against the schema: all faults at once, as sentences with a remedy.

If a value is wrong, pydantic does not check for contradictions. So each wrong value is set aside: its
stand-in, a valid value, replaces it, or its key is removed so that the default holds. Then all values are
checked again. `LAYOUT` and `TASK_LAYOUTS` have the sections of the schema, by their place in the YAML.
"""

import copy
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path as FolderPath
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from rnnlab.config.callback import FOLDER
from rnnlab.config.places import (
    LAYOUT,
    TASK,
    TASKS,
    has_examples,
    homes,
    layout_of,
    section_at,
    tasks_having,
)
from rnnlab.config.report import Contradiction, did_you_mean, expectation, shown
from rnnlab.config.schema import Experiment
from rnnlab.config.tasks import GENERATED, TaskExperiment
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
    ("training", "distribute", "strategy"): "multi_worker",
}
"""The stand-in of each setting without a default; any other wrong setting is removed."""

TASK_STAND_INS: dict[Path, Any] = {
    **STAND_INS,
    ("dataset",): {"kind": "text", "task": "label", "inline": "-\t-"},
    ("dataset", "kind"): "text",
    ("dataset", "name"): "parity",
    **{("dataset", "columns", key): "-" for key in ("sequence", "label", "source", "target")},
}
"""The same for the configuration of a task with examples."""

_ROUNDS = 3
"""Largest number of checks: a wrong value can hide a wrong section, and that section can hide a
contradiction."""


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
) -> tuple[Experiment | TaskExperiment | None, list[Finding]]:
    """Return the experiment of plain values and no fault; or None and the faults that `_ROUNDS` checks find.

    It is a `TaskExperiment` if the dataset has examples: for every task but `next_token`.

    Args:
        sections: plain values, as the YAML has them.
        unreadable: the paths of values that the YAML reader refused. If there are any, None is returned; the
            reader has reported these values, so no fault here is about them.
        folder: the folder of the YAML file.
    """
    aside: dict[Path, Any] = {}
    for path in unreadable:
        _set_aside(path, aside, sections)
    found: list[Finding] = []
    for _ in range(_ROUNDS):
        mended = _without(sections, aside)
        wanted = TaskExperiment if has_examples(mended) else Experiment
        try:
            experiment = wanted.model_validate(mended, context={FOLDER: folder})
        except ValidationError as error:
            new = findings(error.errors(include_url=False), mended)
            found += [finding for finding in new if not _doubtful(finding, aside)]
            for finding in new:
                _set_aside(finding.path, aside, sections, finding.meant)
        else:
            break
    return (None, _without_echoes(found)) if found or aside else (experiment, [])


def _set_aside(path: Path, aside: dict[Path, Any], sections: Any, meant: str = "") -> None:
    """Set the stand-in of a wrong value: one of `STAND_INS`, or None if the value is to be removed.

    For an item of a list, the whole list is set aside. For a wrong kind of a section, the stand-in is the
    kind that was meant; if there is none, the whole section is set aside.
    """
    path = next((path[:depth] for depth, key in enumerate(path) if isinstance(key, int)), path)
    place = layout_of(sections).get(path[:-1])
    if place and place.tag and path[-1] == place.tag:
        if meant:
            aside[path] = meant
            return
        path = path[:-1]
    stand_ins = TASK_STAND_INS if has_examples(sections) else STAND_INS
    aside[path] = stand_ins.get(path)


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
    layout = layout_of(sections)
    path: Path = ()
    kinds: Collection[str] = ()
    for step in error["loc"]:
        if step in kinds:
            kinds = ()
            continue
        path = (*path, step)
        kinds = layout[path].kinds if path in layout else ()
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
    place, section = layout_of(sections)[path], value_at(sections, path)
    kinds: Sequence[str] = [*place.kinds]
    if path == ("dataset",):
        kinds = TASKS if place.tag == TASK else [*kinds, GENERATED]
    expected = f"expected one of {', '.join(kinds)}"
    if not isinstance(section, dict) or place.tag not in section:
        return Finding((*path, place.tag), f"missing; {expected}")
    received = section[place.tag]
    meant = [] if received is None else near(str(received), kinds, 1)
    hint = did_you_mean(meant)
    if has_examples(sections) and (other := LAYOUT.get(path)) and received in [*other.kinds]:
        hint = "; that is for task: next_token"
    message = f"{expected}, received {shown(received)}{hint}"
    return Finding((*path, place.tag), message, meant="".join(meant))


def _wrong_choice(error: ErrorDetails, path: Path, sections: Any) -> Finding:
    """Return the fault of a word that its key does not allow, or only in another kind of the section."""
    expected, received = error["ctx"]["expected"], error["input"]
    place = layout_of(sections)[path[:-1]]
    if expected == "True":
        expected = "true"
    elif path == ("dataset", TASK):
        expected = f"one of {', '.join(TASKS)}"
    if having := place.choosing(path[-1], received):
        hint = f"; that is for {_named(place.tag, having)}"
    elif (other := LAYOUT.get(path[:-1])) and has_examples(sections) and other.choosing(path[-1], received):
        hint = "; that is for task: next_token"
    else:
        choices = [] if received is None else re.findall("'(.*?)'", expected)
        hint = did_you_mean(near(str(received), choices, 1)) or _if_left_out(received, path, sections)
    return Finding(path, f"expected {expected}, received {shown(received)}{hint}")


def _unknown_key(path: Path, sections: Any) -> Finding:
    """Return the fault of an unknown key: the kinds, tasks or sections that have it, or a similar key."""
    parent, key = path[:-1], str(path[-1])
    place, section = layout_of(sections)[parent], section_at(parent, sections)
    tag, having = place.tag, place.having(key)
    if not having or tag == TASK:
        tag, having = TASK, tasks_having(parent, key)
    if having:
        verb, named = "has" if len(having) == 1 else "have", _named(tag, having)
        tag = "kind" if having == [GENERATED] else tag
        return Finding(
            path, f"only {named} {verb} this key; leave it out, or change the {tag}", about_key=True
        )
    known = list(section.model_fields) if section else []
    found = homes(key, sections)
    if found and not any(name.startswith(key) for name in known):
        belongs = " or ".join(".".join(map(str, (*home, key))) for home in found)
        return Finding(path, f"unknown key; did you mean {belongs}?", about_key=True)
    meant = near(key, known, 1)
    hint = did_you_mean(meant) if meant else f"; there are {', '.join(known)}"
    return Finding(path, f"unknown key{hint}", about_key=True, meant="".join(meant))


def _named(tag: str, kinds: Sequence[str]) -> str:
    """Return kinds with the key that names them, such as `kind: gru`; generated data is no task."""
    named = [kind for kind in kinds if tag != TASK or kind != GENERATED]
    parts = [f"{tag}: {', '.join(named)}"] if named else []
    return " and ".join([*parts, *(f"kind: {GENERATED}" for _ in range(len(kinds) - len(named)))])


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

"""What pydantic finds wrong with the sections, as sentences that a user can act on."""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, get_args

from pydantic_core import ErrorDetails

from rnnlab.config import layout
from rnnlab.config.contradiction import Contradiction
from rnnlab.config.wording import did_you_mean, expectation, shown
from rnnlab.config.yaml_tree import Path, value_at
from rnnlab.errors import near


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        path: where, as the keys of the YAML.
        message: what is wrong, and what to do.
        about_key: whether the key itself is wrong, rather than its value.
        meant: the word that was probably meant; empty if there is none.
        keys: the paths of all settings that disagree, where it takes several.
    """

    path: Path
    message: str
    about_key: bool = False
    meant: str = ""
    keys: tuple[Path, ...] = ()


def findings(errors: Iterable[ErrorDetails], sections: Any) -> list[Finding]:
    """Everything that is wrong.

    Args:
        errors: what pydantic found.
        sections: the plain values that it read.
    """
    return [finding for error in errors for finding in _findings(error, _path(error, sections), sections)]


def _path(error: ErrorDetails, sections: Any) -> Path:
    """Where an error belongs, as the keys of the YAML.

    Pydantic also names the kind of each section, and numbers the items of what was one value in the YAML.
    """
    path: Path = ()
    kinds: Collection[str] = ()
    for step in error["loc"]:
        if step in kinds:
            kinds = ()
            continue
        path = (*path, step)
        kinds = layout.LAYOUT[path].kinds if path in layout.LAYOUT else ()
    if path and isinstance(path[-1], int) and not isinstance(value_at(sections, path[:-1]), list):
        return path[:-1]
    return path


def _findings(error: ErrorDetails, path: Path, sections: Any) -> Iterator[Finding]:
    """What one error says, which may be several contradictions, or nothing new."""
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
    """A section of several kinds that names none of them."""
    place, section = layout.LAYOUT[path], value_at(sections, path)
    expected = f"expected one of {', '.join(place.kinds)}"
    if not isinstance(section, dict) or place.tag not in section:
        return Finding((*path, place.tag), f"missing; {expected}")
    received = section[place.tag]
    meant = [] if received is None else near(str(received), place.kinds, 1)
    message = f"{expected}, received {shown(received)}{did_you_mean(meant)}"
    return Finding((*path, place.tag), message, meant="".join(meant))


def _wrong_choice(error: ErrorDetails, path: Path, sections: Any) -> Finding:
    """A word that is none of those that its key may have, or only in another kind of the section."""
    expected, received = error["ctx"]["expected"], error["input"]
    place = layout.LAYOUT[path[:-1]]
    fields = {kind: section.model_fields.get(str(path[-1])) for kind, section in place.kinds.items()}
    having = [kind for kind, field in fields.items() if field and received in get_args(field.annotation)]
    if having:
        hint = f"; that is for {place.tag}: {', '.join(having)}"
    else:
        choices = [] if received is None else re.findall("'(.*?)'", expected)
        hint = did_you_mean(near(str(received), choices, 1)) or _if_left_out(received, path, sections)
    return Finding(path, f"expected {expected}, received {shown(received)}{hint}")


def _unknown_key(path: Path, sections: Any) -> Finding:
    """A key that its section lacks: where it belongs, or what it may have been."""
    parent, key = path[:-1], str(path[-1])
    place, section = layout.LAYOUT[parent], layout.section_at(parent, sections)
    if having := place.having(key):
        verb = "has" if len(having) == 1 else "have"
        message = (
            f"only {place.tag}: {', '.join(having)} {verb} this key; leave it out, or change the {place.tag}"
        )
        return Finding(path, message, about_key=True)
    known = list(section.model_fields) if section else []
    homes = layout.homes(key)
    if homes and not any(name.startswith(key) for name in known):
        belongs = " or ".join(".".join(map(str, (*home, key))) for home in homes)
        return Finding(path, f"unknown key; did you mean {belongs}?", about_key=True)
    meant = near(key, known, 1)
    hint = did_you_mean(meant) if meant else f"; there are {', '.join(known)}"
    return Finding(path, f"unknown key{hint}", about_key=True, meant="".join(meant))


def _meaning(path: Path, sections: Any) -> str:
    """What a missing key is for."""
    section = layout.section_at(path[:-1], sections)
    description = section.model_fields[str(path[-1])].description if section else None
    return description or "a value"


def _if_left_out(received: Any, path: Path, sections: Any) -> str:
    """The remedy for a key without a value that has a default; empty for any other."""
    section = layout.section_at(path[:-1], sections)
    field = section.model_fields.get(str(path[-1])) if section else None
    if received is not None or field is None or field.is_required():
        return ""
    return "; leave the key out for its default"


def _refusal(error: ErrorDetails, *, is_item: bool) -> str:
    """What was expected and what was received; our own validators say both themselves.

    Args:
        error: what pydantic found.
        is_item: whether what it found wrong stands alone where a list may stand too.
    """
    expected = expectation(error)
    if expected and is_item and error["input"] is None:
        expected += ", or a list of them"
    return f"expected {expected}, received {shown(error['input'])}" if expected else error["msg"]

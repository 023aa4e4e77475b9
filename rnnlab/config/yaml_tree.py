"""The reader of YAML: plain values, with the place of every key and value.

The core types of YAML 1.2 are read: `1e-3` is a number, `no` is a word. Aliases, anchors, tags, merge keys,
duplicate keys and a second document are refused: harmful files use them, and a configuration needs none.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from rnnlab.config.report import Mark, Problem, report
from rnnlab.errors import ConfigError

Path = tuple[str | int, ...]
"""The keys, and the indices of list items, on the way to a value."""

MOST_CHARACTERS = 1 << 19
MOST_LINES = 50_000
MOST_VALUES = 12_000
MOST_KEYS = 1000
MOST_PROBLEMS = 1000
DEEPEST = 20
"""Bounds on a text, so that it is read in less than a second; a long vocabulary fits as one string."""

_REMEDY = "write a long vocabulary as one string, and put the data in a file"

_NUMBERS: list[tuple[re.Pattern[str], Callable[[str], Any]]] = [
    (re.compile(r"[-+]?[0-9]+"), int),
    (re.compile(r"0x[0-9a-fA-F]+"), lambda text: int(text, 16)),
    (re.compile(r"0o[0-7]+"), lambda text: int(text, 8)),
    (re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"), float),
    (re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"), lambda text: float(text.replace(".", ""))),
]
_WORDS: dict[str, Any] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip

_SURROGATE = re.compile("[\ud800-\udfff]")
"""Half of a UTF-16 surrogate pair: an escape in YAML can write it, but UTF-8 cannot encode it."""

_OUTER_EVENTS = ("StreamStartEvent", "StreamEndEvent", "DocumentStartEvent", "DocumentEndEvent")


@dataclass
class Tree:
    """Plain values, with the place of each.

    Attributes:
        value: dicts, lists and scalars.
        values: the place of each value, by its path.
        keys: the place of each key, by its path.
        problems: the faults of the text.
        refused: the paths of values that were refused; `value` may have None there.
    """

    value: Any = None
    values: dict[Path, Mark] = field(default_factory=dict)
    keys: dict[Path, Mark] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    refused: set[Path] = field(default_factory=set)

    def replace(self, path: Path, other: "Tree", mark: Mark) -> None:
        """Record the places, problems and refused paths of another tree at a path; `value` is not changed.

        All its keys and values get the same place, and those that were recorded at the path are forgotten.

        Args:
            path: the path at which the other tree is put.
            other: the other tree.
            mark: the place that its keys and values get.
        """
        for places in (self.keys, self.values):
            for within in [within for within in places if within[: len(path)] == path]:
                del places[within]
            places[path] = mark
        self.values |= {(*path, *within): mark for within in other.values}
        self.keys |= {(*path, *within): mark for within in other.keys}
        self.problems += other.problems
        self.refused = {within for within in self.refused if within[: len(path)] != path}
        self.refused |= {(*path, *within) for within in other.refused}


def read_tree(text: str, mark: Callable[[int, int], Mark]) -> Tree:
    """Return the tree of a YAML text; its `problems` have the faults that let the reader go on.

    Args:
        text: the YAML.
        mark: returns the place of a line and a column, both from 1; both are 0 for the text as a whole.

    Raises:
        ConfigError: the text is no valid YAML, exceeds a bound, or has more than `MOST_PROBLEMS` faults.
    """
    for count, most, what in (
        (len(text), MOST_CHARACTERS, "characters"),
        (len(text.splitlines()), MOST_LINES, "lines"),
    ):
        if count > most:
            raise _error(mark(0, 0), f"expected at most {most:,} {what} of YAML; put the data in a file")
    return _Builder(_events(text, mark), mark).build()


def value_at(value: Any, path: Path) -> Any:
    """Return the value at a path of keys; None if there is none. Items of lists are not looked up."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


PLANS = ("compare", "sweep")
"""Keys of YAML files that plan several trainings; the command of the same name takes such a file."""


def plan_in(sections: Any) -> str | None:
    """Return the key of `PLANS` that the plain values of a YAML file have; None for a configuration."""
    found = [key for key in PLANS if isinstance(sections, dict) and key in sections]
    return found[0] if found else None


def plain_value(text: str) -> Any:
    """Return the value of an unquoted scalar; a number of 1,000 characters or more stays text."""
    if text in _WORDS:
        return _WORDS[text]
    for pattern, convert in _NUMBERS:
        if pattern.fullmatch(text) and len(text) < 1000:
            return convert(text)
    return text


def _events(text: str, mark: Callable[[int, int], Mark]) -> Iterator[Any]:
    """Yield the events of the parser; a syntax error becomes a ConfigError of one line."""
    from ruamel.yaml import YAML  # noqa: PLC0415 (a tenth of a second)
    from ruamel.yaml.error import MarkedYAMLError, YAMLError  # noqa: PLC0415
    from ruamel.yaml.reader import ReaderError  # noqa: PLC0415

    line, column = 1, 1
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            line, column = event.end_mark.line + 1, event.end_mark.column + 1
            yield event
    except MarkedYAMLError as error:
        place = error.problem_mark or error.context_mark
        where = mark(place.line + 1, place.column + 1) if place else mark(0, 0)
        raise _error(where, f"not YAML: {_one_line(error.problem or 'syntax error')}") from None
    except ReaderError as error:
        before = text[: error.position]
        where = mark(before.count("\n") + 1, len(before) - before.rfind("\n"))
        raise _error(where, f"not YAML: character U+{ord(text[error.position]):04X}; leave it out") from None
    except YAMLError as error:
        raise _error(mark(0, 0), f"not YAML: {_one_line(str(error))}") from None
    except (ValueError, OverflowError):  # raised by int and chr in the parser
        message = "not YAML: a version or an escape after this place is out of range; leave it out"
        raise _error(mark(line, column), message) from None


class _Builder:
    """Builds the tree from events, and collects the faults."""

    def __init__(self, events: Iterator[Any], mark: Callable[[int, int], Mark]) -> None:
        self.events, self.mark, self.tree = events, mark, Tree()

    def build(self) -> Tree:
        """Return the tree of the first document; a second document is a fault."""
        begins = (event for event in self.events if type(event).__name__ not in _OUTER_EVENTS)
        if first := next(begins, None):
            self.tree.value = self._value(first, ())
        if second := next(begins, None):
            self._refuse(second, "expected one YAML document, received a second; remove it")
        return self.tree

    def _value(self, event: Any, path: Path) -> Any:
        """Return the value that begins with an event; None for an alias, and for half of a surrogate pair."""
        self.tree.values.setdefault(path, self._mark(event))
        self._check_bounds(event, path)
        kind = type(event).__name__
        if kind == "AliasEvent":
            return self._refuse(
                event, f"alias *{event.anchor}: aliases are not read; write the value out", path
            )
        if event.anchor:
            self._refuse(event, f"anchor &{event.anchor}: anchors are not read; leave it out")
        if event.tag:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            self._refuse(event, f"tag {tag}: tags are not read; leave it out", path)
        if kind == "MappingStartEvent":
            return self._mapping(path)
        if kind == "SequenceStartEvent":
            return self._sequence(path)
        if _SURROGATE.search(event.value):
            return self._refuse(
                event, "half of a UTF-16 surrogate pair; write both halves, or remove it", path
            )
        return plain_value(event.value) if event.implicit[0] else event.value

    def _sequence(self, path: Path) -> list[Any]:
        items: list[Any] = []
        while type(event := next(self.events)).__name__ != "SequenceEndEvent":
            items.append(self._value(event, (*path, len(items))))
        return items

    def _mapping(self, path: Path) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        while type(event := next(self.events)).__name__ != "MappingEndEvent":
            key, value = self._key(event, path), next(self.events)
            if key is None or key in mapping:  # read past the value: of equal keys the first one counts
                self._value(value, (*path, str(self._mark(event))))
                continue
            mark = self.tree.keys[*path, key] = self._mark(event)
            if _is_nothing(value):
                self.tree.values[*path, key] = mark
            mapping[key] = self._value(value, (*path, key))
        return mapping

    def _key(self, event: Any, path: Path) -> str | None:
        """Return the key of an entry; None if it is not valid.

        A key with an anchor or a tag, and a duplicate key, are faults, but are returned.

        Raises:
            ConfigError: the text has too many keys.
        """
        if type(event).__name__ != "ScalarEvent":
            self._refuse(event, "expected a word as key, received a list, a section or an alias")
            if type(event).__name__ != "AliasEvent":
                self._value(event, (*path, str(self._mark(event))))
            return None
        if event.anchor or event.tag:
            self._refuse(event, "anchor or tag on a key: neither is read; leave it out")
        if event.value == "<<" and event.implicit[0]:
            self._refuse(event, "merge key <<: merging is not read; write the keys out")
            return None
        if _SURROGATE.search(event.value) or not event.value:
            received = "half of a surrogate pair" if event.value else "nothing"
            self._refuse(event, f"expected a word as key, received {received}")
            return None
        if len(self.tree.keys) > MOST_KEYS:
            raise _error(
                self._mark(event), f"more than {MOST_KEYS:,} keys; rnnlab schema lists the keys there are"
            )
        if first := self.tree.keys.get((*path, event.value)):
            dotted = ".".join(map(str, (*path, event.value)))
            self._refuse(event, f"{dotted}: duplicate key, also at {first.line}:{first.column}; remove one")
        return str(event.value)

    def _check_bounds(self, event: Any, path: Path) -> None:
        """Raise a ConfigError if a text is nested too deeply or has too many values."""
        if len(path) > DEEPEST:
            raise _error(self._mark(event), f"nested more than {DEEPEST} deep")
        if len(self.tree.values) > MOST_VALUES:
            raise _error(self._mark(event), f"more than {MOST_VALUES:,} values; {_REMEDY}")

    def _refuse(self, event: Any, message: str, path: Path | None = None) -> None:
        """Record a fault, and its path if the value there is refused.

        Raises:
            ConfigError: there are more than `MOST_PROBLEMS` faults; the error reports them.
        """
        self.tree.problems.append(Problem(self._mark(event), message))
        if path is not None:
            self.tree.refused.add(path)
        if len(self.tree.problems) > MOST_PROBLEMS:
            raise ConfigError(*report(self.tree.problems))

    def _mark(self, event: Any) -> Mark:
        return self.mark(event.start_mark.line + 1, event.start_mark.column + 1)


def _is_nothing(event: Any) -> bool:
    """Whether an event is the missing value of a key; its place is the next token, perhaps lines below."""
    return type(event).__name__ == "ScalarEvent" and event.implicit[0] and not event.value


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _error(mark: Mark, message: str) -> ConfigError:
    return ConfigError(str(Problem(mark, message)))

"""YAML text as plain values, with the place of every key and value.

YAML 1.2's core types are read: `1e-3` is a number, `no` is a word. What a configuration has no use for, and
what hostile files use, is refused: aliases, anchors, tags, merge keys, duplicate keys, a second document.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from rnnlab.errors import ConfigError

Path = tuple[str | int, ...]

MOST_CHARACTERS = 1 << 20
MOST_VALUES = 80_000
DEEPEST = 20
"""Bounds on a text; the longest vocabulary that the schema allows, 65,536 tokens, fits in."""

MOST_LINES = 50
"""A report of more problems is cut."""

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


@dataclass
class Tree:
    """Plain values, and where each of them stands.

    Attributes:
        value: dicts, lists and scalars.
        values: `file:line:column` of each value, by its path.
        keys: `file:line:column` of each key, by its path.
    """

    value: Any = None
    values: dict[Path, str] = field(default_factory=dict)
    keys: dict[Path, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Problem:
    """One line of a report, and where it belongs."""

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


def read_tree(text: str, name: str) -> Tree:
    """The tree of a YAML text.

    Args:
        text: the YAML.
        name: what messages call it.

    Raises:
        ConfigError: everything that is wrong with its form, one line each.
    """
    if len(text) > MOST_CHARACTERS:
        raise ConfigError(
            f"{name}: expected at most {MOST_CHARACTERS:,} characters of YAML; put the data in a file"
        )
    builder = _Builder(name, _events(text, name))
    tree = builder.build()
    if builder.problems:
        raise ConfigError(report(list(map(str, builder.problems))))
    return tree


def report(lines: list[str]) -> str:
    """The lines of a report, at most as many as one would read."""
    more = len(lines) - MOST_LINES
    return "\n".join([*lines[:MOST_LINES], f"… and {more:,} more"] if more > 0 else lines)


def plain_value(text: str) -> Any:
    """What an unquoted scalar means."""
    if text in _WORDS:
        return _WORDS[text]
    for pattern, convert in _NUMBERS:
        if pattern.fullmatch(text) and len(text) < 1000:
            return convert(text)
    return text


def _events(text: str, name: str) -> Iterator[Any]:
    """The parser's events; a syntax error becomes one line."""
    from ruamel.yaml import YAML  # noqa: PLC0415 (a tenth of a second)
    from ruamel.yaml.error import MarkedYAMLError, YAMLError  # noqa: PLC0415
    from ruamel.yaml.reader import ReaderError  # noqa: PLC0415

    try:
        yield from YAML(typ="safe", pure=True).parse(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        raise ConfigError(
            f"{place}: not YAML: {' '.join((error.problem or 'syntax error').split())}"
        ) from None
    except ReaderError as error:
        before = text[: error.position]
        place = f"{name}:{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"
        raise ConfigError(
            f"{place}: not YAML: character U+{ord(text[error.position]):04X}; leave it out"
        ) from None
    except (YAMLError, ValueError) as error:
        raise ConfigError(f"{name}: not YAML: {' '.join(str(error).split())}") from None


class _Builder:
    """Builds the tree from events, and collects what it refuses."""

    def __init__(self, name: str, events: Iterator[Any]) -> None:
        self.name, self.events, self.tree = name, events, Tree()
        self.problems: list[Problem] = []

    def build(self) -> Tree:
        documents = 0
        for event in self.events:
            kind = type(event).__name__
            if kind in ("StreamStartEvent", "StreamEndEvent", "DocumentStartEvent", "DocumentEndEvent"):
                continue
            documents += 1
            value = self._value(event, ())
            if documents == 1:
                self.tree.value = value
            elif documents == 2:
                self._refuse(event, "a second document; expected one page of YAML")
        return self.tree

    def _value(self, event: Any, path: Path) -> Any:
        kind = type(event).__name__
        self.tree.values.setdefault(path, self._place(event))
        if kind == "AliasEvent":
            self._refuse(event, f"alias *{event.anchor}: aliases are not read; write the value out")
            return None
        if event.anchor:
            self._refuse(event, f"anchor &{event.anchor}: anchors are not read; leave it out")
        if event.tag:
            self._refuse(event, f"tag {event.tag}: tags are not read; leave it out")
        if len(path) > DEEPEST:
            raise ConfigError(f"{self._place(event)}: nested more than {DEEPEST} deep")
        if len(self.tree.values) > MOST_VALUES:
            raise ConfigError(
                f"{self._place(event)}: more than {MOST_VALUES:,} values; put the data in a file"
            )
        if kind == "ScalarEvent":
            return plain_value(event.value) if event.implicit[0] else event.value
        return self._mapping(path) if kind == "MappingStartEvent" else self._sequence(path)

    def _sequence(self, path: Path) -> list[Any]:
        items: list[Any] = []
        while type(event := next(self.events)).__name__ != "SequenceEndEvent":
            items.append(self._value(event, (*path, len(items))))
        return items

    def _mapping(self, path: Path) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        while type(event := next(self.events)).__name__ != "MappingEndEvent":
            key = self._key(event, path)
            if key in mapping:
                first = self.tree.keys[*path, key].rpartition(self.name + ":")[2]
                self._refuse(event, f"{_dotted((*path, key))}: duplicate key; it stands at {first} already")
            place = self.tree.keys.setdefault((*path, key), self._place(event))
            event = next(self.events)
            if _is_nothing(event):
                self.tree.values.setdefault((*path, key), place)
            mapping.setdefault(key, self._value(event, (*path, key)))
        return mapping

    def _key(self, event: Any, path: Path) -> str:
        """The key of an entry; a list, a mapping or an alias as key is read over, its place stands for it."""
        if type(event).__name__ != "ScalarEvent":
            self._refuse(event, "expected a word as key, received something else")
            self._value(event, (*path, self._place(event)))
            return self._place(event)
        if event.anchor or event.tag:
            self._refuse(event, "anchor or tag on a key: neither is read; leave it out")
        if event.value == "<<" and event.implicit[0]:
            self._refuse(event, "merge key <<: merging is not read; write the keys out")
        return str(event.value)

    def _refuse(self, event: Any, message: str) -> None:
        self.problems.append(Problem(self._place(event), message))

    def _place(self, event: Any) -> str:
        return f"{self.name}:{event.start_mark.line + 1}:{event.start_mark.column + 1}"


def _is_nothing(event: Any) -> bool:
    """Whether a key has no value; the parser puts that at the next token, which may be lines below."""
    return type(event).__name__ == "ScalarEvent" and event.implicit[0] and not event.value


def _dotted(path: Path) -> str:
    return ".".join(map(str, path))

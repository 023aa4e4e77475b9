"""Random mutations of YAML, as text and as a tree; random bytes, notes and seeds.

Every function takes a random generator, so a case can be made again from its number.
"""

import copy
import json
import math
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np

from torture.hostile import BYTES, NOTES, PAGES, PLAIN, SCALARS

Item = TypeVar("Item")

_UNKNOWN_KEYS = (
    "unit",
    "a",
    "lr",
    "<<",
    "",
    "1",
    '"a\\nb"',
    '"\\ud800"',
    "é",
    "kind",
    "a.b",
    "? [a]",
    "k" * 2000,
)


def mutated_yaml(text: str, tree: Any, rng: np.random.Generator) -> bytes:
    """Return valid YAML after one to three mutations; sometimes a hostile YAML text instead.

    Args:
        text: the YAML text.
        tree: the same YAML as plain values.
        rng: draws the mutations.
    """
    draw = rng.random()
    if draw < 0.02:
        return _encoded(_pick(PAGES, rng))
    if draw < 0.35:
        return _written(_repeatedly(_mutate_tree, copy.deepcopy(tree), rng), rng)
    lines = _repeatedly(_mutate_lines, text.splitlines(), rng)
    data = _encoded("\n".join(lines))
    return _with_bytes(data, rng) if draw > 0.9 else data


def random_override(tree: Any, rng: np.random.Generator) -> str:
    """Return a value for `--set`: a key of the YAML or an unknown key, and a hostile value."""
    keys = _pick(_paths(tree) or [("model",)], rng)
    if rng.random() < 0.2:
        keys = (*keys, _pick(_UNKNOWN_KEYS, rng))
    equals = "=" if rng.random() < 0.95 else ""
    return ".".join(map(str, keys)) + equals + _pick(SCALARS, rng)


def random_bytes(rng: np.random.Generator) -> bytes:
    """Return at most a few hundred bytes: noise, hostile pieces, or text in one of several encodings."""
    length, draw = int(rng.integers(0, 200)), rng.random()
    if draw < 0.3:
        return rng.bytes(length)
    if draw < 0.6:
        return b"".join(_pick(BYTES, rng) for _ in range(length // 4))
    encoding = _pick(("utf-8", "utf-8", "utf-16", "utf-32-be", "utf-8-sig"), rng)
    return _with_bytes(random_text(rng).encode(encoding, "surrogatepass"), rng, most=int(draw > 0.9))


def random_text(rng: np.random.Generator) -> str:
    """Return at most 100 characters of all planes of Unicode, with halves of surrogate pairs among them."""
    ends = rng.choice([0x80, 0x3000, 0x11_0000], size=int(rng.integers(0, 100)))
    return "".join(chr(int(rng.integers(end))) for end in ends)


def random_notes(rng: np.random.Generator) -> str:
    """Return up to 12 notes, or words that are almost notes."""
    separator = _pick((" ", "  ", "\n", "", " | ", "\u00a0"), rng)
    count = int(rng.integers(0, 13))
    return separator.join(_pick(NOTES if rng.random() < 0.3 else NOTES[:8], rng) for _ in range(count))


def _repeatedly(
    mutate: Callable[[Any, np.random.Generator], Any], value: Any, rng: np.random.Generator
) -> Any:
    for _ in range(_pick((1, 1, 1, 2, 3), rng)):
        value = mutate(value, rng)
    return value


def _mutate_lines(lines: list[str], rng: np.random.Generator) -> list[str]:
    """Return the lines with one mutation of one line."""
    if not lines:
        return ["a: 1"]
    at, other = (int(place) for place in rng.integers(len(lines), size=2))
    line, lines = lines[at], list(lines)
    match _pick(("delete", "double", "swap", "indent", "replace", "insert", "cut", "break"), rng):
        case "delete":
            del lines[at]
        case "double":
            lines.insert(other, line)
        case "swap":
            lines[at], lines[other] = lines[other], line
        case "indent":
            lines[at] = " " * int(rng.integers(0, 9)) + line.lstrip() if rng.random() < 0.8 else "\t" + line
        case "replace":
            lines[at] = line.partition(":")[0] + ": " + _pick(SCALARS, rng)
        case "insert":
            indent = line[: len(line) - len(line.lstrip())]
            lines.insert(at, f"{indent}{_pick(_UNKNOWN_KEYS, rng)}: {_pick(SCALARS, rng)}")
        case "cut":
            lines[at] = line[: int(rng.integers(len(line) + 1))]
        case _:
            column = int(rng.integers(len(line) + 1))
            lines[at] = line[:column] + _pick((*SCALARS, "\n", ": ", ", "), rng) + line[column:]
    return lines


def _mutate_tree(tree: Any, rng: np.random.Generator) -> Any:
    """Return the tree with one setting replaced, removed, renamed, moved or added."""
    *above, key = _pick(_paths(tree) or [("model",)], rng)
    section = _section(tree, above)
    match _pick(("replace", "replace", "replace", "remove", "rename", "move", "nest"), rng):
        case "replace":
            section[key] = copy.deepcopy(_pick(PLAIN, rng))
        case "remove":
            section.pop(key, None)
        case "rename":
            section[str(_pick(PLAIN, rng))[:3000]] = section.pop(key, None)
        case "move":
            _section(tree, (_pick(_paths(tree) or [("model",)], rng))[:-1])[key] = copy.deepcopy(
                section.get(key)
            )
        case _:
            section[key] = _nested(section.get(key), int(rng.integers(1, 60)))
    return tree


def _section(tree: Any, path: Any) -> dict[str, Any]:
    for key in path:
        tree = tree[key]
    return tree if isinstance(tree, dict) else {}


def _nested(value: Any, depth: int) -> Any:
    for _ in range(depth):
        value = [value]
    return value


def _paths(tree: Any, above: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Return the paths of all keys of a tree."""
    if not isinstance(tree, dict):
        return []
    own = [(*above, key) for key in tree]
    return own + [path for key, value in tree.items() for path in _paths(value, (*above, key))]


def _written(tree: Any, rng: np.random.Generator) -> bytes:
    """Return a tree as JSON, with YAML's words for the values that JSON lacks."""
    text = json.dumps(tree, ensure_ascii=bool(rng.random() < 0.5), indent=int(rng.integers(0, 3)) or None)
    for word, ours in (("-Infinity", "-.inf"), ("Infinity", ".inf"), ("NaN", ".nan")):
        text = text.replace(word, ours)
    return _encoded(text)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _with_bytes(data: bytes, rng: np.random.Generator, most: int = 3) -> bytes:
    """Return the data with some hostile bytes inserted."""
    for _ in range(math.ceil(rng.random() * most)):
        at = int(rng.integers(len(data) + 1))
        data = data[:at] + _pick(BYTES, rng) + data[at:]
    return data


def _pick(items: Sequence[Item], rng: np.random.Generator) -> Item:
    """Return one of the items."""
    return items[int(rng.integers(len(items)))]

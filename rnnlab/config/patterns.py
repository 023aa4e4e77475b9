"""Patterns for many files, such as `tunes/*.mid`.

A part of a path that is the name of a folder or file is no pattern, whatever characters it has: in
`Music [2024]/*.txt` only `*.txt` is a pattern if the folder exists. `**` stands for any number of folders.
Hidden files and folders match only a pattern that begins with a dot. The case of the extension does not
matter: `*.mid` also finds `UPPER.MID`.
"""

import fnmatch
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_WILDCARD = re.compile(r"[*?[]")

Parts = tuple[str, ...]


def divided(path: Path) -> tuple[Path, Parts]:
    """Return the folder in which a pattern begins, and its parts; no part if the path is no pattern."""
    for depth, part in enumerate(path.parts):
        before = Path(*path.parts[:depth])
        if _WILDCARD.search(part) and not os.path.lexists(before / part):
            return before, path.parts[depth:]
    return path, ()


def is_pattern(path: Path) -> bool:
    """Whether a path is a pattern."""
    return bool(divided(path)[1])


def files_matching(path: Path) -> list[Path]:
    """Return the files that match a pattern, sorted; the path itself if it is a file and no pattern."""
    folder, parts = divided(path)
    return sorted({each for each in _matches(folder, parts) if os.path.isfile(each)})


def _matches(folder: Path, parts: Parts, above: frozenset[str] = frozenset()) -> Iterator[Path]:
    """Yield the paths below a folder that match the parts of a pattern.

    Args:
        folder: the folder that the first part is matched in.
        parts: the parts of the pattern.
        above: real paths of the folders that `**` has entered; a link may lead back to one of them.
    """
    if not parts:
        yield folder
        return
    part, rest = parts[0], parts[1:]
    if part == "**":
        yield from _matches_below(folder, rest, above)
    elif _WILDCARD.search(part) and not os.path.lexists(folder / part):
        for name in _names_in(folder):
            if _fits(name, part):
                yield from _matches(folder / name, rest)
    elif os.path.lexists(folder / part):
        yield from _matches(folder / part, rest)


def _matches_below(folder: Path, rest: Parts, above: frozenset[str]) -> Iterator[Path]:
    """Yield the paths that match `**` and the rest: in the folder itself, and in each folder below it."""
    yield from _matches(folder, rest)
    above |= {os.path.realpath(folder)}
    for name in _names_in(folder):
        inside = folder / name
        if name.startswith("."):
            continue
        if not inside.is_dir():
            yield from () if rest else (inside,)
        elif os.path.realpath(inside) not in above:
            yield from _matches(inside, ("**", *rest), above)


def _names_in(folder: Path) -> list[str]:
    """Return the names in a folder; none if it cannot be listed."""
    with suppress(OSError):
        return os.listdir(folder)
    return []


def _fits(name: str, part: str) -> bool:
    """Whether a name matches a part of a pattern."""
    if name.startswith(".") and not part.startswith("."):
        return False
    return fnmatch.fnmatchcase(name, part) or fnmatch.fnmatchcase(_with_small(name), _with_small(part))


def _with_small(name: str) -> str:
    """Return a name with its extension in small letters; `.mid.gz` is one extension."""
    dots = 2 if name.lower().endswith(".gz") else 1
    stem, *extensions = name.rsplit(".", dots)
    return ".".join([stem, *(extension.lower() for extension in extensions)])

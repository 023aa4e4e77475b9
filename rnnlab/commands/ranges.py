"""Numbers as they are typed: `3`, `1,5,8-11`, `all`."""

import re

from rnnlab.errors import UsageError


def numbers_of(text: str, most: int, *, name: str) -> tuple[int, ...]:
    """The numbers of a list, from 0, in order and each once.

    Args:
        text: numbers and ranges from 1, or `all`.
        most: the highest that there is.
        name: of the option.

    Raises:
        UsageError: it is no such list, or names what there is not.
    """
    if text.strip() == "all":
        return tuple(range(most))
    found: set[int] = set()
    for piece in text.split(","):
        if not (match := re.fullmatch(r"\s*(\d{1,9})\s*(?:-\s*(\d{1,9}))?\s*", piece, re.ASCII)):
            raise UsageError(f"{name}: expected numbers such as 1,5,8-11 or all, received {text!r}")
        first, last = int(match[1]), int(match[2] or match[1])
        if not 1 <= first <= last <= most:
            raise UsageError(f"{name}: expected numbers from 1 to {most}, received {piece.strip()!r}")
        found.update(range(first - 1, last))
    return tuple(sorted(found))


def range_of(text: str | None, total: int, *, most: int, name: str) -> range:
    """The steps that `A-B` names, from 0; left out, the first ones.

    Args:
        text: a range from 1, one number, or `all`.
        total: how many there are.
        most: how many are taken where it is left out.
        name: of the option.

    Raises:
        UsageError: it is no range, or ends where there is no step.
    """
    if text is None:
        return range(min(total, most))
    if "," in text:
        raise UsageError(f"{name}: expected a range such as 20-60, received {text!r}")
    numbers = numbers_of(text, total, name=name)
    return range(numbers[0], numbers[-1] + 1)

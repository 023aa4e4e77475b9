"""How many columns of a terminal a text takes, and texts that are made to fit.

The widths are those of wcwidth: two columns for a wide East Asian character or an emoji of several
characters, none for a mark that combines with a letter.
"""

import textwrap

ELLIPSIS = "…"

_NARROW = str.maketrans(dict.fromkeys(f"{ELLIPSIS}\N{NO-BREAK SPACE}→×·–—", "-"))
"""Characters beside ASCII that tables of rnnlab have, of one column: for others wcwidth is loaded, 40 ms."""


def width_of(text: str) -> int:
    """Columns that a text takes."""
    if _is_narrow(text):
        return len(text)
    from wcwidth import width

    return width(text)


def padded(text: str, columns: int, *, right: bool = False) -> str:
    """The text with spaces after it, or before it, up to a width."""
    spaces = " " * (columns - width_of(text))
    return spaces + text if right else text + spaces


def cut(text: str, columns: int) -> str:
    """The text, its end left out if it is wider than so many columns."""
    if width_of(text) <= columns:
        return text
    return _part(text, 0, columns - 1) + ELLIPSIS if columns > 0 else ""


def cut_in_the_middle(text: str, columns: int) -> str:
    """The text, its middle left out if it is too wide: of names the beginning and the number say most."""
    width = width_of(text)
    if width <= columns:
        return text
    end = _part(text, width - columns // 3, width)
    return cut(text, columns - width_of(end)) + end


def wrapped(text: str, columns: int) -> list[str]:
    """Lines of at most so many columns, broken at spaces, or within a word that is wider; one at least."""
    wrap = textwrap.wrap
    if not _is_narrow(text):
        from wcwidth import wrap
    return wrap(text, columns, tabsize=1, break_on_hyphens=False) or [""]


def _part(text: str, begin: int, end: int) -> str:
    """The columns of a text from `begin` up to `end`, without spaces and half characters where it was cut."""
    if _is_narrow(text):
        return text[begin:end]
    from wcwidth import clip

    part = clip(text, begin, end)
    return part.lstrip() if begin else part.rstrip()


def _is_narrow(text: str) -> bool:
    """Whether each character takes one column."""
    return text.translate(_NARROW).isascii()

"""How many columns of a terminal a text takes, and texts that are made to fit.

East Asian wide characters take two (Unicode Standard Annex 11), marks that combine with a letter none.
"""

import re
import unicodedata
from functools import lru_cache

ELLIPSIS = "…"

_NO_COLUMN = ("Mn", "Me", "Cf")


def width_of(text: str) -> int:
    """Columns that a text takes."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def padded(text: str, columns: int, *, right: bool = False) -> str:
    """The text with spaces after it, or before it, up to a width."""
    spaces = " " * (columns - width_of(text))
    return spaces + text if right else text + spaces


def cut(text: str, columns: int) -> str:
    """The text, its end left out if it is wider than so many columns."""
    if width_of(text) <= columns:
        return text
    return _beginning(text, columns - 1) + ELLIPSIS if columns > 0 else ""


def cut_in_the_middle(text: str, columns: int) -> str:
    """The text, its middle left out if it is too wide: of names the beginning and the number say most."""
    if width_of(text) <= columns:
        return text
    end = _beginning(text[::-1], columns // 3)[::-1]
    return cut(text, columns - width_of(end)) + end


def wrapped(text: str, columns: int) -> list[str]:
    """Lines of at most so many columns, broken at spaces, or within a word that is wider; one at least."""
    lines, line = list[str](), ""
    for piece in re.findall(r"[ \t\n\r\f\v]+|[^ \t\n\r\f\v]+", text):
        is_space = not piece.strip(" \t\n\r\f\v")
        word = " " * len(piece) if is_space else piece
        if width_of(line) + width_of(word) > columns:
            if line.strip(" "):
                lines.append(line.rstrip(" "))
            line, word = "", "" if is_space else word
            while width_of(word) > columns:
                head = _beginning(word, columns) or word[0]
                lines.append(head)
                word = word[len(head) :]
        line += word
    return [*lines, line.rstrip(" ")] if line.strip(" ") or not lines else lines


def _beginning(text: str, columns: int) -> str:
    """As much of a text as fits."""
    width = 0
    for index, letter in enumerate(text):
        width += _columns(letter)
        if width > columns:
            return text[:index]
    return text


@lru_cache(maxsize=4096)
def _columns(letter: str) -> int:
    """Columns of a character; the vowels and final consonants of a Korean syllable in parts take none."""
    if unicodedata.category(letter) in _NO_COLUMN or "\u1160" <= letter <= "\u11ff":
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1

"""Text as tokens: one for each character, that is each Unicode code point.

A text of S characters is read in blocks, so that 100 MB need little more memory than their ids.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from rnnlab.datasets.token_kind import Ids

_BLOCK = 1 << 16
_CODE_POINTS = 0x110000
_TYPED = str.maketrans("‘’‚“”„«»–—−\u00a0", '\'\'\'"""""--- ')


class Characters:
    """The characters of a text; a `TokenKind`."""

    noun = "character"
    separator = ""

    def split(self, text: str, *, name: str) -> Sequence[str]:
        """The text itself: a string is the sequence of its S characters."""
        del name
        return text

    def declared(self, tokens: Sequence[str]) -> tuple[str, ...]:
        """The characters as they are given."""
        return tuple(tokens)

    def distinct(self, texts: Iterable[tuple[str, str]]) -> tuple[str, ...]:
        """The V characters that occur in texts, by code point."""
        seen = np.zeros(_CODE_POINTS, dtype=bool)
        for _, text in texts:
            for codes in _code_points(text):
                if not np.take(seen, codes).all():  # to look is faster than to write
                    seen[codes] = True
        return tuple(map(chr, np.flatnonzero(seen).tolist()))

    def look_up(self, tokens: Sequence[str], known: Sequence[str]) -> Ids:
        """The index of each character among V known ones, shape (S,); V for one that is not among them."""
        text = tokens if isinstance(tokens, str) else "".join(tokens)
        table = _table(known)
        ids = np.empty(len(text), dtype=table.dtype)
        for block, codes in enumerate(_code_points(text)):
            begin = block * _BLOCK
            np.take(table, codes, out=ids[begin : begin + len(codes)], mode="clip")
        return ids

    def place(self, text: str, index: int) -> str:
        """`line:column` of a character, each from 1."""
        return f"{text.count(chr(10), 0, index) + 1}:{index - text.rfind(chr(10), 0, index)}"

    def show(self, token: str) -> str:
        """The character quoted; what is not plain ASCII also by its code point and Unicode name."""
        if len(token) != 1 or " " <= token <= "~":
            return repr(token)
        name = unicodedata.name(token, "")
        return f"{token!r} (U+{ord(token):04X}{' ' * bool(name)}{name})"

    def near(self, token: str, known: Sequence[str]) -> list[str]:
        """The same letter in the other case, without its accent, or as keyboards have it."""
        base = unicodedata.normalize("NFKD", token)[:1]
        meant = dict.fromkeys([token.swapcase(), token.translate(_TYPED), base, base.swapcase()])
        return [character for character in meant if character != token and character in known][:3]


def _code_points(text: str) -> Iterator[NDArray[np.uint32]]:
    """The code points of a text, a block at a time."""
    for begin in range(0, len(text), _BLOCK):
        block = text[begin : begin + _BLOCK]
        yield np.frombuffer(block.encode("utf-32-le", "surrogatepass"), dtype="<u4")


def _table(known: Sequence[str]) -> Ids:
    """The index among V known characters by code point; V for others, which the last entry stands for."""
    codes = [ord(character) for character in known]
    table = np.full(max(codes, default=0) + 2, len(known), dtype=np.min_scalar_type(len(known)))
    table[codes] = np.arange(len(known))
    return table

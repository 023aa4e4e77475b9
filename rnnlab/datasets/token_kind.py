"""What a kind of token can do; characters (`text.py`) and notes (`notes.py`) are the two kinds."""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.unsignedinteger[Any]]


class TokenKind(Protocol):
    """How texts of one kind become tokens, and tokens a text.

    Attributes:
        noun: what one token is called.
        separator: what stands between two tokens in a text.
    """

    noun: str
    separator: str

    def split(self, text: str, *, name: str) -> Sequence[str]:
        """The S tokens of a text; a DataError calls the text by its name."""

    def declared(self, tokens: Sequence[str]) -> tuple[str, ...]:
        """The tokens of a vocabulary that a configuration declares, in the one spelling of each."""

    def distinct(self, texts: Iterable[tuple[str, str]]) -> tuple[str, ...]:
        """The V tokens that occur in texts, given as (name, text), in the order of this kind."""

    def look_up(self, tokens: Sequence[str], known: Sequence[str]) -> Ids:
        """The index of each token among V known ones, shape (S,); V for a token that is not among them."""

    def place(self, text: str, index: int) -> str:
        """`line:column` of the token of that index in a text."""

    def show(self, token: str) -> str:
        """A token as a message shows it: quoted, and named where it cannot be seen."""

    def near(self, token: str, known: Sequence[str]) -> list[str]:
        """The known tokens that may have been meant, likeliest first, at most 3."""

"""Notes as tokens: one for each event of a note text, in the one spelling of `rnnlab.music.notation`."""

from collections.abc import Iterable, Sequence

import numpy as np

from rnnlab import errors
from rnnlab.datasets.token_kind import Ids
from rnnlab.errors import DataError
from rnnlab.music.notation import canonical, parse_notes, place_of_note, sorting_key


class Notes:
    """The notes, chords and rests of a note text; a `TokenKind`.

    Args:
        boundary: a line break or U+0003, if that is a token too.
    """

    noun = "note"
    separator = " "

    def __init__(self, *, boundary: str | None = None) -> None:
        self._boundary = boundary

    def split(self, text: str, *, name: str) -> Sequence[str]:
        """The S notes of a text, each in its one spelling."""
        return parse_notes(text, name=name, boundary=self._boundary)

    def declared(self, tokens: Sequence[str]) -> tuple[str, ...]:
        """The notes of a declared vocabulary, each in its one spelling."""
        spellings: dict[str, str] = {}
        for token in tokens:
            try:
                first = spellings.setdefault(canonical(token), token)
            except DataError as error:
                raise DataError(f"dataset.vocabulary: {error}") from None
            if first != token:
                raise DataError(
                    f"dataset.vocabulary: {first!r} and {token!r} are the same note; leave one out"
                )
        return tuple(spellings)

    def distinct(self, texts: Iterable[tuple[str, str]]) -> tuple[str, ...]:
        """The V notes that occur in texts: the longest first, rests before notes, low before high."""
        seen = {token for name, text in texts for token in parse_notes(text, name=name)}
        return tuple(sorted(seen, key=sorting_key))

    def look_up(self, tokens: Sequence[str], known: Sequence[str]) -> Ids:
        """The index of each note among V known ones, shape (S,); V for one that is not among them."""
        index = {token: number for number, token in enumerate(known)}
        numbers = (index.get(token, len(known)) for token in tokens)
        return np.fromiter(numbers, dtype=np.min_scalar_type(len(known)), count=len(tokens))

    def place(self, text: str, index: int) -> str:
        """`line:column` of a note, each from 1."""
        return place_of_note(text, index, boundary=self._boundary)

    def show(self, token: str) -> str:
        """The note quoted."""
        return f"'{token}'" if token.isprintable() else repr(token)

    def near(self, token: str, known: Sequence[str]) -> list[str]:
        """The notes that are spelled most like it."""
        return errors.near(token, known)

"""What a kind of token can do; characters (`text.py`) and notes (`notes.py`) are the two kinds.

Text as tokens: one for each character, that is each Unicode code point.

A text of S characters is read in blocks, so that 100 MB need little more memory than their ids.

Notes as tokens: one for each event of a note text, in the one spelling of `rnnlab.music.notation`.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from rnnlab import errors
from rnnlab.errors import DataError
from rnnlab.music.notation import canonical, parse_notes, place_of_note, sorting_key

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


_BLOCK = 1 << 16
_CODE_POINTS = 0x110000
_LAST_ASCII = re.compile(r"[\x00-\x7f](?=[^\x00-\x7f]*\Z)")
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


def in_form(text: str, form: str | None) -> str:
    """A text in a normalization form of Unicode; as it is, if there is none."""
    if form is None:
        return text
    return unicodedata.normalize(form, text)  # type: ignore[arg-type]


def blocks_in_form(blocks: Iterable[str], form: str) -> Iterator[str]:
    """A text in a normalization form, a block at a time.

    It is cut before ASCII characters only: no character before one belongs to it.
    """
    held_back = ""
    for block in blocks:
        text = held_back + block
        last = _LAST_ASCII.search(text)
        cut = last.start() if last else 0
        if cut:
            yield in_form(text[:cut], form)
        held_back = text[cut:]
    if held_back:
        yield in_form(held_back, form)


def same_letter(tokens: Sequence[str], index: int, known: Sequence[str]) -> str:
    """The known characters that are the same letter as one of a text in another form of Unicode.

    Args:
        tokens: the characters of the text.
        index: of a character that is not known.
        known: the characters that are.

    Returns:
        The letter in known characters; empty if it cannot be written in them.
    """
    begin = index
    while begin and unicodedata.combining(tokens[begin]):
        begin -= 1
    end = index + 1
    while end < len(tokens) and unicodedata.combining(tokens[end]):
        end += 1
    letters = ["".join(tokens[begin:end]), tokens[index]]
    if "\u1100" <= tokens[index] <= "\u11ff":  # a part of a Korean syllable
        firsts, ends = range(max(index - 2, 0), index + 1), range(index + 1, index + 4)
        letters += ["".join(tokens[first:last]) for first in firsts for last in ends]
    for letter in letters:
        for form in ("NFC", "NFD"):
            written = in_form(letter, form)
            if written != letter and tokens[index] not in written and set(written) <= set(known):
                return written
    return ""


def written_in_two_ways(known: Sequence[str]) -> list[tuple[str, str]]:
    """Letters that known characters can write in two forms of Unicode, each in both forms."""
    characters = set(known)
    found = []
    for letter in known:
        for other in {in_form(letter, "NFD"), in_form(letter, "NFC")} - {letter}:
            if set(other) <= characters:
                found.append((letter, other))
    return found


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

"""The two kinds of token: characters, and notes.

A character is a Unicode code point. A text is read in blocks, so that 100 MB need little memory besides the
text and its ids. A note token is one event of a note text (note, chord or rest), in the canonical spelling
of `rnnlab.music.notation`.
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
    """The operations that differ between characters and notes.

    Attributes:
        noun: the word for one token in messages.
        separator: the text between two tokens.
    """

    noun: str
    separator: str

    def split(self, text: str, *, name: str) -> Sequence[str]:
        """Return the S tokens of a text; `name` is the name of the text in errors.

        Raises:
            DataError: a word is not a note.
        """

    def declared(self, tokens: Sequence[str]) -> tuple[str, ...]:
        """Return the tokens that a configuration declares, each in its canonical spelling.

        Raises:
            DataError: a token is not a note, or two tokens are the same note.
        """

    def distinct(self, texts: Iterable[tuple[str, str]]) -> tuple[str, ...]:
        """Return the V distinct tokens of texts, given as (name, text), in the order of this kind.

        Raises:
            DataError: a word is not a note.
        """

    def look_up(self, tokens: Sequence[str], known: Sequence[str]) -> Ids:
        """Return the index of each token among V known tokens, (S,); an unknown token has index V."""

    def place(self, text: str, index: int) -> str:
        """Return `line:column` of the token with this index in a text."""

    def show(self, token: str) -> str:
        """Return a token for a message: in quotes, and perhaps with its code point and name."""

    def near(self, token: str, known: Sequence[str]) -> list[str]:
        """Return the known tokens that the user may have meant, the most likely first, 3 at most."""


_BLOCK = 1 << 16
_CODE_POINTS = 0x110000
_LAST_ASCII = re.compile(r"[\x00-\x7f](?=[^\x00-\x7f]*\Z)")
_TYPED = str.maketrans("‘’‚“”„«»–—−\u00a0", '\'\'\'"""""--- ')


class Characters:
    """The characters of a text; a `TokenKind`."""

    noun = "character"
    separator = ""

    def split(self, text: str, *, name: str) -> Sequence[str]:
        """Return the text itself: a string is the sequence of its S characters."""
        del name
        return text

    def declared(self, tokens: Sequence[str]) -> tuple[str, ...]:
        """Return the characters unchanged."""
        return tuple(tokens)

    def distinct(self, texts: Iterable[tuple[str, str]]) -> tuple[str, ...]:
        """Return the V distinct characters of texts, sorted by code point."""
        seen = np.zeros(_CODE_POINTS, dtype=bool)
        for _, text in texts:
            for codes in _code_points(text):
                if not np.take(seen, codes).all():  # reading is faster than writing
                    seen[codes] = True
        return tuple(map(chr, np.flatnonzero(seen).tolist()))

    def look_up(self, tokens: Sequence[str], known: Sequence[str]) -> Ids:
        """Return the index of each character among V known ones, (S,); an unknown one has index V."""
        text = tokens if isinstance(tokens, str) else "".join(tokens)
        table = _table(known)
        ids = np.empty(len(text), dtype=table.dtype)
        for block, codes in enumerate(_code_points(text)):
            begin = block * _BLOCK
            np.take(table, codes, out=ids[begin : begin + len(codes)], mode="clip")
        return ids

    def place(self, text: str, index: int) -> str:
        """Return `line:column` of a character, each from 1."""
        return f"{text.count(chr(10), 0, index) + 1}:{index - text.rfind(chr(10), 0, index)}"

    def show(self, token: str) -> str:
        """Return the character in quotes; outside printable ASCII also its code point and Unicode name."""
        if len(token) != 1 or " " <= token <= "~":
            return repr(token)
        name = unicodedata.name(token, "")
        return f"{token!r} (U+{ord(token):04X}{' ' * bool(name)}{name})"

    def near(self, token: str, known: Sequence[str]) -> list[str]:
        """Return at most 3 known characters: the token in the other case, without accent, or as it is typed.

        Typographic quotes, dashes and no-break spaces are typed as `'`, `"`, `-` and a space.
        """
        base = unicodedata.normalize("NFKD", token)[:1]
        meant = dict.fromkeys([token.swapcase(), token.translate(_TYPED), base, base.swapcase()])
        return [character for character in meant if character != token and character in known][:3]


class Notes:
    """The notes, chords and rests of a note text; a `TokenKind`.

    Args:
        boundary: the boundary token, a line break or U+0003, if there is one.
    """

    noun = "note"
    separator = " "

    def __init__(self, *, boundary: str | None = None) -> None:
        self._boundary = boundary

    def split(self, text: str, *, name: str) -> Sequence[str]:
        """Return the S notes and boundary tokens of a text, each note in its canonical spelling.

        Raises:
            DataError: a word is not a note; the message begins with `name:line:column:`.
        """
        return parse_notes(text, name=name, boundary=self._boundary)

    def declared(self, tokens: Sequence[str]) -> tuple[str, ...]:
        """Return the notes of a declared vocabulary, each in its canonical spelling.

        Raises:
            DataError: a token is not a note, or two tokens are spellings of the same note.
        """
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
        """Return the V distinct notes of texts, sorted by `sorting_key`: long before short, low before high.

        Raises:
            DataError: a word is not a note.
        """
        seen = {token for name, text in texts for token in parse_notes(text, name=name)}
        return tuple(sorted(seen, key=sorting_key))

    def look_up(self, tokens: Sequence[str], known: Sequence[str]) -> Ids:
        """Return the index of each note among V known ones, (S,); an unknown one has index V."""
        index = {token: number for number, token in enumerate(known)}
        numbers = (index.get(token, len(known)) for token in tokens)
        return np.fromiter(numbers, dtype=np.min_scalar_type(len(known)), count=len(tokens))

    def place(self, text: str, index: int) -> str:
        """Return `line:column` of a note, each from 1."""
        return place_of_note(text, index, boundary=self._boundary)

    def show(self, token: str) -> str:
        """Return the note in quotes; a boundary token with escapes, such as `'\\n'`."""
        return f"'{token}'" if token.isprintable() else repr(token)

    def near(self, token: str, known: Sequence[str]) -> list[str]:
        """Return the known notes with the most similar spelling, 3 at most."""
        return errors.near(token, known)


def in_form(text: str, form: str | None) -> str:
    """Return a text in a normalization form of Unicode; unchanged if `form` is None."""
    if form is None:
        return text
    return unicodedata.normalize(form, text)  # type: ignore[arg-type]


def blocks_in_form(blocks: Iterable[str], form: str) -> Iterator[str]:
    """Yield a text in a normalization form, a block at a time.

    The text is cut only before ASCII characters, because they do not combine with the character before.
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
    """Return a letter of a text as known characters write it, in another normalization form of Unicode.

    Args:
        tokens: the characters of the text.
        index: index of an unknown character.
        known: the known characters.

    Returns:
        The letter in known characters; empty if they cannot write it.
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
    """Return the letters that known characters can write in two forms of Unicode, each in both forms."""
    characters = set(known)
    found = []
    for letter in known:
        for other in {in_form(letter, "NFD"), in_form(letter, "NFC")} - {letter}:
            if set(other) <= characters:
                found.append((letter, other))
    return found


def _code_points(text: str) -> Iterator[NDArray[np.uint32]]:
    """Yield the code points of a text, a block at a time."""
    for begin in range(0, len(text), _BLOCK):
        block = text[begin : begin + _BLOCK]
        yield np.frombuffer(block.encode("utf-32-le", "surrogatepass"), dtype="<u4")


def _table(known: Sequence[str]) -> Ids:
    """Return the index among V known characters by code point; V for any other, also in the last entry."""
    codes = [ord(character) for character in known]
    table = np.full(max(codes, default=0) + 2, len(known), dtype=np.min_scalar_type(len(known)))
    table[codes] = np.arange(len(known))
    return table

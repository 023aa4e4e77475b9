"""The vocabulary of a model: its tokens; the id of a token is its index, from 0."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rnnlab.config.schema import NotesDataset, TextDataset
from rnnlab.datasets.tokens import Characters, Ids, Notes, TokenKind, in_form, same_letter
from rnnlab.errors import DataError, VocabularyError

Kind = Literal["text", "notes"]

LINE_BREAK = "\n"

_KINDS: dict[str, TokenKind] = {"text": Characters(), "notes": Notes()}
_SHOWN_WHOLE = 8


@dataclass(frozen=True)
class Vocabulary:
    """V tokens of one kind.

    Attributes:
        tokens: (V,) the tokens by id, all different.
        kind: `text` (a token is a character) or `notes` (a token is a note, chord or rest).
        boundary: the token before and after each sequence; None if there is none.
        form: the normalization form of Unicode in which texts are read; None changes nothing.
    """

    tokens: tuple[str, ...]
    kind: Kind
    boundary: str | None = None
    form: str | None = None

    @staticmethod
    def of(tokens: tuple[str, ...], dataset: TextDataset | NotesDataset) -> "Vocabulary":
        """Return the vocabulary of a trained model from its tokens."""
        return Vocabulary(tokens, dataset.kind, dataset.boundary, dataset.form)

    @staticmethod
    def derive(texts: Iterable[tuple[str, str]], *, kind: Kind, boundary: str | None = None) -> "Vocabulary":
        """Return the vocabulary of all tokens in texts, given as (name, text).

        The texts include the held-out parts. A token that occurs only there is then a target like any other:
        its loss is high, because the network never saw it in training, and it counts in every figure.

        Raises:
            DataError: a text of notes has a token that is no note.
        """
        return Vocabulary(_with(boundary, _KINDS[kind].distinct(texts)), kind, boundary)

    @staticmethod
    def declare(tokens: Sequence[str], *, kind: Kind, boundary: str | None = None) -> "Vocabulary":
        """Return the vocabulary that a configuration declares, in its order; a boundary comes first.

        Raises:
            DataError: a token is not a note, or two of them are the same note.
        """
        listed = [token for token in tokens if token != boundary]
        return Vocabulary(_with(boundary, _KINDS[kind].declared(listed)), kind, boundary)

    def __len__(self) -> int:
        """Number of tokens, V."""
        return len(self.tokens)

    @property
    def id_type(self) -> np.dtype[np.unsignedinteger[Any]]:
        """The smallest unsigned type that holds V − 1, the largest id."""
        return np.min_scalar_type(max(len(self) - 1, 0))

    @property
    def boundary_id(self) -> int | None:
        """The id of the boundary token; None if there is none."""
        return None if self.boundary is None else self.tokens.index(self.boundary)

    @property
    def summary(self) -> str:
        """The tokens for a message: all if there are 8 or fewer, else the first two and the last."""
        if len(self) <= _SHOWN_WHOLE:
            return " ".join(map(self._plain, self.tokens))
        first, second, *_, last = map(self._plain, self.tokens)
        return f"{first} {second} … {last}"

    def encode(self, tokens: Sequence[str]) -> Ids:
        """Return the ids of tokens in their canonical spelling, (S,), in `id_type`.

        Raises:
            VocabularyError: the vocabulary lacks a token; the message names the first, and similar tokens.
        """
        return self._encode(tokens, lambda index: f"token {index + 1}")

    def parse(self, text: str, *, name: str) -> Ids:
        """Return the ids of a text, (S,), in `id_type`.

        Args:
            text: characters, or notes in any spelling.
            name: the name of the text in messages: a file, or `seed`.

        Raises:
            VocabularyError: the vocabulary lacks a token, or a word is not a note; the message begins with
                `name:line:column:`.
        """
        kind = self._kind
        text = in_form(text, self.form)
        try:
            tokens = kind.split(text, name=name)
        except DataError as error:
            raise VocabularyError(f"{error} (the vocabulary is {self.summary})") from None
        return self._encode(tokens, lambda index: f"{name}:{kind.place(text, index)}")

    def begun(self, ids: Ids) -> Ids:
        """Return the ids, with the boundary token first if there is one: it is added unless it is there."""
        boundary = self.boundary_id
        if boundary is None or (len(ids) and ids[0] == boundary):
            return ids
        return np.append(np.array([boundary], ids.dtype), ids)

    def decode(self, ids: Iterable[int] | NDArray[np.integer]) -> list[str]:
        """Return the tokens of ids."""
        return [self.tokens[token_id] for token_id in ids]

    def join(self, tokens: Iterable[int] | Iterable[str] | NDArray[np.integer]) -> str:
        """Return the text of tokens or ids.

        `parse` reads it back, with two exceptions: boundary tokens in a row become one token in notes, and
        `form` may join characters that were generated one by one.
        """
        words = (token if isinstance(token, str) else self.tokens[token] for token in tokens)
        text = self._kind.separator.join(words)
        return text.replace(f" {LINE_BREAK} ", LINE_BREAK) if self.kind == "notes" else text

    @property
    def _kind(self) -> TokenKind:
        return Notes(boundary=self.boundary) if self.kind == "notes" else _KINDS[self.kind]

    def _encode(self, tokens: Sequence[str], place: Callable[[int], str]) -> Ids:
        """Return the ids of tokens, (S,); `place` gives the place of a token by its index, for errors."""
        ids = self._kind.look_up(tokens, self.tokens)
        if ids.size and ids.max() == len(self):
            unknown = int(np.argmax(ids == len(self)))
            written = same_letter(tokens, unknown, self.tokens) if self.kind == "text" else ""
            raise VocabularyError(f"{place(unknown)}: {self._lacks(tokens[unknown], written)}")
        return ids.astype(self.id_type, copy=False)

    def _lacks(self, token: str, written: str) -> str:
        """Return the message for a token that the vocabulary lacks.

        Args:
            token: the token.
            written: the same letter in characters of the vocabulary; empty if there is none.
        """
        kind = self._kind
        lack = f"{kind.noun} {kind.show(token)} is not in the vocabulary ({self.summary})"
        if written:
            codes = " ".join(f"U+{ord(letter):04X}" for letter in written)
            return (
                f"{lack}, which has the same letter in another form of Unicode, as {codes};"
                " with dataset.normalize: NFC both forms are one token"
            )
        near = " or ".join(map(kind.show, kind.near(token, self.tokens)))
        question = f"; did you mean {near}?" if near else ""
        return f"{lack}{question}"

    def _plain(self, token: str) -> str:
        """Return a token for a list: a note as it is; a character or a boundary token in quotes."""
        return token if self.kind == "notes" and token != self.boundary else repr(token)


def with_transposed(vocabulary: Vocabulary, shifts: Sequence[int]) -> Vocabulary:
    """Return the vocabulary with its notes and all copies by these semitones that are pitches of MIDI."""
    if not shifts:
        return vocabulary
    notes = [token for token in vocabulary.tokens if token != vocabulary.boundary]
    copies = (transposed_token(token, shift) for token in notes for shift in shifts)
    text = " ".join([*notes, *filter(None, copies)])
    return Vocabulary.derive([("dataset.augment", text)], kind="notes", boundary=vocabulary.boundary)


def transposed_token(token: str, semitones: int) -> str | None:
    """Return a note transposed, in its canonical spelling; None if MIDI has no such pitch."""
    from rnnlab.music.keys import transposed_tokens  # noqa: PLC0415 (only transposed copies need it)

    try:
        return transposed_tokens([token], semitones)[token]
    except DataError:
        return None


def _with(boundary: str | None, tokens: Sequence[str]) -> tuple[str, ...]:
    """Return the tokens with the boundary first, if there is one."""
    if boundary is None:
        return tuple(tokens)
    return (boundary, *(token for token in tokens if token != boundary))

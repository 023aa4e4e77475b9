"""Examples: K inputs, each with its target, as token ids; what the tasks other than `next_token` read.

    label       input: a sequence    target: one label
    tags        input: a sequence    target: a tag for each token
    pairs       input: a source      target: another sequence
    from_label  input: one label     target: a sequence

Inputs and targets have vocabularies of their own.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rnnlab.config.tasks import TaskExperiment
from rnnlab.errors import VocabularyError, near

UNKNOWN = "<unknown>"
"""The token in place of every token that a vocabulary lacks."""

END = "<end>"
"""The token after the last token of a target that a network writes; its id is 0."""

MOST_SPELLED = 64
"""Most characters of a word that `model.characters` reads, the first ones: every word of a batch takes as
much memory as the longest one."""

Kind = Literal["character", "word", "label"]
Ids = NDArray[np.integer[Any]]
Numbers = NDArray[np.int64]
"""Numbers of examples, from 0."""


@dataclass(frozen=True)
class TokenSet:
    """V tokens of the inputs or of the targets; the id of a token is its index.

    Attributes:
        tokens: (V,) the tokens by id, all different.
        kind: what a token is: a character, a word, or a label (a label or a tag).
    """

    tokens: tuple[str, ...]
    kind: Kind

    def __len__(self) -> int:
        """Number of tokens, V."""
        return len(self.tokens)

    @property
    def ids(self) -> Mapping[str, int]:
        """The id of each token."""
        found: dict[str, int] | None = self.__dict__.get("_ids")
        if found is None:
            found = {token: number for number, token in enumerate(self.tokens)}
            object.__setattr__(self, "_ids", found)  # the class is frozen
        return found

    @property
    def unknown(self) -> int | None:
        """The id of `UNKNOWN`; None if every token must be in the vocabulary."""
        return self.ids.get(UNKNOWN)

    def split(self, text: str) -> list[str]:
        """Return the tokens of a text: its characters, its words, or the text itself as one label."""
        if self.kind == "label":
            return [text]
        return list(text) if self.kind == "character" else text.split()

    def join(self, tokens: Iterable[str]) -> str:
        """Return the text of tokens."""
        return ("" if self.kind == "character" else " ").join(tokens)

    def encode(self, tokens: Sequence[str]) -> list[int]:
        """Return the ids of tokens; tokens that the vocabulary lacks are `UNKNOWN`.

        Raises:
            VocabularyError: the vocabulary lacks a token, and has no `UNKNOWN`.
        """
        ids, unknown = self.ids, self.unknown
        if unknown is not None:
            return [ids.get(token, unknown) for token in tokens]
        try:
            return [ids[token] for token in tokens]
        except KeyError as error:
            lacking = error.args[0]
            close = near(lacking, self.tokens, 1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise VocabularyError(f"the model has no {self.kind} {lacking!r}{hint}") from None

    def decode(self, ids: Iterable[int]) -> list[str]:
        """Return the tokens of ids."""
        return [self.tokens[number] for number in ids]


@dataclass(frozen=True)
class TaskVocabularies:
    """The tokens of a task.

    Attributes:
        inputs: the tokens of the inputs; for from_label the labels.
        targets: the tokens of the targets; for label the labels, for tags the tags.
        characters: the characters of the words of the inputs; None unless `model.characters`.
    """

    inputs: TokenSet
    targets: TokenSet
    characters: TokenSet | None = None


@dataclass(frozen=True, eq=False)
class Sequences:
    """K sequences of token ids, one after another.

    Attributes:
        ids: (S,) token ids.
        offsets: (K + 1,) int64: sequence k has the ids from offsets[k] up to offsets[k + 1] − 1.
        tokens: the tokens of the ids.
    """

    ids: Ids
    offsets: NDArray[np.int64]
    tokens: TokenSet

    @staticmethod
    def of(sequences: Sequence[Sequence[int]], tokens: TokenSet) -> "Sequences":
        """Return sequences of ids as one array."""
        lengths = np.fromiter(map(len, sequences), np.int64, len(sequences))
        offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
        ids = np.fromiter((number for each in sequences for number in each), np.int32, int(offsets[-1]))
        return Sequences(ids, offsets, tokens)

    def __len__(self) -> int:
        """Number of sequences, K."""
        return len(self.offsets) - 1

    def __getitem__(self, number: int) -> Ids:
        """Return the ids of a sequence, (length,)."""
        return self.ids[self.offsets[number] : self.offsets[number + 1]]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Number of tokens of each sequence, (K,)."""
        return np.diff(self.offsets)

    def text(self, number: int) -> str:
        """Return the text of a sequence, with `UNKNOWN` for every unknown token."""
        return self.tokens.join(self.tokens.decode(self[number].tolist()))


@dataclass(frozen=True, eq=False)
class Words:
    """The characters of each distinct word of the inputs, for `model.characters`.

    The inputs then hold the numbers of distinct words in place of token ids.

    Attributes:
        ids: (W,) the token id of each word; that of `UNKNOWN` for a word that the vocabulary lacks.
        spelled: the characters of each word, at most `MOST_SPELLED`: W sequences.
    """

    ids: Ids
    spelled: Sequences

    @staticmethod
    def of(words: Iterable[str], tokens: TokenSet, characters: TokenSet) -> "Words":
        """Return words with the ids of their first `MOST_SPELLED` characters."""
        distinct = list(words)
        ids = np.array(tokens.encode(distinct), np.int32)
        spelled = [characters.encode(word[:MOST_SPELLED]) for word in distinct]
        return Words(ids, Sequences.of(spelled, characters))


@dataclass(frozen=True, eq=False)
class Examples:
    """K examples.

    Attributes:
        inputs: K inputs; with `words`, numbers of distinct words.
        targets: K targets, without `END`.
        texts: the text of each input and each target as it stands in the data, K pairs; a list of tokens is
            joined with spaces.
        names: the names of the files, for messages.
        sha256: digest of the data.
        parts: the numbers of the examples of each part, by its name: train first.
        words: the characters of the words; None unless the model reads them.
        notes: sentences for the user.
    """

    inputs: Sequences
    targets: Sequences
    texts: Sequence[tuple[str, str]]
    names: tuple[str, ...]
    sha256: str
    parts: Mapping[str, Numbers]
    words: Words | None = None
    notes: tuple[str, ...] = field(default=())

    def __len__(self) -> int:
        """Number of examples, K."""
        return len(self.inputs)


@dataclass(frozen=True, eq=False)
class TaskData:
    """The examples of a configuration.

    Attributes:
        experiment: the configuration.
        examples: the examples, in parts; of generated data, those of the first epoch and the held-out ones.
        of_epoch: returns the training examples of an epoch, from 0, if each epoch has its own; else None.
        largest: most tokens of an input and of a target that `of_epoch` returns; None without it.
    """

    experiment: TaskExperiment
    examples: Examples
    of_epoch: Callable[[int], Examples] | None = None
    largest: tuple[int, int] | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences for the user."""
        return self.examples.notes


def example_record(examples: Examples) -> dict[str, Any]:
    """Return which examples are in which part, as `split.json` has it: their numbers, from 1."""
    parts = {name: {"examples": (numbers + 1).tolist()} for name, numbers in examples.parts.items()}
    return {"data_sha256": examples.sha256, "parts": parts}

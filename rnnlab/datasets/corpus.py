"""A dataset as token ids: what training, evaluation and `describe` read."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rnnlab.config.schema import NotesDataset, TextDataset
from rnnlab.datasets.text import Characters
from rnnlab.datasets.token_kind import Ids
from rnnlab.datasets.vocabulary import Vocabulary
from rnnlab.errors import DataError
from rnnlab.files import read_text

_BLOCK = 1 << 20


@dataclass(frozen=True, eq=False)
class Corpus:
    """S tokens in K sequences; a sequence is a file, or the text of `dataset.inline`.

    Attributes:
        ids: (S,), the sequences one after another.
        starts: (K,) int64, the index of each sequence's first token.
        names: K names of the sequences, as messages call them.
        vocabulary: what the ids stand for.
        sha256: digest of the data. Of one sequence it is that of its text in UTF-8, which is what `sha256sum`
            gives where lines end in LF and no byte order mark leads; of several, that of their digests.
    """

    ids: Ids
    starts: NDArray[np.int64]
    names: tuple[str, ...]
    vocabulary: Vocabulary
    sha256: str

    @property
    def ends(self) -> NDArray[np.int64]:
        """(K,), the index after each sequence's last token."""
        return np.append(self.starts[1:], len(self.ids))


def load_corpus(dataset: TextDataset | NotesDataset, *, vocabulary: Vocabulary | None = None) -> Corpus:
    """The token ids of a dataset.

    Args:
        dataset: the section of the configuration.
        vocabulary: a trained model's; without it the declared vocabulary, or else what occurs in the data.

    Raises:
        DataError: a file is missing, not UTF-8, without a token, or has a text that is not a note.
        VocabularyError: a token is not in the vocabulary.
    """
    texts = list(_texts(dataset))
    if vocabulary is None:
        vocabulary = _vocabulary(dataset, texts)
    sequences = [vocabulary.parse(text, name=name) for name, text in texts]
    names = tuple(name for name, _ in texts)
    for name, ids in zip(names, sequences, strict=True):
        if not len(ids):
            raise DataError(f"{name}: expected at least one token, received none; add some, or leave it out")
    starts = np.cumsum([0, *map(len, sequences[:-1])], dtype=np.int64)
    ids = sequences[0] if len(sequences) == 1 else np.concatenate(sequences)
    return Corpus(ids, starts, names, vocabulary, _digest([text for _, text in texts]))


def _texts(dataset: TextDataset | NotesDataset) -> Iterator[tuple[str, str]]:
    """The name and the text of each sequence."""
    if dataset.inline is not None:
        yield "dataset.inline", _without_surrogates(dataset.inline)
    for path in dataset.path or ():
        yield str(path), read_text(path)


def _without_surrogates(text: str) -> str:
    """The text; YAML can spell halves of a UTF-16 pair, which no file can hold."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        place = Characters().place(text, error.start)
        half = Characters().show(text[error.start])
        raise DataError(f"dataset.inline:{place}: {half} is half a character; write the whole one") from None
    return text


def _vocabulary(dataset: TextDataset | NotesDataset, texts: list[tuple[str, str]]) -> Vocabulary:
    if dataset.vocabulary is not None:
        return Vocabulary.declare(dataset.vocabulary, kind=dataset.kind)
    return Vocabulary.derive(texts, kind=dataset.kind)


def _digest(texts: list[str]) -> str:
    digests = [_digest_of_text(text) for text in texts]
    return digests[0] if len(digests) == 1 else _digest_of_text("\n".join(digests))


def _digest_of_text(text: str) -> str:
    digest = hashlib.sha256()
    for begin in range(0, len(text), _BLOCK):
        digest.update(text[begin : begin + _BLOCK].encode("utf-8", "surrogatepass"))
    return digest.hexdigest()

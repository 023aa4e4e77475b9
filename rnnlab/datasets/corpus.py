"""A dataset as token ids: what training, evaluation and `describe` read."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.config.schema import NotesDataset, TextDataset
from rnnlab.datasets.reporting import Report, followed, unreported
from rnnlab.datasets.stored_text import StoredText, read_stored, store
from rnnlab.datasets.text import Characters
from rnnlab.datasets.token_kind import Ids
from rnnlab.datasets.vocabulary import Kind, Vocabulary
from rnnlab.errors import DataError, VocabularyError
from rnnlab.music.files import is_score, read_tunes
from rnnlab.music.tune import tune_text

ALIGNMENT = 64
"""Bytes: TensorFlow reads memory where it is if its address is a multiple of this, and else copies it."""


@dataclass(frozen=True, eq=False)
class Corpus:
    """S tokens in K sequences; a sequence is a file, a tune of a collection, or the text of `dataset.inline`.

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


def load_corpus(
    dataset: TextDataset | NotesDataset,
    *,
    vocabulary: Vocabulary | None = None,
    report: Report = unreported,
) -> Corpus:
    """The token ids of a dataset.

    Args:
        dataset: the section of the configuration.
        vocabulary: a trained model's; without it the declared vocabulary, or else what occurs in the data.
        report: is told how far it is.

    Raises:
        DataError: a file is missing, not UTF-8, without a token, or has a text that is not a note.
        VocabularyError: a token is not in the vocabulary.
    """
    texts = list(_texts(dataset, report))
    if vocabulary is None:
        vocabulary = _vocabulary(dataset, texts, report)
    ids, starts = _encoded(texts, vocabulary, report)
    names = tuple(text.name for text in texts)
    return Corpus(ids, starts, names, vocabulary, _digest([text.sha256 for text in texts]))


def _texts(dataset: TextDataset | NotesDataset, report: Report) -> Iterator[StoredText]:
    """The text of each sequence."""
    if dataset.inline is not None:
        yield store(_without_surrogates(dataset.inline), name="dataset.inline")
    for path in dataset.path or ():
        if dataset.kind == "notes" and is_score(path):
            yield from (store(tune_text(tune), name=tune.name) for tune in read_tunes(path))
        else:
            yield read_stored(path, report=report)


def _without_surrogates(text: str) -> str:
    """The text; YAML can spell halves of a UTF-16 pair, which no file can hold."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        place = Characters().place(text, error.start)
        half = Characters().show(text[error.start])
        raise DataError(f"dataset.inline:{place}: {half} is half a character; write the whole one") from None
    return text


def _vocabulary(dataset: TextDataset | NotesDataset, texts: list[StoredText], report: Report) -> Vocabulary:
    kind = dataset.kind
    if dataset.vocabulary is not None:
        return Vocabulary.declare(dataset.vocabulary, kind=kind)
    pieces = (
        (text.name, piece)
        for text in texts
        for piece in _pieces(text, kind, "building the vocabulary of", report)
    )
    return Vocabulary.derive(pieces, kind=kind)


def _encoded(
    texts: list[StoredText], vocabulary: Vocabulary, report: Report
) -> tuple[Ids, NDArray[np.int64]]:
    """The ids (S,) of all texts, and where each text starts (K,)."""
    ids = _empty(sum(text.length for text in texts), vocabulary.id_type)  # a token has a character or more
    starts, end = [], 0
    for text in texts:
        starts.append(end)
        for found in _parsed(text, vocabulary, report):
            ids[end : end + len(found)] = found
            end += len(found)
        if end == starts[-1]:
            raise DataError(
                f"{text.name}: expected at least one token, received none; add some, or leave it out"
            )
    return ids[:end], np.array(starts, dtype=np.int64)


def _parsed(text: StoredText, vocabulary: Vocabulary, report: Report) -> Iterator[Ids]:
    """The ids of a text, a piece at a time."""
    for number, piece in enumerate(_pieces(text, vocabulary.kind, "encoding", report)):
        try:
            found = vocabulary.parse(piece, name=text.name)
        except VocabularyError:
            if number:
                vocabulary.parse(text.head(number + 1), name=text.name)  # the same, and where in the text
            raise
        yield found


def _pieces(text: StoredText, kind: Kind, task: str, report: Report) -> Iterator[str]:
    """A text in pieces: it may be cut between any two characters, but not inside a note."""
    pieces = text.blocks() if kind == "text" else [text.head()]
    return followed(pieces, f"{task} {Path(text.name).name}", length=text.length, report=report)


def _empty(length: int, id_type: np.dtype[np.unsignedinteger[Any]]) -> Ids:
    """Room for so many ids, where TensorFlow can use it."""
    room = np.empty(length * id_type.itemsize + ALIGNMENT, dtype=np.uint8)
    begin = -room.ctypes.data % ALIGNMENT
    return room[begin : begin + length * id_type.itemsize].view(id_type)


def _digest(digests: list[str]) -> str:
    return digests[0] if len(digests) == 1 else hashlib.sha256("\n".join(digests).encode()).hexdigest()

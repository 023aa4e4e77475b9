"""A dataset as token ids: what training, evaluation and `describe` read.

Sequences that begin and end with a boundary token: B w₁ … wₙ B w₁ … wₘ B.

The B before a sequence is its first input, the B after it its last target: so a network learns how sequences
begin and where they end. Two neighbours share the B between them, which belongs to the one that it begins.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.config.schema import NotesDataset, SequencesSplit, TextDataset
from rnnlab.config.section import Section
from rnnlab.datasets.reporting import Report, followed, unreported
from rnnlab.datasets.stored_text import StoredText
from rnnlab.datasets.texts import common_meter, is_moved, read_texts
from rnnlab.datasets.tokens import Ids, written_in_two_ways
from rnnlab.datasets.vocabulary import LINE_BREAK, Kind, Vocabulary, with_transposed
from rnnlab.errors import DataError, VocabularyError

ALIGNMENT = 64
"""Bytes: TensorFlow reads memory where it is if its address is a multiple of this, and else copies it."""


_MOST_FORMS = 100
"""Letters that are looked for in two forms of Unicode."""

_AFTER_MOVING = "(notes are named as dataset.transpose, or augment, spells them)"


@dataclass(frozen=True, eq=False)
class Corpus:
    """S tokens in K sequences: files, lines, documents or tunes, or the text of `dataset.inline`.

    With a boundary token the first token of each sequence is a boundary, and another one ends the last
    (`datasets/corpus.py`): a boundary ends the sequence before it and begins the one after it.

    Attributes:
        ids: (S,), the sequences one after another.
        starts: (K,) int64, the index of each sequence's first token.
        names: of the files, as messages call them.
        vocabulary: what the ids stand for.
        sha256: digest of the data. Of one sequence it is that of its text in UTF-8, which is what `sha256sum`
            gives where lines end in LF and no byte order mark leads; of several, that of their digests.
        held_out: number of the first sequence of each part that has files of its own, by the part's name.
        notes: what a user should know of the files, a sentence each.
        left_out: how much of the files' music is not in it, by kind: a plural such as `notes below others`.
        order: (K,) the place that each sequence has in the data, from 0; None where that is the order here.
        meter: metre that all of the files say, such as 3/4; None if they do not, and for text.
    """

    ids: Ids
    starts: NDArray[np.int64]
    names: tuple[str, ...]
    vocabulary: Vocabulary
    sha256: str
    held_out: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)
    order: NDArray[np.int64] | None = None
    meter: str | None = None

    @property
    def ends(self) -> NDArray[np.int64]:
        """(K,), the index after each sequence's last token; with boundaries, after the one that ends it."""
        return np.append(self.starts[1:] + self.has_boundaries, len(self.ids))

    @property
    def groups(self) -> NDArray[np.int64]:
        """(K,), the group of each sequence, in which all have the same tokens."""
        return groups_of_equals(self.ids, self.starts, self.ends)

    @property
    def has_boundaries(self) -> bool:
        """Whether the first token of a sequence is also the last target of the one before."""
        return self.vocabulary.boundary is not None


def load_corpus(
    dataset: TextDataset | NotesDataset,
    *,
    vocabulary: Vocabulary | None = None,
    report: Report = unreported,
) -> Corpus:
    """The token ids of a dataset.

    Args:
        dataset: the section of the configuration.
        vocabulary: a trained model's; without it the declared vocabulary, or else what occurs in the data. If
            a model knows no line break, the one at the end of a text is left out: editors and `generate`
            end every text with one.
        report: is told how far it is.

    Raises:
        DownloadError: a url does not give the file that was meant.
        DataError: a file is missing, not UTF-8, without a token, or has a text that is not a note.
        VocabularyError: a token is not in the vocabulary.
    """
    texts, notes, left_out = read_texts(dataset, report=report)
    if vocabulary is None:
        vocabulary = _vocabulary(dataset, [text for _, text in texts], report)
    elif dataset.kind == "text" and LINE_BREAK not in vocabulary.tokens:
        texts = [(part, text.without_last_line_break()) for part, text in texts]
    try:
        ids, starts, held_out = _encoded(texts, vocabulary, report)
    except VocabularyError as error:
        if not is_moved(dataset):
            raise
        raise VocabularyError(f"{error} {_AFTER_MOVING}") from None
    if dataset.kind == "text" and dataset.form is None:
        notes += _said_of_forms([text for _, text in texts], vocabulary)
    names = tuple(text.name for _, text in texts)
    digest = _digest([text.sha256 for _, text in texts])
    meter = common_meter(text for _, text in texts) if dataset.kind == "notes" else None
    said = str(meter) if meter else None
    corpus = Corpus(ids, starts, names, vocabulary, digest, held_out, notes, left_out, meter=said)
    return drawn(corpus, dataset.split)


def drawn(corpus: Corpus, split: Section) -> Corpus:
    """The corpus with its sequences in the order that a split draws them in, if it does."""
    if not (isinstance(split, SequencesSplit) and (split.shuffle or split.unique)):
        return corpus
    groups = corpus.groups if split.unique else np.arange(len(corpus.starts))
    order = np.arange(int(groups.max()) + 1)
    if split.shuffle:
        order = np.random.default_rng(split.random_seed).permutation(len(order))
    order = equals_together(groups, order)
    ids, starts = reordered(corpus.ids, corpus.starts, order, closed=corpus.has_boundaries)
    return replace(corpus, ids=ids, starts=starts, order=order)


def _vocabulary(dataset: TextDataset | NotesDataset, texts: list[StoredText], report: Report) -> Vocabulary:
    kind = dataset.kind
    if dataset.vocabulary is not None:
        declared = Vocabulary.declare(dataset.vocabulary, kind=kind, boundary=dataset.boundary)
        return replace(declared, form=dataset.form)
    pieces = (
        (text.name, piece)
        for text in texts
        for piece in _pieces(text, kind, "building the vocabulary of", report)
    )
    derived = Vocabulary.derive(pieces, kind=kind, boundary=dataset.boundary)
    return with_transposed(replace(derived, form=dataset.form), dataset.shifts)


def _said_of_forms(texts: list[StoredText], vocabulary: Vocabulary) -> tuple[str, ...]:
    """A note on letters that the data has in two forms of Unicode, each a token or tokens of its own."""
    found = [
        (letter, other)
        for letter, other in written_in_two_ways(vocabulary.tokens)[:_MOST_FORMS]
        if all(any(each in block for text in texts for block in text.blocks()) for each in (letter, other))
    ]
    if not found:
        return ()
    (letter, other), count = found[0], len(found)
    codes = " ".join(f"U+{ord(each):04X}" for each in other)
    letters = f"{count} letters are" if count > 1 else "a letter is"
    return (
        f"{letters} written in two forms of Unicode, such as {letter!r} as U+{ord(letter):04X} and as"
        f" {codes}, which the network takes for different ones; dataset.normalize: NFC writes them in one",
    )


def _encoded(
    texts: list[tuple[str, StoredText]], vocabulary: Vocabulary, report: Report
) -> tuple[Ids, NDArray[np.int64], dict[str, int]]:
    """The ids (S,) of all texts, where each sequence starts (K,), and the first of each held-out part."""
    boundary = vocabulary.boundary_id
    room = 1 + sum(text.length + 1 for _, text in texts)  # a token has a character or more, a boundary none
    ids, end = _empty(room, vocabulary.id_type), 0
    starts: list[NDArray[np.int64]] = []
    held_out: dict[str, int] = {}
    for part, text in texts:
        if part != "train":
            held_out.setdefault(part, sum(map(len, starts)))
        begin = end
        for found in _parsed(text, vocabulary, report):
            ids[end : end + len(found)] = found
            end += len(found)
        begins = np.zeros(1, np.int64)
        if boundary is not None:
            sequences, begins = begun_by_boundaries(ids[begin:end], boundary)
            end = begin + len(sequences)
            ids[begin:end] = sequences
        if end == begin:
            raise DataError(
                f"{text.name}: expected at least one token, received none; add some, or leave it out"
            )
        starts.append(begin + begins)
    if boundary is not None:
        ids[end] = boundary
        end += 1
    return ids[:end], np.concatenate(starts), held_out


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


def begun_by_boundaries(ids: Ids, boundary: int) -> tuple[Ids, NDArray[np.int64]]:
    """B w₁ … wₙ for each run of ids between boundaries, one after another, and the index of each B.

    Args:
        ids: (S,) of a text, in which boundaries separate sequences; empty sequences are left out.
        boundary: the id of B.
    """
    led = np.append(np.array([boundary], ids.dtype), ids)
    is_boundary = led == boundary
    kept = led[~(is_boundary & np.append(is_boundary[1:], True))]
    return kept, np.flatnonzero(kept == boundary)


def reordered(
    ids: Ids, starts: NDArray[np.int64], order: NDArray[np.int64], *, closed: bool
) -> tuple[Ids, NDArray[np.int64]]:
    """The sequences in another order: their ids, one after another, and where each begins.

    Args:
        ids: (S,) K sequences one after another.
        starts: (K,) where each begins.
        order: the numbers of the sequences that are wanted.
        closed: whether a boundary ends the last.
    """
    lengths = np.diff(np.append(starts, len(ids) - closed))[order]
    begins = np.cumsum(lengths) - lengths
    places = np.repeat(starts[order] - begins, lengths)
    places += np.arange(len(places))
    if closed:
        places = np.append(places, len(ids) - 1)
    return ids[places], begins


def groups_of_equals(ids: Ids, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.int64]:
    """(K,) the group of each sequence, in which all have the same tokens; groups in the order of the data.

    Args:
        ids: (S,) K sequences.
        starts: (K,) where each begins.
        ends: (K,) where each ends.
    """
    groups: dict[bytes, int] = {}
    found = np.empty(len(starts), np.int64)
    for number, (begin, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        digest = hashlib.blake2b(ids[begin:end].tobytes(), digest_size=16).digest()
        found[number] = groups.setdefault(digest, len(groups))
    return found


def equals_together(groups: NDArray[np.int64], order: NDArray[np.int64]) -> NDArray[np.int64]:
    """The numbers of K sequences, those of a group one after another, the groups in some order.

    Args:
        groups: (K,) the group of each sequence.
        order: the numbers of the groups.
    """
    together: NDArray[np.int64] = np.argsort(np.argsort(order)[groups], kind="stable")
    return together


def nearest_edges(groups: NDArray[np.int64], cuts: list[int]) -> list[int]:
    """The cuts of K sequences, in rising order, each moved to the nearest place between two groups.

    Args:
        groups: (K,) the group of each sequence, those of a group one after another.
        cuts: numbers of sequences before which there should be a cut, fewer than there are groups, if there
            is to be a group on either side of each.
    """
    edges = np.flatnonzero(np.diff(groups)) + 1
    moved, after = list[int](), len(groups)
    for number, cut in reversed([*enumerate(cuts)]):
        room = edges[number:]  # the cuts before this one need places too
        room = room[room < after]
        after = int(room[np.abs(room - cut).argmin()]) if len(room) else after
        moved.append(after)
    return moved[::-1]

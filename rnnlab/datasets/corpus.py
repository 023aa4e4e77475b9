"""A dataset as token ids, S tokens in K sequences: what training, evaluation and `describe` read.

With `unit: line` or `document` a boundary token B stands before and after each sequence:

    B w₁ … wₙ B w₁ … wₘ B

The B before a sequence is its first input, and the B after it is its last target: so a network learns how
sequences begin and where they end. Two sequences in a row share one B, which belongs to the second.
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
from rnnlab.datasets.stored_text import StoredText
from rnnlab.datasets.texts import common_meter, is_moved, read_texts
from rnnlab.datasets.tokens import Ids, written_in_two_ways
from rnnlab.datasets.vocabulary import LINE_BREAK, Kind, Vocabulary, with_transposed
from rnnlab.errors import DataError, VocabularyError
from rnnlab.files import Report, followed, unreported

ALIGNMENT = 64
"""Bytes. TensorFlow reads an array in place if its address is a multiple of this; otherwise it copies it."""

_MOST_FORMS = 100
"""Largest number of letters whose two forms of Unicode are searched in the data."""

_AFTER_MOVING = "(notes are named as dataset.transpose, or augment, spells them)"


@dataclass(frozen=True, eq=False)
class Corpus:
    """S tokens in K sequences: files, lines, documents, tunes, or the text of `dataset.inline`.

    With a boundary token each sequence begins with one, and one more ends the last sequence.

    Attributes:
        ids: (S,) token ids, one sequence after another.
        starts: (K,) int64, the index of the first token of each sequence.
        names: the names of the files, for messages.
        vocabulary: the tokens of the ids.
        sha256: digest of the data. Of one text it is that of its UTF-8 as it is read, which `sha256sum` gives
            if the file is not packed, its lines end in LF, it has no byte order mark, and `normalize` is not
            set; of several texts it is the digest of their digests.
        held_out: number of the first sequence of each part with files of its own, by the name of the part.
        notes: sentences for the user about the files.
        left_out: number of events of the files that are not in the corpus, by kind, such as `notes below
            others` or `repeats`.
        order: (K,) the number of each sequence in the files, from 0; None if the order is that of the files.
        meter: the metre that all files name, such as 3/4; None if they name none or several, and for text.
        counts: number of sequences of each file, in the order of `names`; empty if it is not known.
        skipped: number of boundaries of the files that end no sequence, such as those of empty lines.
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
    counts: tuple[int, ...] = ()
    skipped: int = 0

    @property
    def ends(self) -> NDArray[np.int64]:
        """Index after the last token of each sequence, (K,); the boundary that ends it is included."""
        return np.append(self.starts[1:] + self.has_boundaries, len(self.ids))

    @property
    def groups(self) -> NDArray[np.int64]:
        """Group of each sequence, (K,): two sequences are in one group if their tokens are equal."""
        return groups_of_equals(self.ids, self.starts, self.ends)

    @property
    def has_boundaries(self) -> bool:
        """Whether a boundary token stands before and after each sequence."""
        return self.vocabulary.boundary is not None


def load_corpus(
    dataset: TextDataset | NotesDataset,
    *,
    vocabulary: Vocabulary | None = None,
    report: Report = unreported,
) -> Corpus:
    """Return the corpus of a dataset, with its sequences in the order that `dataset.split` draws.

    Args:
        dataset: the section of the configuration.
        vocabulary: the vocabulary of a trained model; None for the declared one, or for the tokens of the
            data. If a model has no line break, the line break at the end of a text is left out, because
            editors and `generate` end every text with one.
        report: receives the progress.

    Raises:
        DownloadError: a url does not give the file that `sha256` describes.
        DataError: a file cannot be read, has no token, or has a word that is not a note; a note that
            `transpose` moves leaves the range of MIDI; or the declared vocabulary has a word that is not a
            note, or one note twice.
        VocabularyError: a token is not in the vocabulary.
    """
    texts, notes, left_out = read_texts(dataset, report=report)
    if vocabulary is None:
        vocabulary = _vocabulary(dataset, [text for _, text in texts], report)
    elif dataset.kind == "text" and LINE_BREAK not in vocabulary.tokens:
        texts = [(part, text.without_last_line_break()) for part, text in texts]
    try:
        ids, begins, held_out, skipped = _encoded(texts, vocabulary, report)
    except VocabularyError as error:
        if not is_moved(dataset):
            raise
        raise VocabularyError(f"{error} {_AFTER_MOVING}") from None
    if dataset.kind == "text" and dataset.form is None:
        notes += _said_of_forms([text for _, text in texts], vocabulary)
    names = tuple(text.name for _, text in texts)
    digest = joint_digest([text.sha256 for _, text in texts])
    meter = common_meter(text for _, text in texts) if dataset.kind == "notes" else None
    said = str(meter) if meter else None
    starts, counts = np.concatenate(begins), tuple(map(len, begins))
    found = Corpus(ids, starts, names, vocabulary, digest, held_out, notes, left_out, meter=said)
    return drawn(replace(found, counts=counts, skipped=skipped), dataset.split)


def drawn(corpus: Corpus, split: Section) -> Corpus:
    """Return the corpus with its sequences in the order that a split of sequences draws.

    With `unique`, equal sequences are put together. With neither `shuffle` nor `unique`, and for any other
    split, the corpus is returned unchanged.
    """
    if not (isinstance(split, SequencesSplit) and (split.shuffle or split.unique)):
        return corpus
    groups = corpus.groups if split.unique else np.arange(len(corpus.starts))
    order = np.arange(int(groups.max()) + 1)
    if split.shuffle:
        order = np.random.default_rng(split.random_seed).permutation(len(order))
    order = equals_together(groups, order)
    ids, starts = reordered(corpus.ids, corpus.starts, order, closed=corpus.has_boundaries)
    return replace(corpus, ids=ids, starts=starts, order=order)


def joint_digest(digests: list[str]) -> str:
    """Return the only digest, or, of several, the SHA-256 of all of them, one a line."""
    return digests[0] if len(digests) == 1 else hashlib.sha256("\n".join(digests).encode()).hexdigest()


def begun_by_boundaries(ids: Ids, boundary: int) -> tuple[Ids, NDArray[np.int64]]:
    """Return B w₁ … wₙ for each run of ids between boundaries, one after another, and the index of each B.

    Args:
        ids: (S,) ids of a text, in which boundaries separate sequences; empty sequences are left out.
        boundary: the id of B.
    """
    # a B at the beginning
    led = np.append(np.array([boundary], ids.dtype), ids)  # (S + 1,)
    # a B that another B, or the end, follows has no sequence: leave it out
    is_boundary = led == boundary  # (S + 1,)
    kept = led[~(is_boundary & np.append(is_boundary[1:], True))]  # (S',)
    return kept, np.flatnonzero(kept == boundary)


def reordered(
    ids: Ids, starts: NDArray[np.int64], order: NDArray[np.int64], *, closed: bool
) -> tuple[Ids, NDArray[np.int64]]:
    """Return sequences in another order: their ids, one after another, and where each begins.

    Args:
        ids: (S,) ids of K sequences, one after another.
        starts: (K,) index of the first token of each.
        order: (J,) numbers of the sequences of the result, in order.
        closed: whether a boundary ends the last sequence.
    """
    # the length of each sequence of the result, and where it begins there
    lengths = np.diff(np.append(starts, len(ids) - closed))[order]  # (J,)
    begins = np.cumsum(lengths) - lengths  # (J,)
    # where each token of the result stands now: its own index, moved as its sequence is moved
    places = np.repeat(starts[order] - begins, lengths)  # (S',)
    places += np.arange(len(places))
    if closed:
        places = np.append(places, len(ids) - 1)
    return ids[places], begins


def groups_of_equals(ids: Ids, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the group of each sequence, (K,): equal sequences are one group; groups count up from 0.

    Args:
        ids: (S,) ids of K sequences.
        starts: (K,) index of the first token of each.
        ends: (K,) index after the last token of each.
    """
    groups: dict[bytes, int] = {}
    found = np.empty(len(starts), np.int64)
    for number, (begin, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        digest = hashlib.blake2b(ids[begin:end].tobytes(), digest_size=16).digest()
        found[number] = groups.setdefault(digest, len(groups))
    return found


def equals_together(groups: NDArray[np.int64], order: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the numbers of K sequences, (K,), group after group.

    Args:
        groups: (K,) the group of each sequence.
        order: (G,) the numbers of the groups, in the order of the result.
    """
    # the place of each group in the order; its sequences stay in the order of their numbers
    together: NDArray[np.int64] = np.argsort(np.argsort(order)[groups], kind="stable")
    return together


def nearest_edges(groups: NDArray[np.int64], cuts: list[int]) -> list[int]:
    """Return cuts of K sequences, in rising order, each moved to the nearest place between two groups.

    Args:
        groups: (K,) the group of each sequence; the sequences of a group stand one after another.
        cuts: numbers of the sequences before which the data is to be cut. The moved cuts differ if there are
            fewer cuts than groups.
    """
    # the sequences with which a group begins, but the first
    edges = np.flatnonzero(np.diff(groups)) + 1
    moved, after = list[int](), len(groups)
    # from the last cut to the first: each is moved to an edge before the cut after it
    for number, cut in reversed([*enumerate(cuts)]):
        room = edges[number:]  # the `number` cuts before this one need an edge each
        room = room[room < after]
        after = int(room[np.abs(room - cut).argmin()]) if len(room) else after
        moved.append(after)
    return moved[::-1]


def _vocabulary(dataset: TextDataset | NotesDataset, texts: list[StoredText], report: Report) -> Vocabulary:
    """Return the declared vocabulary, or the tokens of the texts and of their transposed copies."""
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
    """Return a note on letters that the data has in two forms of Unicode; no note if there are none."""
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
        f" {codes}, which are different tokens; with dataset.normalize: NFC they are one token",
    )


def _encoded(
    texts: list[tuple[str, StoredText]], vocabulary: Vocabulary, report: Report
) -> tuple[Ids, list[NDArray[np.int64]], dict[str, int], int]:
    """Return the ids of all texts (S,), the starts of each text, and `held_out` and `skipped` of the corpus.

    Raises:
        DataError: a text has no token.
        VocabularyError: a token is not in the vocabulary.
    """
    boundary = vocabulary.boundary_id
    # room for every token: a token has at least one character, and each text may get a boundary
    room = 1 + sum(text.length + 1 for _, text in texts)
    ids, end = _empty(room, vocabulary.id_type), 0
    starts: list[NDArray[np.int64]] = []
    held_out: dict[str, int] = {}
    skipped = 0
    for part, text in texts:
        if part != "train":
            held_out.setdefault(part, sum(map(len, starts)))
        # the ids of the text, a piece at a time
        begin = end
        for found in _parsed(text, vocabulary, report):
            ids[end : end + len(found)] = found
            end += len(found)
        # with boundaries, a text has as many sequences as stand between them
        begins = np.zeros(1, np.int64)  # (sequences of the text,)
        if boundary is not None:
            sequences, begins = begun_by_boundaries(ids[begin:end], boundary)
            is_open = end > begin and ids[end - 1] != boundary  # the last sequence has no boundary after it
            skipped += int((ids[begin:end] == boundary).sum()) + is_open - len(begins)
            end = begin + len(sequences)
            ids[begin:end] = sequences
        if end == begin:
            raise DataError(
                f"{text.name}: expected at least one token, received none; add tokens, or leave this text out"
            )
        starts.append(begin + begins)
    if boundary is not None:
        ids[end] = boundary
        end += 1
    return ids[:end], starts, held_out, skipped


def _parsed(text: StoredText, vocabulary: Vocabulary, report: Report) -> Iterator[Ids]:
    """Yield the ids of a text, a piece at a time."""
    for number, piece in enumerate(_pieces(text, vocabulary.kind, "encoding", report)):
        try:
            found = vocabulary.parse(piece, name=text.name)
        except VocabularyError:
            if number:
                # raises the same error, with the place in the whole text
                vocabulary.parse(text.head(number + 1), name=text.name)
            raise
        yield found


def _pieces(text: StoredText, kind: Kind, task: str, report: Report) -> Iterator[str]:
    """Return the pieces of a text; notes are one piece, because a note must not be cut."""
    pieces = text.blocks() if kind == "text" else [text.head()]
    return followed(pieces, f"{task} {Path(text.name).name}", length=text.length, report=report)


def _empty(length: int, id_type: np.dtype[np.unsignedinteger[Any]]) -> Ids:
    """Return an array of `length` ids at an address from which TensorFlow reads without a copy."""
    room = np.empty(length * id_type.itemsize + ALIGNMENT, dtype=np.uint8)
    begin = -room.ctypes.data % ALIGNMENT
    return room[begin : begin + length * id_type.itemsize].view(id_type)

"""The token ids that a network was trained on, and of the data that was held out, without boundary tokens.

A run folder keeps them (`runs/kept_tokens.py`), so that what the network writes can be compared with what it
read. They are sequences: files, tunes, lines or documents, or pieces of them where only a part was read. The
transposed copies of `dataset.augment` follow the sequences of the training part.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.datasets.corpus import Corpus
from rnnlab.datasets.examples import Examples, TaskData
from rnnlab.datasets.loading import Data
from rnnlab.datasets.parts import Part
from rnnlab.datasets.targets import ranges_read
from rnnlab.datasets.vocabulary import LINE_BREAK

MOST_HELD_OUT = 1_000_000
"""Largest number of tokens of the held-out part that are kept, from its beginning."""

_BLOCK = 1 << 20

Offsets = NDArray[np.int64]
AnyIds = NDArray[np.integer[Any]]


@dataclass(frozen=True, eq=False)
class TokenSequences:
    """K sequences of token ids, one after another.

    Attributes:
        ids: (S,) token ids.
        offsets: (K + 1,) int64: sequence k has the ids from offsets[k] up to offsets[k + 1] − 1.
    """

    ids: AnyIds
    offsets: Offsets

    @staticmethod
    def of(sequences: Sequence[Sequence[int] | AnyIds]) -> "TokenSequences":
        """Return sequences of ids as one array."""
        lengths = np.fromiter(map(len, sequences), np.int64, len(sequences))
        offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
        arrays = [np.asarray(each, np.int64) for each in sequences]
        return TokenSequences(np.concatenate([np.zeros(0, np.int64), *arrays]), offsets)

    def __len__(self) -> int:
        """Number of sequences, K."""
        return len(self.offsets) - 1

    def __getitem__(self, number: int) -> AnyIds:
        """Return the ids of a sequence, (length,)."""
        return self.ids[self.offsets[number] : self.offsets[number + 1]]


@dataclass(frozen=True, eq=False)
class TrainingTokens:
    """What a network was trained on, with what is needed to say where a token stands.

    Attributes:
        train: the K sequences that training reads; with copies, C · K more.
        held_out: sequences of the validation part, or else of the test part; none if nothing is held out.
        part: the name of that part; empty if nothing is held out.
        numbers: (K,) the number of each sequence of `train` in the data, from 1, in the order of the files.
        begins: (K,) how many tokens of the sequence in the data stand before its first token in `train`.
        files: the names of the files of the data.
        counts: number of sequences of each file; empty if it is not known.
        shifts: semitones of each of the C copies.
        noun: the word for a token: character, word or note.
        is_whole: whether a sample of the network is a whole sequence, since it learnt where sequences end.
        is_lines: whether each sequence is a line of a text: no line is left out, so its number is known.
        line_break: id of the token that ends a line of a text; None if places have no lines.
        data_sha256: digest of the data.
    """

    train: TokenSequences
    held_out: TokenSequences
    part: str
    numbers: Offsets
    begins: Offsets
    files: tuple[str, ...]
    counts: tuple[int, ...]
    noun: str
    is_whole: bool
    is_lines: bool
    line_break: int | None
    data_sha256: str
    shifts: tuple[int, ...] = field(default=())

    def place(self, sequence: int, token: int) -> str:
        """Return where a token of `train` stands: `file:line:column`, or file, sequence and token.

        Args:
            sequence: index of the sequence, from 0.
            token: index of the token in the sequence, from 0.
        """
        copy, own = divmod(sequence, max(len(self.numbers), 1))
        moved = f", transposed by {self.shifts[copy - 1]:+d}" if copy else ""
        file, number, count = self._in_file(int(self.numbers[own]))
        before = int(self.begins[own])
        if self.is_lines:
            return f"{file or 'data'}:{number}:{before + token + 1}"
        if self.line_break is not None and not before and count == 1:
            begin = int(self.train.offsets[sequence])
            first, last = np.searchsorted(self._breaks, [begin, begin + token]).tolist()
            column = begin + token - (int(self._breaks[last - 1]) if last > first else begin - 1)
            return f"{file or 'data'}:{last - first + 1}:{column}"
        which = f"sequence {number:,}, " if count != 1 else ""
        return f"{file}{', ' if file else ''}{which}{self.noun} {before + token + 1:,}{moved}"

    @cached_property
    def _breaks(self) -> Offsets:
        """The index of each token of `train` that ends a line."""
        ids = self.train.ids
        blocks = (
            begin + np.flatnonzero(ids[begin : begin + _BLOCK] == self.line_break)
            for begin in range(0, len(ids), _BLOCK)
        )
        return np.concatenate([np.zeros(0, np.int64), *blocks])

    def _in_file(self, number: int) -> tuple[str, int, int]:
        """Return the file of a sequence, its number in the file, and how many sequences the file has.

        Without the counts of the files, the file is that of all sequences, or unknown.
        """
        if not self.counts:
            return (self.files[0] if len(self.files) == 1 else ""), number, 0
        ends = np.cumsum(self.counts)
        file = min(int(np.searchsorted(ends, number)), len(ends) - 1)
        return self.files[file], number - int(ends[file]) + self.counts[file], self.counts[file]


def training_tokens(data: Data | TaskData) -> TrainingTokens:
    """Return what a training on this data reads, and what is held out from it."""
    if isinstance(data, TaskData):
        return _of_examples(data.examples)
    corpus, parts, dataset = data.corpus, data.splits.parts, data.experiment.dataset
    held = next((parts[name] for name in ("validation", "test") if name in parts), None)
    train, numbers, begins = _cut(corpus, _ranges(data, parts["train"]))
    read = [train]
    if dataset.shifts:
        copied = data.as_trained_on().corpus
        length = (len(copied.ids) - len(corpus.ids)) // len(dataset.shifts)
        read += [_moved_ids(corpus, copied, data, copy * length) for copy in range(len(dataset.shifts))]
    breaks = corpus.vocabulary.tokens.index(LINE_BREAK) if LINE_BREAK in corpus.vocabulary.tokens else -1
    has_lines = dataset.kind == "text" and not corpus.has_boundaries
    return TrainingTokens(
        train=_joined(read),
        held_out=_cut(corpus, _ranges(data, held), most=MOST_HELD_OUT)[0] if held else TokenSequences.of([]),
        part=held.name if held else "",
        numbers=numbers,
        begins=begins,
        files=_names(corpus.names, str(dataset.folder)),
        counts=corpus.counts,
        noun="note" if dataset.kind == "notes" else "character",
        is_whole=corpus.has_boundaries,
        is_lines=dataset.kind == "text" and corpus.vocabulary.boundary == LINE_BREAK and not corpus.skipped,
        line_break=breaks if has_lines else None,
        data_sha256=corpus.sha256,
        shifts=dataset.shifts,
    )


def _of_examples(examples: Examples) -> TrainingTokens:
    """Return the targets of the training examples, and of the held-out ones."""
    parts, targets = examples.parts, examples.targets
    part = next((name for name in ("validation", "test") if len(parts.get(name, ()))), "")
    train = parts["train"]
    held = parts[part] if part else np.zeros(0, np.int64)
    held = held[np.cumsum(targets.lengths[held]) <= MOST_HELD_OUT]
    return TrainingTokens(
        train=TokenSequences.of([targets[number] for number in train.tolist()]),
        held_out=TokenSequences.of([targets[number] for number in held.tolist()]),
        part=part if len(held) else "",
        numbers=train + 1,
        begins=np.zeros(len(train), np.int64),
        files=_names(examples.names, ""),
        counts=(),
        noun=targets.tokens.kind,
        is_whole=True,
        is_lines=False,
        line_break=None,
        data_sha256=examples.sha256,
    )


def _ranges(data: Data, part: Part) -> Offsets:
    """Return the ranges of tokens that are read of a part, (R, 2)."""
    experiment = data.experiment
    return ranges_read(part, window=experiment.dataset.window, regime=experiment.regime)


def _cut(
    corpus: Corpus, ranges: Offsets, *, most: int | None = None
) -> tuple[TokenSequences, Offsets, Offsets]:
    """Return ranges of tokens cut into sequences, without boundaries.

    Args:
        corpus: the data.
        ranges: (R, 2) ranges of tokens, in rising order.
        most: largest number of tokens; None for all.

    Returns:
        K sequences; their numbers in the data, from 1, (K,); and how many tokens of each sequence stand
        before its first one, (K,).
    """
    pieces = _pieces(corpus, ranges)  # (K, 3)
    if most is not None:
        lengths = pieces[:, 1] - pieces[:, 0]
        room = np.maximum(most - (np.cumsum(lengths) - lengths), 0)
        pieces[:, 1] = pieces[:, 0] + np.minimum(lengths, room)
        pieces = pieces[pieces[:, 1] > pieces[:, 0]]
    order = np.arange(len(corpus.starts)) if corpus.order is None else corpus.order
    first = corpus.starts[pieces[:, 2]] + corpus.has_boundaries
    return _taken(corpus, pieces, 0), order[pieces[:, 2]] + 1, pieces[:, 0] - first


def _pieces(corpus: Corpus, ranges: Offsets) -> Offsets:
    """Return the index of the first token, the index after the last, and the sequence of each piece, (K, 3).

    A piece is what a range has of a sequence, without boundaries; pieces without a token are left out.
    """
    begins = corpus.starts + corpus.has_boundaries  # (sequences,) the token after the boundary
    ends = np.append(corpus.starts[1:], len(corpus.ids) - corpus.has_boundaries)
    found = []
    for begin, end in ranges.tolist():
        # the sequences that have a token in this range
        first = int(np.searchsorted(ends, begin, side="right"))
        last = int(np.searchsorted(begins, end))
        numbers = np.arange(first, max(last, first))
        cut = [np.maximum(begins[numbers], begin), np.minimum(ends[numbers], end), numbers]
        found.append(np.stack(cut, axis=1))
    pieces = np.concatenate(found) if found else np.zeros((0, 3), np.int64)
    return pieces[pieces[:, 1] > pieces[:, 0]]


def _taken(corpus: Corpus, pieces: Offsets, offset: int) -> TokenSequences:
    """Return the ids of pieces that lie `offset` tokens further on."""
    lengths = pieces[:, 1] - pieces[:, 0]
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    if len(pieces) == 1:
        return TokenSequences(corpus.ids[pieces[0, 0] + offset : pieces[0, 1] + offset], offsets)
    # where each token stands in the corpus: its index, moved as its piece is moved
    places = np.repeat(pieces[:, 0] + offset - offsets[:-1], lengths) + np.arange(offsets[-1])
    return TokenSequences(corpus.ids[places], offsets)


def _moved_ids(corpus: Corpus, copied: Corpus, data: Data, offset: int) -> TokenSequences:
    """Return the sequences of the copy that begins `offset` tokens after the beginning of a corpus."""
    pieces = _pieces(corpus, _ranges(data, data.splits.parts["train"]))
    return _taken(copied, pieces, offset)


def _joined(each: Sequence[TokenSequences]) -> TokenSequences:
    """Return sequences one after another."""
    if len(each) == 1:
        return each[0]
    lengths = np.concatenate([np.diff(one.offsets) for one in each])
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    return TokenSequences(np.concatenate([one.ids for one in each]), offsets)


def _names(names: Iterable[str], folder: str) -> tuple[str, ...]:
    """Return the names of files without the folder of all files: a run folder names no other folder."""
    inside = f"{folder.rstrip('/')}/"
    return tuple(
        name.removeprefix(inside) if inside != "/" and name.startswith(inside) else name.rpartition("/")[2]
        for name in names
    )

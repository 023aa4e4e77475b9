"""The split of a corpus into the parts that training, validation and testing read.

If whole sequences are split, `corpus.drawn` has already put them into the order that the split draws.
Stratified folds of a cross-validation are drawn here (`stratified_parts`), all other folds in
`training/folds.py`.

A stratified split draws windows so that each target token has about the same fraction of every part. Its
labels are the W target tokens of the windows. scikit-learn draws it, and is loaded only then: that takes a
second.
"""

import math
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.config.schema import ContiguousSplit, Experiment, SequencesSplit, StratifiedShuffleSplit
from rnnlab.datasets.corpus import Corpus, nearest_edges
from rnnlab.datasets.parts import Part, part_of_tokens, part_of_windows, require_windows, whole
from rnnlab.datasets.tokens import Ids
from rnnlab.errors import DataError, count_of

Indices = NDArray[np.int64]
Fold = tuple[Indices, Indices]
Labels = NDArray[np.integer[Any]]

_SHOWN_TOKENS = 6


@dataclass(frozen=True, eq=False)
class Splits:
    """The parts of a corpus.

    Attributes:
        parts: the parts by name, train first; validation and test only if they exist.
        notes: sentences for the user.
        folds: all random splits of a stratified shuffle, each as (training indices, held-out indices) into
            the W windows of the corpus; empty for other splits.
    """

    parts: dict[str, Part]
    notes: tuple[str, ...] = ()
    folds: tuple[Fold, ...] = ()


def split_corpus(corpus: Corpus, experiment: Experiment) -> Splits:
    """Return the parts that `dataset.split` describes.

    Raises:
        DataError: a part is empty, or has no window and is not read as a stream; or the windows do not allow
            the stratified split.
    """
    split = experiment.dataset.split
    if split.kind == "stratified_shuffle":
        return _shuffled(corpus, experiment, split)
    window, notes = experiment.dataset.window, corpus.notes
    if split.kind == "contiguous":
        parts = _contiguous(corpus, split, window)
    elif split.kind == "sequences":
        parts = _of_sequences(corpus, _held_out_counts(split, corpus), window)
    elif split.kind == "files":
        parts = _of_sequences(corpus, corpus.held_out, window)
    else:
        parts = [whole(corpus, window=window)]
    notes += _notes_of_equals(corpus, parts, split.kind)
    if experiment.regime != "stream":
        notes += _notes_of_short_sequences(corpus, window)
        for part in parts:
            require_windows(part, corpus, window=window)
    return Splits({part.name: part for part in parts}, notes)


def split_record(corpus: Corpus, splits: Splits) -> dict[str, Any]:
    """Return which data is in which part, as `split.json` has it.

    With it, another program can measure a model on the same parts.

    Returns:
        `data_sha256`, and `parts`. For each part: its range of `tokens`, which is the index of its first
        token and the index after its last token in the corpus; and, if the corpus has several sequences, the
        numbers of its `sequences`, from 1 in the order of the files. After a stratified split instead: the
        index of the first token of each of its `windows`.
    """
    order = np.arange(len(corpus.starts)) if corpus.order is None else corpus.order
    parts = {}
    for part in splits.parts.values():
        record: dict[str, Any] = {"tokens": [part.begin, part.end]}
        if splits.folds:
            record = {"windows": part.window_starts.tolist()}
        elif len(order) > 1:
            record["sequences"] = (order[_inside(corpus, part)] + 1).tolist()
        parts[part.name] = record
    return {"data_sha256": corpus.sha256, "parts": parts}


def stratified_parts(corpus: Corpus, experiment: Experiment, folds: int) -> list[Splits]:
    """Return the K folds of a stratified cross-validation: each window is held out by one of them.

    Args:
        corpus: the data.
        experiment: the configuration; its `training.random_seed` draws the folds.
        folds: K, 2 or more.

    Raises:
        DataError: there are too few windows, or a fold has no training window that shares no token with a
            held-out window.
    """
    starts, labels, notes = _labelled_windows(corpus, experiment)
    notes += _notes_of_rare_targets(corpus, labels, folds, "are missing from some folds")
    pairs = stratified_folds(labels, folds=folds, random_seed=experiment.training.random_seed)
    return [
        _parts_of_windows(corpus, experiment, starts[train], starts[held], notes) for train, held in pairs
    ]


def stratified_shuffle(labels: Labels, *, held_out: float, splits: int, random_seed: int) -> list[Fold]:
    """Return independent random splits, each as (training indices, held-out indices) into the labels.

    A label with one member cannot be in both parts: it stays in training.

    Args:
        labels: (W,) integers.
        held_out: fraction that is held out of the W indices whose label has two members or more, in (0, 1).
        splits: number of splits.
        random_seed: the seed of scikit-learn's `StratifiedShuffleSplit`.

    Raises:
        DataError: no label has two members, or one part is too small to hold every such label.
    """
    from sklearn.model_selection import StratifiedShuffleSplit  # noqa: PLC0415 (slow)

    rare = members(labels) < 2
    once, shared = np.flatnonzero(rare), np.flatnonzero(~rare)
    _require_room(labels[shared], held_out)
    splitter = StratifiedShuffleSplit(n_splits=splits, test_size=held_out, random_state=random_seed)
    with _silent():
        drawn = list(splitter.split(shared, labels[shared]))
    return [(np.concatenate([shared[train], once]), shared[held]) for train, held in drawn]


def stratified_folds(labels: Labels, *, folds: int, random_seed: int) -> list[Fold]:
    """Return folds that hold out each index once, each as (training indices, held-out indices).

    A label with fewer members than folds is held out in as many folds as it has members.

    Args:
        labels: (W,) integers.
        folds: K, 2 or more.
        random_seed: the seed of scikit-learn's `StratifiedKFold`.

    Raises:
        DataError: no label has as many members as there are folds.
    """
    from sklearn.model_selection import StratifiedKFold  # noqa: PLC0415 (slow)

    most = int(members(labels).max(initial=0))
    if most < folds:
        remedy = f"use {most} folds or fewer" if most > 1 else "add data"
        raise DataError(
            f"expected a target token that occurs {folds} times, once in each fold, the most frequent"
            f" occurs {count_of(most, 'time')}; {remedy}"
        )
    splitter = StratifiedKFold(folds, shuffle=True, random_state=random_seed)
    with _silent():
        return list(splitter.split(labels, labels))


def members(labels: Labels) -> Indices:
    """Return how many of the labels equal each label, (W,)."""
    _, inverse, counts = np.unique(labels, return_inverse=True, return_counts=True)  # (W,) and (labels,)
    of_each: Indices = counts[inverse]
    return of_each


def drop_overlapping(train_starts: Indices, held_out_starts: Indices, *, window: int) -> Indices:
    """Return the training windows that share no token, neither input nor target, with a held-out window.

    Args:
        train_starts: (W,) first token of each training window.
        held_out_starts: (H,) first token of each held-out window, at least one.
        window: T; a window and its target are T + 1 tokens.
    """
    # the held-out windows before and after each training window
    held = np.sort(held_out_starts)  # (H,)
    place = np.searchsorted(held, train_starts)  # (W,)
    # how many tokens away the nearest of them begin; more than T tokens away, no token is shared
    before = train_starts - held[np.maximum(place - 1, 0)]  # (W,)
    after = held[np.minimum(place, len(held) - 1)] - train_starts  # (W,)
    apart: NDArray[np.bool_] = (np.abs(before) > window) & (np.abs(after) > window)
    return train_starts[apart]


def _contiguous(corpus: Corpus, split: ContiguousSplit, window: int) -> list[Part]:
    """Return the parts in the order train, validation, test, with a gap before each held-out part.

    If boundary tokens separate the sequences, the data is cut at the boundary nearest to each cut, and there
    is no gap.
    """
    # where validation and test begin, in tokens
    tokens = len(corpus.ids) - corpus.has_boundaries
    test = tokens - round(tokens * split.test)
    cuts = [test - round(tokens * split.validation), test]
    gap = window if split.gap is None else split.gap
    if corpus.has_boundaries:
        edges = np.append(corpus.starts, tokens)
        cuts, gap = [int(edges[np.abs(edges - cut).argmin()]) for cut in cuts], -1
    # the range of each part; −1 as gap: both parts have the boundary between them
    ranges = {"train": (0, cuts[0]), "validation": (cuts[0], cuts[1]), "test": (cuts[1], tokens)}
    held_out = {"train": True, "validation": split.validation > 0, "test": split.test > 0}
    *before, last = [name for name in ranges if held_out[name]]
    ends = {**{name: ranges[name][1] - gap for name in before}, last: ranges[last][1]}
    ends[last] += corpus.has_boundaries
    parts = [part_of_tokens(corpus, name, ranges[name][0], ends[name], window=window) for name in ends]
    return [replace(part, gap=0 if part.name == last else max(gap, 0)) for part in parts]


def _held_out_counts(split: SequencesSplit, corpus: Corpus) -> dict[str, int]:
    """Return the number of the first sequence of validation and test, without parts of fraction 0."""
    count = len(corpus.starts)
    test = count - round(count * split.test)
    firsts = {"validation": test - round(count * split.validation), "test": test}
    firsts = {part: first for part, first in firsts.items() if getattr(split, part) > 0}
    if not split.unique:
        return firsts
    return dict(zip(firsts, nearest_edges(corpus.groups, [*firsts.values()]), strict=True))


def _of_sequences(corpus: Corpus, held_out: Mapping[str, int], window: int) -> list[Part]:
    """Return the training part and the held-out parts; each ends where the next one begins.

    With boundary tokens, neighbouring parts share the boundary token between them.

    Args:
        corpus: the data.
        held_out: number of the first sequence of each held-out part, in rising order.
        window: T.

    Raises:
        DataError: a part is empty.
    """
    firsts = {"train": 0, **held_out}
    ends = [*list(firsts.values())[1:], len(corpus.starts)]
    parts = []
    for (name, first), end in zip(firsts.items(), ends, strict=True):
        if first >= end:
            raise DataError(
                f"the {name} part is empty: the data has {count_of(len(corpus.starts), 'sequence')}, and this"
                " part gets 0; add sequences, or change dataset.split"
            )
        parts.append(
            part_of_tokens(corpus, name, int(corpus.starts[first]), int(corpus.ends[end - 1]), window=window)
        )
    return parts


def _shuffled(corpus: Corpus, experiment: Experiment, split: StratifiedShuffleSplit) -> Splits:
    """Return the parts of the stratified split that `dataset.split.use` chooses."""
    starts, labels, notes = _labelled_windows(corpus, experiment)
    folds = stratified_shuffle(
        labels, held_out=split.validation, splits=split.splits, random_seed=split.random_seed
    )
    notes += _notes_of_rare_targets(corpus, labels, 2, "stay in training")
    train, held = folds[split.use]
    chosen = _parts_of_windows(corpus, experiment, starts[train], starts[held], notes)
    return Splits(chosen.parts, chosen.notes, tuple(folds))


def _labelled_windows(
    corpus: Corpus, experiment: Experiment
) -> tuple[NDArray[np.int64], Ids, tuple[str, ...]]:
    """Return the first token of each window of the corpus (W,), its target as its label (W,), and notes."""
    window = experiment.dataset.window
    everything = whole(corpus, window=window)
    require_windows(everything, corpus, window=window)
    starts = everything.window_starts
    return starts, corpus.ids[starts + window], corpus.notes + _notes_of_short_sequences(corpus, window)


def _parts_of_windows(
    corpus: Corpus,
    experiment: Experiment,
    train: NDArray[np.int64],
    held_out: NDArray[np.int64],
    notes: tuple[str, ...],
) -> Splits:
    """Return the training and the validation part.

    Training windows that share a token with a held-out window are left out, unless `allow_overlap` is true.

    Raises:
        DataError: no training window is left.
    """
    split = experiment.dataset.split
    if not getattr(split, "allow_overlap", False):
        apart = drop_overlapping(train, held_out, window=experiment.dataset.window)
        if not len(apart):
            raise DataError(
                f"dataset.split: each of the {count_of(len(train), 'training window')} shares tokens with a"
                " validation window, so no window is left to train on; to keep these windows, set"
                " allow_overlap: true (with kind: none or stratified_shuffle)"
            )
        if len(apart) < len(train):
            notes = (
                *notes,
                f"{len(train) - len(apart)} of {len(train)} training windows share tokens with a validation"
                " window and are left out; dataset.split.allow_overlap: true keeps them",
            )
        train = apart
    parts = [part_of_windows(corpus, "train", train), part_of_windows(corpus, "validation", held_out)]
    return Splits({part.name: part for part in parts}, notes)


def _notes_of_equals(corpus: Corpus, parts: list[Part], kind: str) -> tuple[str, ...]:
    """Return a note for each held-out part with sequences that are also in the training part."""
    train, *held_out = parts
    if len(corpus.starts) < 2 or not held_out:
        return ()
    groups = corpus.groups
    known = set(groups[_inside(corpus, train)].tolist())
    remedies = {"sequences": "dataset.split.unique: true keeps equal sequences in one part"}
    other = "dataset.split: {kind: sequences, unique: true} keeps equal sequences in one part"
    notes = []
    for part in held_out:
        own = groups[_inside(corpus, part)].tolist()
        equal = sum(group in known for group in own)
        if equal:
            notes.append(
                f"sequences of the {part.name} part that are also in the train part: {equal:,} of"
                f" {len(own):,}; {remedies.get(kind, other)}"
            )
    return tuple(notes)


def _inside(corpus: Corpus, part: Part) -> NDArray[np.bool_]:
    """Whether each sequence begins in a part, (K,)."""
    inside: NDArray[np.bool_] = (corpus.starts >= part.begin) & (
        corpus.starts < part.end - corpus.has_boundaries
    )
    return inside


def _notes_of_short_sequences(corpus: Corpus, window: int) -> tuple[str, ...]:
    """Return a note on the sequences that are too short for a window; empty if there are none."""
    short = int((corpus.ends - corpus.starts <= window).sum())
    if not short:
        return ()
    verb = "has" if short == 1 else "have"
    of = count_of(len(corpus.starts), "sequence")
    return (f"{short} of {of} {verb} fewer than {window + 1} tokens, so no window",)


def _notes_of_rare_targets(corpus: Corpus, labels: Ids, least: int, consequence: str) -> tuple[str, ...]:
    """Return a note on the tokens that are the target of fewer than `least` windows; empty without any."""
    rare = corpus.vocabulary.decode(np.unique(labels[members(labels) < least]))
    if not rare:
        return ()
    shown = " ".join(map(repr, rare[:_SHOWN_TOKENS])) + " …" * (len(rare) > _SHOWN_TOKENS)
    return (f"target tokens of fewer than {least} windows {consequence}: {shown}",)


def _require_room(labels: Labels, held_out: float) -> None:
    """Refuse a stratified split without labels, or with fewer windows in a part than different labels.

    Raises:
        DataError: the message gives the cause and the remedy.
    """
    total, classes = len(labels), len(np.unique(labels))
    if not total:
        raise DataError(
            "dataset.split: every target token occurs only once, so none can be in both parts;"
            " set dataset.split.kind to contiguous, or add data"
        )
    if not classes <= math.ceil(held_out * total) <= total - classes:
        least = math.ceil(1000 * classes / total) / 1000
        raise DataError(
            f"dataset.split.validation: expected {least:g} to {1 - least:g}, so that both parts have room for"
            f" each of the {count_of(classes, 'target token')} of {count_of(total, 'window')}, received"
            f" {held_out:g}"
        )


@contextmanager
def _silent() -> Iterator[None]:
    """Suppress the warnings of scikit-learn on rare labels: `Splits.notes` names the tokens instead."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield

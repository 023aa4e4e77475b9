"""The parts of a corpus that training, validation and testing read."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rnnlab.config.schema import ContiguousSplit, Experiment, StratifiedShuffleSplit
from rnnlab.datasets.corpus import Corpus
from rnnlab.datasets.parts import Part, part_of_tokens, part_of_windows, require_windows, whole
from rnnlab.datasets.stratification import (
    Fold,
    drop_overlapping,
    members,
    stratified_folds,
    stratified_shuffle,
)
from rnnlab.datasets.token_kind import Ids
from rnnlab.errors import DataError, UsageError

__all__ = ["Part", "Splits", "fold_parts", "split_corpus"]

_SHOWN_TOKENS = 6


@dataclass(frozen=True, eq=False)
class Splits:
    """The parts of a corpus.

    Attributes:
        parts: by name, train first; validation and test only where they exist.
        notes: what a user should be told about them, a sentence each.
        folds: all the random splits of a stratified shuffle, as indices into the corpus' W windows.
    """

    parts: dict[str, Part]
    notes: tuple[str, ...] = ()
    folds: tuple[Fold, ...] = ()


def split_corpus(corpus: Corpus, experiment: Experiment) -> Splits:
    """The parts that `dataset.split` describes.

    Raises:
        DataError: a part has no window, or no window is left for training.
    """
    split = experiment.dataset.split
    if split.kind == "stratified_shuffle":
        return _shuffled(corpus, experiment, split)
    window = experiment.dataset.window
    parts = [whole(corpus, window=window)]
    if split.kind == "contiguous":
        parts = _contiguous(corpus, split, window)
    notes: tuple[str, ...] = ()
    if experiment.regime != "stream":
        notes = _notes_of_short_sequences(corpus, window)
        for part in parts:
            require_windows(part, corpus, window=window)
    return Splits({part.name: part for part in parts}, notes)


def fold_parts(corpus: Corpus, experiment: Experiment, folds: int) -> list[Splits]:
    """Stratified cross-validation: each window is in the validation part of one of the K folds.

    Args:
        folds: K, at least 2.

    Raises:
        UsageError: the regime carries a state, so its windows do not stand alone.
        DataError: there are too few windows.
    """
    if experiment.regime != "windows":
        raise UsageError(
            "--folds: expected an experiment whose windows stand alone, received one that carries its state;"
            " set training.batching: windows and model.stateful: false, or use a contiguous dataset.split"
        )
    starts, labels, notes = _labelled_windows(corpus, experiment)
    notes += _notes_of_rare_targets(corpus, labels, folds, "are missing from some folds")
    pairs = stratified_folds(labels, folds=folds, random_seed=experiment.training.random_seed)
    return [
        _parts_of_windows(corpus, experiment, starts[train], starts[held], notes) for train, held in pairs
    ]


def _contiguous(corpus: Corpus, split: ContiguousSplit, window: int) -> list[Part]:
    """Training first, then validation, then test; each is cut on a token."""
    tokens = len(corpus.ids)
    test = tokens - round(tokens * split.test)
    validation = test - round(tokens * split.validation)
    ranges = {"train": (0, validation), "validation": (validation, test), "test": (test, tokens)}
    wanted = {"train": True, "validation": split.validation > 0, "test": split.test > 0}
    return [part_of_tokens(corpus, name, *ranges[name], window=window) for name in ranges if wanted[name]]


def _shuffled(corpus: Corpus, experiment: Experiment, split: StratifiedShuffleSplit) -> Splits:
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
    """The first token of every window of the corpus (W,), its label (W,), which is its target, and notes."""
    window = experiment.dataset.window
    everything = whole(corpus, window=window)
    require_windows(everything, corpus, window=window)
    starts = everything.window_starts
    return starts, corpus.ids[starts + window], _notes_of_short_sequences(corpus, window)


def _parts_of_windows(
    corpus: Corpus,
    experiment: Experiment,
    train: NDArray[np.int64],
    held_out: NDArray[np.int64],
    notes: tuple[str, ...],
) -> Splits:
    """The two parts; training windows that overlap validation are left out, unless they are allowed."""
    split = experiment.dataset.split
    if isinstance(split, ContiguousSplit) or not split.allow_overlap:
        apart = drop_overlapping(train, held_out, window=experiment.dataset.window)
        if not len(apart):
            raise DataError(
                f"dataset.split: each of the {len(train)} training windows shares tokens with a validation"
                " window, so none is left to train on; to keep them, set allow_overlap: true"
                " (with kind: none or stratified_shuffle)"
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


def _notes_of_short_sequences(corpus: Corpus, window: int) -> tuple[str, ...]:
    short = int((corpus.ends - corpus.starts <= window).sum())
    if not short:
        return ()
    return (f"{short} of {len(corpus.starts)} sequences have fewer than {window + 1} tokens, so no window",)


def _notes_of_rare_targets(corpus: Corpus, labels: Ids, least: int, consequence: str) -> tuple[str, ...]:
    """A note of the target tokens that occur in fewer than `least` windows."""
    rare = corpus.vocabulary.decode(np.unique(labels[members(labels) < least]))
    if not rare:
        return ()
    shown = " ".join(map(repr, rare[:_SHOWN_TOKENS])) + " …" * (len(rare) > _SHOWN_TOKENS)
    return (f"target tokens of fewer than {least} windows {consequence}: {shown}",)

"""The folds of a cross-validation: K ways to hold out a K-th of a corpus, each token once.

    windows             drawn so that each fold has every target in its share (`splits.stratified_parts`)
    sequences           whole ones, drawn at random, where a state is carried and there are K of them or more
    contiguous blocks   K of equal length, with a gap of one window beside them, where there are fewer

Where a state is carried, a part is one range of tokens: so each fold has a corpus of its own, in which what
is held out comes last. Wherever something was taken out between two tokens, the second begins a sequence: a
state is zeroed there, and nobody is asked for it.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from rnnlab.config.schema import Experiment, FittedExperiment
from rnnlab.datasets.corpus import Corpus, equals_together, nearest_edges, reordered
from rnnlab.datasets.loading import Data, fitted, require_readable
from rnnlab.datasets.parts import part_of_tokens
from rnnlab.datasets.splits import Splits, stratified_parts
from rnnlab.errors import Argument, DataError, count_of

Places = NDArray[np.int64]


def fold_data(corpus: Corpus, experiment: Experiment, folds: int) -> Iterator[Data]:
    """Each fold's corpus, with a train part and a validation part, which is what the fold holds out.

    They are made as they are asked for: each takes as much memory as the corpus.

    Args:
        corpus: all the data, whatever `dataset.split` makes of it.
        experiment: the configuration.
        folds: K, at least 2.

    Raises:
        DataError: there is too little data for so many folds.
        ConfigError: there are too many training steps.
    """
    made: Iterator[Data]
    own, _ = fitted(experiment, corpus)
    if experiment.regime == "windows":
        made = (Data(own, corpus, splits) for splits in stratified_parts(corpus, own, folds))
    elif len(corpus.starts) >= folds:
        made = _of_sequences(corpus, own, folds)
    elif corpus.has_boundaries:
        raise DataError(
            Argument("folds", folds),
            f": expected {folds} sequences or more, received {len(corpus.starts)}; use fewer"
            " folds, or leave dataset.unit out, so that the data is cut anywhere",
        )
    else:
        made = _of_blocks(corpus, own, folds)
    for fold in made:
        require_readable(fold.as_trained_on())
        yield fold


def _of_sequences(corpus: Corpus, experiment: FittedExperiment, folds: int) -> Iterator[Data]:
    count = len(corpus.starts)
    equals = corpus.groups
    unique = int(equals.max()) + 1
    note = f"each fold holds out one of {folds} parts of {count:,} sequences, drawn with training.random_seed"
    if not getattr(experiment.dataset.split, "unique", False):
        if unique < count:
            note += (
                f"; {count - unique:,} of them are equal to others, and may be in several parts:"
                " dataset.split: {kind: sequences, unique: true} keeps equal ones in one"
            )
        equals, unique = np.arange(count), count
    if unique < folds:
        raise DataError(
            f"expected {folds} different sequences or more for {folds} folds, received {unique};"
            " use fewer folds"
        )
    order = np.random.default_rng(experiment.training.random_seed).permutation(unique)
    drawn = equals_together(equals, order)
    sizes = [len(part) for part in np.array_split(drawn, folds)]
    cuts = nearest_edges(equals[drawn], np.cumsum(sizes)[:-1].tolist())
    groups = np.split(drawn, cuts)
    for number, held in enumerate(groups):
        kept = np.concatenate([*groups[:number], *groups[number + 1 :]])
        yield _fold(corpus, experiment, corpus.starts, kept, held, note)


def _of_blocks(corpus: Corpus, experiment: FittedExperiment, folds: int) -> Iterator[Data]:
    """Blocks of tokens; on either side of one, as many as a window has are left out of training."""
    tokens, gap = len(corpus.ids), experiment.dataset.window
    note = (
        f"each fold holds out one of {folds} blocks of {tokens:,} tokens, with a gap of {gap} on either side"
    )
    edges = np.linspace(0, tokens, folds + 1).round().astype(np.int64)
    for begin, end in pairwise(edges):
        cuts = np.array([begin - gap, begin, end, end + gap]).clip(0, tokens)
        pieces = np.unique([*corpus.starts, *cuts[cuts < tokens]])
        held = np.flatnonzero((pieces >= begin) & (pieces < end))
        kept = np.flatnonzero((pieces < cuts[0]) | (pieces >= cuts[3]))
        yield _fold(corpus, experiment, pieces, kept, held, note)


def _fold(
    corpus: Corpus, experiment: FittedExperiment, starts: Places, kept: Places, held: Places, note: str
) -> Data:
    """A fold that trains on some pieces of a corpus, and holds others out.

    Args:
        corpus: all the data.
        experiment: the configuration.
        starts: where each piece begins.
        kept: the numbers of those to train on, in their order.
        held: of those that are held out.
        note: what the user should be told.
    """
    if not (len(kept) and len(held)):
        raise DataError(
            Argument("folds"),
            f": expected more than {count_of(experiment.dataset.window, 'token')} beside and in each"
            f" fold, received {len(corpus.ids)} in all; use fewer folds, or a smaller dataset.window",
        )
    order = np.concatenate([kept, held])
    ids, begins = reordered(corpus.ids, starts, order, closed=corpus.has_boundaries)
    digest = hashlib.sha256(b"".join([corpus.sha256.encode(), starts.tobytes(), order.tobytes()]))
    own = replace(corpus, ids=ids, starts=begins, sha256=digest.hexdigest(), held_out={}, order=order)
    window, cut = experiment.dataset.window, int(begins[len(kept)])
    train = part_of_tokens(own, "train", 0, cut + own.has_boundaries, window=window)
    validation = part_of_tokens(own, "held-out", cut, len(ids), window=window)
    return Data(experiment, own, Splits({"train": train, "validation": validation}, (*corpus.notes, note)))

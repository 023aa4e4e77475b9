"""Cross-validation of a configuration: the folds of its data, and a model trained from scratch for each fold.

Each of the K folds holds out a K-th of the corpus. Each window, sequence or block is held out once.

    windows             for windows without a carried state: each target token is equally frequent in
                        each fold (`splits.stratified_parts`)
    sequences           for a carried state and K sequences or more: whole sequences, drawn at random
    contiguous blocks   for a carried state and fewer sequences, without boundary tokens: K blocks of equal
                        length, with a gap of one window on either side

If the state is carried, a part is one range of tokens. Each fold then has a corpus of its own, with the
held-out tokens at the end. If tokens are missing between two pieces of training data, the second piece
begins a sequence: the state is set to zero there, and the first token of the piece is no target.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from rnnlab.config.schema import Experiment, FittedExperiment
from rnnlab.datasets.corpus import Corpus, equals_together, load_corpus, nearest_edges, reordered
from rnnlab.datasets.loading import Data, fitted, require_readable
from rnnlab.datasets.parts import part_of_tokens
from rnnlab.datasets.splits import Splits, stratified_parts
from rnnlab.errors import Argument, DataError, count_of
from rnnlab.evaluation.metrics import CrossValidation, Metrics, held_out_metrics
from rnnlab.processes import in_processes
from rnnlab.runs.progress import News, Watcher, seldom
from rnnlab.training.loop import TrainingLoop
from rnnlab.training.token_problem import TokenProblem
from rnnlab.training.trainer import Trainer

Configuration = TypeVar("Configuration")
Fold = TypeVar("Fold")
Result = TypeVar("Result")


def cross_validate_config(
    experiment: Experiment,
    folds: int,
    *,
    jobs: int = 1,
    report: Callable[[str], None] = lambda _: None,
    heard: Watcher | None = None,
) -> CrossValidation:
    """Return the held-out measures of K models, each trained on all folds but one.

    A model has the weights of its best epoch by the training losses; the held-out fold is only measured.

    Args:
        experiment: the configuration.
        folds: K, at least 2.
        jobs: number of processes that train at once. Rounding depends on the number of threads, so each
            process has as many threads as a single process would have: the result has the same bits.
        report: receives notes for the user, one sentence a call.
        heard: receives the number of a fold, from 0, and what is new of its training.

    Raises:
        DataError: the data cannot be read, or there is too little of it.
        ConfigError: the network does not fit the vocabulary, or there are too many training steps.
        TrainingError: the loss of a fold is not finite, too many of its steps were skipped, or its process
            was killed.
    """
    corpus = load_corpus(experiment.dataset)
    data = told(fold_data(corpus, experiment, folds), lambda fold: fold.splits.notes, report)
    tasks = ((experiment, fold) for fold in data)
    measured = measured_folds(measure_fold, tasks, folds, jobs, report, heard)
    return CrossValidation(measured, corpus.left_out)


def measure_fold(
    experiment: Experiment, fold: Data, report: Callable[[News], None] = lambda _: None
) -> Metrics:
    """Train a model on the training part of a fold, and return its measures on the held-out part."""
    report("")
    read = fold.as_trained_on()
    train = Splits({"train": read.splits.parts["train"]})
    problem = TokenProblem(fold.experiment, read.corpus, train)
    trainer = Trainer(problem)
    TrainingLoop(trainer, report=seldom(report)).run()
    return held_out_metrics(problem.model(trainer.best().weights), experiment, fold)


def measured_folds(
    measure: Callable[..., Result],
    tasks: Iterable[tuple[Configuration, Fold]],
    folds: int,
    jobs: int,
    report: Callable[[str], None],
    heard: Watcher | None,
) -> tuple[Result, ...]:
    """Return what a function measures on each fold, in the order of the folds.

    Args:
        measure: trains and measures; a function at the top of a module, so that a process can import it. It
            has an argument `report`, which receives what is new of the training.
        tasks: the other arguments of each call.
        folds: number of folds.
        jobs: number of processes that train at once.
        report: receives notes for the user, one sentence a call.
        heard: receives the number of a fold, and what is new of its training.
    """
    measured: dict[int, Result] = {}
    if jobs == 1:
        for number, task in enumerate(tasks):
            report(f"fold {number + 1} of {folds}")
            measured[number] = measure(*task, **({"report": partial(heard, number)} if heard else {}))
            if heard:
                heard(number, None)
    else:
        report(f"{folds} folds in {count_of(min(jobs, folds), 'process')}")
        for number, metrics in in_processes(measure, tasks, jobs=min(jobs, folds), heard=heard):
            measured[number] = metrics
            if heard:
                heard(number, None)
            report(f"fold {number + 1} of {folds} is done")
    return tuple(measured[number] for number in sorted(measured))


def told(
    folds: Iterator[Fold], notes: Callable[[Fold], Sequence[str]], report: Callable[[str], None]
) -> Iterator[Fold]:
    """Yield the folds; report the notes of the first fold, which hold for all folds."""
    for number, fold in enumerate(folds):
        for note in notes(fold) if number == 0 else ():
            report(note)
        yield fold


Places = NDArray[np.int64]


def fold_data(corpus: Corpus, experiment: Experiment, folds: int) -> Iterator[Data]:
    """Yield the data of each fold: a corpus, its train part, and the held-out fold as its validation part.

    With a carried state, a fold is made only when the caller takes it, because it takes as much memory as the
    corpus. The folds of windows share the corpus.

    Args:
        corpus: all the data; `dataset.split` is not applied.
        experiment: the configuration; settings without a value get one from all the data first.
        folds: K, 2 or more.

    Raises:
        DataError: there is too little data for K folds.
        ConfigError: there are too many training steps, or a setting contradicts what was chosen for the data.
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
    """Yield folds that hold out whole sequences, drawn with `training.random_seed`."""
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
    """Yield folds that hold out one block of tokens each, with a gap of T tokens on either side."""
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
    """Return the fold that trains on some pieces of a corpus and holds others out.

    Args:
        corpus: all the data.
        experiment: the configuration.
        starts: (P,) first token of each piece.
        kept: numbers of the pieces to train on, in their order.
        held: numbers of the pieces that are held out.
        note: a sentence for the user.

    Raises:
        DataError: no piece is left to train on, or none to hold out.
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

"""What counting alone is worth: n-gram models of the training part, asked for a network's targets."""

from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rnnlab.config.schema import Experiment
from rnnlab.datasets.augmentation import augmented
from rnnlab.datasets.batches import Batches
from rnnlab.datasets.corpus import Corpus
from rnnlab.datasets.parts import Part
from rnnlab.datasets.targets import is_target, ranges_read, reaches, target_blocks
from rnnlab.errors import DataError
from rnnlab.evaluation.ngram import Ids, NGrams, Smoothing, train_ngrams

HIGHEST_ORDER = 8
MOST_TOKENS = 4_000_000
"""The n-grams are of so many tokens at most, the last of the training part; their tables take memory."""


@dataclass(frozen=True)
class Baseline:
    """An n-gram model, measured.

    Attributes:
        order: n; it looks at n − 1 tokens.
        smoothing: of its counts.
        loss: cross-entropy, nats per token.
    """

    order: int
    smoothing: Smoothing
    loss: float


@dataclass(frozen=True)
class Baselines:
    """N-gram models of one training part, measured on the same targets.

    Attributes:
        all: of every order and smoothing.
        tokens: targets that they were measured on.
        counted: tokens of the training part that they were counted on.
        left_out: tokens of the training part, before those, that were not.
        copies: how many of the transposed copies of `dataset.augment` they were counted on too: all or none
            of them; None where there are none to choose.
    """

    all: tuple[Baseline, ...]
    tokens: int
    counted: int
    left_out: int
    copies: int | None = None

    @property
    def unigram(self) -> Baseline:
        """How often each token occurs; by Witten–Bell, T / (N + T) is left to be shared by all equally."""
        return next(each for each in self.all if each.order == 1 and each.smoothing == "witten_bell")

    @property
    def best(self) -> Baseline:
        """The one with the lowest loss on the part that they were measured on, which favours it."""
        return min(self.all, key=lambda each: each.loss)


def best_baselines(
    training: Corpus, train: Part, corpus: Corpus, order: Batches, experiment: Experiment
) -> Baselines:
    """The n-gram models of a training part as it is, or with its transposed copies, whichever are better.

    Copies help counting in some data and harm it in other: a network that was trained with them is held
    against the better of the two. Arguments as in `measure_baselines`.
    """
    plain = measure_baselines(training, train, corpus, order, experiment)
    if not experiment.dataset.shifts:
        return plain
    measured = [replace(plain, copies=0)]
    with suppress(DataError):  # of data that has changed, a copy may have notes that the model does not know
        copied, parts = augmented(training, {"train": train}, experiment)
        other = measure_baselines(copied, parts["train"], corpus, order, experiment)
        measured.append(replace(other, copies=len(experiment.dataset.shifts)))
    return min(measured, key=lambda each: each.best.loss)


def measure_baselines(
    training: Corpus, train: Part, corpus: Corpus, order: Batches, experiment: Experiment
) -> Baselines:
    """The n-gram models of a training part, measured on the targets that a network is measured on.

    Args:
        training: the training data.
        train: the part of it that the network was trained on.
        corpus: the data to measure on.
        order: in which the part of it to measure on is read, by `reading_order`.
        experiment: the configuration.
    """
    ranges = ranges_read(train, window=experiment.dataset.window, regime=experiment.regime)
    total = int((ranges[:, 1] - ranges[:, 0]).sum())
    ids, reach = _last_tokens(training, ranges)
    models = train_ngrams(ids, reach, vocab_size=len(training.vocabulary), most=HIGHEST_ORDER)
    losses, tokens = _losses(models, corpus, order, experiment)
    is_certain = len(training.vocabulary) == 1  # rounding leaves a little more or less than 0
    measured = tuple(
        Baseline(order, smoothing, 0.0 if is_certain else max(0.0, float(loss) / tokens))
        for smoothing, by_order in losses.items()
        for order, loss in enumerate(by_order, start=1)
    )
    return Baselines(measured, tokens, len(ids), total - len(ids))


def _last_tokens(corpus: Corpus, ranges: NDArray[np.int64]) -> tuple[Ids, Ids]:
    """Ids (S,) of the last tokens of ranges, and how many tokens before each belong to it (S,)."""
    lengths = ranges[:, 1] - ranges[:, 0]
    after = np.append(np.cumsum(lengths[::-1])[::-1][1:], 0)
    kept = np.clip(MOST_TOKENS - after, 0, lengths)
    firsts = ranges[:, 1] - kept
    places = np.arange(int(kept.sum())) + np.repeat(firsts - (np.cumsum(kept) - kept), kept)
    reach = np.minimum(reaches(corpus, places), places - np.repeat(firsts, kept))
    reach[~is_target(corpus, places)] = 0
    return corpus.ids[places], np.minimum(reach, HIGHEST_ORDER).astype(np.int8)


def _losses(
    models: NGrams, corpus: Corpus, order: Batches, experiment: Experiment
) -> tuple[dict[Smoothing, NDArray[np.float64]], int]:
    """The cross-entropy of each model, summed over all targets (K,), and how many targets there are."""
    losses: dict[Smoothing, NDArray[np.float64]] = {}
    tokens, orders = 0, np.arange(len(models.orders))
    target = experiment.dataset.target
    for block in target_blocks(corpus, order, target=target, most_reach=len(orders) - 1):
        end = min(block.first + block.times.shape[1], len(corpus.ids))
        places = np.arange(max(block.first - HIGHEST_ORDER, 0), end)
        times = block.times[:, : end - block.first]
        tokens += int(times.sum())
        reach = np.minimum(reaches(corpus, places), places - places[0])
        for smoothing, likely in models.probabilities(corpus.ids[places], reach).items():
            costs = -np.log(likely[:, block.first - places[0] :])
            sums = times @ costs.T
            each = sums[orders[:, None], np.minimum(orders[:, None], orders)].sum(axis=0)
            losses[smoothing] = losses.get(smoothing, 0) + each
    return losses, tokens

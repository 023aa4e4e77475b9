"""N-gram baselines: n-gram models counted on the training part and scored on the network's targets."""

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
"""Largest number of tokens that are counted, to limit the memory: the last tokens of the training part."""


@dataclass(frozen=True)
class Baseline:
    """An n-gram model and its loss.

    Attributes:
        order: n; the model uses at most n − 1 tokens before its target.
        smoothing: the method that smooths the counts of the model.
        loss: cross-entropy, nats per token.
    """

    order: int
    smoothing: Smoothing
    loss: float


@dataclass(frozen=True)
class Baselines:
    """N-gram models of one training part, measured on the same targets.

    Attributes:
        all: the models of all orders with each smoothing.
        tokens: number of targets that the models were measured on.
        counted: number of tokens that the models were counted on, with the tokens of the copies.
        left_out: number of tokens before the counted ones that were left out.
        copies: number of transposed copies (`dataset.augment`) that were counted too, all or 0; None if the
            configuration has no copies. Tokens that were left out may be those of copies.
    """

    all: tuple[Baseline, ...]
    tokens: int
    counted: int
    left_out: int
    copies: int | None = None

    @property
    def unigram(self) -> Baseline:
        """The model of order 1 with Witten–Bell smoothing: P(w) = (c(w) + T / V) / (N + T).

        c(w) is the count of the token w, N the sum of all counts, T the number of different tokens counted.
        """
        return next(each for each in self.all if each.order == 1 and each.smoothing == "witten_bell")

    @property
    def best(self) -> Baseline:
        """The model with the lowest loss on the measured part; this choice makes its loss look too good."""
        return min(self.all, key=lambda each: each.loss)


def best_baselines(
    training: Corpus, train: Part, corpus: Corpus, order: Batches, experiment: Experiment
) -> Baselines:
    """Return n-gram models, counted with or without transposed copies: those with the lower `best.loss`.

    Copies lower the loss of n-gram models on some data and raise it on other data. The models are counted
    without copies if the configuration has no `dataset.augment`, or if a note of a copy is not in the
    vocabulary or no pitch of MIDI. The arguments are those of `measure_baselines`.
    """
    plain = measure_baselines(training, train, corpus, order, experiment)
    if not experiment.dataset.shifts:
        return plain
    measured = [replace(plain, copies=0)]
    with suppress(DataError):  # if the data has changed, a copy may have notes that are not in the vocabulary
        copied, parts = augmented(training, {"train": train}, experiment)
        other = measure_baselines(copied, parts["train"], corpus, order, experiment)
        measured.append(replace(other, copies=len(experiment.dataset.shifts)))
    return min(measured, key=lambda each: each.best.loss)


def measure_baselines(
    training: Corpus, train: Part, corpus: Corpus, order: Batches, experiment: Experiment
) -> Baselines:
    """Return n-gram models that are counted on a training part and measured on the targets of a network.

    Args:
        training: the training data.
        train: the part of the training data that the network was trained on.
        corpus: the data to measure on.
        order: the batches of the measured part, from `reading_order`.
        experiment: the configuration.
    """
    ranges = ranges_read(train, window=experiment.dataset.window, regime=experiment.regime)
    total = int((ranges[:, 1] - ranges[:, 0]).sum())
    ids, reach = _last_tokens(training, ranges)
    models = train_ngrams(ids, reach, vocab_size=len(training.vocabulary), most=HIGHEST_ORDER)
    losses, tokens = _losses(models, corpus, order, experiment)
    is_certain = len(training.vocabulary) == 1  # the loss is 0; rounding makes it a little larger or smaller
    measured = tuple(
        Baseline(order, smoothing, 0.0 if is_certain else max(0.0, float(loss) / tokens))
        for smoothing, by_order in losses.items()
        for order, loss in enumerate(by_order, start=1)
    )
    return Baselines(measured, tokens, len(ids), total - len(ids))


def _last_tokens(corpus: Corpus, ranges: NDArray[np.int64]) -> tuple[Ids, Ids]:
    """Return the last `MOST_TOKENS` tokens of R ranges: their ids (S,), and the length of each context (S,).

    A range is shortened at its beginning; if the ranges have fewer tokens, all of them are returned. The
    context of a token has at most `HIGHEST_ORDER` tokens. Its length is 0 if the token is no target.

    Args:
        corpus: the training data.
        ranges: (R, 2) index of the first token and index after the last token, ascending.
    """
    lengths = ranges[:, 1] - ranges[:, 0]  # (R,)
    after = np.append(np.cumsum(lengths[::-1])[::-1][1:], 0)  # (R,) tokens in the ranges behind each range
    kept = np.clip(MOST_TOKENS - after, 0, lengths)  # (R,) tokens of each range that are counted
    firsts = ranges[:, 1] - kept  # (R,) the first token of each range that is counted
    # Indices of the kept tokens: range after range, each from its first token on.
    places = np.arange(int(kept.sum())) + np.repeat(firsts - (np.cumsum(kept) - kept), kept)  # (S,)
    # A context does not reach beyond the beginning of its sequence or range. A token that is no target is
    # only context of later tokens.
    reach = np.minimum(reaches(corpus, places), places - np.repeat(firsts, kept))  # (S,)
    reach[~is_target(corpus, places)] = 0
    return corpus.ids[places], np.minimum(reach, HIGHEST_ORDER).astype(np.int8)


def _losses(
    models: NGrams, corpus: Corpus, order: Batches, experiment: Experiment
) -> tuple[dict[Smoothing, NDArray[np.float64]], int]:
    """Return the summed cross-entropy of the models of each smoothing, (K,) nats, and the number of targets.

    A model of order n uses at most n − 1 tokens before a target, and no token before those that the network
    has read in its window, or in its lane if the state is carried.
    """
    losses: dict[Smoothing, NDArray[np.float64]] = {}
    tokens, orders = 0, np.arange(len(models.orders))
    target = experiment.dataset.target
    for block in target_blocks(corpus, order, target=target, most_reach=len(orders) - 1):
        # The L targets of a block, and enough tokens before the first one for the highest order.
        end = min(block.first + block.times.shape[1], len(corpus.ids))
        places = np.arange(max(block.first - HIGHEST_ORDER, 0), end)
        times = block.times[:, : end - block.first]  # (K, L) how often each target is read after k tokens
        tokens += int(times.sum())
        reach = np.minimum(reaches(corpus, places), places - places[0])
        for smoothing, likely in models.probabilities(corpus.ids[places], reach).items():
            costs = -np.log(likely[:, block.first - places[0] :])  # (K, L) nats, by the model of each order
            sums = times @ costs.T  # (K, K) after k tokens, by the model of each order
            # With only k tokens before the target, the model of order min(n, k + 1) replaces that of order n.
            each = sums[orders[:, None], np.minimum(orders[:, None], orders)].sum(axis=0)
            losses[smoothing] = losses.get(smoothing, 0) + each
    return losses, tokens

"""Measures of sequences written for a label: loss of each label, and of n-gram models of that label alone.

`END` of each sequence is counted as a token, for the network and for the n-gram models alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.evaluation.baselines import HIGHEST_ORDER, MOST_TOKENS, Baseline
from rnnlab.evaluation.label_measures import Ids
from rnnlab.evaluation.ngram import train_ngrams

END_ID = 0
"""The id of `END` in the vocabulary of the targets."""


@dataclass(frozen=True)
class LabelLoss:
    """The loss of the sequences of one label.

    Attributes:
        loss: cross-entropy of the network, nats per token, `END` counted.
        ngram: the n-gram model of this label with the lowest loss on the same tokens, `END` counted; this
            choice makes its loss look too good.
        tokens: number of tokens with `END`.
        sequences: number of sequences.
    """

    loss: float
    ngram: Baseline
    tokens: int
    sequences: int


@dataclass(frozen=True)
class FromLabelMeasures:
    """The loss of the sequences of L labels.

    Attributes:
        loss: cross-entropy of the network over all sequences, nats per token, `END` counted.
        ngram_loss: the same of the n-gram model of each sequence's label.
        labels: the losses of each label, by its id; None for a label without sequences to measure on.
        tokens: number of tokens with `END`.
    """

    loss: float
    ngram_loss: float
    labels: tuple[LabelLoss | None, ...]
    tokens: int

    @property
    def below_ngram(self) -> int:
        """Number of labels whose loss is below that of their n-gram model."""
        return sum(each is not None and each.loss < each.ngram.loss for each in self.labels)


def measure_from_label(
    costs: NDArray[np.floating[Any]],
    sequences: Sequence[Ids],
    owners: Ids,
    *,
    training: tuple[Sequence[Ids], Ids],
    labels: int,
    vocab_size: int,
) -> FromLabelMeasures:
    """Return the loss of each label, of a network and of n-gram models that are counted on this label alone.

    Args:
        costs: (S + K,) cross-entropy of each token and of `END` after each sequence, nats, the sequences one
            after another.
        sequences: the token ids of K ≥ 1 sequences, without `END`.
        owners: (K,) the label of each sequence.
        training: the token ids of the M sequences of the training part, and their labels (M,).
        labels: number of labels L.
        vocab_size: V, the size of the vocabulary of the targets: `END`, `UNKNOWN` and the tokens.

    Raises:
        ValueError: the number of costs differs from the number of tokens.
    """
    lengths = np.array([len(each) + 1 for each in sequences])  # (K,)
    if len(costs) != lengths.sum() or len(owners) != len(sequences):
        raise ValueError(f"{len(costs)} costs for {lengths.sum()} with END, {len(owners)} labels")
    by_token, losses = np.repeat(owners, lengths), list[LabelLoss | None]()  # (S + K,)
    for label in range(labels):
        own = [sequences[number] for number in np.flatnonzero(owners == label).tolist()]
        if not own:
            losses.append(None)
            continue
        counted = [training[0][number] for number in np.flatnonzero(training[1] == label).tolist()]
        loss = float(costs[by_token == label].mean(dtype=np.float64))
        ngram = best_ngram(counted, own, vocab_size=vocab_size)
        losses.append(LabelLoss(loss, ngram, int(lengths[owners == label].sum()), len(own)))
    measured = [each for each in losses if each]
    tokens = sum(each.tokens for each in measured)
    return FromLabelMeasures(
        loss=sum(each.loss * each.tokens for each in measured) / tokens,
        ngram_loss=sum(each.ngram.loss * each.tokens for each in measured) / tokens,
        labels=tuple(losses),
        tokens=tokens,
    )


def best_ngram(training: Sequence[Ids], sequences: Sequence[Ids], *, vocab_size: int) -> Baseline:
    """Return the n-gram model of the training sequences with the lowest loss on other sequences.

    Orders 1 to 8 with both smoothings are tried, as in `measure_baselines`. A context does not reach beyond
    the beginning of its sequence, which the model knows as such. At most the last `MOST_TOKENS` tokens are
    counted; without training sequences every token has the probability 1 / V.

    Args:
        training: the token ids of the training sequences, without `END`.
        sequences: the token ids of K ≥ 1 sequences to measure on, without `END`.
        vocab_size: V, with `END` and `UNKNOWN`.
    """
    ids, reach = _read(training)  # (S,), (S,)
    ids, reach = ids[-MOST_TOKENS:], reach[-MOST_TOKENS:]
    reach = np.minimum(reach, np.arange(len(reach)))  # the first context may have been cut
    models = train_ngrams(ids, reach, vocab_size=vocab_size, most=HIGHEST_ORDER)
    ids, reach = _read(sequences)
    measured = [
        Baseline(order, smoothing, max(0.0, float(-np.log(likely[reach > 0]).mean())))
        for smoothing, by_order in models.probabilities(ids, reach).items()
        for order, likely in enumerate(by_order, start=1)
    ]
    return min(measured, key=lambda each: each.loss)


def _read(sequences: Sequence[Ids]) -> tuple[Ids, Ids]:
    """Return sequences one after another, with `END` before and after each, and the length of each context.

    `END` before a sequence is only context, and marks its beginning; its own context has the length 0.

    Returns:
        The token ids, and the number of tokens before each token that belong to its context, (S + 2K,) each.
    """
    framed = [np.concatenate([[END_ID], each, [END_ID]]) for each in sequences]
    reach = [np.minimum(np.arange(len(each)), HIGHEST_ORDER) for each in framed]
    if not framed:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    return np.concatenate(framed).astype(np.int64), np.concatenate(reach)

"""N-gram models of every order at once, in both smoothings: what can be had by counting."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.evaluation.ngram_counts import Grams, Index, count_grams
from rnnlab.evaluation.smoothing import Floats, Level, Smoothing, kneser_ney, witten_bell

Ids = NDArray[np.integer[Any]]


@dataclass(frozen=True, eq=False)
class Order:
    """What each model has for the n-grams of one order.

    Attributes:
        index: the numbers of those that occur.
        witten_bell: of every model of this order or a higher one.
        kneser_ney: of the model whose highest order this is.
        continuation: of the Kneser–Ney models of higher orders; None where there are none.
    """

    index: Index
    witten_bell: Level
    kneser_ney: Level
    continuation: Level | None


@dataclass(frozen=True, eq=False)
class NGrams:
    """The models of order 1 to K over a vocabulary of V tokens.

    Attributes:
        orders: K of them; there may be fewer than asked for, where all sequences are short.
        vocab_size: V.
    """

    orders: tuple[Order, ...]
    vocab_size: int

    def probabilities(self, ids: Ids, reach: Ids) -> dict[Smoothing, Floats]:
        """The probability (K, L) of each token after those before it, for the models of each order.

        Where fewer tokens come before than a model wants, it is the model of the order that they suffice for.

        Args:
            ids: (L,) token ids.
            reach: (L,) how many tokens before each belong to it.
        """
        numbers = np.zeros(len(ids) + 1, np.int64)
        by_counts = highest = lower = np.full(len(ids), 1 / self.vocab_size)
        found: dict[Smoothing, list[Floats]] = {"witten_bell": [], "kneser_ney": []}
        for number, order in enumerate(self.orders):
            contexts = numbers[:-1]
            grams = order.index.find(contexts, ids)
            enough = reach >= number
            by_counts = np.where(enough, order.witten_bell.mix(grams, contexts, by_counts), by_counts)
            highest = np.where(enough, order.kneser_ney.mix(grams, contexts, lower), highest)
            if order.continuation:
                lower = order.continuation.mix(grams, contexts, lower)
            found["witten_bell"].append(by_counts)
            found["kneser_ney"].append(highest)
            numbers = np.append(0, grams)
        return {smoothing: np.stack(rows) for smoothing, rows in found.items()}


def train_ngrams(ids: Ids, reach: Ids, *, vocab_size: int, most: int) -> NGrams:
    """The n-gram models of all orders up to a highest one.

    Args:
        ids: (S,) token ids.
        reach: (S,) how many tokens before each belong to it; 0 for one that is no target, and only context.
        vocab_size: V.
        most: K.
    """
    counted = count_grams(ids, reach, vocab_size=vocab_size, most=most)
    return NGrams(tuple(_order(grams) for grams in counted), vocab_size)


def _order(grams: Grams) -> Order:
    """The levels of an order in all models."""
    contexts, size = grams.index.contexts, grams.context_count
    return Order(
        grams.index,
        witten_bell(grams.counts, contexts, size),
        kneser_ney(grams.counts, contexts, size),
        None if grams.continuations is None else kneser_ney(grams.continuations, contexts, size),
    )

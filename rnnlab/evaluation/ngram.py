"""N-gram models of the orders 1 to K with two smoothings: counting, smoothing, and probabilities of tokens.

An n-gram of order n is a token w after a context h of n − 1 tokens. Each order has a table of its n-grams,
and the number of an n-gram is its index in this table. The table stores an n-gram as the number of its
context (an n-gram of the order below) and the token w, so an entry takes the same memory for every n.

Both smoothings interpolate: P(w | h) = share(h w) + rest(h) · P(w | h'), where h' is h without its first
token. The order below 1 is the uniform distribution 1 / V. For every h, rest(h) and the shares of all w sum
to 1, so P(w | h) sums to 1 too.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.integer[Any]]


Numbers = NDArray[np.int64]

UNKNOWN = -1


@dataclass(frozen=True, eq=False)
class Index:
    """The table of the G n-grams of one order, over a vocabulary of V tokens.

    Attributes:
        keys: (G,) ascending, context number · V + token. The number of an n-gram is the index of its key.
        vocab_size: V.
    """

    keys: Numbers
    vocab_size: int

    @property
    def contexts(self) -> Numbers:
        """Number of the context of each n-gram, (G,)."""
        return self.keys // self.vocab_size

    def find(self, contexts: Numbers, tokens: Ids) -> Numbers:
        """Return the number of each n-gram, (L,); `UNKNOWN` if the table lacks the n-gram or its context.

        Args:
            contexts: (L,) the number of each context, or `UNKNOWN`.
            tokens: (L,) the last token of each n-gram.
        """
        keys = contexts * self.vocab_size + tokens
        places = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where((contexts >= 0) & (self.keys[places] == keys), places, UNKNOWN)


@dataclass(frozen=True, eq=False)
class Grams:
    """The G n-grams of one order, with their counts.

    Attributes:
        index: the table of the n-grams.
        context_count: number of contexts C: 1 for order 1, else the number of n-grams of the order below.
        counts: (G,) number of occurrences of each n-gram; 0 for a token of order 1 that does not occur.
        continuations: (G,) number of different tokens that come before each n-gram. From order 2 on, the
            beginning of a sequence counts as one more token. None for the highest order.
    """

    index: Index
    context_count: int
    counts: Numbers
    continuations: Numbers | None


def count_grams(ids: Ids, reach: Ids, *, vocab_size: int, most: int) -> Iterator[Grams]:
    """Count the n-grams of each order, from 1 to `most`, or to the highest order that occurs.

    Args:
        ids: (S,) token ids.
        reach: (S,) number of tokens before each token that belong to its context. A token with 0 is not
            counted; it is only context of later tokens.
        vocab_size: V.
        most: the highest order.

    Yields:
        The n-grams of order 1, then of order 2, and so on.
    """
    # Order 1: the n-grams are the tokens themselves, all with the same empty context.
    index = Index(np.arange(vocab_size), vocab_size)
    contexts, counts = 1, np.bincount(ids[reach > 0], minlength=vocab_size)  # (V,)
    numbers = ids.astype(np.int64)  # (S,) the number of the n-gram that ends at each token
    for order in range(2, most + 1):
        # The P places with enough tokens before them for this order.
        places = np.flatnonzero(reach >= order - 1)  # (P,)
        if not len(places):
            break
        # An n-gram here is the n-gram of the order below that ends one token earlier, and this token.
        keys = numbers[places - 1] * vocab_size + ids[places]  # (P,)
        distinct, first, inverse, next_counts = _distinct(keys)  # (G,), (G,), (P,), (G,)
        # Each distinct n-gram adds 1 to the n-gram of the order below that it ends with: one more token comes
        # before it.
        continuations = np.bincount(numbers[places[first]], minlength=len(counts))
        if order > 2:  # the beginning of a sequence counts as one more token before
            continuations[np.unique(numbers[reach == order - 2])] += 1
        yield Grams(index, contexts, counts, continuations)
        index, contexts, counts = Index(distinct, vocab_size), len(counts), next_counts
        numbers = np.full(len(ids), UNKNOWN)  # (S,)
        numbers[places] = inverse
    yield Grams(index, contexts, counts, None)


def _distinct(keys: Numbers) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """Return the G distinct keys among P keys, as `np.unique` does, by a faster sort that is not stable.

    Returns:
        The distinct keys, ascending (G,); for each distinct key an index at which it occurs (G,); for each
        key its index among the distinct keys (P,); the number of occurrences of each distinct key (G,).
    """
    order = np.argsort(keys)  # (P,)
    ordered = keys[order]  # (P,) equal keys stand side by side
    begins = np.append(True, ordered[1:] != ordered[:-1])[: len(keys)]  # (P,) where a new key begins
    inverse = np.empty(len(keys), np.int64)
    inverse[order] = np.cumsum(begins) - 1  # (P,)
    places = np.flatnonzero(begins)  # (G,)
    return ordered[places], order[places], inverse, np.diff(np.append(places, len(keys)))


Floats = NDArray[np.float64]
Shares = NDArray[np.float32]
Smoothing = Literal["witten_bell", "kneser_ney"]

NAMES: dict[Smoothing, str] = {"witten_bell": "Witten–Bell", "kneser_ney": "Kneser–Ney"}


@dataclass(frozen=True, eq=False)
class Level:
    """One order of a smoothed model.

    Attributes:
        shares: (G,) share(h w) of each n-gram.
        rests: (C,) rest(h) of each context, the probability that goes to the order below; 1 if no token
            followed the context.
    """

    shares: Shares
    rests: Shares

    def mix(self, grams: Numbers, contexts: Numbers, lower: Floats) -> Floats:
        """Return P(w | h) of L n-grams, (L,).

        Args:
            grams: (L,) the number of each n-gram, or `UNKNOWN`.
            contexts: (L,) the number of each context, or `UNKNOWN`.
            lower: (L,) P(w | h') by the order below.
        """
        shares = np.where(grams == UNKNOWN, 0.0, self.shares[grams].astype(np.float64))
        rests = np.where(contexts == UNKNOWN, 1.0, self.rests[contexts].astype(np.float64))
        mixed: Floats = shares + rests * lower
        return mixed


def witten_bell(counts: Numbers, contexts: Numbers, context_count: int) -> Level:
    """Smooth the counts of one order by Witten and Bell's method (Bell, Cleary & Witten, 1990).

    share = c(h w) / (c(h) + T(h)) and rest = T(h) / (c(h) + T(h)). c(h) is the sum of c(h w) over all w, and
    T(h) the number of different tokens that follow h.

    Args:
        counts: (G,) the count c(h w) of each n-gram.
        contexts: (G,) the number of the context of each n-gram.
        context_count: number of contexts C.
    """
    totals = np.bincount(contexts, weights=counts, minlength=context_count)
    kinds = np.bincount(contexts, weights=counts > 0, minlength=context_count)
    return Level(_divided(counts, (totals + kinds)[contexts]), _rests(kinds, totals + kinds))


def kneser_ney(counts: Numbers, contexts: Numbers, context_count: int) -> Level:
    """Smooth the counts of one order by modified Kneser–Ney (Kneser & Ney, 1995; Chen & Goodman, 1999).

    A discount D(c) is subtracted from every count c: share = (c − D(c)) / c(h) and rest = Σ D(c) / c(h). In
    the highest order of a model, c is the number of occurrences of an n-gram; in a lower order, c is the
    number of different tokens that come before the n-gram. c(h) is the sum of c over all n-grams after h.

    Args:
        counts: (G,) the count c of each n-gram.
        contexts: (G,) the number of the context of each n-gram.
        context_count: number of contexts C.
    """
    taken = discounts(counts)[np.minimum(counts, 3)]
    totals = np.bincount(contexts, weights=counts, minlength=context_count)
    given = np.bincount(contexts, weights=taken, minlength=context_count)
    return Level(_divided(counts - taken, totals[contexts]), _rests(given, totals))


def discounts(counts: Numbers) -> Floats:
    """Return the discounts of a count of 0, of 1, of 2 and of 3 or more, (4,).

    The discount of 0 is 0. The others are Chen & Goodman's estimates from n1, n2, n3 and n4, where nk is the
    number of n-grams with the count k. If one of n1 to n4 is 0, or an estimate is not between 0 and its
    count, the three discounts are n1 / (n1 + 2 n2), or 0.5 if n1 or n2 is 0.
    """
    n1, n2, n3, n4 = (int(np.count_nonzero(counts == times)) for times in range(1, 5))
    single = n1 / (n1 + 2 * n2) if n1 and n2 else 0.5
    if n1 and n2 and n3 and n4:
        estimates = [1 - 2 * single * n2 / n1, 2 - 3 * single * n3 / n2, 3 - 4 * single * n4 / n3]
        if all(0 < estimate < times for times, estimate in enumerate(estimates, start=1)):
            return np.array([0.0, *estimates])
    return np.array([0.0, single, single, single])


def _rests(given: NDArray[Any], totals: NDArray[Any]) -> Shares:
    return np.where(totals > 0, _divided(given, totals), np.float32(1))


def _divided(numerators: NDArray[Any], denominators: NDArray[Any]) -> Shares:
    """Return the quotients, 0 where the denominator is 0, as float32 to save memory."""
    zeros = np.zeros(len(numerators), np.float32)
    np.divide(numerators, denominators, out=zeros, where=denominators > 0, casting="same_kind")
    return zeros


@dataclass(frozen=True, eq=False)
class Order:
    """The smoothed levels of one order, for all models that use this order.

    Attributes:
        index: the table of the n-grams.
        witten_bell: the level in the Witten–Bell models of this order and of higher orders.
        kneser_ney: the level in the Kneser–Ney model whose highest order is this order.
        continuation: the level in the Kneser–Ney models of higher orders; None for the highest order K.
    """

    index: Index
    witten_bell: Level
    kneser_ney: Level
    continuation: Level | None


@dataclass(frozen=True, eq=False)
class NGrams:
    """The n-gram models of order 1 to K over a vocabulary of V tokens, with both smoothings.

    Attributes:
        orders: the orders 1 to K; fewer than requested if all sequences are short.
        vocab_size: V.
    """

    orders: tuple[Order, ...]
    vocab_size: int

    def probabilities(self, ids: Ids, reach: Ids) -> dict[Smoothing, Floats]:
        """Return the probability of each of L tokens by the models of each order, (K, L) for each smoothing.

        If the context of a token has fewer than n − 1 tokens, the model of order n gives the probability of
        the highest order whose context is complete.

        Args:
            ids: (L,) token ids.
            reach: (L,) number of tokens before each token that belong to its context.
        """
        numbers = np.zeros(len(ids) + 1, np.int64)  # (L + 1,) number of the n-gram before each token
        by_counts = highest = lower = np.full(len(ids), 1 / self.vocab_size)  # (L,) below order 1: uniform
        found: dict[Smoothing, list[Floats]] = {"witten_bell": [], "kneser_ney": []}
        for number, order in enumerate(self.orders):
            contexts = numbers[:-1]
            grams = order.index.find(contexts, ids)  # (L,)
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
    """Return the n-gram models of orders 1 to K; the arguments are those of `count_grams`."""
    counted = count_grams(ids, reach, vocab_size=vocab_size, most=most)
    return NGrams(tuple(_order(grams) for grams in counted), vocab_size)


def _order(grams: Grams) -> Order:
    """Return the smoothed levels of one order, for all models that use this order."""
    contexts, size = grams.index.contexts, grams.context_count
    return Order(
        grams.index,
        witten_bell(grams.counts, contexts, size),
        kneser_ney(grams.counts, contexts, size),
        None if grams.continuations is None else kneser_ney(grams.continuations, contexts, size),
    )

"""N-gram models of all orders 1 to K, with two smoothings: they are counted, then smoothed, then asked.

An n-gram of order n is a token w after n − 1 tokens, its context h. Each order has a table of its n-grams,
and each n-gram a number: its place in the table. The table stores an n-gram as the number of its context (an
n-gram of the order below) and one token, so the memory does not grow with n.

Both smoothings interpolate: P(w | h) = share(h w) + rest(h) · P(w | h'), where h' is h without its oldest
    token.
The order below 1 is the uniform distribution 1 / V. For every h the shares and the rest sum to 1, so P does
too.
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
        """The number of each n-gram's context, (G,)."""
        return self.keys // self.vocab_size

    def find(self, contexts: Numbers, tokens: Ids) -> Numbers:
        """The number of each n-gram; `UNKNOWN` where the n-gram or its context has never occurred."""
        keys = contexts * self.vocab_size + tokens
        places = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where((contexts >= 0) & (self.keys[places] == keys), places, UNKNOWN)


@dataclass(frozen=True, eq=False)
class Grams:
    """The G n-grams of one order, with their counts.

    Attributes:
        index: the table of the n-grams.
        context_count: C, the number of contexts: the n-grams of the order below; 1 for order 1.
        counts: (G,) occurrences of each n-gram.
        continuations: (G,) number of different tokens that come before each n-gram; the beginning of a
            sequence counts as one more. None for the highest order.
    """

    index: Index
    context_count: int
    counts: Numbers
    continuations: Numbers | None


def count_grams(ids: Ids, reach: Ids, *, vocab_size: int, most: int) -> Iterator[Grams]:
    """Count the n-grams of each order, from 1 to `most`, or to the highest order that occurs.

    Args:
        ids: (S,) token ids.
        reach: (S,) number of tokens before each token that belong to its context; 0 for a token that is no
            target and serves only as context.
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
        # Each distinct n-gram puts one more token before the n-gram of the order below that it ends with.
        continuations = np.bincount(numbers[places[first]], minlength=len(counts))
        if order > 2:  # the beginning of a sequence counts as one more token before
            continuations[np.unique(numbers[reach == order - 2])] += 1
        yield Grams(index, contexts, counts, continuations)
        index, contexts, counts = Index(distinct, vocab_size), len(counts), next_counts
        numbers = np.full(len(ids), UNKNOWN)  # (S,)
        numbers[places] = inverse
    yield Grams(index, contexts, counts, None)


def _distinct(keys: Numbers) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """Return what `np.unique` returns for P keys with G distinct ones, by a faster sort that is not stable.

    Returns:
        The distinct keys, ascending (G,); an index at which each occurs (G,); the number of each key among
        the distinct ones (P,); the occurrences of each (G,).
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
        shares: (G,) the probability that each n-gram keeps for itself after its context.
        rests: (C,) the probability that each context leaves to the order below; 1 where no token has followed
            it.
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

    share = c(h w) / (c(h) + T(h)) and rest = T(h) / (c(h) + T(h)), where T(h) is the number of different
    tokens that follow h.

    Args:
        counts: (G,) of the n-grams.
        contexts: (G,) the number of each n-gram's context.
        context_count: C.
    """
    totals = np.bincount(contexts, weights=counts, minlength=context_count)
    kinds = np.bincount(contexts, weights=counts > 0, minlength=context_count)
    return Level(_divided(counts, (totals + kinds)[contexts]), _rests(kinds, totals + kinds))


def kneser_ney(counts: Numbers, contexts: Numbers, context_count: int) -> Level:
    """Smooth the counts of one order by modified Kneser–Ney (Kneser & Ney, 1995; Chen & Goodman, 1999).

    A discount D is subtracted from every count c: share = (c − D(c)) / c(h) and rest = Σ D(c) / c(h). In the
    highest order of a model, c is the number of occurrences of an n-gram; in lower orders, it is the number
    of different tokens that come before it.

    Args:
        counts: (G,) of the n-grams.
        contexts: (G,) the number of each n-gram's context.
        context_count: C.
    """
    taken = discounts(counts)[np.minimum(counts, 3)]
    totals = np.bincount(contexts, weights=counts, minlength=context_count)
    given = np.bincount(contexts, weights=taken, minlength=context_count)
    return Level(_divided(counts - taken, totals[contexts]), _rests(given, totals))


def discounts(counts: Numbers) -> Floats:
    """Return the discounts of a count of 0, of 1, of 2 and of 3 or more, (4,).

    They are Chen & Goodman's estimates from n1 to n4, the numbers of n-grams that occur once to four times.
    If one of n1 to n4 is 0, or an estimate is not between 0 and its count, all counts share the single
    discount n1 / (n1 + 2 n2); if n1 or n2 is 0, it is one half.
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
    """Return the quotients, 0 where the denominator is 0; in float32, since there may be millions."""
    zeros = np.zeros(len(numerators), np.float32)
    np.divide(numerators, denominators, out=zeros, where=denominators > 0, casting="same_kind")
    return zeros


@dataclass(frozen=True, eq=False)
class Order:
    """The smoothed levels of one order, for all models that use this order.

    Attributes:
        index: the table of the n-grams.
        witten_bell: the level in the Witten–Bell models of this order and of higher ones.
        kneser_ney: the level in the Kneser–Ney model whose highest order this is.
        continuation: the level in the Kneser–Ney models of higher orders; None where there are none.
    """

    index: Index
    witten_bell: Level
    kneser_ney: Level
    continuation: Level | None


@dataclass(frozen=True, eq=False)
class NGrams:
    """The n-gram models of order 1 to K over a vocabulary of V tokens, with both smoothings.

    Attributes:
        orders: K of them; fewer than requested if all sequences are short.
        vocab_size: V.
    """

    orders: tuple[Order, ...]
    vocab_size: int

    def probabilities(self, ids: Ids, reach: Ids) -> dict[Smoothing, Floats]:
        """Return the probability of each of L tokens by the models of each order, (K, L) for each smoothing.

        Where fewer tokens come before a token than a model uses, the model of the highest possible order
        answers.

        Args:
            ids: (L,) token ids.
            reach: (L,) number of tokens before each token that belong to its context.
        """
        numbers = np.zeros(len(ids) + 1, np.int64)  # (L + 1,) of the n-gram that ends before each token
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
    """Return the n-gram models of order 1 to K; the arguments are those of `count_grams`."""
    counted = count_grams(ids, reach, vocab_size=vocab_size, most=most)
    return NGrams(tuple(_order(grams) for grams in counted), vocab_size)


def _order(grams: Grams) -> Order:
    """Smooth the counts of one order, for all models that use this order."""
    contexts, size = grams.index.contexts, grams.context_count
    return Order(
        grams.index,
        witten_bell(grams.counts, contexts, size),
        kneser_ney(grams.counts, contexts, size),
        None if grams.continuations is None else kneser_ney(grams.continuations, contexts, size),
    )

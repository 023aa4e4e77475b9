"""N-gram models of every order at once, in both smoothings: what can be had by counting.

What is left of the counts of n-grams when some probability goes to those that have never occurred.

Both ways interpolate, P(w | h) = share(h w) + rest(h) · P(w | h'), with h' = h without its oldest token, down
to the uniform 1 / V. For every h the shares and the rest sum to 1, and so does P.

How often each n-gram occurs: a table for each order, its n-grams numbered.

An n-gram of order n is a token w after n − 1 tokens, its context h. Its number in the table of its order
comes from the number that its context has in the table below: none is ever stored token by token.
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
    """The numbers of the G n-grams of one order, over a vocabulary of V tokens.

    Attributes:
        keys: (G,) ascending, context number · V + token; an n-gram's number is the place of its key.
        vocab_size: V.
    """

    keys: Numbers
    vocab_size: int

    @property
    def contexts(self) -> Numbers:
        """(G,) the number of each one's context."""
        return self.keys // self.vocab_size

    def find(self, contexts: Numbers, tokens: Ids) -> Numbers:
        """The numbers of n-grams, `UNKNOWN` where one has never occurred, or its context has not."""
        keys = contexts * self.vocab_size + tokens
        places = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where((contexts >= 0) & (self.keys[places] == keys), places, UNKNOWN)


@dataclass(frozen=True, eq=False)
class Grams:
    """The G n-grams of one order.

    Attributes:
        index: their numbers.
        context_count: C, as many as there are n-grams of the order below; 1 for order 1.
        counts: (G,) how often each occurs.
        continuations: (G,) how many different tokens come before each, where the beginning of a sequence is
            one more; None for the highest order.
    """

    index: Index
    context_count: int
    counts: Numbers
    continuations: Numbers | None


def count_grams(ids: Ids, reach: Ids, *, vocab_size: int, most: int) -> Iterator[Grams]:
    """The n-grams of each order, from 1 to `most` or as far as there are any.

    Args:
        ids: (S,) token ids.
        reach: (S,) how many tokens before each belong to it; 0 for one that is no target, and only context.
        vocab_size: V.
        most: the highest order.
    """
    index = Index(np.arange(vocab_size), vocab_size)
    contexts, counts = 1, np.bincount(ids[reach > 0], minlength=vocab_size)
    numbers = ids.astype(np.int64)
    for order in range(2, most + 1):
        places = np.flatnonzero(reach >= order - 1)
        if not len(places):
            break
        keys = numbers[places - 1] * vocab_size + ids[places]
        distinct, first, inverse, next_counts = _distinct(keys)
        continuations = np.bincount(numbers[places[first]], minlength=len(counts))
        if order > 2:
            continuations[np.unique(numbers[reach == order - 2])] += 1
        yield Grams(index, contexts, counts, continuations)
        index, contexts, counts = Index(distinct, vocab_size), len(counts), next_counts
        numbers = np.full(len(ids), UNKNOWN)
        numbers[places] = inverse
    yield Grams(index, contexts, counts, None)


def _distinct(keys: Numbers) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """The distinct keys, ascending; where each occurs; each key's number among them; how often each occurs.

    As `np.unique`, but that sorts stably, which takes longer.
    """
    order = np.argsort(keys)
    ordered = keys[order]
    begins = np.append(True, ordered[1:] != ordered[:-1])[: len(keys)]
    inverse = np.empty(len(keys), np.int64)
    inverse[order] = np.cumsum(begins) - 1
    places = np.flatnonzero(begins)
    return ordered[places], order[places], inverse, np.diff(np.append(places, len(keys)))


Floats = NDArray[np.float64]
Shares = NDArray[np.float32]
Smoothing = Literal["witten_bell", "kneser_ney"]

NAMES: dict[Smoothing, str] = {"witten_bell": "Witten–Bell", "kneser_ney": "Kneser–Ney"}


@dataclass(frozen=True, eq=False)
class Level:
    """One order of a smoothed model.

    Attributes:
        shares: (G,) what each n-gram has of the probability after its context.
        rests: (C,) what each context leaves to the order below; 1 where nothing has followed it.
    """

    shares: Shares
    rests: Shares

    def mix(self, grams: Numbers, contexts: Numbers, lower: Floats) -> Floats:
        """The probability of n-grams by number, after contexts by number, from that of the order below."""
        shares = np.where(grams == UNKNOWN, 0.0, self.shares[grams].astype(np.float64))
        rests = np.where(contexts == UNKNOWN, 1.0, self.rests[contexts].astype(np.float64))
        mixed: Floats = shares + rests * lower
        return mixed


def witten_bell(counts: Numbers, contexts: Numbers, context_count: int) -> Level:
    """A context leaves as much to others as it has had different followers (Bell, Cleary & Witten, 1990).

    share = c(h w) / (c(h) + T(h)) and rest = T(h) / (c(h) + T(h)), with T(h) different followers of h.

    Args:
        counts: (G,) of the n-grams.
        contexts: (G,) the number of each one's context.
        context_count: C.
    """
    totals = np.bincount(contexts, weights=counts, minlength=context_count)
    kinds = np.bincount(contexts, weights=counts > 0, minlength=context_count)
    return Level(_divided(counts, (totals + kinds)[contexts]), _rests(kinds, totals + kinds))


def kneser_ney(counts: Numbers, contexts: Numbers, context_count: int) -> Level:
    """A discount is taken off every count (Kneser & Ney, 1995), of three sizes (Chen & Goodman, 1999).

    share = (c − D(c)) / c(h) and rest = Σ D(c) / c(h); in the highest order of a model c is how often an
    n-gram occurs, and below that how many different tokens it follows.

    Args:
        counts: (G,) of the n-grams.
        contexts: (G,) the number of each one's context.
        context_count: C.
    """
    taken = discounts(counts)[np.minimum(counts, 3)]
    totals = np.bincount(contexts, weights=counts, minlength=context_count)
    given = np.bincount(contexts, weights=taken, minlength=context_count)
    return Level(_divided(counts - taken, totals[contexts]), _rests(given, totals))


def discounts(counts: Numbers) -> Floats:
    """What is taken off a count of 0, 1, 2 and of 3 or more, (4,).

    Chen & Goodman's estimates from the numbers n1 to n4 of n-grams that occur once to four times. Where one
    of these is 0, or an estimate not between 0 and its count, n1 / (n1 + 2 n2) for all; or else one half.
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
    """The quotients, 0 where nothing was counted; in float32, as there may be millions of them."""
    zeros = np.zeros(len(numerators), np.float32)
    np.divide(numerators, denominators, out=zeros, where=denominators > 0, casting="same_kind")
    return zeros


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

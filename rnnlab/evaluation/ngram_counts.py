"""How often each n-gram occurs: a table for each order, its n-grams numbered.

An n-gram of order n is a token w after n − 1 tokens, its context h. Its number in the table of its order
comes from the number that its context has in the table below: none is ever stored token by token.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

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

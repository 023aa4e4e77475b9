"""What is left of the counts of n-grams when some probability goes to those that have never occurred.

Both ways interpolate, P(w | h) = share(h w) + rest(h) · P(w | h'), with h' = h without its oldest token, down
to the uniform 1 / V. For every h the shares and the rest sum to 1, and so does P.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rnnlab.evaluation.ngram_counts import UNKNOWN, Numbers

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

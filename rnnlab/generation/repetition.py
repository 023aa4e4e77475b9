"""Control of repetition: DRY (p-e-w, 2024, "DRY: a modern repetition penalty that prevents looping").

If the last n tokens have stood before, and were followed by a token x, then x would prolong the repetition.
Its logit is lowered by multiplier · base^(n − allowed_length), if n is `allowed_length` or more.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rnnlab.engines import Ids, Logits

LARGEST_EXPONENT = 700.0
"""Largest exponent: e to this power is a number of float64."""


@dataclass(frozen=True)
class Penalty:
    """The settings of DRY.

    Attributes:
        multiplier: strength.
        base: growth with each further token of the repetition.
        allowed_length: number of tokens that may be repeated freely, 1 or more.
    """

    multiplier: float
    base: float
    allowed_length: int


class RepeatedRuns:
    """The repetitions in N lanes of tokens.

    Args:
        penalty: the settings.
        ids: the first tokens, (N, S).
    """

    def __init__(self, penalty: Penalty, ids: Ids) -> None:
        self._penalty = penalty
        self._ids = np.zeros((len(ids), 0), np.int64)
        self._ending = np.zeros((len(ids), 0), np.int64)
        """[:, j]: how many tokens up to token j equal the last tokens of the lane, itself not counted."""
        for column in np.asarray(ids, np.int64).T:
            self.add(column)

    @staticmethod
    def of(penalty: Penalty | None, ids: Ids) -> "RepeatedRuns | None":
        """Return the repetitions of lanes; None without a penalty, or if its multiplier is 0."""
        return RepeatedRuns(penalty, ids) if penalty and penalty.multiplier else None

    def add(self, ids: NDArray[np.int64]) -> None:
        """Add one token to each lane, (N,)."""
        before = np.concatenate([np.zeros((len(ids), 1), np.int64), self._ending], axis=1)  # (N, S + 1)
        equal = self._ids == ids[:, None]  # (N, S)
        # The run that ends at token j grows by one if token j equals the new token.
        ending = np.where(equal, before[:, :-1] + 1, 0)  # (N, S)
        self._ids = np.concatenate([self._ids, ids[:, None]], axis=1)
        self._ending = np.concatenate([ending, np.zeros((len(ids), 1), np.int64)], axis=1)

    def select(self, lanes: NDArray[np.int64]) -> None:
        """Let each lane go on as a copy of another, (N,)."""
        self._ids, self._ending = self._ids[lanes], self._ending[lanes]

    def lowered(self, logits: Logits) -> NDArray[np.float64]:
        """Return the logits, (N, V), with those of tokens that would prolong a repetition lowered."""
        penalty, lowered = self._penalty, logits.astype(np.float64)
        lanes, places = np.nonzero(self._ending[:, :-1] >= penalty.allowed_length)
        if len(lanes):
            lengths = np.zeros(logits.shape, np.int64)
            np.maximum.at(lengths, (lanes, self._ids[lanes, places + 1]), self._ending[lanes, places])
            found = lengths >= penalty.allowed_length
            exponents = (lengths[found] - penalty.allowed_length) * np.log(penalty.base)
            lowered[found] -= penalty.multiplier * np.exp(np.minimum(exponents, LARGEST_EXPONENT))
        return lowered

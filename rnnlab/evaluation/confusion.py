"""Which tokens a model takes for which others."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from rnnlab.evaluation.scoring import Scores

_SHIFT = 32


@dataclass
class Confusions:
    """How often each token was wanted, and each other token expected most in its place.

    Attributes:
        pairs: (wanted id, expected id) → targets; both are equal where the model was right.
    """

    pairs: Counter[tuple[int, int]] = field(default_factory=Counter)

    def count(self, scores: Scores) -> None:
        """Count the targets of a batch in."""
        codes = scores.targets.astype(np.int64) << _SHIFT | scores.expected
        for code, times in zip(
            *(part.tolist() for part in np.unique(codes, return_counts=True)), strict=True
        ):
            self.pairs[code >> _SHIFT, code & (1 << _SHIFT) - 1] += times

    def wanted(self, token: int) -> int:
        """How often a token was the target."""
        return sum(times for (wanted, _), times in self.pairs.items() if wanted == token)

    def worst(self, most: int) -> list[tuple[int, int, int]]:
        """The commonest mistakes as (wanted id, expected id, targets); equally common ones by their ids."""
        wrong = [(wanted, found, times) for (wanted, found), times in self.pairs.items() if wanted != found]
        return sorted(wrong, key=lambda pair: (-pair[2], pair))[:most]

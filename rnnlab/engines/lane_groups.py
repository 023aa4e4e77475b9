"""How the lanes of a batch are dealt out to the cores."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

VECTOR_LANES = 8
"""Lanes come in whole AVX registers of floats: a product of 25 columns takes longer than one of 32."""

LEAST_WORK = 2e8
"""Floating-point operations of a step from which groups pay: below, calling their programs costs more."""


@dataclass(frozen=True)
class LaneGroups:
    """Groups of lanes, as equal as can be, the last filled up with lanes of which no target counts.

    Attributes:
        count: how many groups.
        lanes: lanes of each.
    """

    count: int
    lanes: int

    def dealt(self, figures: NDArray[np.integer[Any]]) -> NDArray[np.integer[Any]]:
        """Figures of each lane at each step (B, N), as (B, groups, lanes of a group); 0 of what fills up."""
        missing = self.count * self.lanes - figures.shape[1]
        return np.pad(figures, ((0, 0), (0, missing))).reshape(len(figures), self.count, self.lanes)


def lane_groups(lanes: int, *, weights: int, tokens: int, cores: int) -> LaneGroups:
    """The groups for batches of some lanes.

    Args:
        lanes: lanes N of a batch.
        weights: numbers that the network has; each takes part in about six operations for each token.
        tokens: N·T.
        cores: how many groups there may be.
    """
    blocks = -(-lanes // VECTOR_LANES)
    if blocks == 1:
        return LaneGroups(1, lanes)
    most = cores if 6.0 * weights * tokens >= LEAST_WORK else 1
    each = -(-blocks // most)
    return LaneGroups(-(-blocks // each), each * VECTOR_LANES)

"""What a chart draws: lines, and figures to hold them against."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Series:
    """A line.

    Attributes:
        name: what the key calls it.
        xs: (n,) ascending.
        ys: (n,); what is not finite is left out.
    """

    name: str
    xs: Floats
    ys: Floats

    def known(self) -> "Series":
        """Without what is not finite."""
        finite = np.isfinite(self.ys)
        return Series(self.name, self.xs[finite], self.ys[finite])


@dataclass(frozen=True)
class Level:
    """A figure to hold the lines against."""

    name: str
    y: float

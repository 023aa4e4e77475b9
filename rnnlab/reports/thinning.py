"""Many measurements as few points, such that no extreme of them is lost."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]


def thinned(xs: Floats, ys: Floats, *, bins: int) -> tuple[Floats, Floats]:
    """Of each bin the lowest and the highest value, in their order: at most 2 · bins points.

    Args:
        xs: (n,) ascending.
        ys: (n,) finite.
        bins: how many, of equally many measurements each.

    Returns:
        The xs and the ys that are left, (m,) each; all of them if there are no more than that.
    """
    if len(ys) <= 2 * bins:
        return xs, ys
    starts = _starts(len(ys), bins)
    lowest = [int(begin + ys[begin:end].argmin()) for begin, end in _pairs(starts, len(ys))]
    highest = [int(begin + ys[begin:end].argmax()) for begin, end in _pairs(starts, len(ys))]
    kept = np.unique([0, *lowest, *highest, len(ys) - 1])
    return xs[kept], ys[kept]


def envelope(xs: Floats, ys: Floats, *, bins: int) -> tuple[Floats, Floats, Floats]:
    """The middle of each bin, and the lowest and the highest of its values, (m,) each; m ≤ bins."""
    starts = _starts(len(ys), min(bins, len(ys)))
    ends = np.append(starts[1:], len(ys)) - 1
    return (xs[starts] + xs[ends]) / 2, np.minimum.reduceat(ys, starts), np.maximum.reduceat(ys, starts)


def _starts(count: int, bins: int) -> NDArray[np.int64]:
    """The first measurement of each bin."""
    return np.arange(bins, dtype=np.int64) * count // max(bins, 1)


def _pairs(starts: NDArray[np.int64], count: int) -> list[tuple[int, int]]:
    return list(zip(starts.tolist(), [*starts[1:].tolist(), count], strict=True))

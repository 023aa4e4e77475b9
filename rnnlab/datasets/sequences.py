"""Sequences that begin and end with a boundary token: B w₁ … wₙ B w₁ … wₘ B.

The B before a sequence is its first input, the B after it its last target: so a network learns how sequences
begin and where they end. Two neighbours share the B between them, which belongs to the one that it begins.
"""

import numpy as np
from numpy.typing import NDArray

from rnnlab.datasets.token_kind import Ids


def begun_by_boundaries(ids: Ids, boundary: int) -> tuple[Ids, NDArray[np.int64]]:
    """B w₁ … wₙ for each run of ids between boundaries, one after another, and the index of each B.

    Args:
        ids: (S,) of a text, in which boundaries separate sequences; empty sequences are left out.
        boundary: the id of B.
    """
    led = np.append(np.array([boundary], ids.dtype), ids)
    is_boundary = led == boundary
    kept = led[~(is_boundary & np.append(is_boundary[1:], True))]
    return kept, np.flatnonzero(kept == boundary)


def reordered(
    ids: Ids, starts: NDArray[np.int64], order: NDArray[np.int64], *, closed: bool
) -> tuple[Ids, NDArray[np.int64]]:
    """The sequences in another order: their ids, one after another, and where each begins.

    Args:
        ids: (S,) K sequences one after another.
        starts: (K,) where each begins.
        order: the numbers of the sequences that are wanted.
        closed: whether a boundary ends the last.
    """
    lengths = np.diff(np.append(starts, len(ids) - closed))[order]
    begins = np.cumsum(lengths) - lengths
    places = np.repeat(starts[order] - begins, lengths)
    places += np.arange(len(places))
    if closed:
        places = np.append(places, len(ids) - 1)
    return ids[places], begins

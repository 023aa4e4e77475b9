"""Sequences that begin and end with a boundary token: B w₁ … wₙ B w₁ … wₘ B.

The B before a sequence is its first input, the B after it its last target: so a network learns how sequences
begin and where they end. Two neighbours share the B between them, which belongs to the one that it begins.
"""

import hashlib

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


def groups_of_equals(ids: Ids, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.int64]:
    """(K,) the group of each sequence, in which all have the same tokens; groups in the order of the data.

    Args:
        ids: (S,) K sequences.
        starts: (K,) where each begins.
        ends: (K,) where each ends.
    """
    groups: dict[bytes, int] = {}
    found = np.empty(len(starts), np.int64)
    for number, (begin, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        digest = hashlib.blake2b(ids[begin:end].tobytes(), digest_size=16).digest()
        found[number] = groups.setdefault(digest, len(groups))
    return found


def equals_together(groups: NDArray[np.int64], order: NDArray[np.int64]) -> NDArray[np.int64]:
    """The numbers of K sequences, those of a group one after another, the groups in some order.

    Args:
        groups: (K,) the group of each sequence.
        order: the numbers of the groups.
    """
    together: NDArray[np.int64] = np.argsort(np.argsort(order)[groups], kind="stable")
    return together


def nearest_edges(groups: NDArray[np.int64], cuts: list[int]) -> list[int]:
    """The cuts of K sequences, in rising order, each moved to the nearest place between two groups.

    Args:
        groups: (K,) the group of each sequence, those of a group one after another.
        cuts: numbers of sequences before which there should be a cut, fewer than there are groups, if there
            is to be a group on either side of each.
    """
    edges = np.flatnonzero(np.diff(groups)) + 1
    moved, after = list[int](), len(groups)
    for number, cut in reversed([*enumerate(cuts)]):
        room = edges[number:]  # the cuts before this one need places too
        room = room[room < after]
        after = int(room[np.abs(room - cut).argmin()]) if len(room) else after
        moved.append(after)
    return moved[::-1]

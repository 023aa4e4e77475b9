"""A measurement in N lanes with the result of a single lane.

A measurement reads a part in one order (`reading_order`). If the state is carried, each step begins with the
last state of the step before. One step after another is slow. So the steps are cut into N blocks, and N lanes
read one block each, at the same time:

    first reading    each lane begins its block with a zero state, because the correct state is not known yet
    second reading   each lane begins with the state in which the lane before it ended its block. A recurrent
                     network forgets: some tokens into the block, the state equals that of the first reading.
                     From there on the results of the first reading are correct

If a lane reaches the end of its block before the two states are equal, then the lane after it began with a
wrong state, and all lanes read again. States are equal if they differ by `LARGEST_GAP` at most. After
`MOST_READINGS` readings a single lane reads everything: so the result is also correct for a network that
never forgets.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from rnnlab.datasets.batches import Batches

MOST_LANES = 64
"""Largest number of lanes that share a carried state; with more, a compiled product is no faster per lane."""

LEAST_TOKENS = 1024
"""Smallest number of tokens that a lane reads; a single lane reads fewer tokens as fast."""

LEAST_PIECE = 128
"""Least number of tokens of a lane before the first comparison of two readings; later comparisons are further
apart."""

LARGEST_GAP = 1e-3
"""Largest difference between two states that count as equal: it changes a loss by less than 1e-5."""

MOST_READINGS = 3
"""Number of readings in N lanes before a single lane reads everything."""

LANES_AT_ONCE, TOKENS_AT_ONCE = 256, 1 << 16
"""Largest number of windows, and of their tokens, that are read at once if no state is carried."""

Result = TypeVar("Result")
Parts = list[NDArray[np.float32]]
"""The arrays of a state, such as h and c of each layer, each (N, H)."""


@dataclass(frozen=True, eq=False)
class LanePiece:
    """B steps of N lanes.

    Attributes:
        starts: (B, N) first token that each lane reads at each step.
        counts: (B, N) how many targets of each lane count; 0 after the end of the block of the lane.
        anew: whether every step begins with a zero state; otherwise the state is carried.
    """

    starts: NDArray[np.int64]
    counts: NDArray[np.int32]
    anew: bool


Read = Callable[[LanePiece, Parts | None], tuple[Result, Parts]]
"""A function that reads a piece, and returns a result and the last state.

The first step begins with the given state, None for zeros; if `piece.anew`, every step begins with zeros.
"""


def read_side_by_side(
    order: Batches,
    read: Read[Result],
    *,
    begin: int = 0,
    end: int | None = None,
    before: Parts | None = None,
    most_lanes: int | None = None,
) -> tuple[list[Result], Parts]:
    """Read a range of steps in several lanes, with the result of a single lane.

    Args:
        order: the steps, in the order of a single lane.
        read: the function that reads a piece.
        begin: the first step.
        end: the step after the last; None for the end.
        before: the state before the first step, each array (1, H); None for zeros.
        most_lanes: largest number of lanes for a carried state; None for `MOST_LANES`.

    Returns:
        The result of each piece, and the state after the last step, each array (1, H). The second value has
        no meaning if no state is carried.
    """
    end = order.steps if end is None else end
    lanes = lanes_for(order, end - begin, most=most_lanes or MOST_LANES)
    if lanes > 1 and order.carries_state:
        block = -(-(end - begin) // lanes)  # steps of a block, rounded up
        used = -(-(end - begin) // block)  # lanes that have a block
        found = _read_until_equal(dealt(order, begin, end, lanes=lanes), read, before, used)
        if found:
            return found
        lanes = 1
    results, state = list[Result](), before
    for piece in dealt(order, begin, end, lanes=lanes):
        result, state = read(piece, state)
        results.append(result)
    return results, state or []


def lanes_for(order: Batches, steps: int, *, most: int) -> int:
    """Return the number of lanes for a number of steps, 1 or more; `most` counts only for a carried state."""
    if order.carries_state:
        return max(1, min(most, steps * order.window // LEAST_TOKENS, steps))
    return max(1, min(LANES_AT_ONCE, TOKENS_AT_ONCE // order.window, steps))


def dealt(order: Batches, begin: int, end: int, *, lanes: int) -> list[LanePiece]:
    """Return the pieces of N blocks of steps, one for each lane; the last blocks may be shorter or empty.

    Args:
        order: the steps, in the order of a single lane.
        begin: the first step.
        end: the step after the last.
        lanes: N.
    """
    # S steps in blocks of L: lane n reads the steps from n·L on; past S there are none
    count = end - begin
    length = -(-count // lanes)
    steps = np.arange(length)[:, None] + length * np.arange(lanes)  # (L, N)
    # the steps of the single lane
    starts, counts = (column[:, 0] for column in order.epoch(0, begin, end))  # both (S,)
    # dealt out; a lane without a step reads the last one, and none of its targets count
    read = np.minimum(steps, count - 1)  # (L, N)
    block_starts = starts[read]  # (L, N)
    block_counts = np.where(steps < count, counts[read], 0).astype(np.int32)  # (L, N)
    # pieces grow with the distance from the beginning of the block
    pieces, cut = list[LanePiece](), 0
    while cut < length:
        size = max(-(-LEAST_PIECE // order.window), cut // 2)
        piece = slice(cut, cut + size)
        pieces.append(LanePiece(block_starts[piece], block_counts[piece], anew=not order.carries_state))
        cut += size
    return pieces


def largest_gap(one: Parts, other: Parts, *, used: int) -> float:
    """Return the largest difference between two states in the first `used` lanes; each array is (N, H)."""
    gaps = [np.abs(own[:used] - theirs[:used]).max() for own, theirs in zip(one, other, strict=True)]
    return float(np.max(gaps, initial=0.0))


def _read_until_equal(
    pieces: list[LanePiece], read: Read[Result], before: Parts | None, used: int
) -> tuple[list[Result], Parts] | None:
    """Read all blocks until the states equal those of the reading before.

    Return None if they are not equal after `MOST_READINGS` readings.

    Args:
        pieces: the pieces of all blocks, in order.
        read: the function that reads a piece.
        before: the state before the first block, each array (1, H); None for zeros.
        used: number of lanes that have a block.

    Returns:
        The result of each piece, and the state after the last block, each array (1, H).
    """
    # first reading: every lane but the first begins with a zero state
    results, ends = list[Result](), list[Parts]()
    state = _with_first(before, lanes=pieces[0].starts.shape[1]) if before else None
    for piece in pieces:
        result, state = read(piece, state)
        results.append(result)
        ends.append(state)
    # further readings, until the states are equal at the end of a piece
    for _ in range(MOST_READINGS - 1):
        state = _handed_on(ends[-1], before)
        for number, piece in enumerate(pieces):
            results[number], state = read(piece, state)
            is_equal = largest_gap(state, ends[number], used=used) <= LARGEST_GAP
            ends[number] = state
            if is_equal:
                return results, [part[used - 1 : used] for part in ends[-1]]
    return None


def _with_first(first: Parts, *, lanes: int) -> Parts:
    """Return the states of N lanes: `first`, each array (1, H), for the first lane; zeros for the others."""
    return [np.pad(part, ((0, lanes - 1), (0, 0))) for part in first]


def _handed_on(ended: Parts, before: Parts | None) -> Parts:
    """Return the first state of each lane: the last state of the lane before; for the first lane `before`."""
    first = before or [np.zeros_like(part[:1]) for part in ended]
    return [np.concatenate([own, part[:-1]]) for own, part in zip(first, ended, strict=True)]

"""Reading a part side by side: the steps of one lane, dealt out to N lanes, with the result of one lane.

A measurement reads a part in one order, each step from the state after the step before (`reading_order`). One
step after another is slow. So the steps are cut into N blocks, and N lanes read one block each, at the same
time:

    first reading    each lane begins its block in a zero state, since the right one is not known yet
    second reading   each lane begins in the state in which the lane before it ended its block. A recurrent
                     network forgets: some way into the block, its state is what it was in the first reading.
                     From there on the first reading is right

If a lane comes to the end of its block without that, the lane after it has begun in a wrong state: all lanes
read again. After `MOST_READINGS` readings one lane reads everything. So the result is that of one lane, for a
network that never forgets too.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from rnnlab.datasets.batches import Batches

MOST_LANES = 64
"""More lanes make a compiled matrix product no faster per lane."""

LEAST_TOKENS = 1024
"""Tokens that a lane reads at least: fewer are soon read by one lane."""

LEAST_PIECE = 128
"""Tokens after which the states of two readings are compared for the first time, and then ever less often."""

LARGEST_GAP = 1e-3
"""Largest difference between states that count as equal: it fades, and moves a loss by less than 1e-5."""

MOST_READINGS = 3

LANES_AT_ONCE, TOKENS_AT_ONCE = 256, 1 << 16
"""Windows that stand alone are read so many at a time, or fewer if they have more tokens than that."""

Result = TypeVar("Result")
Parts = list[NDArray[np.float32]]
"""Each part of the state of each layer, (N, H)."""


@dataclass(frozen=True, eq=False)
class LanePiece:
    """Steps that lanes read one after another.

    Attributes:
        starts: (B, N) first token that each lane reads at each step.
        counts: (B, N) how many of the targets count; 0 after the end of a lane's block.
        anew: whether each step starts from a zero state.
    """

    starts: NDArray[np.int64]
    counts: NDArray[np.int32]
    anew: bool


Read = Callable[[LanePiece, Parts | None], tuple[Result, Parts]]
"""Reads a piece from a state, None for zeros: what it finds, and the state after the piece."""


def read_side_by_side(
    order: Batches,
    read: Read[Result],
    *,
    begin: int = 0,
    end: int | None = None,
    before: Parts | None = None,
    most_lanes: int | None = None,
) -> tuple[list[Result], Parts]:
    """Read steps as one lane would.

    Args:
        order: the steps, in the order of a single lane.
        read: reads a piece.
        begin: the first step.
        end: the one after the last; all that follow, if it is left out.
        before: (1, H) each part of the state before the first step; None for zeros.
        most_lanes: lanes that may share steps whose state is carried; None for `MOST_LANES`.

    Returns:
        What each piece gave, and the state after the last step, (1, H) each part.
    """
    end = order.steps if end is None else end
    lanes = lanes_for(order, end - begin, most=most_lanes or MOST_LANES)
    if lanes > 1 and order.carries_state:
        used = -(-(end - begin) // -(-(end - begin) // lanes))
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
    """Number of lanes for some steps; 1 where a state is carried and the steps are few."""
    if order.carries_state:
        return max(1, min(most, steps * order.window // LEAST_TOKENS, steps))
    return max(1, min(LANES_AT_ONCE, TOKENS_AT_ONCE // order.window, steps))


def dealt(order: Batches, begin: int, end: int, *, lanes: int) -> list[LanePiece]:
    """Deal steps out to lanes in blocks, of which the last may be shorter, and cut the blocks into pieces.

    Args:
        order: the steps, in the order of a single lane.
        begin: the first step.
        end: the one after the last.
        lanes: N.
    """
    count = end - begin
    length = -(-count // lanes)
    steps = np.arange(length)[:, None] + length * np.arange(lanes)  # (length, N); some do not exist
    starts, counts = (column[:, 0] for column in order.epoch(0, begin, end))
    read = np.minimum(steps, count - 1)
    block_starts, block_counts = starts[read], np.where(steps < count, counts[read], 0).astype(np.int32)
    pieces, cut = list[LanePiece](), 0
    while cut < length:
        size = max(-(-LEAST_PIECE // order.window), cut // 2)
        piece = slice(cut, cut + size)
        pieces.append(LanePiece(block_starts[piece], block_counts[piece], anew=not order.carries_state))
        cut += size
    return pieces


def largest_gap(one: Parts, other: Parts, *, used: int) -> float:
    """The largest difference between two states, (N, H) each part, of the first `used` lanes."""
    gaps = [np.abs(own[:used] - theirs[:used]).max() for own, theirs in zip(one, other, strict=True)]
    return float(np.max(gaps, initial=0.0))


def _read_until_equal(
    pieces: list[LanePiece], read: Read[Result], before: Parts | None, used: int
) -> tuple[list[Result], Parts] | None:
    """Read blocks again until the states are those of the reading before; None if that takes too many.

    Args:
        pieces: of all blocks.
        read: reads a piece.
        before: (1, H) each part of the state before the first block; None for zeros.
        used: lanes that have a block.
    """
    results, ends = list[Result](), list[Parts]()
    state = _with_first(before, lanes=pieces[0].starts.shape[1]) if before else None
    for piece in pieces:
        result, state = read(piece, state)
        results.append(result)
        ends.append(state)
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
    """The states of N lanes, of which the first has a state, (1, H) each part, and the others zeros."""
    return [np.pad(part, ((0, lanes - 1), (0, 0))) for part in first]


def _handed_on(ended: Parts, before: Parts | None) -> Parts:
    """The states in which lanes begin: each where the lane before it ended, the first in `before`."""
    first = before or [np.zeros_like(part[:1]) for part in ended]
    return [np.concatenate([own, part[:-1]]) for own, part in zip(first, ended, strict=True)]

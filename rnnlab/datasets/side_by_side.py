"""Reading a part side by side: the steps of one lane, dealt out to N lanes, with the result of one lane.

A measurement reads a part in one order, each step from the state after the step before (`reading_order`). One
step after another is slow. So the M steps are cut into N blocks, and N lanes read one block each, at the same
time. Lane n > 0 does not know the state at the beginning of its block. It first reads the K steps before the
block, from a zero state; their targets do not count. A recurrent network forgets: after K steps its state is
nearly the one that a single lane would have there. The end of block n − 1 shows whether it is:

    gap    the largest difference between the state in which a lane begins its block and the state in which
           the lane before it ends its own

If the gap is larger than `LARGEST_GAP`, the steps are read again with twice as many steps before each block,
and in the end by one lane. So the result is that of one lane, for a network that never forgets too.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from rnnlab.datasets.batching import Batches

MOST_LANES = 64
"""More lanes make a matrix product no faster per lane."""

LEAST_TOKENS, WARM_UP_TOKENS = 256, 64
"""Tokens that a lane reads at least, and how many come before them at first."""

LARGEST_GAP = 1e-4
"""So small a gap fades within some tokens, and moves a mean loss by less than 1e-5; outputs are −1 to 1."""

Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class SideBySide:
    """Steps of one lane as N lanes read them.

    Attributes:
        starts: (K + B, N) first token that each lane reads at each time.
        counts: (K + B, N) how many of the targets count; 0 before a lane's block and after its end.
        anew: (K + B, N) whether the lane's state is zeroed before the step.
        warm_up: K, steps before the blocks.
        used: lanes that have a block of their own; the last of the N may have none.
    """

    starts: NDArray[np.int64]
    counts: NDArray[np.int32]
    anew: NDArray[np.bool_]
    warm_up: int
    used: int


def lanes_for(order: Batches, steps: int) -> int:
    """Number of lanes for some steps of an order of reading: 1 where they are few."""
    least = LEAST_TOKENS if order.carries_state else order.window
    return max(1, min(MOST_LANES, steps * order.window // least))


def read_side_by_side(
    order: Batches,
    read: Callable[[SideBySide], tuple[Result, float]],
    *,
    begin: int = 0,
    end: int | None = None,
    warm_up: int = 0,
) -> tuple[Result, int]:
    """Read steps of one lane by several lanes, with more and more steps before each block.

    Args:
        order: of a single lane.
        read: reads the lanes; returns its result and the gap.
        begin: the first step.
        end: the one after the last; all that follow, if it is left out.
        warm_up: K to begin with; 0 takes the least.

    Returns:
        The result, and the K that was enough.
    """
    end = order.steps if end is None else end
    lanes = lanes_for(order, end - begin)
    if not order.carries_state:
        return read(dealt(order, begin, end, lanes=lanes, warm_up=0))[0], 0
    warm_up = warm_up or -(-WARM_UP_TOKENS // order.window)
    while lanes > 1 and warm_up < end - begin:
        result, gap = read(dealt(order, begin, end, lanes=lanes, warm_up=warm_up))
        if gap <= LARGEST_GAP:
            return result, warm_up
        warm_up *= 2
    return read(dealt(order, begin, end, lanes=1, warm_up=0))[0], warm_up


def largest_gap(
    begun: Sequence[NDArray[np.floating[Any]]], ended: Sequence[NDArray[np.floating[Any]]], *, used: int
) -> float:
    """The gap between lanes that have read their blocks.

    Args:
        begun: (N, H) each part of the state in which the lanes began their blocks.
        ended: (N, H) the same in which they ended them.
        used: lanes that have a block.
    """
    parts = zip(begun, ended, strict=True)
    gaps = [np.abs(begin[1:used] - end[: used - 1]).max(initial=0.0) for begin, end in parts]
    return float(np.max(gaps, initial=0.0))


def dealt(order: Batches, begin: int, end: int, *, lanes: int, warm_up: int) -> SideBySide:
    """Deal steps out to lanes, in blocks as equal as can be but for the last ones, which may be shorter.

    Args:
        order: of a single lane.
        begin: the first step.
        end: the one after the last.
        lanes: N.
        warm_up: K, steps before each block; a lane that has fewer starts from the first step of the order.
    """
    block = -(-(end - begin) // lanes)  # B
    times = np.arange(warm_up + block)[:, None]
    firsts = begin + block * np.arange(lanes)
    steps = firsts - warm_up + times  # (K + B, N), which step of the order a lane reads; some do not exist
    lowest = max(begin - warm_up, 0)
    starts, counts = (column[:, 0] for column in order.epoch(0, lowest, end))
    read = np.clip(steps, lowest, end - 1) - lowest
    is_own = (times >= warm_up) & (steps < end)
    anew = steps <= 0 if order.carries_state else np.ones(steps.shape, np.bool_)
    return SideBySide(
        starts=starts[read],
        counts=np.where(is_own, counts[read], 0).astype(np.int32),
        anew=anew,
        warm_up=warm_up,
        used=int(np.count_nonzero(firsts < end)),
    )

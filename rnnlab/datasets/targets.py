"""The tokens that are targets: how often, and after how many tokens that the network has seen.

An n-gram model that is compared with a network predicts the same targets, and sees no more tokens before
them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rnnlab.config.schema import Regime
from rnnlab.datasets.batches import Batches
from rnnlab.datasets.corpus import Corpus
from rnnlab.datasets.parts import Part

TOKENS_AT_ONCE = 1 << 18

Places = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class TargetBlock:
    """How often each of L consecutive tokens is a target.

    Attributes:
        first: index of the first token.
        times: (R + 1, L) int64; times[r, i] counts how often token first + i is a target and the network
            has seen r tokens before it. The last row counts R tokens and more.
    """

    first: int
    times: NDArray[np.int64]


def is_target(corpus: Corpus, places: Places) -> NDArray[np.bool_]:
    """Whether each token is a target, (n,): all are, but without boundaries not the first of a sequence."""
    if corpus.has_boundaries:
        return np.ones(len(places), dtype=np.bool_)
    return ~np.isin(places, corpus.starts)


def reaches(corpus: Corpus, places: Places) -> Places:
    """Return, for each token index, the number of tokens before it in its sequence, (n,).

    The first token of a sequence, such as a boundary token, counts as the last of the sequence before.
    """
    sequences = np.searchsorted(corpus.starts, places - 1, side="right") - 1
    return places - corpus.starts[np.maximum(sequences, 0)]


def ranges_read(part: Part, *, window: int, regime: Regime) -> NDArray[np.int64]:
    """Return the R ranges of tokens that training reads of a part, (R, 2).

    A range is the index of its first token and the index after its last token. Windows that overlap give one
    range.
    """
    if regime == "stream":
        return np.array([[part.begin, part.end]])
    # a window reads T inputs and a target: the last window of a run begins one token before the run ends
    ranges = part.runs + np.array([0, window])  # (runs, 2)
    # a range is apart if it begins at or after the end of all ranges before it; the others are joined
    apart = np.append(True, ranges[1:, 0] >= np.maximum.accumulate(ranges[:, 1])[:-1])[: len(ranges)]
    # the end of a joined range is the furthest end of its members
    ends = np.maximum.reduceat(ranges[:, 1], np.flatnonzero(apart)) if len(ranges) else ranges[:, 1]
    return np.stack([ranges[apart, 0], ends], axis=1)  # (R, 2)


def target_blocks(
    corpus: Corpus, order: Batches, *, target: Literal["next", "shifted"], most_reach: int
) -> Iterator[TargetBlock]:
    """Yield the targets of a part, a block of tokens at a time, in the order of the corpus.

    Args:
        corpus: the data.
        order: the order in which the part is read, from `reading_order`.
        target: `next` or `shifted`.
        most_reach: R; the largest number of tokens before a target that is counted.
    """
    # what each lane reads at each step, and how many of its targets count
    starts, counts = order.epoch(0)  # both (B, N)
    # a carried state has seen the lane from its first step on; otherwise the state has seen the window
    lane_starts = np.broadcast_to(starts[:1], starts.shape) if order.carries_state else starts  # (B, N)
    # the n reads with targets that count, in the order of the corpus
    by_place = np.argsort(starts[counts > 0], kind="stable")  # (n,)
    rows = np.stack([array[counts > 0][by_place] for array in (starts, counts, lane_starts)])  # (3, n)
    # cut where a read begins in the next block of tokens
    cells = rows[0] // TOKENS_AT_ONCE  # (n,)
    for block in np.split(rows, np.flatnonzero(np.diff(cells)) + 1, axis=1):
        steps = range(order.window) if target == "shifted" else [order.window - 1]
        yield _block(corpus, block, steps, order.window, most_reach)


def _block(
    corpus: Corpus, rows: NDArray[Any], steps: range | list[int], window: int, most_reach: int
) -> TargetBlock:
    """Return how often each token is a target of n reads.

    Args:
        corpus: the data.
        rows: (3, n) first token of each read, how many of its targets count, and the first token that its
            state has seen; sorted by the first token.
        steps: time steps of which the target is counted.
        window: T.
        most_reach: R.
    """
    # the block: from the target of the first token read to that of the last, L tokens
    first = int(rows[0, 0]) + 1
    length = int(rows[0, -1]) + window + 1 - first
    times = np.zeros((most_reach + 1, length), dtype=np.int64)  # (R + 1, L)
    for step in steps:
        # the reads of which this step counts
        starts, _, lane_starts = rows[:, rows[1] > step]  # each (m,)
        places = starts + step + 1  # (m,) where the target of this step stands
        # the state has seen the tokens from the beginning of the lane or of the sequence on
        reach = np.minimum(places - lane_starts, reaches(corpus, places))  # (m,)
        counted = is_target(corpus, places)  # (m,)
        # one more for each target; `add.at` also counts a place that occurs twice
        np.add.at(times, (np.minimum(reach, most_reach)[counted], (places - first)[counted]), 1)
    return TargetBlock(first, times)

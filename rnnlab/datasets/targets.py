"""Which tokens are targets, how often, and how many tokens before each a model may look at.

Whatever is compared with a network, such as an n-gram, must be asked for the same targets and see no more.
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
    """The targets among L tokens that follow one another.

    Attributes:
        first: index of the first of the tokens.
        times: (R + 1, L) how often each token is a target with r tokens before it to look at; with R or more
            of them in the last row.
    """

    first: int
    times: NDArray[np.int64]


def is_target(corpus: Corpus, places: Places) -> NDArray[np.bool_]:
    """Whether tokens are anyone's targets: the first of a sequence is not, unless it ends the one before."""
    if corpus.has_boundaries:
        return np.ones(len(places), dtype=np.bool_)
    return ~np.isin(places, corpus.starts)


def reaches(corpus: Corpus, places: Places) -> Places:
    """How many tokens before each place belong to the sequence that it goes on with, or ends."""
    sequences = np.searchsorted(corpus.starts, places - 1, side="right") - 1
    return places - corpus.starts[np.maximum(sequences, 0)]


def ranges_read(part: Part, *, window: int, regime: Regime) -> NDArray[np.int64]:
    """(R, 2) the ranges of tokens that training reads of a part, each from its first to before its last."""
    if regime == "stream":
        return np.array([[part.begin, part.end]])
    ranges = part.runs + np.array([0, window])
    apart = np.append(True, ranges[1:, 0] >= np.maximum.accumulate(ranges[:, 1])[:-1])[: len(ranges)]
    ends = np.maximum.reduceat(ranges[:, 1], np.flatnonzero(apart)) if len(ranges) else ranges[:, 1]
    return np.stack([ranges[apart, 0], ends], axis=1)


def target_blocks(
    corpus: Corpus, order: Batches, *, target: Literal["next", "shifted"], most_reach: int
) -> Iterator[TargetBlock]:
    """The targets of a part, in the order of the corpus.

    Args:
        corpus: the data.
        order: in which the part is read, by `reading_order`.
        target: `next` or `shifted`.
        most_reach: R; tokens before a target are counted up to so many.
    """
    starts, counts = order.epoch(0)
    lane_starts = np.broadcast_to(starts[:1], starts.shape) if order.carries_state else starts
    by_place = np.argsort(starts[counts > 0], kind="stable")
    rows = np.stack([array[counts > 0][by_place] for array in (starts, counts, lane_starts)])
    cells = rows[0] // TOKENS_AT_ONCE
    for block in np.split(rows, np.flatnonzero(np.diff(cells)) + 1, axis=1):
        steps = range(order.window) if target == "shifted" else [order.window - 1]
        yield _block(corpus, block, steps, order.window, most_reach)


def _block(
    corpus: Corpus, rows: NDArray[Any], steps: range | list[int], window: int, most_reach: int
) -> TargetBlock:
    """The targets of lanes: first token, count, and first token that the state has seen (3, n)."""
    first = int(rows[0, 0]) + 1
    length = int(rows[0, -1]) + window + 1 - first
    times = np.zeros((most_reach + 1, length), dtype=np.int64)
    for step in steps:
        starts, _, lane_starts = rows[:, rows[1] > step]
        places = starts + step + 1
        reach = np.minimum(places - lane_starts, reaches(corpus, places))
        counted = is_target(corpus, places)
        np.add.at(times, (np.minimum(reach, most_reach)[counted], (places - first)[counted]), 1)
    return TargetBlock(first, times)

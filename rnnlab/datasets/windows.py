"""The windows of a part, and the most that any model can know from them."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rnnlab.datasets.corpus import Corpus
from rnnlab.datasets.parts import Part
from rnnlab.datasets.token_kind import Ids


def windows_array(corpus: Corpus, part: Part, window: int) -> Ids:
    """The windows of a part, (W, window + 1) ids: the inputs and then the last target."""
    if not part.window_count:
        return np.empty((0, window + 1), dtype=corpus.ids.dtype)
    return np.lib.stride_tricks.sliding_window_view(corpus.ids, window + 1)[part.window_starts]


def accuracy_ceiling(
    windows: NDArray[np.integer[Any]], *, target: Literal["next", "shifted"] = "next"
) -> tuple[int, int]:
    """How many targets any model can get right that sees only the window, and how many there are.

    Windows of equal inputs get equal answers, so at best the most frequent of their targets is right.

    Args:
        windows: (W, window + 1) ids.
        target: `next` counts the last target, told from all inputs; `shifted` counts the target of each
            time step, told from the inputs up to there.
    """
    window = windows.shape[1] - 1
    distinct, counts = np.unique(windows, axis=0, return_counts=True)
    shared = _shared_prefixes(distinct)
    steps = range(1, window + 1) if target == "shifted" else [window]
    correct = sum(_most_frequent_targets(shared, counts, seen) for seen in steps)
    return correct, len(windows) * len(steps)


def _shared_prefixes(rows: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
    """(R,) how many leading tokens each of the sorted, distinct rows shares with the one before."""
    return np.append(-1, np.argmax(rows[1:] != rows[:-1], axis=1))[: len(rows)]


def _most_frequent_targets(shared: NDArray[np.int64], counts: NDArray[np.int64], seen: int) -> int:
    """How many windows have, as token `seen`, the one that most often follows the tokens before it."""
    if not len(shared):
        return 0
    inputs = np.flatnonzero(shared < seen)
    pairs = np.flatnonzero(shared <= seen)
    occurrences = np.add.reduceat(counts, pairs)
    return int(np.maximum.reduceat(occurrences, np.searchsorted(pairs, inputs)).sum())

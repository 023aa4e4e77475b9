"""A part of a corpus: its range of tokens, and the windows that lie wholly inside it.

The windows of a part, and the most that any model can know from them.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rnnlab.datasets.corpus import Corpus
from rnnlab.datasets.tokens import Ids
from rnnlab.errors import DataError, count_of


@dataclass(frozen=True, eq=False)
class Part:
    """What training, validation or testing reads of a corpus: a stream its tokens, other regimes its windows.

    Attributes:
        name: train, validation or test.
        begin: index of its first token.
        end: index after its last token.
        runs: (R, 2) int64; windows begin at every token from runs[r, 0] to before runs[r, 1].
        gap: tokens that `dataset.split.gap` leaves out after it, before what is held out.
    """

    name: str
    begin: int
    end: int
    runs: NDArray[np.int64]
    gap: int = 0

    @property
    def window_count(self) -> int:
        """W, the number of windows."""
        return int((self.runs[:, 1] - self.runs[:, 0]).sum())

    @property
    def window_starts(self) -> NDArray[np.int64]:
        """(W,) index of each window's first token, made anew each time; it takes 8 bytes a window."""
        return self.starts_of(np.arange(self.window_count))

    def starts_of(self, windows: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
        """The index of the first token of each of some windows, which are given by number, 0..W − 1."""
        ends = np.cumsum(self.runs[:, 1] - self.runs[:, 0])
        run = np.searchsorted(ends, windows, side="right")
        starts: NDArray[np.int64] = windows + (self.runs[:, 1] - ends)[run]
        return starts


def part_of_tokens(corpus: Corpus, name: str, begin: int, end: int, *, window: int) -> Part:
    """The part with every window (T = `window` inputs, a target) inside a token range and one sequence."""
    first = np.maximum(corpus.starts, begin)
    after_last = np.minimum(corpus.ends, end) - window
    runs = np.stack([first, after_last], axis=1)
    return Part(name, begin, end, runs[first < after_last])


def gap_remedy(part: Part, missing: int) -> str:
    """What to set so that a part gets the tokens that it lacks from the gap after it; empty if it cannot."""
    if part.gap < max(missing, 1):
        return ""
    most = part.gap - missing
    return (
        f", or set dataset.split.gap, which takes {count_of(part.gap, 'token')} from it, to {most:,} or less"
    )


def part_of_windows(corpus: Corpus, name: str, window_starts: NDArray[np.int64]) -> Part:
    """The part with the windows that begin at some tokens, in the order of the corpus."""
    first = np.sort(window_starts)
    return Part(name, 0, len(corpus.ids), np.stack([first, first + 1], axis=1))


def whole(corpus: Corpus, *, window: int, name: str = "train") -> Part:
    """A part with all tokens and all windows of a corpus."""
    return part_of_tokens(corpus, name, 0, len(corpus.ids), window=window)


def require_windows(part: Part, corpus: Corpus, *, window: int) -> None:
    """Refuse a part that holds no window.

    Raises:
        DataError: by how many tokens the part is too short, and what to set.
    """
    if part.window_count:
        return
    pieces = np.minimum(corpus.ends, part.end) - np.maximum(corpus.starts, part.begin)
    longest = max(int(pieces.max()), 0)
    remedy = f", or set dataset.window to {longest - 1} or less" if longest > 1 else ""
    if part.name in {"validation", "test"}:
        remedy += f", or give dataset.split.{part.name} a larger fraction"
    sequence = max(int(np.searchsorted(corpus.starts, part.end, side="right")) - 1, 0)
    remedy += gap_remedy(part, window + 1 - (part.end - max(part.begin, int(corpus.starts[sequence]))))
    raise DataError(
        f"the {part.name} part is too short: dataset.window {window} and a target need {window + 1} tokens"
        f" in one sequence, the longest has {longest}, {window + 1 - longest} too few; add data{remedy}"
    )


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

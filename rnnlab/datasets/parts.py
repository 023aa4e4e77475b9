"""A part of a corpus: its range of tokens, its windows, and the highest possible accuracy on the windows."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rnnlab.config.schema import Experiment
from rnnlab.datasets.corpus import Corpus
from rnnlab.datasets.tokens import Ids
from rnnlab.errors import DataError, count_of


@dataclass(frozen=True, eq=False)
class Part:
    """The part of a corpus for training, validation or testing.

    A stream reads the tokens of a part, the other regimes read its windows.

    Attributes:
        name: train, validation or test.
        begin: index of the first token of the part.
        end: index after the last token of the part.
        runs: (R, 2) int64; a window begins at every token from runs[r, 0] up to runs[r, 1] − 1.
        gap: number of tokens after the part that `dataset.split.gap` leaves out.
    """

    name: str
    begin: int
    end: int
    runs: NDArray[np.int64]
    gap: int = 0

    @property
    def window_count(self) -> int:
        """Number of windows, W."""
        return int((self.runs[:, 1] - self.runs[:, 0]).sum())

    @property
    def window_starts(self) -> NDArray[np.int64]:
        """Index of the first token of each window, (W,) int64; the array is made at each call."""
        return self.starts_of(np.arange(self.window_count))

    def starts_of(self, windows: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
        """Return the index of the first token of windows (n,), which are given by their numbers, 0..W − 1."""
        # how many windows there are up to the end of each run, and the run of each window
        ends = np.cumsum(self.runs[:, 1] - self.runs[:, 0])  # (R,)
        run = np.searchsorted(ends, windows, side="right")  # (n,)
        # window `ends[r]` would begin at runs[r, 1]: the distance is the same in the whole run
        starts: NDArray[np.int64] = windows + (self.runs[:, 1] - ends)[run]  # (n,)
        return starts


def part_of_tokens(corpus: Corpus, name: str, begin: int, end: int, *, window: int) -> Part:
    """Return a range of tokens as a part; each window (T inputs, a target) lies inside one sequence."""
    # the windows of each sequence, as far as it lies in the range; the last one ends with its last token
    first = np.maximum(corpus.starts, begin)  # (K,)
    after_last = np.minimum(corpus.ends, end) - window  # (K,)
    runs = np.stack([first, after_last], axis=1)  # (K, 2)
    return Part(name, begin, end, runs[first < after_last])


def gap_remedy(part: Part, missing: int) -> str:
    """Return the remedy of a smaller gap for a part that lacks `missing` tokens; empty for a gap of fewer."""
    if part.gap < max(missing, 1):
        return ""
    most = part.gap - missing
    return (
        f", or set dataset.split.gap, which takes {count_of(part.gap, 'token')} from it, to {most:,} or less"
    )


def part_of_windows(corpus: Corpus, name: str, window_starts: NDArray[np.int64]) -> Part:
    """Return the part with the windows that begin at these tokens (W,), in the order of the corpus.

    Its range of tokens is the whole corpus.
    """
    first = np.sort(window_starts)
    return Part(name, 0, len(corpus.ids), np.stack([first, first + 1], axis=1))


def whole(corpus: Corpus, *, window: int, name: str = "train") -> Part:
    """Return the part with all tokens and all windows of a corpus."""
    return part_of_tokens(corpus, name, 0, len(corpus.ids), window=window)


def require_windows(part: Part, corpus: Corpus, *, window: int) -> None:
    """Refuse a part that holds no window.

    Raises:
        DataError: the part is too short; the message says by how many tokens, and which setting to change.
    """
    if part.window_count:
        return
    pieces = np.minimum(corpus.ends, part.end) - np.maximum(corpus.starts, part.begin)
    longest = max(int(pieces.max()), 0)
    remedy = f", or set dataset.window to {longest - 1} or less" if longest > 1 else ""
    if part.name in {"validation", "test"}:
        remedy += f", or make dataset.split.{part.name} larger"
    sequence = max(int(np.searchsorted(corpus.starts, part.end, side="right")) - 1, 0)
    remedy += gap_remedy(part, window + 1 - (part.end - max(part.begin, int(corpus.starts[sequence]))))
    raise DataError(
        f"the {part.name} part is too short: dataset.window {window} and a target need {window + 1} tokens"
        f" in one sequence, the longest has {longest}, {window + 1 - longest} too few; add data{remedy}"
    )


def windows_array(corpus: Corpus, part: Part, window: int) -> Ids:
    """Return the windows of a part, (W, T + 1) ids: the T inputs, and the last target."""
    if not part.window_count:
        return np.empty((0, window + 1), dtype=corpus.ids.dtype)
    return np.lib.stride_tricks.sliding_window_view(corpus.ids, window + 1)[part.window_starts]


def accuracy_ceiling(
    windows: NDArray[np.integer[Any]], *, target: Literal["next", "shifted"] = "next"
) -> tuple[int, int]:
    """Return how many targets a model can predict correctly at most, and the number of all targets.

    A model predicts the same token for windows with equal inputs: at best the most frequent of their targets.

    Args:
        windows: (W, T + 1) ids.
        target: `next` counts the last target, which all inputs precede; `shifted` counts the target of each
            time step, which the inputs up to that step precede.
    """
    window = windows.shape[1] - 1
    # the distinct windows, sorted, and how often each occurs
    distinct, counts = np.unique(windows, axis=0, return_counts=True)  # (R, T + 1) and (R,)
    shared = _shared_prefixes(distinct)  # (R,)
    steps = range(1, window + 1) if target == "shifted" else [window]
    correct = sum(_most_frequent_targets(shared, counts, seen) for seen in steps)
    return correct, len(windows) * len(steps)


MOST_TOKENS = 50_000_000
"""Largest number of tokens of all windows, which the ceiling sorts; with more tokens there is no ceiling."""


@dataclass(frozen=True)
class Ceiling:
    """Highest accuracy possible for a model that sees single windows: equal inputs may have several targets.

    Attributes:
        correct: largest number of targets that can be predicted.
        total: number of targets.
    """

    correct: int
    total: int

    @property
    def accuracy(self) -> float:
        """Highest possible accuracy, 0 to 1."""
        return self.correct / self.total


def window_ceiling(corpus: Corpus, part: Part, experiment: Experiment) -> Ceiling | None:
    """Return the ceiling of a part; None if the regime is not `windows`, or for too many windows to sort."""
    window = experiment.dataset.window
    if experiment.regime != "windows" or part.window_count * (window + 1) > MOST_TOKENS:
        return None
    return Ceiling(*accuracy_ceiling(windows_array(corpus, part, window), target=experiment.dataset.target))


def _shared_prefixes(rows: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
    """Return how many leading tokens each row shares with the row before, (R,); −1 for the first row.

    Args:
        rows: (R, T + 1) sorted and distinct.
    """
    return np.append(-1, np.argmax(rows[1:] != rows[:-1], axis=1))[: len(rows)]


def _most_frequent_targets(shared: NDArray[np.int64], counts: NDArray[np.int64], seen: int) -> int:
    """Return how many windows have, at index `seen`, the most frequent token after their first `seen` tokens.

    Args:
        shared: (R,) as `_shared_prefixes` gives it.
        counts: (R,) how many windows equal each row.
        seen: number of inputs.
    """
    if not len(shared):
        return 0
    # rows at which other inputs begin, and rows at which other inputs or another target begin
    inputs = np.flatnonzero(shared < seen)  # (I,)
    pairs = np.flatnonzero(shared <= seen)  # (P,)
    # how many windows have each pair; for equal inputs only the most frequent target is correct
    occurrences = np.add.reduceat(counts, pairs)  # (P,)
    return int(np.maximum.reduceat(occurrences, np.searchsorted(pairs, inputs)).sum())

"""The part of a sequence in which it repeats itself: one token alone, a loop, or a text that only repeats.

The thresholds were chosen on windows of 50, 200 and 600 tokens of the butterfly song, Shakespeare, a story,
names, a dictionary, Python source and Bach's chorales. In text, three turns or more cover at most 36 of 600
tokens (a refrain), and no window is found. In the chorales, written as sixteenths, a held note covers up to
44 tokens, and more than half of some windows of 50: that is why `collapse.py` compares a loop with the data.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.integer[Any]]
Kind = Literal["one_token", "loop", "low_entropy"]

LEAST_TURNS = 3
"""Fewest turns of a loop."""

LEAST_TOKENS = 24
"""Fewest tokens of a loop that takes up half of a sample."""

LONG_LOOP = 64
"""Fewest tokens of a loop that takes up less than half of a sample, and does not end before the sample."""

LONGEST_PERIOD = 1_000
"""Longest period that is looked for."""

_LONGEST_SAMPLE = 20_000
"""Number of tokens at the end of a sample in which a period is looked for."""

_NGRAM = 8
_LEAST_OF_TEXT = 64
ALWAYS = 0.95
_NEARLY_NOTHING = 0.1
"""For `low_entropy`: length of the n-grams that occur again, fewest tokens, the share of n-grams that are not
new, and the largest mean surprise in nats."""


@dataclass(frozen=True)
class Repetition:
    """A part of a sample that repeats itself.

    Attributes:
        kind: one token, a loop, or a text of low entropy.
        start: index of the first token of the part, from 0.
        length: number of tokens of the part.
        period: number of tokens of a turn; None for `low_entropy`.
    """

    kind: Kind
    start: int
    length: int
    period: int | None


def repetition_in(ids: Ids, surprises: NDArray[np.float64]) -> Repetition | None:
    """Return the part of a sample that repeats itself, or None; the thresholds are above.

    Args:
        ids: the tokens, (S,).
        surprises: −ln of the probability of each token, nats, (S,); empty if they are not known.
    """
    return _loop_in(ids) or (_low_entropy_in(ids, surprises) if len(surprises) else None)


def longest_run(ids: Ids, period: int) -> tuple[int, int]:
    """Return (start, length) of the longest part of ids (S,) that repeats itself after `period` tokens.

    The length counts the first turn, too. Without such a part it is 0.
    """
    same = np.zeros(max(len(ids) - period, 0) + 2, np.int8)  # with a False at each end
    same[1:-1] = ids[period:] == ids[: max(len(ids) - period, 0)]
    edges = np.flatnonzero(np.diff(same))  # where equality begins and ends, by turns
    if not len(edges):
        return 0, 0
    lengths = edges[1::2] - edges[::2]
    longest = int(lengths.argmax())
    return int(edges[2 * longest]), int(lengths[longest]) + period


def _loop_in(ids: Ids) -> Repetition | None:
    """Return the loop that a sample ends in, else the loop that is most of it; None if there is neither.

    Of equally long loops it is that of the shortest period.
    """
    skipped = max(len(ids) - _LONGEST_SAMPLE, 0)
    end = ids[skipped:]
    last = most = 0, 0, 1  # (length, start, period) of the loop at the end, and of the longest one
    for period in range(1, min(len(end) // LEAST_TURNS, LONGEST_PERIOD) + 1):
        begin = _begin_of_last(end, period)
        if len(end) - begin > max(last[0], LEAST_TURNS * period - 1):
            last = len(end) - begin, begin, period
        start, length = longest_run(end, period)
        if length > max(most[0], LEAST_TURNS * period - 1):
            most = length, start, period
    if skipped and last[0] == len(end):  # it may have begun before the part that was looked at
        begin = _begin_of_last(ids, last[2])
        last = len(ids) - begin, begin - skipped, last[2]
    half = max(LEAST_TOKENS, len(ids) / 2)
    for (length, start, period), least in ((last, min(LONG_LOOP, half)), (most, half)):
        if length >= least:
            return Repetition("one_token" if period == 1 else "loop", skipped + start, length, period)
    return None


def _begin_of_last(ids: Ids, period: int) -> int:
    """Return where the part at the end of ids (S,) begins in which each token equals the one `period` before.

    Without such a part, that is the last turn.
    """
    different = np.flatnonzero(ids[period:] != ids[: max(len(ids) - period, 0)])
    return int(different[-1]) + 1 if len(different) else 0


def _low_entropy_in(ids: Ids, surprises: NDArray[np.float64]) -> Repetition | None:
    """Return the end of a sample whose n-grams have nearly all occurred, and whose surprise is nearly 0."""
    repeated = repeated_ngrams(ids)  # (S − n + 1,)
    if len(repeated) < _LEAST_OF_TEXT:
        return None
    shares = np.cumsum(repeated[::-1])[::-1] / np.arange(len(repeated), 0, -1)  # from each place to the end
    enough = np.flatnonzero(shares >= ALWAYS)
    if not len(enough):
        return None
    start = int(enough[0])
    length = len(ids) - start
    is_certain = surprises[start:].mean() < _NEARLY_NOTHING
    if length < max(_LEAST_OF_TEXT, len(ids) / 2) or not is_certain:
        return None
    return Repetition("low_entropy", start, length, None)


def repeated_ngrams(ids: Ids) -> NDArray[np.bool_]:
    """Return whether the n-gram that begins at each token has occurred before, (S − n + 1,); n is 8."""
    if len(ids) < _NGRAM:
        return np.zeros(0, np.bool_)
    windows = np.lib.stride_tricks.sliding_window_view(ids, _NGRAM)  # (S − n + 1, n)
    _, first = np.unique(windows, axis=0, return_index=True)
    repeated = np.ones(len(windows), np.bool_)
    repeated[first] = False
    return repeated


def distinct_ngrams(ids: Ids) -> set[bytes]:
    """Return the different n-grams of ids (S,) as their bytes; n is 8."""
    windows = np.lib.stride_tricks.sliding_window_view(ids, min(_NGRAM, len(ids)))
    return {window.tobytes() for window in np.ascontiguousarray(windows)}

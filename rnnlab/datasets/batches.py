"""The batches of an epoch, as places in the corpus: which lane reads which tokens at which step.

A step is (starts (N,), counts (N,)). Lane n reads the T tokens from starts[n] on and predicts the token after
each of them; the first counts[n] of these T targets count. A lane with count 0 is padding. Tokens after the
last target that counts may lie past the end of the corpus: there a reader repeats the last token.

Two classes make the batches; TensorFlow and NumPy read the same numbers:

    WindowBatches    the W windows of a part, N at a time, in order or shuffled; the last batch is padded.
                     If the state is carried, lane n reads the n-th of N blocks of consecutive windows
    StreamBatches    the tokens of a part in N contiguous lanes of nearly equal length, cut every T steps

Training reads a part in `training.batch_size` lanes. A measurement must not depend on that number, so it
reads the part in the order of a single lane (`reading_order`); `datasets/side_by_side.py` makes that fast.
"""

import math
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from rnnlab.config.schema import Experiment
from rnnlab.datasets.corpus import Corpus
from rnnlab.datasets.parts import Part, gap_remedy, require_windows
from rnnlab.datasets.tokens import Ids
from rnnlab.errors import DataError, count_of

Epoch = tuple[NDArray[np.int64], NDArray[np.int32]]


class Batches(Protocol):
    """The batches of every epoch over one part.

    Attributes:
        steps: number of batches B of an epoch.
        lanes: number of lanes N of a batch.
        window: number of time steps T of a batch.
        carries_state: whether the state of lane n is carried from batch to batch.
        leftover: a phrase on how many windows or tokens the last batch holds; empty if the batch is full.
    """

    @property
    def steps(self) -> int: ...
    @property
    def lanes(self) -> int: ...
    @property
    def window(self) -> int: ...
    @property
    def carries_state(self) -> bool: ...
    @property
    def leftover(self) -> str: ...

    def epoch(self, number: int, begin: int = 0, end: int | None = None) -> Epoch:
        """Return the first token that each lane reads (B, N), and how many of its targets count (B, N).

        B are the batches of the epoch, or of the range from `begin` to `end`.

        Args:
            number: the number of the epoch, from 0.
            begin: the first batch. All batches of a large text take more memory than the text.
            end: the batch after the last; None for the end of the epoch.
        """

    def objectives(self, number: int, begin: int, end: int) -> None:
        """Return None: all batches are of one kind."""


@dataclass(frozen=True, eq=False)
class WindowBatches:
    """Batches of N windows; see `Batches`.

    Attributes:
        part: the part with the W windows.
        lanes: N.
        window: T.
        carries_state: as in `Batches`.
        shuffle: whether each epoch has its own order, drawn with the random seed and the epoch's number.
        random_seed: 0 or more.
    """

    part: Part
    lanes: int
    window: int
    carries_state: bool
    shuffle: bool
    random_seed: int
    _orders: dict[int, NDArray[np.unsignedinteger[Any]]] = field(default_factory=dict, repr=False)

    @property
    def steps(self) -> int:
        """Number of batches B of an epoch; the last batch may hold fewer windows."""
        return math.ceil(self.part.window_count / self.lanes)

    @property
    def leftover(self) -> str:
        """A phrase on how many windows the last batch holds; empty if it holds N windows."""
        last = self.part.window_count % self.lanes
        return f"the last of {self.steps} batches holds {last} of {self.lanes} windows" if last else ""

    def epoch(self, number: int, begin: int = 0, end: int | None = None) -> Epoch:
        """Return the first token of each window (B, N), and how many targets count (B, N): T or 0."""
        # which window each lane reads at each step
        steps = np.arange(begin, self.steps if end is None else end)[:, None]  # (B, 1)
        windows, is_read = self._numbers(steps)  # both (B, N)
        # the windows that are read, in the order of the epoch
        chosen: NDArray[np.integer[Any]] = windows[is_read]  # (windows read,)
        if self.shuffle:
            chosen = self._order(number)[chosen]  # (windows read,)
        # where each of them begins in the corpus
        starts = np.zeros(windows.shape, dtype=np.int64)  # (B, N)
        starts[is_read] = self.part.starts_of(chosen)
        return starts, np.where(is_read, self.window, 0).astype(np.int32)

    def objectives(self, number: int, begin: int, end: int) -> None:
        """Return None: all batches are of one kind."""

    def _numbers(self, steps: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Return the window that each lane reads at steps (B, 1), and whether there is one; both (B, N)."""
        lanes = np.arange(self.lanes)  # (N,)
        # without a carried state: N consecutive windows at each step
        if not self.carries_state:
            windows = steps * self.lanes + lanes  # (B, N)
            return windows, windows < self.part.window_count
        # with one: each lane reads a block of windows; the first `longer` blocks have one window more
        base, longer = divmod(self.part.window_count, self.lanes)
        firsts = lanes * base + np.minimum(lanes, longer)  # (N,) the first window of each block
        return firsts + steps, steps < base + (lanes < longer)

    def _order(self, number: int) -> NDArray[np.unsignedinteger[Any]]:
        """Return the numbers of the windows in the order of an epoch, (W,); it is kept for the next call."""
        if number not in self._orders:
            self._orders.clear()
            count = self.part.window_count
            order = np.arange(count, dtype=np.min_scalar_type(count))
            np.random.default_rng([self.random_seed, number]).shuffle(order)
            self._orders[number] = order
        return self._orders[number]


@dataclass(frozen=True, eq=False)
class StreamBatches:
    """Batches of N contiguous lanes cut every T steps; see `Batches`.

    Attributes:
        begins: (N,) first token that each lane reads.
        lengths: (N,) number of tokens that each lane reads.
        window: T.
        carries_state: as in `Batches`.
    """

    begins: NDArray[np.int64]
    lengths: NDArray[np.int64]
    window: int
    carries_state: bool = True

    @property
    def lanes(self) -> int:
        """Number of lanes N."""
        return len(self.begins)

    @property
    def steps(self) -> int:
        """Number of batches B of an epoch, as the longest lane needs; shorter lanes end with padding."""
        return math.ceil(int(self.lengths.max()) / self.window)

    @property
    def leftover(self) -> str:
        """A phrase on how many tokens the last batch reads; empty if it reads N·T tokens."""
        last = int(np.clip(self.lengths - (self.steps - 1) * self.window, 0, None).sum())
        full = self.lanes * self.window
        return f"the last of {self.steps} batches reads {last} of {full} tokens" if last < full else ""

    def epoch(self, number: int, begin: int = 0, end: int | None = None) -> Epoch:
        """Return the first token that each lane reads (B, N), and how many targets count (B, N), 0 to T."""
        del number
        # how many tokens each lane has read before each step
        read = np.arange(begin, self.steps if end is None else end)[:, None] * self.window  # (B, 1)
        # how many tokens each lane reads at each step
        counts = np.clip(self.lengths - read, 0, self.window).astype(np.int32)  # (B, N)
        return np.where(counts > 0, self.begins + read, 0), counts

    def objectives(self, number: int, begin: int, end: int) -> None:
        """Return None: all batches are of one kind."""


def make_batches(part: Part, corpus: Corpus, experiment: Experiment) -> Batches:
    """Return the batches that training reads of a part.

    Raises:
        DataError: the windows of the part do not fill one batch, or its tokens do not fill one window of each
            lane; the message says which setting to change.
    """
    batches = _batches(part, corpus, experiment, lanes=experiment.training.batch_size)
    require_full_batch(batches, part)
    return batches


def reading_order(part: Part, corpus: Corpus, experiment: Experiment) -> Batches:
    """Return the order in which a measurement reads a part: one step after another, in a single lane.

    If the state is carried, the first step begins with a zero state, and every other step with the state at
    the end of the step before. Otherwise each step is one window, which begins with a zero state.

    Raises:
        DataError: the part has no window, or, read as a stream, no target; the message says which setting to
            change.
    """
    return _batches(part, corpus, experiment, lanes=1, shuffle=False)


@dataclass(frozen=True, eq=False)
class Batch:
    """The data of one training step.

    Attributes:
        inputs: (N, T) token ids.
        targets: (N, T) token ids; the token after each input.
        weights: (N, T) float32, 1 if the target counts, else 0.
        resets: (N, T) bool, whether the state of the lane is set to zero before the time step.
    """

    inputs: Ids
    targets: Ids
    weights: NDArray[np.float32]
    resets: NDArray[np.bool_]


def gather(
    corpus: Corpus,
    starts: NDArray[np.int64],
    counts: NDArray[np.int32],
    *,
    window: int,
    target: Literal["next", "shifted"],
    first: bool | NDArray[np.bool_],
) -> Batch:
    """Return the data of one step.

    A target counts if three things hold: it is one of the first counts[n] of its lane; it is the last of the
    window, or `target` is `shifted`; it belongs to the sequence of its input, or is the boundary after it.
    The state is set to zero before the first token of a sequence, and before the first time step if `first`.

    Args:
        corpus: the data.
        starts: (N,) first token that each lane reads.
        counts: (N,) how many targets of each lane count, 0..T.
        window: T.
        target: `next` or `shifted`.
        first: whether the state is zero before the first time step: one value for all lanes, or (N,).
    """
    # the T inputs and the last target, which may lie past the end of the corpus
    steps = np.arange(window + 1)  # (T + 1,)
    places = np.minimum(starts[:, None] + steps, len(corpus.ids) - 1)  # (N, T + 1)
    tokens = corpus.ids[places]  # (N, T + 1)
    # which targets count
    begins = np.isin(places, corpus.starts)  # (N, T + 1)
    counted = steps[:-1] < counts[:, None]  # (N, T)
    if not corpus.has_boundaries:
        counted &= ~begins[:, 1:]  # the first token of a sequence does not follow its input
    if target == "next":
        counted[:, :-1] = False
    # where the state is set to zero
    resets = begins[:, :-1]  # (N, T)
    resets[:, 0] |= first
    return Batch(tokens[:, :-1], tokens[:, 1:], counted.astype(np.float32), resets)


def window_batches(
    part: Part,
    corpus: Corpus,
    *,
    lanes: int,
    window: int,
    carries_state: bool = False,
    shuffle: bool = False,
    random_seed: int = 0,
) -> WindowBatches:
    """Return the windows of a part, N at a time.

    If the state is carried, lane n reads the n-th of N blocks of consecutive windows; the lengths of the
    blocks differ by one window at most.

    Raises:
        DataError: the part has no window.
    """
    require_windows(part, corpus, window=window)
    return WindowBatches(part, lanes, window, carries_state, shuffle, random_seed)


def stream_batches(part: Part, corpus: Corpus, *, lanes: int, window: int) -> StreamBatches:
    """Return the tokens of a part in N lanes.

    The lengths of the lanes differ by one token at most. But if boundary tokens separate the sequences, each
    lane but the first begins at the nearest start of a sequence, if there is one within T tokens.

    Raises:
        DataError: the part has no target.
    """
    _require_targets(part, corpus)
    # N + 1 cuts between the lanes; the first `longer` lanes have one token more
    base, longer = divmod(part.end - part.begin - 1, lanes)
    cuts = part.begin + base * np.arange(lanes + 1) + np.minimum(np.arange(lanes + 1), longer)  # (N + 1,)
    if corpus.has_boundaries:
        cuts[1:-1] = _at_sequences(cuts[1:-1], corpus, window)
    return StreamBatches(cuts[:-1], np.diff(cuts), window)


def require_full_batch(batches: WindowBatches | StreamBatches, part: Part) -> None:
    """Refuse a training part that does not fill one batch.

    Raises:
        DataError: there are fewer windows than lanes, or a stream has fewer than N·T + 1 tokens.
    """
    lanes, window = batches.lanes, batches.window
    if isinstance(batches, WindowBatches) and (count := part.window_count) < lanes:
        raise DataError(
            f"the {part.name} part is too short: it has {count_of(count, 'window')} of {window + 1} tokens,"
            f" {lanes - count} fewer than training.batch_size {lanes}; set batch_size to {count} or less"
            + gap_remedy(part, lanes - count)
        )
    targets = part.end - part.begin - 1
    if isinstance(batches, StreamBatches) and targets < lanes * window:
        more = gap_remedy(part, lanes * window - targets)
        raise DataError(_too_short_for_lanes(part, targets, lanes=lanes, window=window) + more)


def _batches(
    part: Part, corpus: Corpus, experiment: Experiment, *, lanes: int, shuffle: bool | None = None
) -> WindowBatches | StreamBatches:
    """Return the batches of a part in N lanes; `shuffle=None` means `training.shuffle`."""
    window = experiment.dataset.window
    if experiment.regime == "stream":
        return stream_batches(part, corpus, lanes=lanes, window=window)
    return window_batches(
        part,
        corpus,
        lanes=lanes,
        window=window,
        carries_state=experiment.regime == "stateful_windows",
        shuffle=experiment.training.shuffle if shuffle is None else shuffle,
        random_seed=experiment.training.random_seed,
    )


def _at_sequences(cuts: NDArray[np.int64], corpus: Corpus, window: int) -> NDArray[np.int64]:
    """Return the cuts (n,), each moved to the nearest start of a sequence, if one is within T tokens."""
    if len(corpus.starts) == 1:
        return cuts
    # the starts on either side of each cut, and the nearer of the two
    after = np.searchsorted(corpus.starts, cuts).clip(1, len(corpus.starts) - 1)  # (n,)
    before, behind = corpus.starts[after - 1], corpus.starts[after]  # both (n,)
    nearest = np.where(cuts - before <= behind - cuts, before, behind)  # (n,)
    return np.where(np.abs(nearest - cuts) <= window, nearest, cuts)


def _require_targets(part: Part, corpus: Corpus) -> None:
    """Refuse a part without a target: none of its tokens follows another token of the same sequence."""
    starts_inside = np.count_nonzero((corpus.starts > part.begin) & (corpus.starts < part.end))
    starts_inside *= not corpus.has_boundaries
    if part.end - part.begin - 1 - starts_inside < 1:
        held_out = part.name in {"validation", "test"}
        remedy = f", or make dataset.split.{part.name} larger" if held_out else ""
        remedy += gap_remedy(part, 2 - (part.end - part.begin))
        raise DataError(
            f"the {part.name} part is too short: expected two tokens of one sequence, an input and its"
            f" target, received {count_of(max(part.end - part.begin, 0), 'token')} in all; add data{remedy}"
        )


def _too_short_for_lanes(part: Part, targets: int, *, lanes: int, window: int) -> str:
    """Return the message for a part whose targets do not fill one window of each lane."""
    needed = lanes * window
    remedies = []
    if targets >= window:
        remedies.append(f"training.batch_size to {targets // window} or less")
    if targets >= lanes:
        remedies.append(f"dataset.window to {targets // lanes} or less")
    remedy = " or ".join(remedies) or f"training.batch_size to 1 and dataset.window to {targets} or less"
    return (
        f"the {part.name} part is too short: {count_of(lanes, 'lane')} (training.batch_size) of"
        f" {count_of(window, 'step')} (dataset.window) need {needed + 1} tokens,"
        f" it has {targets + 1}, {needed - targets} too few;"
        f" add data, or set {remedy}"
    )

"""The two ways to cut a part into batches: N windows at a time, or N lanes of a stream every T steps.

Where a state is carried, each lane reads a block of consecutive windows or tokens of its own: what a lane
reads in a batch follows what it read in the batch before.

The batches of an epoch, as places in the corpus: which lane reads which tokens at which step.

A step is (starts (N,), counts (N,)): lane n reads the T tokens from starts[n] on, and is asked for the token
after each of them; the first counts[n] of these T targets count. With count 0 a lane is padding. The tokens
after the last target that counts may lie past the end of the corpus, where a reader must clip.

Two regimes make them, and the same numbers drive TensorFlow and NumPy:

    windows    the W windows of a part, N at a time, in order or shuffled; the last batch is padded.
               Where a state is carried, lane n reads the n-th of N blocks of consecutive windows
    stream     the tokens of a part in N contiguous lanes, as equal as can be, cut every T steps

Training reads a part in `training.batch_size` lanes. A measurement must not depend on that number, so it
reads the part in one order, that of a single lane (`reading_order`). `datasets/side_by_side.py` says how an
engine reads it faster than one step after another.
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


@dataclass(frozen=True, eq=False)
class WindowBatches:
    """Batches of N windows; see `Batches`.

    Attributes:
        part: has the W windows.
        shuffle: whether each epoch has its own order, a function of the random seed and the epoch's number.
        random_seed: at least 0.
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
        """B: as many as hold all windows."""
        return math.ceil(self.part.window_count / self.lanes)

    @property
    def leftover(self) -> str:
        """How many windows the last batch holds, where that is not N."""
        last = self.part.window_count % self.lanes
        return f"the last of {self.steps} batches holds {last} of {self.lanes} windows" if last else ""

    def epoch(self, number: int, begin: int = 0, end: int | None = None) -> Epoch:
        """First tokens (B, N) and how many targets count (B, N): T, or 0 for padding."""
        steps = np.arange(begin, self.steps if end is None else end)[:, None]  # (B, 1)
        windows, is_read = self._numbers(steps)  # both (B, N)
        chosen = windows[is_read]
        starts = np.zeros(windows.shape, dtype=np.int64)
        starts[is_read] = self.part.starts_of(self._order(number)[chosen] if self.shuffle else chosen)
        return starts, np.where(is_read, self.window, 0).astype(np.int32)

    def _numbers(self, steps: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Number of the window that each lane reads at steps (B, 1), and whether it reads one, (B, N)."""
        lanes = np.arange(self.lanes)
        if not self.carries_state:
            windows = steps * self.lanes + lanes
            return windows, windows < self.part.window_count
        base, longer = divmod(self.part.window_count, self.lanes)  # the first lanes have one window more
        firsts = lanes * base + np.minimum(lanes, longer)
        return firsts + steps, steps < base + (lanes < longer)

    def _order(self, number: int) -> NDArray[np.unsignedinteger[Any]]:
        """(W,) the numbers of the windows in the order of an epoch; that of the last epoch is kept."""
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
        lengths: (N,) how many tokens each lane reads.
    """

    begins: NDArray[np.int64]
    lengths: NDArray[np.int64]
    window: int
    carries_state: bool = True

    @property
    def lanes(self) -> int:
        """N."""
        return len(self.begins)

    @property
    def steps(self) -> int:
        """B: as many as the longest lane needs."""
        return math.ceil(int(self.lengths.max()) / self.window)

    @property
    def leftover(self) -> str:
        """How many tokens the last batch reads, where that is not N·T."""
        last = int(np.clip(self.lengths - (self.steps - 1) * self.window, 0, None).sum())
        full = self.lanes * self.window
        return f"the last of {self.steps} batches reads {last} of {full} tokens" if last < full else ""

    def epoch(self, number: int, begin: int = 0, end: int | None = None) -> Epoch:
        """First tokens (B, N) and how many targets count (B, N); the same in every epoch."""
        del number
        read = np.arange(begin, self.steps if end is None else end)[:, None] * self.window
        counts = np.clip(self.lengths - read, 0, self.window).astype(np.int32)
        return np.where(counts > 0, self.begins + read, 0), counts


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
    """The windows of a part, N at a time.

    Where a state is carried, lane n reads the n-th of N blocks of consecutive windows, as equal as can be.

    Raises:
        DataError: there is no window.
    """
    require_windows(part, corpus, window=window)
    return WindowBatches(part, lanes, window, carries_state, shuffle, random_seed)


def stream_batches(part: Part, corpus: Corpus, *, lanes: int, window: int) -> StreamBatches:
    """The tokens of a part in N lanes, as equal as can be.

    Where boundaries separate the sequences, a lane begins with a sequence if one begins within a window of
    where the lanes would be equal: no sequence is then read without its beginning.

    Raises:
        DataError: there is no target.
    """
    _require_targets(part, corpus)
    base, longer = divmod(part.end - part.begin - 1, lanes)
    cuts = part.begin + base * np.arange(lanes + 1) + np.minimum(np.arange(lanes + 1), longer)
    if corpus.has_boundaries:
        cuts[1:-1] = _at_sequences(cuts[1:-1], corpus, window)
    return StreamBatches(cuts[:-1], np.diff(cuts), window)


def require_full_batch(batches: WindowBatches | StreamBatches, part: Part) -> None:
    """Refuse to train on a part that does not fill one batch.

    Raises:
        DataError: there are fewer windows than lanes, or lanes of a stream are shorter than a window.
    """
    lanes, window = batches.lanes, batches.window
    if isinstance(batches, WindowBatches) and (count := part.window_count) < lanes:
        raise DataError(
            f"the {part.name} part is too short: it has {count_of(count, 'window')} of {window + 1} tokens,"
            f" {lanes - count} fewer than training.batch_size {lanes}; set that to {count} or less"
            + gap_remedy(part, lanes - count)
        )
    targets = part.end - part.begin - 1
    if isinstance(batches, StreamBatches) and targets < lanes * window:
        more = gap_remedy(part, lanes * window - targets)
        raise DataError(_too_short_for_lanes(part, targets, lanes=lanes, window=window) + more)


def _at_sequences(cuts: NDArray[np.int64], corpus: Corpus, window: int) -> NDArray[np.int64]:
    """The cuts, each moved to the nearest start of a sequence unless that is more than a window away."""
    after = np.searchsorted(corpus.starts, cuts).clip(1, len(corpus.starts) - 1)
    if len(corpus.starts) == 1:
        return cuts
    before, behind = corpus.starts[after - 1], corpus.starts[after]
    nearest = np.where(cuts - before <= behind - cuts, before, behind)
    return np.where(np.abs(nearest - cuts) <= window, nearest, cuts)


def _require_targets(part: Part, corpus: Corpus) -> None:
    """The first token of a sequence is nobody's target, and neither is the first of a part."""
    starts_inside = np.count_nonzero((corpus.starts > part.begin) & (corpus.starts < part.end))
    starts_inside *= not corpus.has_boundaries
    if part.end - part.begin - 1 - starts_inside < 1:
        held_out = part.name in {"validation", "test"}
        remedy = f", or give dataset.split.{part.name} a larger fraction" if held_out else ""
        remedy += gap_remedy(part, 2 - (part.end - part.begin))
        raise DataError(
            f"the {part.name} part is too short: expected two tokens of one sequence, an input and its"
            f" target, received {count_of(max(part.end - part.begin, 0), 'token')} in all; add data{remedy}"
        )


def _too_short_for_lanes(part: Part, targets: int, *, lanes: int, window: int) -> str:
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


__all__ = ["Batch", "Batches", "StreamBatches", "WindowBatches", "gather", "make_batches", "reading_order"]


class Batches(Protocol):
    """The batches of every epoch over one part.

    Attributes:
        steps: B, batches of an epoch.
        lanes: N, lanes of a batch.
        window: T, time steps of a batch.
        carries_state: whether lane n goes on with the state that the batch before left in it.
        leftover: one sentence on what the last batch holds; empty where it is as full as the others.
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
        """First tokens (B, N) and how many targets count (B, N), of the epoch of that number.

        Args:
            number: of the epoch, from 0.
            begin: the first batch that is wanted: all of a large text take more memory than the text.
            end: the one after the last that is wanted; all that follow, if it is left out.
        """


def make_batches(part: Part, corpus: Corpus, experiment: Experiment) -> Batches:
    """The batches that training reads of a part, in the experiment's regime.

    Raises:
        DataError: the part does not fill a batch, or in a stream not a window of each lane; what to set.
    """
    batches = _batches(part, corpus, experiment, lanes=experiment.training.batch_size)
    require_full_batch(batches, part)
    return batches


def reading_order(part: Part, corpus: Corpus, experiment: Experiment) -> Batches:
    """The order in which a measurement reads a part: one step after another, in a single lane.

    Where a state is carried, the first step starts from a zero state, and each other step from the state
    after the one before it. Elsewhere each step is a window on its own.

    Raises:
        DataError: the part has no target; what to set.
    """
    return _batches(part, corpus, experiment, lanes=1, shuffle=False)


def _batches(
    part: Part, corpus: Corpus, experiment: Experiment, *, lanes: int, shuffle: bool | None = None
) -> WindowBatches | StreamBatches:
    """The batches of a part; `training.shuffle` decides about shuffling where nothing is given."""
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


@dataclass(frozen=True, eq=False)
class Batch:
    """One training step's data.

    Attributes:
        inputs: (N, T) ids.
        targets: (N, T) ids; the token after each input.
        weights: (N, T) float32, 1 where the target counts, else 0.
        resets: (N, T) bool, whether the lane's state is zeroed before the step.
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
    """The data of one step.

    A target counts if it is among the lane's counts, `target` wants it (`next`: only the last of the window)
    and it belongs to the sequence of its input, or is the boundary that ends it. A state is zeroed before the
    first token of a sequence.

    Args:
        starts: (N,) first token that each lane reads.
        counts: (N,) how many of a lane's targets count, 0..T.
        window: T.
        target: `next` or `shifted`.
        first: whether the states start from zero, of all lanes or of each, (N,).
    """
    steps = np.arange(window + 1)
    places = np.minimum(starts[:, None] + steps, len(corpus.ids) - 1)
    tokens = corpus.ids[places]
    begins = np.isin(places, corpus.starts)
    counted = steps[:-1] < counts[:, None]
    if not corpus.has_boundaries:
        counted &= ~begins[:, 1:]
    if target == "next":
        counted[:, :-1] = False
    resets = begins[:, :-1]
    resets[:, 0] |= first
    return Batch(tokens[:, :-1], tokens[:, 1:], counted.astype(np.float32), resets)

"""The batches of an epoch, as places in the corpus: which lane reads which tokens at which step.

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

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from rnnlab.config.schema import Experiment
from rnnlab.datasets.batches import (
    Epoch,
    StreamBatches,
    WindowBatches,
    require_full_batch,
    stream_batches,
    window_batches,
)
from rnnlab.datasets.corpus import Corpus
from rnnlab.datasets.parts import Part
from rnnlab.datasets.token_kind import Ids

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

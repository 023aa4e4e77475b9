"""The batches of an epoch, as places in the corpus: which lane reads which tokens at which step.

A step is (starts (N,), counts (N,)): lane n reads the T tokens from starts[n] on, and is asked for the token
after each of them; the first counts[n] of these T targets count. With count 0 a lane is padding. The tokens
after the last target that counts may lie past the end of the corpus, where a reader must clip.

Two regimes make them, and the same numbers drive TensorFlow and NumPy:

    windows    the W windows of a part, N at a time, in order or shuffled; the last batch is padded
    stream     the tokens of a part in N contiguous lanes, as equal as can be, cut every T steps
"""

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from rnnlab.config.schema import Experiment
from rnnlab.datasets.batches import Epoch, StreamBatches, WindowBatches, stream_batches, window_batches
from rnnlab.datasets.corpus import Corpus
from rnnlab.datasets.parts import Part
from rnnlab.datasets.token_kind import Ids

__all__ = ["Batch", "Batches", "StreamBatches", "WindowBatches", "gather", "make_batches"]


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


def make_batches(
    part: Part, corpus: Corpus, experiment: Experiment, *, shuffle: bool | None = None
) -> Batches:
    """The batches of a part in the experiment's regime.

    The train part must fill a batch, and in a stream each lane a window; of other parts one target is enough.

    Args:
        shuffle: what `training.shuffle` says if left out.

    Raises:
        DataError: the part is too short; by how much, and what to set.
    """
    window, lanes = experiment.dataset.window, experiment.training.batch_size
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
    first: bool,
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
        first: whether all states start from zero: in each batch if they are not carried, else in the first.
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

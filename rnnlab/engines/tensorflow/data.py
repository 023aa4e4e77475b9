"""The data of a training program: the corpus, chunks of steps, their figures, batches, and groups of lanes.

A batch is gathered by index from the token ids on the device. If a step takes long, the lanes of the batch
are divided into groups, at most one for each core.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.engines.tensorflow.start import tf

Tensor = Any


ALIGNMENT = 64
"""Bytes: TensorFlow shares the memory of an array only if the address is a multiple of this number."""


VECTOR_LANES = 8
"""Floats in an AVX register. More lanes are filled up to a multiple of 8: 25 columns are slower than 32."""


LEAST_WORK = 2e8
"""Fewest floating-point operations of a step with groups; in a shorter step, groups cost more time."""


@dataclass(frozen=True)
class TokenData:
    """The corpus as the training program reads it.

    Attributes:
        ids: token ids, (S,).
        is_start: whether a token is the first of its sequence, (S,); None if the corpus is one sequence.
        window: time steps T of a batch.
        last_only: whether only the last target of each window counts.
        starts_count: whether the first token of a sequence is also the last target of the sequence before it.
    """

    ids: NDArray[np.integer[Any]]
    is_start: NDArray[np.bool_] | None
    window: int
    last_only: bool
    starts_count: bool = False


@dataclass(frozen=True)
class Chunk:
    """Training steps that follow one another.

    Attributes:
        figures: what each lane reads at each of B steps, (B, N) each. Of tokens: the place of the lane's
            first token in the corpus, and how many of its targets count. Of examples: the number of the
            example, from 1; 0 for no example.
        fresh: whether the state is zeroed before the step, or moved by one lane if lanes are chained, (B,).
        ends_epoch: whether the step is the last of its epoch, (B,).
        objectives: the number of the objective of each step, (B,); None if there is only one.
    """

    figures: tuple[NDArray[np.integer[Any]], ...]
    fresh: NDArray[np.bool_]
    ends_epoch: NDArray[np.bool_]
    objectives: NDArray[np.integer[Any]] | None = None


@dataclass(frozen=True)
class MeasuredSteps:
    """Steps whose loss is measured without training on them.

    Attributes:
        figures: what each lane reads at each of B steps, (B, N) each, as in `Chunk`.
        anew: whether each step starts from a zero state.
        objective: number of the objective.
    """

    figures: tuple[NDArray[np.integer[Any]], ...]
    anew: bool
    objective: int = 0


@dataclass(frozen=True)
class StepRecords:
    """The figures of B steps, each measured on its own batch, in training before the update; (B,) each.

    Attributes:
        losses: mean cross-entropy, nats per token; it may be infinite or NaN, also if the step was skipped.
        correct: number of counted targets that were the most probable token; 0 if the step was skipped.
        counted: number of targets that counted; 0 if the step was skipped, or had no target that counts.
    """

    losses: NDArray[np.float32]
    correct: NDArray[np.float32]
    counted: NDArray[np.float32]

    @property
    def taken(self) -> NDArray[np.bool_]:
        """Whether each step was taken, not skipped, (B,); a step without targets is taken, its loss is 0."""
        taken: NDArray[np.bool_] = (self.counted > 0) | (self.losses == 0)
        return taken

    @property
    def accuracies(self) -> NDArray[np.float32]:
        """Fraction of correct targets of each step, (B,); NaN for a step that was skipped or has none."""
        unknown = np.full_like(self.correct, np.nan)
        return np.divide(self.correct, self.counted, out=unknown, where=self.counted > 0)


class BatchGatherer:
    """Gathers batches from the token ids on the device, as `datasets.batches.gather` does in NumPy."""

    def __init__(self, data: TokenData) -> None:
        self.window, self.last_only, self.starts_count = data.window, data.last_only, data.starts_count
        self.ids = _on_device(data.ids)
        self.is_start = None if data.is_start is None else _on_device(data.is_start)

    def __call__(self, starts: Tensor, counts: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
        """Return the inputs, the targets, whether each target counts, and `keep`.

        Args:
            starts: place of each lane's first token of this batch in the corpus, (N,).
            counts: the number of targets of each lane that count, from the first on, (N,); the first token of
                a sequence does not count unless `starts_count`.

        Returns:
            Inputs (N, T). Targets, and 1 or 0 for whether each counts: (T, N), or (1, N) with `last_only`.
            `keep` (N, T): 0 where the state is zeroed before the step, else 1; None for a single sequence.
        """
        steps = tf.range(self.window + 1, dtype=starts.dtype)  # (T + 1,)
        places = tf.minimum(starts[:, None] + steps, self.ids.shape[0] - 1)  # (N, T + 1)
        tokens = tf.cast(tf.gather(self.ids, places), tf.int32)  # (N, T + 1)
        counted = tf.cast(tf.range(self.window) < counts[:, None], tf.float32)  # (N, T), 1 or 0
        keep = None
        if self.is_start is not None:
            begins = tf.cast(tf.gather(self.is_start, places), tf.float32)  # (N, T + 1)
            keep = 1 - begins[:, :-1]  # (N, T), 0 where the state is zeroed before the step
            counted = counted if self.starts_count else counted * (1 - begins[:, 1:])
        first = self.window - 1 if self.last_only else 0
        return tokens[:, :-1], tf.transpose(tokens[:, 1 + first :]), tf.transpose(counted[:, first:]), keep


@dataclass(frozen=True)
class LaneGroups:
    """Groups of equally many lanes; the last group is filled up with lanes whose targets do not count.

    Attributes:
        count: number of groups.
        lanes: number of lanes in each group.
    """

    count: int
    lanes: int

    def dealt(self, figures: NDArray[np.integer[Any]]) -> NDArray[np.integer[Any]]:
        """Return figures of steps and lanes, (B, N), as (B, groups, lanes of a group); added lanes have 0."""
        missing = self.count * self.lanes - figures.shape[1]
        return np.pad(figures, ((0, 0), (0, missing))).reshape(len(figures), self.count, self.lanes)


def lane_groups(lanes: int, *, weights: int, tokens: int, cores: int) -> LaneGroups:
    """Return the groups for batches of N lanes: at most one for each core if a step takes long, else one.

    Args:
        lanes: lanes N of a batch.
        weights: number of weights; a step takes about six operations for each weight and each token.
        tokens: tokens of a batch, N·T.
        cores: largest number of groups.
    """
    blocks = -(-lanes // VECTOR_LANES)  # whole registers, rounded up
    if blocks == 1:
        return LaneGroups(1, lanes)
    most = cores if 6.0 * weights * tokens >= LEAST_WORK else 1
    each = -(-blocks // most)  # registers of one group
    return LaneGroups(-(-blocks // each), each * VECTOR_LANES)


def shared_groups(lanes: int, *, weights: int, tokens: int, cores: int, workers: int) -> LaneGroups:
    """Return the groups of all workers for batches of N lanes: equally many consecutive groups for each.

    Args:
        lanes: lanes N of a batch, at least one for each worker.
        weights: number of weights.
        tokens: tokens of a batch, N·T.
        cores: largest number of groups of a worker.
        workers: number of workers.
    """
    own = lane_groups(-(-lanes // workers), weights=weights, tokens=-(-tokens // workers), cores=cores)
    return LaneGroups(workers * own.count, own.lanes)


def _on_device(array: NDArray[Any]) -> Tensor:
    """Return an array as a tensor; on a CPU an aligned, writeable array in C order shares its memory."""
    on_cpu = not tf.config.list_physical_devices("GPU")
    if on_cpu and array.ctypes.data % ALIGNMENT == 0 and array.flags.c_contiguous and array.flags.writeable:
        return tf.experimental.dlpack.from_dlpack(array.__dlpack__())
    return tf.constant(array)

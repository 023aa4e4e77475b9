"""The corpus on the device, and the batches that are gathered from it by index.

How the lanes of a batch are dealt out to the cores.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.engines.tensorflow.start import tf

Tensor = Any

ALIGNMENT = 64
"""Bytes: TensorFlow shares only memory that begins at a multiple of this, as the ids of a corpus do."""


@dataclass(frozen=True)
class TokenData:
    """The corpus as the program reads it.

    Attributes:
        ids: token ids, (S,).
        is_start: whether a token is the first of its sequence, (S,); None where only token 0 is one.
        starts_count: whether the first token of a sequence is the last target of the one before it.
        window: time steps T of a batch.
        last_only: whether only each window's last target counts.
    """

    ids: NDArray[np.integer[Any]]
    is_start: NDArray[np.bool_] | None
    window: int
    last_only: bool
    starts_count: bool = False


class BatchGatherer:
    """Gathers batches from the token ids on the device; `datasets.batching.gather` says the same in NumPy."""

    def __init__(self, data: TokenData) -> None:
        self.window, self.last_only, self.starts_count = data.window, data.last_only, data.starts_count
        self.ids = _on_device(data.ids)
        self.is_start = None if data.is_start is None else _on_device(data.is_start)

    def __call__(self, starts: Tensor, counts: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
        """Inputs (N, T); targets and whether each counts, (T, N) or (1, N); what is kept, (N, T) or None."""
        steps = tf.range(self.window + 1, dtype=starts.dtype)
        places = tf.minimum(starts[:, None] + steps, self.ids.shape[0] - 1)
        tokens = tf.cast(tf.gather(self.ids, places), tf.int32)
        counted = tf.cast(tf.range(self.window) < counts[:, None], tf.float32)
        keep = None
        if self.is_start is not None:
            begins = tf.cast(tf.gather(self.is_start, places), tf.float32)
            keep = 1 - begins[:, :-1]
            counted = counted if self.starts_count else counted * (1 - begins[:, 1:])
        first = self.window - 1 if self.last_only else 0
        return tokens[:, :-1], tf.transpose(tokens[:, 1 + first :]), tf.transpose(counted[:, first:]), keep


def _on_device(array: NDArray[Any]) -> Tensor:
    """An array as a tensor: the same memory on a CPU if its address allows that, otherwise a copy."""
    on_cpu = not tf.config.list_physical_devices("GPU")
    if on_cpu and array.ctypes.data % ALIGNMENT == 0 and array.flags.c_contiguous and array.flags.writeable:
        return tf.experimental.dlpack.from_dlpack(array.__dlpack__())
    return tf.constant(array)


VECTOR_LANES = 8
"""Lanes come in whole AVX registers of floats: a product of 25 columns takes longer than one of 32."""

LEAST_WORK = 2e8
"""Floating-point operations of a step from which groups pay: below, calling their programs costs more."""


@dataclass(frozen=True)
class LaneGroups:
    """Groups of lanes, as equal as can be, the last filled up with lanes of which no target counts.

    Attributes:
        count: how many groups.
        lanes: lanes of each.
    """

    count: int
    lanes: int

    def dealt(self, figures: NDArray[np.integer[Any]]) -> NDArray[np.integer[Any]]:
        """Figures of each lane at each step (B, N), as (B, groups, lanes of a group); 0 of what fills up."""
        missing = self.count * self.lanes - figures.shape[1]
        return np.pad(figures, ((0, 0), (0, missing))).reshape(len(figures), self.count, self.lanes)


def lane_groups(lanes: int, *, weights: int, tokens: int, cores: int) -> LaneGroups:
    """The groups for batches of some lanes.

    Args:
        lanes: lanes N of a batch.
        weights: numbers that the network has; each takes part in about six operations for each token.
        tokens: N·T.
        cores: how many groups there may be.
    """
    blocks = -(-lanes // VECTOR_LANES)
    if blocks == 1:
        return LaneGroups(1, lanes)
    most = cores if 6.0 * weights * tokens >= LEAST_WORK else 1
    each = -(-blocks // most)
    return LaneGroups(-(-blocks // each), each * VECTOR_LANES)

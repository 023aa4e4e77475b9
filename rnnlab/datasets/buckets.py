"""Batches of examples: examples of similar length form a bucket, and each batch comes from one bucket.

All batches of a bucket have the same shape: so a compiled program has one part for each bucket, and little is
filled up. What is filled up never counts.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
Lengths = NDArray[np.int64]

MOST_BUCKETS = 8
"""Largest number of buckets: each takes about two seconds to compile."""

LEAST_GAIN = 0.01
"""Least fraction of the time steps that a further bucket must save."""

MOST_CANDIDATES = 200
"""Largest number of lengths at which a bucket may end. If there are more, some are chosen, so that about
equally many examples lie between two of them."""

Shape = tuple[int, int]
"""Most tokens of an input, and of a target."""


class BucketBatches:
    """The batches of every epoch of examples.

    The examples of a bucket are shuffled, the buckets are put one after another, and all of it is cut into
    batches of N. A batch with examples of two buckets has the shape of the larger one. The batches come in
    random order. So each epoch has the same number of batches.

    Args:
        lengths: returns the number of tokens of each input and of each target of an epoch, (K,) each.
        numbers: (K,) numbers of the examples; None for 0 to K − 1.
        shapes: the shape of each bucket, the smallest first; the last one holds every example.
        lanes: examples of a batch, N.
        random_seed: the seed of the order; each epoch has its own order.

    Attributes:
        steps: number of batches of an epoch.
    """

    carries_state = False

    def __init__(
        self,
        lengths: Callable[[int], tuple[Lengths, Lengths]],
        numbers: Numbers | None,
        shapes: Sequence[Shape],
        *,
        lanes: int,
        random_seed: int,
    ) -> None:
        self._lengths, self.shapes = lengths, tuple(shapes)
        self._numbers = np.arange(len(lengths(0)[0])) if numbers is None else numbers
        self.lanes, self._random_seed = lanes, random_seed
        self.steps = -(-len(self._numbers) // lanes)
        self._latest: tuple[int, NDArray[np.int32], NDArray[np.int32]] | None = None

    def epoch(self, number: int, begin: int, end: int) -> tuple[NDArray[np.int32]]:
        """Return the examples of a range of batches, (B, N): their numbers from 1, and 0 for no example."""
        return (self._order(number)[0][begin:end],)

    def objectives(self, number: int, begin: int, end: int) -> NDArray[np.int32] | None:
        """Return the bucket of each batch, (B,); None if there is only one."""
        return self._order(number)[1][begin:end] if len(self.shapes) > 1 else None

    def _order(self, number: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Return the examples (B, N) and the bucket (B,) of each batch of an epoch."""
        if self._latest is None or self._latest[0] != number:
            rng = np.random.default_rng([self._random_seed, number])
            buckets = bucket_of(*self._lengths(number), self.shapes)  # (K,)
            shuffled = rng.permutation(len(buckets))
            order = shuffled[np.argsort(buckets[shuffled], kind="stable")]
            batches = cut_into_batches(self._numbers[order], self.lanes)  # (B, N)
            largest = np.maximum.reduceat(buckets[order], np.arange(0, len(order), self.lanes))  # (B,)
            mixed = rng.permutation(self.steps)
            self._latest = (number, batches[mixed], largest[mixed].astype(np.int32))
        return self._latest[1:]


def bucket_of(inputs: Lengths, targets: Lengths, shapes: Sequence[Shape]) -> NDArray[np.int64]:
    """Return the first shape that holds each example, (K,).

    Args:
        inputs: (K,) number of tokens of each input.
        targets: (K,) number of tokens of each target.
        shapes: the shapes; the last one holds every example.
    """
    fits = [(inputs <= most) & (targets <= most_targets) for most, most_targets in shapes]
    first: NDArray[np.int64] = np.argmax(np.stack([*fits[:-1], np.ones(len(inputs), bool)]), axis=0)
    return first


def cut_into_batches(numbers: Numbers, lanes: int) -> NDArray[np.int32]:
    """Return examples as batches of N: their numbers from 1, (B, N); the last batch is filled up with 0."""
    steps = -(-len(numbers) // lanes)
    filled = np.zeros(steps * lanes, np.int32)
    filled[: len(numbers)] = numbers + 1
    return filled.reshape(steps, lanes)


def bucket_shapes(
    inputs: Lengths, targets: Lengths, *, most: int = MOST_BUCKETS, least_saved: float = 0.0
) -> tuple[Shape, ...]:
    """Return the shapes of at most `most` buckets, so that few time steps are filled up.

    The examples are sorted by the sum of both lengths, and then cut where the sum over all examples of the
    time steps of their bucket is smallest. A further bucket must save enough of the time steps: else it would
    not repay its compilation. The last shape holds every example, and each has room for an input of one
    token at least.

    Args:
        inputs: (K,) number of tokens of each input.
        targets: (K,) number of tokens of each target.
        most: largest number of buckets.
        least_saved: fewest time steps that a further bucket must save, and at least `LEAST_GAIN` of them.
    """
    order = np.lexsort((targets, inputs, inputs + targets))
    sizes = (inputs + targets)[order]
    # where a bucket may end: after the last example of a length
    ends = np.flatnonzero(np.append(np.diff(sizes) > 0, True)) + 1  # (P,)
    if len(ends) > MOST_CANDIDATES:
        wanted = np.linspace(0, len(order), MOST_CANDIDATES + 1)[1:]
        ends = np.unique(ends[np.searchsorted(ends, wanted)])
    # the shape of a bucket that ends there: it also holds the examples of the buckets before it, so that a
    # batch may have examples of both
    longest_input = np.maximum.accumulate(inputs[order])[ends - 1].clip(min=1)  # (P,)
    longest_target = np.maximum.accumulate(targets[order])[ends - 1]  # (P,)
    cuts = _cheapest_cuts(np.diff(ends, prepend=0), longest_input + longest_target, most, least_saved)
    return tuple((int(longest_input[last]), int(longest_target[last])) for last in cuts)


def _cheapest_cuts(examples: Lengths, steps: Lengths, most: int, least_saved: float) -> list[int]:
    """Return the last piece of each bucket, at most `most`, by dynamic programming over the pieces.

    Args:
        examples: (P,) number of examples of each piece.
        steps: (P,) time steps of an example in a bucket whose last piece is this one.
        most: largest number of buckets.
        least_saved: fewest time steps that a further bucket must save.
    """
    ends = np.cumsum(examples)
    # cost[i, j]: time steps of one bucket with the pieces i to j
    cost = np.where(np.tri(len(ends), k=-1), np.inf, (ends - (ends - examples)[:, None]) * steps)
    least = cost[0]  # (P,): with one bucket, the time steps up to each piece
    backs: list[NDArray[np.int64]] = []
    chosen, worth = 1, least[-1]
    for count in range(2, min(most, len(ends)) + 1):
        # the pieces up to i in count − 1 buckets, and the pieces i + 1 to j in one more
        sums = least[:-1, None] + cost[1:]  # (P − 1, P)
        backs.append(sums.argmin(axis=0))
        least = sums.min(axis=0)
        if least[-1] < worth * (1 - LEAST_GAIN) and worth - least[-1] >= (count - chosen) * least_saved:
            chosen, worth = count, least[-1]
    lasts = [len(ends) - 1]
    for back in reversed(backs[: chosen - 1]):
        lasts.append(int(back[lasts[-1]]))
    return lasts[::-1]

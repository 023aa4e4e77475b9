"""Buckets: every example once an epoch, in batches of one shape each, with little that is filled up."""

from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from rnnlab.datasets import buckets
from rnnlab.datasets.buckets import BucketBatches, bucket_of, bucket_shapes, cut_into_batches

Lengths = NDArray[np.int64]


def lengths(count: int, seed: int, most: int = 12) -> tuple[Lengths, Lengths]:
    """Random lengths of inputs, from 1, and of targets, from 0."""
    rng = np.random.default_rng(seed)
    return rng.integers(1, most, count), rng.integers(0, most, count)


def cheapest(inputs: Lengths, targets: Lengths, most: int) -> int:
    """The fewest time steps of at most `most` buckets, from every way to cut the sorted examples."""
    order = np.lexsort((targets, inputs, inputs + targets))
    sizes = (inputs + targets)[order]
    places = [place for place in range(1, len(order)) if sizes[place] > sizes[place - 1]]
    found = []
    for count in range(most):
        for cuts in combinations(places, count):
            ends, begin, steps = [*cuts, len(order)], 0, 0
            for end in ends:
                steps += (end - begin) * int(inputs[order[:end]].max() + targets[order[:end]].max())
                begin = end
            found.append(steps)
    return min(found)


@pytest.mark.parametrize("most", [1, 2, 3, 4])
@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("kind", ["pairs", "inputs alone"])
def test_no_other_cuts_need_fewer_time_steps(
    kind: str, seed: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Compared with every way to cut twelve examples where their lengths differ."""
    monkeypatch.setattr(buckets, "LEAST_GAIN", 0.0)
    inputs, targets = lengths(12, seed)
    if kind == "inputs alone":
        targets = np.zeros_like(targets)

    shapes = bucket_shapes(inputs, targets, most=most)

    own = np.array([sum(shape) for shape in shapes])[bucket_of(inputs, targets, shapes)]
    # an example may also fit into a bucket before the one that it was cut for
    assert len(shapes) <= most
    assert own.sum() <= cheapest(inputs, targets, most)


def test_a_bucket_that_saves_little_is_not_made() -> None:
    """Another part of the program takes seconds to compile."""
    inputs, none = np.array([100] * 50 + [99] * 50), np.zeros(100, np.int64)

    assert bucket_shapes(inputs, none) == ((100, 0),)
    assert bucket_shapes(np.append(inputs, [10] * 50), np.zeros(150, np.int64)) == ((10, 0), (100, 0))


def test_a_bucket_must_save_so_many_time_steps() -> None:
    """Of few and short examples one bucket is made: 50 times 90 time steps are saved by another."""
    inputs = np.array([100] * 50 + [10] * 50)

    assert bucket_shapes(inputs, np.zeros_like(inputs), least_saved=4500) == ((10, 0), (100, 0))
    assert bucket_shapes(inputs, np.zeros_like(inputs), least_saved=4501) == ((100, 0),)


@pytest.mark.parametrize("seed", range(5))
def test_each_shape_holds_those_before_it(seed: int) -> None:
    """So a batch may have examples of two buckets; the last shape holds the longest input and target."""
    inputs, targets = lengths(300, seed, most=60)

    shapes = bucket_shapes(inputs, targets)

    assert 1 < len(shapes) <= buckets.MOST_BUCKETS
    assert all(a[0] <= b[0] and a[1] <= b[1] for a, b in pairwise(shapes))
    assert shapes[-1] == (inputs.max(), targets.max())
    found = bucket_of(inputs, targets, shapes)
    for number, bucket in enumerate(found):
        fits = [inputs[number] <= t and targets[number] <= u for t, u in shapes]
        assert fits.index(True) == bucket


def test_of_thousands_of_lengths_some_are_candidates() -> None:
    """The cuts take a moment, and little more than a perfect cut is filled up."""
    rng = np.random.default_rng(0)
    inputs = np.unique(rng.integers(1, 10_000, 4000))

    shapes = bucket_shapes(inputs, np.zeros_like(inputs))

    steps = np.array([sum(shape) for shape in shapes])[bucket_of(inputs, np.zeros_like(inputs), shapes)].sum()
    assert len(shapes) == buckets.MOST_BUCKETS == 8
    assert steps < 1.15 * inputs.sum()  # eight equal steps of a uniform distribution fill up an eighth


def test_one_example_is_one_bucket() -> None:
    """An input without tokens has room for one: no array has no time steps."""
    assert bucket_shapes(np.array([7]), np.array([3])) == ((7, 3),)
    assert bucket_shapes(np.array([0]), np.array([0])) == ((1, 0),)


def batches_of(inputs: Lengths, lanes: int, numbers: Any = None, seed: int = 0) -> BucketBatches:
    """Batches of inputs alone."""
    none = np.zeros_like(inputs)
    shapes = bucket_shapes(inputs, none)
    return BucketBatches(lambda _: (inputs, none), numbers, shapes, lanes=lanes, random_seed=seed)


@pytest.mark.parametrize(("count", "lanes"), [(100, 8), (96, 8), (5, 8), (1, 1), (1, 64), (101, 1)])
def test_every_example_comes_once_an_epoch(count: int, lanes: int) -> None:
    """With any number of lanes: no example twice, none missing; what is filled up is no example."""
    inputs, _ = lengths(count, 0, most=50)
    batches = batches_of(inputs, lanes)

    for epoch in range(3):
        (numbers,) = batches.epoch(epoch, 0, batches.steps)

        assert numbers.shape == (batches.steps, lanes) == (-(-count // lanes), lanes)
        assert sorted(numbers[numbers > 0]) == [*range(1, count + 1)]


def test_numbers_are_those_of_the_part() -> None:
    """The examples of the part train, which are any of all examples."""
    numbers = np.array([3, 7, 20, 21])
    (found,) = batches_of(np.array([5, 1, 2, 5]), 3, numbers).epoch(0, 0, 2)

    assert sorted(found[found > 0]) == [4, 8, 21, 22]


def test_each_batch_fits_into_its_bucket() -> None:
    """And only as many batches have a larger shape than their longest example needs as there are buckets."""
    inputs, _ = lengths(200, 1, most=80)
    batches = batches_of(inputs, 8)
    (numbers,) = batches.epoch(0, 0, batches.steps)
    chosen = batches.objectives(0, 0, batches.steps)
    assert chosen is not None

    longest = np.where(numbers > 0, inputs[numbers - 1], 0)  # (B, N)
    own = bucket_of(longest.max(axis=1), np.zeros(batches.steps, int), batches.shapes)

    assert (own == chosen).all()
    mixed = [
        len({*bucket_of(row[row > 0], np.zeros((row > 0).sum(), int), batches.shapes)}) for row in longest
    ]
    assert sum(count > 1 for count in mixed) < len(batches.shapes)


def test_an_epoch_has_an_order_of_its_own_and_always_the_same() -> None:
    """It depends on the seed and the epoch alone, and not on which range was asked for before."""
    inputs, _ = lengths(50, 2)
    batches, again = batches_of(inputs, 4), batches_of(inputs, 4)
    first, second = batches.epoch(0, 0, 13)[0], batches.epoch(1, 0, 13)[0]

    assert (first != second).any()
    assert (batches_of(inputs, 4, seed=1).epoch(0, 0, 13)[0] != first).any()
    for begin, end in ((5, 9), (0, 13), (12, 13)):
        assert (again.epoch(1, begin, end)[0] == second[begin:end]).all()
        assert (again.epoch(0, begin, end)[0] == first[begin:end]).all()


def test_lengths_of_each_epoch_are_asked_for() -> None:
    """Examples that are drawn anew have other lengths; the number of batches stays."""
    shapes = ((4, 0), (9, 0))

    def of(epoch: int) -> tuple[Lengths, Lengths]:
        return np.full(10, 4 if epoch % 2 else 9), np.zeros(10, np.int64)

    batches = BucketBatches(of, None, shapes, lanes=4, random_seed=0)

    assert batches.steps == 3
    assert [set(batches.objectives(epoch, 0, 3)) for epoch in (0, 1)] == [{1}, {0}]


def test_one_bucket_needs_no_choice() -> None:
    """The program then has one objective."""
    assert batches_of(np.full(9, 5), 4).objectives(0, 0, 3) is None


def test_batches_are_filled_up_with_no_example() -> None:
    """Numbers from 1; 0 stands for none."""
    assert cut_into_batches(np.array([4, 0, 2]), 2).tolist() == [[5, 1], [3, 0]]

"""The batches of windows and of streams."""

import functools
import operator
import time
import tracemalloc

import numpy as np
import pytest

from rnnlab.datasets.batches import require_full_batch, stream_batches, window_batches
from rnnlab.datasets.parts import Part, whole
from rnnlab.errors import DataError

NO_RUNS = np.empty((0, 2), dtype=np.int64)


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize(("lengths", "lanes"), [((50,), 14), ((9, 30), 1), ((54,), 50), ((20, 20), 7)])
def test_every_window_is_read_once_in_an_epoch(numbered, lengths, lanes, shuffle):
    """None is dropped, none is read twice, and what pads the last batch has count 0."""
    corpus = numbered(*lengths)
    part = whole(corpus, window=4)

    batches = window_batches(part, corpus, lanes=lanes, window=4, shuffle=shuffle)
    starts, counts = batches.epoch(3)

    assert starts.shape == counts.shape == (batches.steps, lanes)
    assert (starts.dtype, counts.dtype) == (np.int64, np.int32)
    assert sorted(starts[counts > 0]) == part.window_starts.tolist()
    assert set(counts.flat) <= {0, 4}
    assert (counts[:-1] == 4).all()


def test_windows_in_order_are_read_in_order(numbered):
    """Window i is lane i mod N of batch i div N."""
    corpus = numbered(14)

    starts, counts = window_batches(whole(corpus, window=4), corpus, lanes=4, window=4).epoch(0)

    assert starts.tolist() == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 0, 0]]
    assert counts.tolist() == [[4, 4, 4, 4], [4, 4, 4, 4], [4, 4, 0, 0]]


@pytest.mark.parametrize("lanes", [1, 2, 3, 4, 9, 10, 11])
def test_a_lane_with_a_state_reads_consecutive_windows(numbered, lanes):
    """Of 6 and 5 windows in two sequences, lane n reads the n-th block; blocks differ by one at most."""
    corpus = numbered(10, 9)
    part = whole(corpus, window=4)

    batches = window_batches(part, corpus, lanes=lanes, window=4, carries_state=True)
    starts, counts = batches.epoch(0)

    blocks = [column[count > 0].tolist() for column, count in zip(starts.T, counts.T, strict=True)]
    assert functools.reduce(operator.iadd, blocks, []) == part.window_starts.tolist()
    assert [len(block) for block in blocks] == sorted(map(len, blocks), reverse=True)
    assert len(blocks[0]) - len(blocks[-1]) <= 1
    assert (counts[:-1] == 4).all()
    assert len(starts) == batches.steps


def test_a_shuffled_order_depends_on_the_random_seed_and_the_epoch_alone(numbered):
    """Another object, asked in another order, gives the same; another epoch or seed does not."""
    corpus = numbered(100)

    def order(seed, epoch):
        batches = window_batches(
            whole(corpus, window=4), corpus, lanes=8, window=4, shuffle=True, random_seed=seed
        )
        return batches.epoch(epoch)[0].tolist()

    epochs = [order(0, epoch) for epoch in range(5)]

    assert [order(0, epoch) for epoch in (4, 3, 2, 1, 0)] == epochs[::-1]
    assert len({str(epoch) for epoch in epochs}) == 5
    assert order(1, 0) != epochs[0]


def test_what_the_last_batch_of_windows_holds_is_said(numbered):
    """Said where it is not full, and only there."""
    corpus = numbered(54)
    part = whole(corpus, window=4)

    assert (
        window_batches(part, corpus, lanes=14, window=4).leftover
        == "the last of 4 batches holds 8 of 14 windows"
    )
    assert window_batches(part, corpus, lanes=10, window=4).leftover == ""


def test_fewer_training_windows_than_lanes_are_refused(numbered):
    """By how many, and what to set."""
    corpus = numbered(54)

    part = whole(corpus, window=4)
    batches = window_batches(part, corpus, lanes=64, window=4)

    with pytest.raises(DataError, match=r"50 windows of 5 tokens, 14 fewer .* 64; set that to 50 or less$"):
        require_full_batch(batches, part)
    with pytest.raises(
        DataError, match=r"dataset\.window 54 .* 1 too few; add data, or set dataset\.window to 53 or less$"
    ):
        window_batches(whole(corpus, window=54), corpus, lanes=1, window=54)


@pytest.mark.parametrize("name", ["train", "validation"])
@pytest.mark.parametrize(
    ("tokens", "lanes", "window"),
    [((0, 25), 2, 3), ((0, 100), 1, 7), ((10, 97), 8, 10), ((3, 24), 4, 5), ((0, 65), 8, 8)],
)
def test_every_token_that_is_a_target_is_counted_once_in_an_epoch(numbered, name, tokens, lanes, window):
    """All tokens of the part but its first; lanes are as equal as can be."""
    corpus = numbered(120)

    batches = stream_batches(Part(name, *tokens, NO_RUNS), corpus, lanes=lanes, window=window)
    starts, counts = batches.epoch(0)

    steps = np.arange(window)
    targets = (starts[..., None] + steps + 1)[steps < counts[..., None]]
    assert sorted(targets) == list(range(tokens[0] + 1, tokens[1]))
    assert starts.shape == counts.shape == (batches.steps, lanes)
    assert np.ptp(counts.sum(axis=0)) <= 1
    assert (counts > 0).any(axis=1).all()


def test_each_batch_continues_the_one_before(numbered):
    """Lane n of batch k + 1 begins where lane n of batch k stopped."""
    starts, counts = stream_batches(Part("train", 2, 101, NO_RUNS), numbered(120), lanes=4, window=7).epoch(0)

    going_on = counts[1:] > 0
    assert (starts[1:] == starts[:-1] + counts[:-1])[going_on].all()


def test_a_stream_is_the_same_in_every_epoch(numbered):
    """It is never shuffled: a lane's state must go on."""
    batches = stream_batches(Part("train", 0, 50, NO_RUNS), numbered(50), lanes=2, window=5)

    assert all((one == other).all() for one, other in zip(batches.epoch(0), batches.epoch(9), strict=True))


def test_what_the_last_batch_of_a_stream_reads_is_said(numbered):
    """24 targets in 2 lanes of 12: three batches of 5 steps, the last with 2 of 5 each."""
    corpus = numbered(41)

    assert stream_batches(Part("train", 0, 25, NO_RUNS), corpus, lanes=2, window=5).leftover == (
        "the last of 3 batches reads 4 of 10 tokens"
    )
    assert stream_batches(Part("train", 0, 41, NO_RUNS), corpus, lanes=2, window=5).leftover == ""


@pytest.mark.parametrize(
    ("lanes", "window", "remedy"),
    [
        (
            5,
            10,
            "30 too few; add data, or set training.batch_size to 2 or less or dataset.window to 4 or less",
        ),
        (2, 30, "40 too few; add data, or set dataset.window to 10 or less"),
        (30, 2, "40 too few; add data, or set training.batch_size to 10 or less"),
        (30, 30, "880 too few; add data, or set training.batch_size to 1 and dataset.window to 20 or less"),
    ],
)
def test_training_lanes_shorter_than_a_window_are_refused(numbered, lanes, window, remedy):
    """By how many tokens, and each setting that would do alone."""
    part = Part("train", 0, 21, NO_RUNS)
    batches = stream_batches(part, numbered(21), lanes=lanes, window=window)

    with pytest.raises(DataError) as raised:
        require_full_batch(batches, part)

    assert f"need {lanes * window + 1} tokens, it has 21, {remedy}" in str(raised.value)


def test_a_part_without_a_target_is_refused(numbered):
    """The first token of a sequence follows nothing."""
    with pytest.raises(DataError, match=r"validation part .* received 1 token .* larger fraction$"):
        stream_batches(Part("validation", 9, 10, NO_RUNS), numbered(10), lanes=1, window=5)
    with pytest.raises(DataError, match="two tokens of one sequence"):
        stream_batches(Part("train", 0, 3, NO_RUNS), numbered(1, 1, 1), lanes=1, window=1)


def test_an_epoch_of_a_hundred_million_tokens_is_planned_at_once(numbered):
    """No array has a place for each token."""
    begin = time.perf_counter()

    starts, _ = stream_batches(
        Part("train", 0, 100_000_000, NO_RUNS), numbered(2), lanes=128, window=64
    ).epoch(0)

    assert starts.size < 1_600_000
    assert time.perf_counter() - begin < 1


@pytest.mark.parametrize("shuffle", [False, True])
def test_a_piece_of_an_epoch_is_what_the_epoch_has_there(numbered, shuffle):
    """For windows and for streams."""
    corpus = numbered(9, 40, 51)
    part = whole(corpus, window=4)
    for batches in (
        window_batches(part, corpus, lanes=7, window=4, shuffle=shuffle),
        stream_batches(part, corpus, lanes=3, window=4),
    ):
        pieces = [batches.epoch(1, begin, begin + 1) for begin in range(batches.steps)]

        assert all(
            (np.concatenate(column) == complete).all()
            for column, complete in zip(zip(*pieces, strict=True), batches.epoch(1), strict=True)
        )
        assert [len(column) for column in batches.epoch(1, 2)] == [batches.steps - 2] * 2


def test_the_order_of_an_epoch_is_the_permutation_of_its_seed(numbered):
    """As NumPy draws it, so that a run can be repeated."""
    corpus = numbered(9, 300)
    part = whole(corpus, window=4)

    starts, counts = window_batches(
        part, corpus, lanes=7, window=4, shuffle=True, random_seed=5
    ).epoch(3)  # fmt: skip

    expected = np.random.default_rng([5, 3]).permutation(part.window_starts)
    assert starts[counts > 0].tolist() == expected.tolist()


def test_windows_of_a_hundred_million_tokens_are_taken_from_their_numbers(numbered):
    """No array has a place for each window before a shuffle asks for one."""
    runs = np.array([[0, 60_000_000], [60_000_100, 100_000_000]])
    tracemalloc.start()

    batches = window_batches(Part("train", 0, 100_000_064, runs), numbered(2), lanes=32, window=64)
    starts, _ = batches.epoch(0, batches.steps // 2, batches.steps // 2 + 1000)

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert starts.ravel()[0] == batches.steps // 2 * 32
    assert peak < 10_000_000

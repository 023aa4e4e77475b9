"""The batches of windows and of streams."""

import functools
import operator
import time
import tracemalloc

import numpy as np
import pytest

from rnnlab.datasets.batches import (
    gather,
    make_batches,
    reading_order,
    require_full_batch,
    stream_batches,
    window_batches,
)
from rnnlab.datasets.parts import Part, part_of_tokens, whole
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

    with pytest.raises(
        DataError, match=r"50 windows of 5 tokens, 14 fewer .* 64; set batch_size to 50 or less$"
    ):
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
    with pytest.raises(DataError, match=r"validation part .* received 1 token .* larger$"):
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


STATELESS = "batching: windows, batch_size: 2"


def test_inputs_are_followed_by_their_targets(numbered):
    """Target t is the token after input t; ids keep their small type."""
    batch = gather(numbered(20), np.array([0, 7]), np.array([3, 3]), window=3, target="shifted", first=False)

    assert batch.inputs.tolist() == [[0, 1, 2], [7, 8, 9]]
    assert batch.targets.tolist() == [[1, 2, 3], [8, 9, 10]]
    assert batch.inputs.dtype == np.uint16
    assert batch.weights.tolist() == [[1, 1, 1], [1, 1, 1]]
    assert batch.weights.dtype == np.float32


def test_next_counts_the_last_target_of_a_window_alone(numbered):
    """Padding has none."""
    batch = gather(numbered(20), np.array([4, 0]), np.array([3, 0]), window=3, target="next", first=True)

    assert batch.weights.tolist() == [[0, 0, 1], [0, 0, 0]]


def test_only_a_lane_s_first_targets_count(numbered):
    """counts[n] of them, even where the lane reads on past the end of the corpus."""
    batch = gather(
        numbered(10), np.array([2, 7, 0]), np.array([2, 2, 0]), window=4, target="shifted", first=False
    )

    assert batch.weights.tolist() == [[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0]]
    assert batch.targets[1, :2].tolist() == [8, 9]


def test_a_state_starts_from_zero_where_a_sequence_does(numbered):
    """The step that reads a sequence's first token is reset, and predicting that token counts for nothing."""
    batch = gather(numbered(3, 4), np.array([1]), np.array([4]), window=4, target="shifted", first=False)

    assert batch.inputs.tolist() == [[1, 2, 3, 4]]
    assert batch.resets.tolist() == [[False, False, True, False]]
    assert batch.weights.tolist() == [[1, 0, 1, 1]]


def test_the_first_batch_resets_every_lane(numbered):
    """At its first step, whatever the lane reads."""
    batch = gather(numbered(20), np.array([5, 9]), np.array([3, 3]), window=3, target="shifted", first=True)

    assert batch.resets.tolist() == [[True, False, False], [True, False, False]]


@pytest.mark.parametrize(
    ("lengths", "lanes", "window"), [((40,), 3, 4), ((13, 1, 1, 30, 2), 4, 5), ((9, 9, 9), 1, 26)]
)
def test_a_stream_counts_every_target_of_every_sequence_once(numbered, experiment, lengths, lanes, window):
    """All tokens but the first of each sequence; and each of those that is an input resets its lane."""
    corpus = numbered(*lengths)
    settings = experiment(f"kind: text, inline: a, window: {window}", training=f"batch_size: {lanes}")
    batches = make_batches(whole(corpus, window=window), corpus, settings)

    counted, reset = [], []
    for step, (starts, counts) in enumerate(zip(*batches.epoch(0), strict=True)):
        batch = gather(corpus, starts, counts, window=window, target="shifted", first=step == 0)
        asked = np.arange(window) < counts[:, None]
        counted += batch.targets[batch.weights > 0].tolist()
        reset += batch.inputs[batch.resets & asked].tolist()

    firsts = set(corpus.starts.tolist())
    assert sorted(counted) == sorted(set(range(sum(lengths))) - firsts)
    assert firsts - {sum(lengths) - 1} <= set(reset)
    assert len(set(reset) - firsts) <= lanes - 1


@pytest.mark.parametrize(
    ("training", "model", "carries"),
    [("batch_size: 2", "", True), (STATELESS, "", False), (STATELESS, "stateful: true", True)],
)
def test_the_regime_says_whether_a_state_goes_on(numbered, experiment, training, model, carries):
    """Windows stand alone; stateful windows and streams carry their state from batch to batch."""
    settings = experiment("kind: text, inline: a, window: 4", training=training, model=model)
    corpus = numbered(30)

    batches = make_batches(whole(corpus, window=4), corpus, settings)

    assert batches.carries_state is carries
    assert (batches.lanes, batches.window) == (2, 4)


def test_a_measurement_is_not_shuffled(numbered, experiment):
    """Whatever training does, the windows come in order, one after another."""
    settings = experiment(
        "kind: text, inline: a, window: 4", training=f"{STATELESS}, shuffle: true, random_seed: 5"
    )
    corpus = numbered(60)
    part = part_of_tokens(corpus, "validation", 30, 60, window=4)

    in_order = reading_order(part, corpus, settings).epoch(1)[0]
    shuffled = make_batches(part, corpus, settings).epoch(1)[0]

    assert in_order.tolist() == [[start] for start in part.window_starts]
    assert shuffled.ravel().tolist() != in_order.ravel().tolist()
    assert sorted(shuffled.flat) == sorted(in_order.flat)


@pytest.mark.parametrize("name", ["train", "validation"])
def test_a_measurement_refuses_no_part_for_a_setting_of_training(numbered, experiment, name):
    """A part of 5 windows is measured, whether training reads 2 or 64 at a time."""
    settings = experiment("kind: text, inline: a, window: 4", training="batching: windows, batch_size: 64")
    corpus = numbered(9)

    assert reading_order(part_of_tokens(corpus, name, 0, 9, window=4), corpus, settings).steps == 5


@pytest.mark.parametrize("model", ["", "stateful: true"])
@pytest.mark.parametrize("batching", ["windows", "stream"])
def test_the_order_of_reading_is_the_same_for_every_batch_size(numbered, experiment, batching, model):
    """It is that of a single lane."""
    corpus = numbered(40, 33)
    part = whole(corpus, window=4)

    def order(lanes):
        training = f"batching: {batching}, batch_size: {lanes}"
        settings = experiment("kind: text, inline: a, window: 4", training=training, model=model)
        return [column.tolist() for column in reading_order(part, corpus, settings).epoch(0)]

    assert order(1) == order(3) == order(64)

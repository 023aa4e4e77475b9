"""Reading side by side: several lanes give the result of one."""

import functools
import operator

import numpy as np
import pytest

from rnnlab.datasets import side_by_side
from rnnlab.datasets.batches import stream_batches, window_batches
from rnnlab.datasets.parts import Part, whole
from rnnlab.datasets.side_by_side import dealt, lanes_for, largest_gap, read_side_by_side

NO_RUNS = np.empty((0, 2), dtype=np.int64)


@pytest.fixture
def order(numbered):
    """A stream of 100 targets in 20 steps of 5."""
    return stream_batches(Part("test", 0, 101, NO_RUNS), numbered(120), lanes=1, window=5)


@pytest.mark.parametrize("warm_up", [0, 1, 3, 30])
@pytest.mark.parametrize("lanes", [1, 2, 3, 7, 20, 64])
def test_every_step_is_one_lane_s_own(order, lanes, warm_up):
    """Lane after lane, the steps that count are those of a single lane, in its order."""
    read = dealt(order, 0, order.steps, lanes=lanes, warm_up=warm_up)

    own = [column[count > 0].tolist() for column, count in zip(read.starts.T, read.counts.T, strict=True)]
    assert functools.reduce(operator.iadd, own, []) == list(range(0, 100, 5))
    assert [bool(block) for block in own] == [True] * read.used + [False] * (lanes - read.used)
    assert not read.counts[:warm_up].any()


def test_a_lane_first_reads_the_steps_before_its_own(order):
    """Lane 1 of 3 owns steps 7 to 13 and reads 4, 5 and 6 before them; lane 0 has none before it."""
    read = dealt(order, 0, order.steps, lanes=3, warm_up=3)

    assert (read.starts[:4, 1] // 5).tolist() == [4, 5, 6, 7]
    assert read.anew[:, 0].tolist() == [True] * 4 + [False] * 6
    assert not read.anew[:, 1:].any()


def test_a_lane_with_too_few_steps_before_it_starts_where_the_part_does(order):
    """Lane 1 of 10 owns steps 2 and 3; of 5 steps before it only two exist."""
    read = dealt(order, 0, order.steps, lanes=10, warm_up=5)

    assert (read.starts[3:, 1] // 5).tolist() == [0, 1, 2, 3]
    assert read.anew[:, 1].tolist() == [True] * 4 + [False] * 3


def test_a_later_round_reads_the_steps_before_it_too(order):
    """Steps 10 to 19 in two lanes: lane 0 reads 8 and 9 first, lane 1 reads 13 and 14."""
    read = dealt(order, 10, 20, lanes=2, warm_up=2)

    assert (read.starts[:3] // 5).tolist() == [[8, 13], [9, 14], [10, 15]]
    assert not read.anew.any()


def test_windows_without_a_state_are_all_read_anew(numbered):
    """Each window is one step; none has another before it."""
    corpus = numbered(14)
    windows = window_batches(whole(corpus, window=4), corpus, lanes=1, window=4)

    read = dealt(windows, 0, windows.steps, lanes=4, warm_up=0)

    assert read.anew.all()
    assert read.starts.T[read.counts.T > 0].tolist() == list(range(10))


def test_more_steps_are_read_before_each_block_until_the_gap_is_small(order, monkeypatch):
    """Twice as many each time; what was enough is told."""
    monkeypatch.setattr(side_by_side, "LEAST_TOKENS", 50)
    monkeypatch.setattr(side_by_side, "WARM_UP_TOKENS", 10)
    read = []

    def gap_of(lanes):
        read.append((lanes.starts.shape[1], lanes.warm_up))
        return "result", 1.0 if lanes.warm_up < 8 else 1e-5

    assert read_side_by_side(order, gap_of) == ("result", 8)
    assert read == [(2, 2), (2, 4), (2, 8)]


def test_what_never_forgets_is_read_by_one_lane(order, monkeypatch):
    """The gap stays large, or is no number: in the end one lane reads all steps."""
    monkeypatch.setattr(side_by_side, "LEAST_TOKENS", 50)
    for gap in (1.0, float("nan")):
        read = []

        def gap_of(lanes, gap=gap, read=read):
            read.append((lanes.starts.shape[1], lanes.warm_up))
            return len(read), gap

        result, _ = read_side_by_side(order, gap_of)

        assert read[-1] == (1, 0)
        assert result == len(read)


def test_a_short_part_is_read_by_one_lane(order):
    """Several lanes would read more before their blocks than in them."""
    assert lanes_for(order, order.steps) == 1
    assert lanes_for(order, 1000) == 1000 * 5 // side_by_side.LEAST_TOKENS
    assert lanes_for(order, 10**9) == side_by_side.MOST_LANES


def test_the_gap_is_between_a_lane_s_beginning_and_the_end_of_the_lane_before():
    """Three lanes of one unit, the last without a block: |0.5 − 0.1|, whatever the last does."""
    begun, ended = np.array([[0.0], [0.5], [7.0]]), np.array([[0.1], [9.0], [9.0]])

    assert largest_gap([begun], [ended], used=2) == pytest.approx(0.4)
    assert largest_gap([begun], [ended], used=1) == 0
    assert largest_gap([], [], used=3) == 0
    assert np.isnan(largest_gap([begun], [ended * np.nan], used=2))

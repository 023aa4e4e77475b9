"""Reading side by side: several lanes give the result of one."""

import numpy as np
import pytest

from rnnlab.datasets import side_by_side
from rnnlab.datasets.batches import stream_batches, window_batches
from rnnlab.datasets.parts import Part, whole
from rnnlab.datasets.side_by_side import MOST_READINGS, dealt, lanes_for, largest_gap, read_side_by_side

NO_RUNS = np.empty((0, 2), dtype=np.int64)


@pytest.fixture
def order(numbered):
    """A stream of 100 targets in 20 steps of 5."""
    return stream_batches(Part("test", 0, 101, NO_RUNS), numbered(120), lanes=1, window=5)


class Memory:
    """Reads the numbers of steps; its state is a weighted sum of them, of which a share is kept each step."""

    def __init__(self, kept):
        self.kept, self.lanes = kept, []

    def __call__(self, piece, before):
        starts = piece.starts // 5
        self.lanes.append(starts.shape[1])
        state = np.zeros((starts.shape[1], 1), np.float32) if before is None else before[0]
        found = []
        for numbers, counts in zip(starts, piece.counts, strict=True):
            state = self.kept * state + numbers[:, None].astype(np.float32)
            found += [
                (n, round(float(s), 2)) for n, s, c in zip(numbers, state[:, 0], counts, strict=True) if c
            ]
        return found, [state]


def read(order, memory, **arguments):
    """What is found at each step, by its number, and the state after the last."""
    pieces, after = read_side_by_side(order, memory, **arguments)
    found = [pair for piece in pieces for pair in piece]
    assert len(dict(found)) == len(found)
    return dict(found), after


@pytest.mark.parametrize("lanes", [1, 2, 3, 7, 20, 64])
def test_every_step_is_one_lane_s_own(order, lanes):
    """Lane after lane, the steps that count are those of a single lane, in its order."""
    pieces = dealt(order, 0, order.steps, lanes=lanes)

    starts, counts = (
        np.concatenate([getattr(piece, name) for piece in pieces]) for name in ("starts", "counts")
    )
    own = [column[count > 0].tolist() for column, count in zip(starts.T, counts.T, strict=True)]
    assert [start for block in own for start in block] == list(range(0, 100, 5))


def test_pieces_grow(order, monkeypatch):
    """Of 20 steps: 2, 2, 2, 3, 4, 6 and what is left; so states are compared often where it matters."""
    monkeypatch.setattr(side_by_side, "LEAST_PIECE", 10)

    assert [len(piece.starts) for piece in dealt(order, 0, order.steps, lanes=1)] == [2, 2, 2, 3, 4, 6, 1]


def test_windows_without_a_state_are_read_anew(numbered):
    """Each window is one step; none has another before it."""
    corpus = numbered(14)
    windows = window_batches(whole(corpus, window=4), corpus, lanes=1, window=4)

    (piece,) = dealt(windows, 0, windows.steps, lanes=lanes_for(windows, windows.steps, most=1))

    assert piece.anew
    assert piece.starts.tolist() == [list(range(10))]


@pytest.mark.parametrize("kept", [0.0, 0.1, 0.5, 1.0])
@pytest.mark.parametrize(("begin", "end"), [(0, 20), (4, 20), (0, 17), (3, 19)])
def test_several_lanes_find_what_one_does(order, kept, begin, end, monkeypatch):
    """Whatever is remembered, from any step on, and with the same state after the last one."""
    before = [np.full((1, 1), 9, np.float32)] if begin else None
    expected, after = read(order, Memory(kept), begin=begin, end=end, before=before)
    monkeypatch.setattr(side_by_side, "LEAST_TOKENS", 25)
    monkeypatch.setattr(side_by_side, "LEAST_PIECE", 5)
    monkeypatch.setattr(side_by_side, "LARGEST_GAP", 1e-6)
    several = Memory(kept)

    found, state = read(order, several, begin=begin, end=end, before=before)

    assert found == expected
    assert sorted(found) == list(range(begin, end))
    assert several.lanes[0] >= 3
    if not (end - begin) % several.lanes[0]:
        assert state[0] == pytest.approx(after[0])


def test_what_is_soon_forgotten_is_read_little_more_than_once(order, monkeypatch):
    """A state of one step alone is right after the first step of the second reading."""
    monkeypatch.setattr(side_by_side, "LEAST_TOKENS", 25)
    monkeypatch.setattr(side_by_side, "LEAST_PIECE", 5)
    memory = Memory(0.0)

    read(order, memory)

    assert memory.lanes == [4] * (len(dealt(order, 0, 20, lanes=4)) + 1)


def test_what_is_never_forgotten_is_read_by_one_lane(order, monkeypatch):
    """The readings differ to their ends, or are no numbers: after the last of them one lane reads all."""
    monkeypatch.setattr(side_by_side, "LEAST_TOKENS", 25)
    for kept in (1.0, float("nan")):
        memory = Memory(kept)

        read(order, memory)

        assert memory.lanes == [4] * MOST_READINGS + [1]


def test_a_short_part_is_read_by_one_lane(order):
    """A second reading would be as long as the first."""
    assert lanes_for(order, order.steps, most=64) == 1
    assert lanes_for(order, 1000, most=64) == 1000 * 5 // side_by_side.LEAST_TOKENS
    assert lanes_for(order, 10**9, most=64) == 64


def test_the_gap_is_that_of_lanes_with_a_block():
    """Three lanes of one unit, the last without a block: |0.5 − 0.1|, whatever the last has."""
    one, other = np.array([[0.0], [0.5], [7.0]]), np.array([[0.0], [0.1], [9.0]])

    assert largest_gap([one], [other], used=2) == pytest.approx(0.4)
    assert largest_gap([one], [other], used=1) == 0
    assert largest_gap([], [], used=3) == 0
    assert np.isnan(largest_gap([one], [other * np.nan], used=2))

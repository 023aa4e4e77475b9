"""Cutting a run into chunks changes neither which steps are taken nor their order."""

import numpy as np
import pytest

from rnnlab.datasets.batches import WindowBatches
from rnnlab.datasets.parts import Part
from rnnlab.engines.tensorflow.data import StepRecords
from rnnlab.training.chunks import CHUNK_SECONDS, ChunkLength, ChunkPlanner, EpochSums


def batches_of(windows: int, lanes: int, *, carries_state: bool = True) -> WindowBatches:
    part = Part("train", 0, windows + 4, np.array([[0, windows]]))
    return WindowBatches(
        part, lanes, 4, carries_state=carries_state, shuffle=not carries_state, random_seed=0
    )


@pytest.mark.parametrize("most_steps", [1, 2, 3, 7, 100])
@pytest.mark.parametrize("stop_after", [0, 1, 2])
def test_any_cut_takes_the_same_steps(most_steps: int, stop_after: int) -> None:
    """The chunks of a run, joined, are its epochs, joined."""
    batches = batches_of(7, 2, carries_state=False)
    planner = ChunkPlanner(batches, epochs=5)
    chunks = []
    while not planner.is_done:
        chunks.append(planner.take(most_steps, stop_after=stop_after)[0])

    epochs = [batches.epoch(number) for number in range(5)]
    assert (np.concatenate([c.figures[0] for c in chunks]) == np.concatenate([e[0] for e in epochs])).all()
    assert (np.concatenate([c.figures[1] for c in chunks]) == np.concatenate([e[1] for e in epochs])).all()
    assert np.concatenate([c.ends_epoch for c in chunks]).tolist() == [False, False, False, True] * 5


def test_segments_name_the_epoch_of_every_step() -> None:
    """A chunk of seven steps over epochs of three holds two whole ones and the beginning of a third."""
    _, segments = ChunkPlanner(batches_of(3, 1), epochs=4).take(7, stop_after=0)

    assert [(s.epoch, s.begin, s.end, s.ends_epoch) for s in segments] == [
        (0, 0, 3, True),
        (1, 3, 6, True),
        (2, 6, 7, False),
    ]


def test_a_chunk_stops_where_it_is_asked_to() -> None:
    """With `stop_after` 2, chunks end with the second, the fourth … epoch."""
    planner = ChunkPlanner(batches_of(3, 1), epochs=5)

    ends = []
    while not planner.is_done:
        ends.append(planner.take(100, stop_after=2)[1][-1].epoch + 1)

    assert ends == [2, 4, 5]


def test_a_chunk_stops_at_single_epochs() -> None:
    """With `stop_at`, chunks end with these epochs, and with those of `stop_after`."""
    planner = ChunkPlanner(batches_of(3, 1), epochs=9, stop_at={1, 6})

    ends = []
    while not planner.is_done:
        ends.append(planner.take(100, stop_after=4)[1][-1].epoch + 1)

    assert ends == [1, 4, 6, 8, 9]


def test_carried_state_is_fresh_at_the_first_step_of_each_epoch_only() -> None:
    """Stateless windows start every batch from zero; a carried state only every epoch."""
    carried, _ = ChunkPlanner(batches_of(3, 1), epochs=2).take(6, stop_after=0)
    stateless, _ = ChunkPlanner(batches_of(3, 1, carries_state=False), epochs=2).take(6, stop_after=0)

    assert carried.fresh.tolist() == [True, False, False] * 2
    assert stateless.fresh.all()


def test_chunk_length_follows_the_measured_time_and_its_growth_is_bounded() -> None:
    """A slow first call leaves one step; fast ones grow to the wanted time, at most eightfold."""
    length = ChunkLength(room=1000)
    length.learn(1, 5.0)
    assert length.steps == 1
    length.learn(1, 1e-4)
    assert length.steps == 8
    length.learn(8, CHUNK_SECONDS)
    assert length.steps == 8
    for _ in range(5):
        length.learn(length.steps, length.steps * 1e-5)
    assert length.steps == 1000


def test_epoch_means_weigh_each_batch_by_what_counted_in_it() -> None:
    """A last batch of one token weighs a quarter of one with four."""
    sums = EpochSums()
    sums.add(StepRecords(np.float32([1.0]), np.float32([4]), np.float32([4])))
    sums.add(StepRecords(np.float32([6.0]), np.float32([0]), np.float32([1])))

    assert sums.means() == (2.0, 0.8)

"""Programs in groups and programs that are used again: the same results as one that is freshly built."""

import gc

import numpy as np
import pytest

from rnnlab.datasets.loading import MOST_STEPS, load_data
from rnnlab.engines import lane_groups
from rnnlab.training import building
from rnnlab.training.chunks import ChunkPlanner
from rnnlab.training.trainer import Trainer
from tests.experiments import SONG, experiment

STREAM = "training.batching=stream", "training.batch_size=20", "dataset.window=6", "dataset.target=shifted"
SONGS = "dataset.inline=" + "\n".join(["c4 d4 e4 f4 g4 a4 b4 c8 d8 e8 c4 d4"] * 20)


def losses_of(trainer: Trainer, steps: int = 12) -> np.ndarray:
    """The losses of the first steps, in chunks of at most five."""
    planner, losses = ChunkPlanner(trainer.batches, epochs=1000), list[float]()
    while len(losses) < steps:
        chunk, _ = planner.take(5, stop_after=0)
        records = trainer.run_chunk(chunk, len(losses))
        losses += records.losses.tolist()
    return np.array(losses[:steps])


def new_trainer(*changes: str) -> Trainer:
    settings = experiment(SONG, "generation.seed=null", *changes)
    data = load_data(settings)
    return Trainer(settings, data.corpus, data.splits)


@pytest.fixture(autouse=True)
def _nothing_idle() -> None:
    building._idle.clear()


def test_groups_of_lanes_train_as_one_program_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """20 lanes in groups of 8 on three cores, the last group half empty, with sequences that reset lanes."""
    monkeypatch.setattr(building, "cpu_cores", lambda: 3)
    together = new_trainer(*STREAM, SONGS)
    assert together.program._groups.count == 1
    expected, weights = losses_of(together), together.program.weights()

    monkeypatch.setattr(lane_groups, "LEAST_WORK", 0)
    grouped = new_trainer(*STREAM, SONGS, "training.epochs=7")
    building._idle.clear()

    assert grouped.program._groups.count == 3
    np.testing.assert_allclose(losses_of(grouped), expected, rtol=1e-5)
    for name, values in grouped.program.weights().items():
        np.testing.assert_allclose(values, weights[name], atol=1e-4)


def test_another_number_of_epochs_does_not_compile_again() -> None:
    """The second training takes the program of the first, stretches its schedule, and starts afresh."""
    schedule = "training.schedule={kind: linear, warmup: 0.5}"
    first = new_trainer(*STREAM, SONGS, schedule, "training.epochs=50")
    program, losses = first.program, losses_of(first)
    del first
    gc.collect()

    second = new_trainer(*STREAM, SONGS, schedule, "training.epochs=10")
    received = losses_of(second)
    assert second.program is program
    assert program._train.experimental_get_tracing_count() == 1

    building._idle.clear()
    fresh = new_trainer(*STREAM, SONGS, schedule, "training.epochs=10")
    assert fresh.program is not program
    np.testing.assert_array_equal(received, losses_of(fresh))
    assert not np.array_equal(received, losses)


def test_a_program_in_use_is_not_shared() -> None:
    """Two trainers at once have a program each, and another learning rate has its own."""
    one = new_trainer(*STREAM, SONGS)
    two = new_trainer(*STREAM, SONGS)
    assert one.program is not two.program

    program = one.program
    del one
    gc.collect()
    assert new_trainer(*STREAM, SONGS, "training.optimizer.learning_rate=0.5").program is not program


def test_the_last_step_that_can_be_numbered_is_taken() -> None:
    """Its number decides what dropout drops; data of more steps are refused."""
    trainer = new_trainer("model.dropout=0.5", "training.random_seed=2147483647")
    chunk, _ = ChunkPlanner(trainer.batches, epochs=1).take(1, stop_after=0)

    assert np.isfinite(trainer.run_chunk(chunk, MOST_STEPS - 1).losses).all()
    with pytest.raises(OverflowError):
        trainer.run_chunk(chunk, MOST_STEPS + 1)

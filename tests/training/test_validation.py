"""Validation, and training with a state, against `evaluate` and against a single lane."""

import numpy as np
import pytest

from rnnlab.datasets import side_by_side
from rnnlab.datasets.batches import reading_order
from rnnlab.datasets.loading import load_data
from rnnlab.engines.numpy import numpy_model
from rnnlab.evaluation import scoring
from rnnlab.evaluation.metrics import measure
from rnnlab.training.history import LossHistory
from rnnlab.training.loop import TrainingLoop
from rnnlab.training.token_problem import TokenProblem
from rnnlab.training.trainer import Trainer
from tests.experiments import SENTENCE, SONG, STREAM, experiment

HELD_OUT = "dataset.split={kind: contiguous, validation: 0.4, gap: 0}"
MEASURED = {
    "stream": [STREAM, "training.batch_size=4"],
    "stateful windows": [SONG, HELD_OUT, "training.batch_size=3"],
    "windows": [SENTENCE, HELD_OUT, "training.batch_size=4"],
}


def trained(*settings: str) -> tuple[Trainer, LossHistory]:
    data = load_data(experiment(*settings))
    trainer, history = Trainer(TokenProblem(data.experiment, data.corpus, data.splits)), LossHistory()
    TrainingLoop(trainer, [history]).run()
    return trainer, history


@pytest.mark.parametrize("lanes", [1, 8])
@pytest.mark.parametrize("regime", MEASURED)
def test_validation_is_what_evaluate_measures(
    regime: str, lanes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loss of the kept epoch in the history is what NumPy measures in one lane."""
    monkeypatch.setattr(side_by_side, "MOST_LANES", lanes)
    monkeypatch.setattr(side_by_side, "LEAST_TOKENS", 4)
    monkeypatch.setattr(side_by_side, "LEAST_PIECE", 2)
    data = load_data(experiment(*MEASURED[regime], "training.epochs=3"))
    part = data.splits.parts["validation"]

    trainer, history = trained(*MEASURED[regime], "training.epochs=3")

    best = trainer.best()
    monkeypatch.setattr(scoring, "MOST_LANES", 1)
    metrics = measure(
        numpy_model(trainer.best_model()),
        data.corpus,
        reading_order(part, data.corpus, data.experiment),
        target=data.experiment.dataset.target,
    )
    assert best.monitored == "validation"
    assert best.loss == pytest.approx(metrics.loss, abs=1e-5)
    assert history.epochs[best.epoch - 1].validation_loss == pytest.approx(metrics.loss, abs=1e-5)


@pytest.mark.parametrize("lanes", [2, 3, 9])
def test_lanes_of_stateful_windows_come_to_read_as_one(lanes: int) -> None:
    """With weights that stay, each epoch's states are right for one lane more; in the end for all.

    A lane begins an epoch in the state in which the lane before it ended the last one.
    """
    still = "training.optimizer={name: sgd, learning_rate: 1e-30}"
    _, one = trained(SONG, still, "training.batch_size=1", "training.epochs=1")
    _, several = trained(SONG, still, f"training.batch_size={lanes}", f"training.epochs={lanes + 1}")

    losses = [epoch.loss for epoch in several.epochs]

    assert losses[-1] == losses[-2] == pytest.approx(one.epochs[0].loss, abs=1e-6)
    assert abs(losses[0] - losses[-1]) > 1e-5


def test_a_sequence_begins_from_zero_in_every_lane(tmp_path) -> None:
    """Two files in three lanes: what the second file costs does not depend on the first."""
    (tmp_path / "a.notes").write_text("g8 e8 e4 f8 d8 d4 c8 d8 e8")
    (tmp_path / "b.notes").write_text("c8 c8 c4 e8 d8 c4 e8 d8 f8")
    (tmp_path / "b2.notes").write_text("e8 d8 f4 c8 c8 c4 c8 e8 d8")
    still = ["training.optimizer={name: sgd, learning_rate: 1e-30}", "training.epochs=4"]
    vocabulary = "dataset.vocabulary=[g8, e8, e4, f8, d8, d4, c8, c4, f4]"

    def loss(*names: str, lanes: int) -> float:
        paths = f"dataset.path=[{', '.join(str(tmp_path / name) for name in names)}]"
        _, history = trained(
            SONG, "dataset.inline=null", paths, vocabulary, f"training.batch_size={lanes}", *still
        )
        return history.epochs[-1].loss

    together = loss("a.notes", "b.notes", lanes=3)

    alone = np.mean([loss("a.notes", lanes=1), loss("b.notes", lanes=1)])
    assert together == pytest.approx(alone, abs=1e-6)

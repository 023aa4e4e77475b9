"""One training, and every figure of the weights that it keeps beside that of the plain float64 network."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import numpy as np

from rnnlab.datasets.loading import load_data
from rnnlab.evaluation.measurement import evaluate
from rnnlab.evaluation.surprise import surprises
from rnnlab.models.model_file import TrainedModel
from rnnlab.training.session import Session
from tests.independent.drawing import BATCH_SIZES, Drawn
from tests.independent.plain_measuring import costs_per_token, loss
from tests.independent.plain_network import PlainNetwork


@dataclass(frozen=True)
class Figure:
    """A loss that rnnlab gives, and the plain network's; nats per token.

    Attributes:
        name: where rnnlab gives it.
        received: rnnlab's.
        expected: the plain network's.
        sensitivity: how far the plain network's moves if each weight moves by half a unit in its last place.
    """

    name: str
    received: float
    expected: float
    sensitivity: float

    @property
    def is_right(self) -> bool:
        """Whether the two are equal to 1e-5; NaN equals nothing."""
        return abs(self.received - self.expected) <= 1e-5

    @property
    def is_within_rounding(self) -> bool:
        """Whether float32 alone explains the difference, since rounding moves the loss nearly as far."""
        return abs(self.received - self.expected) <= 20 * self.sensitivity


def figures_of(drawn: Drawn, *, batch_size: int, epochs: int, run_dir: Path) -> Iterator[Figure]:
    """Train an experiment; the validation loss of the epoch that it keeps, in every way to measure it."""
    data = load_data(drawn.experiment(batch_size=batch_size, epochs=epochs))
    run = Session(data, name="drawn", run_dir=run_dir).train().run
    model, best = run.load_model(), kept_epoch(run.path / "history.csv")
    plain = PlainNetwork(drawn.page, model.tokens, model.weights)
    sequences = drawn.sequences("validation", model.tokens)
    expected, costs = loss(plain, sequences), costs_per_token(plain, sequences)
    moved = sensitivity(plain, model, sequences)
    yield Figure("history.csv", best, expected, moved)
    for size in BATCH_SIZES:
        own = batched(model, size)
        yield Figure(f"evaluate, batch size {size}", evaluate(own).metrics.loss, expected, moved)
        each = [token.nats for token in surprises(own).tokens]
        yield Figure(f"--per-token, batch size {size}", fmean(each), fmean(costs), moved)


def sensitivity(plain: PlainNetwork, model: TrainedModel, sequences: list[list[int]]) -> float:
    """How far the loss moves, at most of five times, if float32 rounded each weight to a neighbour."""
    rng, expected, moved = np.random.default_rng(0), loss(plain, sequences), 0.0
    for _ in range(5):
        weights = {
            name: array * (1 + rng.choice([-1, 1], array.shape) * 2.0**-25)
            for name, array in plain.weights.items()
        }
        other = PlainNetwork(plain.page, model.tokens, weights)
        moved = max(moved, abs(loss(other, sequences) - expected))
    return moved


def kept_epoch(history: Path) -> float:
    """The validation loss of the epoch whose weights are kept: the lowest."""
    with history.open(encoding="utf-8", newline="") as file:
        return min(float(row["validation_loss"]) for row in csv.DictReader(file))


def batched(model: TrainedModel, batch_size: int) -> TrainedModel:
    """The model as if it had been trained with so many windows or lanes at once."""
    training = model.experiment.training.model_copy(update={"batch_size": batch_size})
    experiment = model.experiment.model_copy(update={"training": training})
    return TrainedModel(experiment, model.tokens, model.weights, model.data_sha256)

"""Loss of a trained model, computed by the compiled TensorFlow program that trains and validates."""

from pathlib import Path

from rnnlab.config.reading import read_experiment
from rnnlab.datasets.loading import load_data
from rnnlab.models.model_file import TrainedModel
from rnnlab.models.network import named_weights
from rnnlab.runs.layout import CONFIG
from rnnlab.training.token_problem import TokenProblem, Validation
from rnnlab.training.trainer import Trainer


def compiled_loss(run: Path, trained: TrainedModel, part: str) -> float | None:
    """Return nats per token over a part; None for a training part with transposed copies."""
    data = load_data(read_experiment(run / CONFIG))
    if part == "train" and data.experiment.dataset.shifts:
        return None
    read = data.as_trained_on()
    trainer = Trainer(TokenProblem(data.experiment, read.corpus, read.splits))
    for name, variable in named_weights(trainer.network).items():
        variable.assign(trained.weights[name])
    validation = Validation(read.splits.parts[part], read.corpus, data.experiment)
    loss, _ = validation.measure(trainer.program)
    return loss

"""The loss of a trained model by the compiled TensorFlow program that trains and validates."""

from pathlib import Path

from rnnlab.config.reading import read_experiment
from rnnlab.datasets.batching import make_batches
from rnnlab.datasets.loading import load_data
from rnnlab.engines.tensorflow_start import quiet_stderr
from rnnlab.models.model_file import TrainedModel
from rnnlab.models.network import named_weights
from rnnlab.runs import CONFIG
from rnnlab.training.chunks import EpochSums, whole_epoch
from rnnlab.training.trainer import Trainer


def compiled_loss(run: Path, trained: TrainedModel, part: str) -> float | None:
    """Nats per token over a part; None of a train part that has transposed copies, which are not measured."""
    data = load_data(read_experiment(run / CONFIG))
    if part == "train" and data.experiment.dataset.shifts:
        return None
    read = data.as_trained_on()
    trainer = Trainer(data.experiment, read.corpus, read.splits)
    for name, variable in named_weights(trainer.network).items():
        variable.assign(trained.weights[name])
    batches = make_batches(read.splits.parts[part], read.corpus, data.experiment, shuffle=False)
    sums = EpochSums()
    with quiet_stderr():
        sums.add(trainer.program.measure(whole_epoch(batches)))
    return sums.means()[0]

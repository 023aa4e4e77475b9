"""The NumPy engine: it runs a trained network one time step at a time, without loading TensorFlow.

`numpy_model` is its door: it gives `evaluation/`, `comparison/`, `generation/` and `exports/` a `Stepper`.
`numpy_task_model` is the door for the tasks with examples.
"""

from rnnlab.engines import Stepper
from rnnlab.engines.numpy.examples import NumpyTaskModel
from rnnlab.engines.numpy.network import NumpyMlp, NumpyRnn
from rnnlab.models.architecture import architecture_of, encoding_table
from rnnlab.models.model_file import TrainedModel, TrainedTask
from rnnlab.models.task_architecture import task_architecture_of


def numpy_model(trained: TrainedModel) -> Stepper:
    """Return the stepper of a trained model."""
    dataset = trained.experiment.dataset
    architecture = architecture_of(trained.experiment, len(trained.tokens))
    table = encoding_table(dataset.encoding, trained.tokens)
    if table is None:
        table = trained.weights[f"{architecture.encoding.name}/embeddings"]
    if architecture.activation:
        return NumpyMlp(architecture, trained.weights, table, window=dataset.window)
    return NumpyRnn(architecture, trained.weights, table)


def numpy_task_model(trained: TrainedTask) -> NumpyTaskModel:
    """Return a trained network for examples."""
    return NumpyTaskModel(task_architecture_of(trained.experiment, trained.sizes), trained.weights)

"""The NumPy engine: it runs a trained network one time step at a time, without loading TensorFlow.

`numpy_model` is its door: it gives `evaluation/`, `comparison/`, `generation/` and `exports/` a `Stepper`.
`numpy_task_model` is the door for the tasks with examples.
"""

import numpy as np

from rnnlab.engines import Stepper
from rnnlab.engines.numpy.equation import Floats
from rnnlab.engines.numpy.examples import NumpyTaskModel
from rnnlab.engines.numpy.network import NumpyMlp, NumpyRnn
from rnnlab.models.architecture import ENCODING, architecture_of, encoding_table
from rnnlab.models.model_file import TrainedModel, TrainedTask
from rnnlab.models.task_architecture import task_architecture_of


def numpy_model(trained: TrainedModel, more: Floats | None = None) -> Stepper:
    """Return the stepper of a trained model.

    Args:
        trained: the model.
        more: (K, D) encodings that are no token's; the ids V … V + K − 1 read them. None: there are none.
    """
    dataset = trained.experiment.dataset
    architecture = architecture_of(trained.experiment, len(trained.tokens))
    table = encodings_of(trained)
    if more is not None:
        table = np.concatenate([table, more])  # (V + K, D)
    if architecture.activation:
        return NumpyMlp(architecture, trained.weights, table, window=dataset.window)
    return NumpyRnn(architecture, trained.weights, table)


def encodings_of(trained: TrainedModel) -> Floats:
    """Return the encoding of each token, (V, D)."""
    table = encoding_table(trained.experiment.dataset.encoding, trained.tokens)
    return trained.weights[f"{ENCODING}/embeddings"] if table is None else table


def numpy_task_model(trained: TrainedTask) -> NumpyTaskModel:
    """Return a trained network for examples."""
    return NumpyTaskModel(task_architecture_of(trained.experiment, trained.sizes), trained.weights)

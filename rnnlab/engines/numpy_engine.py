"""A trained model in NumPy, one time step at a time: it answers before TensorFlow would have been loaded."""

from rnnlab.engines.numpy_dense import NumpyMlp
from rnnlab.engines.numpy_recurrence import NumpyRnn
from rnnlab.engines.stepper import Stepper
from rnnlab.models.architecture import architecture_of
from rnnlab.models.encodings import encoding_table
from rnnlab.models.model_file import TrainedModel


def numpy_model(trained: TrainedModel) -> Stepper:
    """The model of a file, ready to run."""
    dataset = trained.experiment.dataset
    architecture = architecture_of(trained.experiment, len(trained.tokens))
    table = encoding_table(dataset.encoding, trained.tokens)
    if table is None:
        table = trained.weights[f"{architecture.encoding.name}/embeddings"]
    if architecture.activation:
        return NumpyMlp(architecture, trained.weights, table, window=dataset.window)
    return NumpyRnn(architecture, trained.weights, table)

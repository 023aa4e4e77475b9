"""Runs with random weights that keep their training data, as training would leave them."""

from rnnlab.datasets.task_loading import load_any_data
from rnnlab.datasets.training_tokens import TrainingTokens, training_tokens
from rnnlab.runs.folder import RunFolder
from rnnlab.runs.kept_tokens import write_training_tokens


def tokens_of(run: RunFolder) -> TrainingTokens:
    """The training tokens of the run's data."""
    return training_tokens(load_any_data(run.load_any_model().experiment))


def keeping(run: RunFolder) -> RunFolder:
    """The run with its training tokens."""
    write_training_tokens(run.path, tokens_of(run))
    return run

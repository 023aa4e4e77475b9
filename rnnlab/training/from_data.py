"""The problem that a training on some data trains, and the record of the data's parts."""

from typing import Any

from rnnlab.datasets.examples import TaskData, example_record
from rnnlab.datasets.loading import Data
from rnnlab.datasets.splits import split_record
from rnnlab.training.problem import TrainingProblem


def problem_of(data: Data | TaskData) -> TrainingProblem:
    """Return what a training on this data trains."""
    if isinstance(data, TaskData):
        from rnnlab.training.example_problem import ExampleProblem  # noqa: PLC0415 (as below)

        return ExampleProblem(data.experiment, data.examples, data.of_epoch, data.largest)
    from rnnlab.training.token_problem import TokenProblem  # noqa: PLC0415 (each training needs one of both)

    read = data.as_trained_on()
    return TokenProblem(data.experiment, read.corpus, read.splits)


def split_record_of(data: Data | TaskData) -> dict[str, Any]:
    """Return which data is in which part, as `split.json` has it."""
    if isinstance(data, TaskData):
        return example_record(data.examples)
    return split_record(data.corpus, data.splits)

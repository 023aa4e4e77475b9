"""Cross-validation of a task trains a model anew for each fold, and measures it on what it has not seen."""

import json
from collections.abc import Iterator

import numpy as np
import pytest

from rnnlab.commands.fold_results import task_folds_json
from rnnlab.datasets.example_loading import fold_examples
from rnnlab.datasets.examples import Examples
from rnnlab.evaluation.example_measurement import TaskEvaluation, evaluate_fold
from rnnlab.evaluation.fold_measures import TaskCrossValidation
from rnnlab.evaluation.label_measures import LabelMeasures
from rnnlab.models.model_file import TrainedTask
from rnnlab.training import example_folds
from rnnlab.training.example_folds import cross_validate_task, measure_examples_of_fold
from rnnlab.training.example_problem import ExampleProblem
from tests.task_experiments import LABEL, TAGS, task_experiment

SETTINGS = ["model={kind: gru, units: 4}", "training.epochs=2", "training.class_weights=balanced"]
LAST = 13
"""The number of the last example of `LABEL`."""


@pytest.fixture(scope="module")
def crossed() -> tuple[TaskCrossValidation, list[str]]:
    """Two folds of labels, each in a process of its own, and what is reported."""
    lines: list[str] = []
    return cross_validate_task(task_experiment(LABEL, *SETTINGS), 2, jobs=2, report=lines.append), lines


def trained_on_the_others(text: str) -> tuple[int, TrainedTask, TaskEvaluation]:
    """The number of the fold that holds out the last example, its model, and its measures."""
    experiment, models = task_experiment(text, *SETTINGS), list[TrainedTask]()

    def noted(trained: TrainedTask, training: Examples, held: Examples) -> TaskEvaluation:
        models.append(trained)
        return evaluate_fold(trained, training, held)

    folds = [*fold_examples(experiment, 2)]
    number = next(n for n, fold in enumerate(folds) if LAST in fold.parts["validation"].tolist())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(example_folds, "evaluate_fold", noted)
        evaluation = measure_examples_of_fold(experiment, folds[number])
    return number, models[0], evaluation


@pytest.fixture(scope="module")
def alone() -> tuple[int, TrainedTask, TaskEvaluation]:
    """The fold of the last example, trained in this process."""
    return trained_on_the_others(LABEL)


def test_every_example_is_measured_once(crossed: tuple[TaskCrossValidation, list[str]]) -> None:
    """Seven of each label in two folds; the notes are reported once."""
    folds, lines = crossed[0].folds, crossed[1]

    counts = [fold.measures.confusion for fold in folds if isinstance(fold.measures, LabelMeasures)]
    assert np.sum(counts, axis=(0, 2)).tolist() == [7, 7]
    assert [fold.sequences for fold in folds] == [7, 7]
    assert folds[0].measures.loss != folds[1].measures.loss
    assert lines[0] == "2 folds in 2 processes"
    assert lines[1].startswith("each fold holds out one of 2 parts of 14 examples")
    assert sorted(lines[2:]) == ["fold 1 of 2 is done", "fold 2 of 2 is done"]


def test_another_process_gives_the_same_bits(
    crossed: tuple[TaskCrossValidation, list[str]], alone: tuple[int, TrainedTask, TaskEvaluation]
) -> None:
    """Every figure, those of the baselines too."""
    number, _, evaluation = alone

    in_process = task_folds_json(TaskCrossValidation((evaluation, evaluation)))["folds"][0]

    assert json.dumps(in_process) == json.dumps(task_folds_json(crossed[0])["folds"][number])


def test_the_weights_do_not_depend_on_what_is_held_out(
    alone: tuple[int, TrainedTask, TaskEvaluation],
) -> None:
    """Another text in the held-out fold: longer, and with characters that the others have once."""
    _, first, _ = alone
    changed = LABEL.replace("en\\televen", "en\\tXzzz qyqy elephants")

    _, second, _ = trained_on_the_others(changed)

    assert changed != LABEL
    assert first.tokens == second.tokens
    assert {name: array.tobytes() for name, array in first.weights.items()} == {
        name: array.tobytes() for name, array in second.weights.items()
    }


@pytest.mark.parametrize("text", [LABEL, TAGS])
def test_a_fold_trains_on_its_train_part_alone(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every example of it, and no validation set chooses the weights."""
    experiment = task_experiment(text)
    fold = next(fold_examples(experiment, 2))
    problems: list[ExampleProblem] = []

    class Trainer:
        """Notes what it is given."""

        def __init__(self, problem: ExampleProblem) -> None:
            problems.append(problem)
            raise KeyboardInterrupt

    monkeypatch.setattr(example_folds, "Trainer", Trainer)
    with pytest.raises(KeyboardInterrupt):
        measure_examples_of_fold(experiment, fold)

    (problem,) = problems
    assert not problem.validates
    assert set(read_in_an_epoch(problem)) - {0} == set((fold.parts["train"] + 1).tolist())


def read_in_an_epoch(problem: ExampleProblem) -> Iterator[int]:
    """The numbers of the examples of an epoch, from 1; 0 for no example."""
    (numbers,) = problem.batches.epoch(0, 0, problem.batches.steps)
    return iter(np.unique(numbers).tolist())

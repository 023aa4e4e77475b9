"""The folds of a cross-validation that several commands share."""

import json
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from rnnlab.evaluation.fold_measures import measures_of
from rnnlab.evaluation.metrics import Metrics
from rnnlab.training.example_folds import cross_validate_task
from rnnlab.trials.folds import fold_plan, shared_task_cross_validation
from rnnlab.trials.runner import Shared
from rnnlab.trials.storage import checked_url, sqlite_url
from rnnlab.trials.worker import StudyPlace
from tests.task_experiments import task_experiment
from tests.trained_tasks import LABEL


@pytest.mark.slow
def test_shared_folds_have_the_measures_of_those_of_one_command(tmp_path: Path) -> None:
    """To the last bit; what the workers measure goes through the database. A second call trains nothing."""
    labels, told = task_experiment(LABEL, "training.epochs=1"), list[str]()
    shared = Shared(
        StudyPlace(checked_url(sqlite_url(tmp_path / "study.db")), "labels"), fold_plan(labels, 2)
    )

    found = shared_task_cross_validation(labels, 2, jobs=1, shared=shared, report=told.append)
    again = shared_task_cross_validation(labels, 2, jobs=1, shared=shared)
    alone = cross_validate_task(labels, 2)

    for each in (found, again):
        assert [*map(measures_of, each.folds)] == [*map(measures_of, alone.folds)]
        assert [fold.baselines for fold in each.folds] == [fold.baselines for fold in alone.folds]
    assert sorted(told) == ["fold 1 of 2 is done", "fold 2 of 2 is done"]


def test_the_measures_of_tokens_go_through_the_database() -> None:
    """As JSON has them."""
    measured = Metrics(12.5, 3, 10, top_5=None)
    kind = TypeAdapter(Metrics)

    assert kind.validate_python(json.loads(json.dumps(kind.dump_python(measured, mode="json")))) == measured

"""Measures over the folds of a cross-validation of a task, by hand."""

from pathlib import Path

import numpy as np
import pytest

from rnnlab.datasets.example_loading import fold_examples
from rnnlab.evaluation.example_baselines import TaskBaselines
from rnnlab.evaluation.example_measurement import TaskEvaluation, evaluate_fold
from rnnlab.evaluation.example_selection import part_of
from rnnlab.evaluation.fold_measures import TaskCrossValidation, baselines_of, measures_of
from rnnlab.evaluation.label_baselines import majority_class, naive_bayes
from rnnlab.evaluation.tag_measures import measure_tags
from tests.trained_tasks import TASKS, trained_task


def tagged(right, unseen):
    """The measures of four tags of two sequences, of which some are right and some are of unseen tokens."""
    targets = np.zeros(4, np.int64)
    measures = measure_tags(
        targets,
        np.where(np.arange(4) < right, 0, 1),
        offsets=np.array([0, 2, 4]),
        unseen=np.arange(4) >= 4 - unseen,
        tags=2,
    )
    return TaskEvaluation(
        "held-out", "tags", 2, measures, TaskBaselines(most_frequent_tag=measures), ("a", "b")
    )


def test_mean_deviation_and_interval_by_hand():
    """Accuracies 1/2, 3/4 and 1: mean 3/4, deviation 1/4; t(2; 0.975) is 4.3027 standard errors, 1/4 / √3."""
    crossed = TaskCrossValidation((tagged(2, 1), tagged(3, 1), tagged(4, 1)))

    accuracy = crossed.measures["accuracy"]

    assert (accuracy.mean, accuracy.standard_deviation) == (0.75, 0.25)
    half = 4.30265 * 0.25 / 3**0.5
    assert accuracy.confidence_interval == pytest.approx((0.75 - half, 0.75 + half), rel=1e-5)
    assert crossed.measures["sequence_accuracy"].mean == pytest.approx((1 / 2 + 1 / 2 + 1) / 3)
    assert crossed.baselines["most_frequent_tag"]["accuracy"] == accuracy


def test_a_measure_that_a_fold_lacks_has_no_mean():
    """A fold without unseen tokens has no accuracy of them; without costs there is no loss."""
    crossed = TaskCrossValidation((tagged(2, 1), tagged(3, 0)))

    assert crossed.measures["unseen_accuracy"] is None
    assert crossed.measures["loss"] is None
    assert crossed.measures["accuracy"].mean == 0.625


NAMES = {
    "label": {"accuracy", "macro_f1", "loss"},
    "tags": {"accuracy", "sequence_accuracy", "unseen_accuracy", "loss"},
    "pairs": {"exact_match", "token_error_rate", "accuracy", "loss"},
    "from_label": {"loss"},
}
BASELINES = {
    "label": {"majority", "naive_bayes"},
    "tags": {"most_frequent_tag"},
    "pairs": {"nearest_source"},
    "from_label": {"ngram"},
}


@pytest.mark.parametrize("task", TASKS)
def test_every_task_has_its_measures_and_baselines(task):
    """The measures of a baseline are measures of the network too, so that both can be compared."""
    trained = trained_task(TASKS[task], Path.cwd(), "dataset.split={kind: none}")
    examples = next(fold_examples(trained.experiment, 2))
    kept, held = (part_of(examples, examples.parts[name]) for name in ("train", "validation"))

    fold = evaluate_fold(trained, kept, held)

    assert measures_of(fold).keys() == NAMES[task]
    assert baselines_of(fold).keys() == BASELINES[task]
    assert all(each.keys() <= NAMES[task] for each in baselines_of(fold).values())
    assert fold.sequences == len(held) < len(examples)


def test_the_baselines_of_a_fold_learn_from_the_other_folds():
    """The majority class and naive Bayes of the examples that the fold trains on."""
    trained = trained_task(TASKS["label"], Path.cwd(), "dataset.split={kind: none}")
    for examples in fold_examples(trained.experiment, 3):
        kept, held = (part_of(examples, examples.parts[name]) for name in ("train", "validation"))

        found = evaluate_fold(trained, kept, held).baselines

        texts = [text for text, _ in kept.texts], kept.targets.ids
        asked = [text for text, _ in held.texts], held.targets.ids
        assert found.majority == majority_class(kept.targets.ids, held.targets.ids, labels=2)
        assert found.naive_bayes == naive_bayes(texts, *asked, labels=2, token="character")

"""Measures of predicted tags, by hand and against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import f1_score, precision_recall_fscore_support

from rnnlab.evaluation.label_measures import ClassFigures
from rnnlab.evaluation.tag_measures import are_unseen, measure_tags, most_frequent_tags

TARGETS = np.array([0, 1, 1, 2, 0, -1])
PREDICTED = np.array([0, 1, 1, 0, 0, 0])
OFFSETS = np.array([0, 2, 3, 5, 6])
UNSEEN = np.array([False, True, False, True, False, True])
COSTS = np.array([0.1, 0.2, 0.3, 0.4, 0.5, np.nan])


def test_four_sequences_by_hand():
    """Sequences 0 1 | 1 | 2 0 | −1: tag 2 and the unknown tag are predicted wrong; two are all right."""
    measures = measure_tags(TARGETS, PREDICTED, offsets=OFFSETS, unseen=UNSEEN, tags=3, costs=COSTS)

    assert (measures.correct, measures.counted, measures.accuracy) == (4, 6, 4 / 6)
    assert (measures.sequence_accuracy, measures.sequences) == (2 / 4, 4)
    assert (measures.unseen_accuracy, measures.unseen) == (1 / 3, 3)
    assert measures.loss == pytest.approx(1.5 / 5)
    assert measures.tags == (
        ClassFigures(2 / 4, 2 / 2, pytest.approx(2 / 3), 2),
        ClassFigures(1.0, 1.0, 1.0, 2),
        ClassFigures(0.0, 0.0, 0.0, 1),
    )
    assert measures.macro_f1 == pytest.approx((2 / 3 + 1 + 0) / 3)


def test_figures_of_tags_are_those_of_scikit_learn():
    """Per tag precision, recall, F1 and support; the mean F1 is that of the tags that occur."""
    rng = np.random.default_rng(0)
    targets, predicted = rng.choice(4, size=50), rng.choice(5, size=50)
    offsets = np.array([0, 20, 50])

    measures = measure_tags(targets, predicted, offsets=offsets, unseen=targets < 0, tags=6)

    peer = precision_recall_fscore_support(targets, predicted, labels=range(6), zero_division=0)
    ours = [(each.precision, each.recall, each.f1, each.support) for each in measures.tags]
    assert np.array(ours) == pytest.approx(np.array(peer).T)
    assert measures.macro_f1 == pytest.approx(f1_score(targets, predicted, labels=range(4), average="macro"))


def test_a_figure_of_nothing_is_none():
    """No unseen token, and a baseline without probabilities."""
    measures = measure_tags(TARGETS, PREDICTED, offsets=OFFSETS, unseen=UNSEEN & False, tags=3)

    assert (measures.unseen_accuracy, measures.unseen, measures.loss) == (None, 0, None)


def test_a_sequence_without_tokens_counts_as_right():
    """It has no tag that is wrong; and it changes no other sequence."""
    offsets = np.array([0, 0, 2, 3, 5, 6, 6])
    measures = measure_tags(TARGETS, PREDICTED, offsets=offsets, unseen=UNSEEN, tags=3)

    assert measures.sequence_accuracy == 4 / 6


@pytest.mark.parametrize("changed", ["predicted", "unseen", "costs", "offsets"])
def test_arrays_of_another_length_are_refused(changed):
    """A padded or a cut array would shift every token after it."""
    arrays = {"predicted": PREDICTED, "unseen": UNSEEN, "costs": COSTS, "offsets": OFFSETS}
    arrays[changed] = arrays[changed][:-1]

    with pytest.raises(ValueError, match="at least 1"):
        measure_tags(TARGETS, tags=3, **arrays)


def test_a_token_is_unseen_if_its_text_is_not_in_the_training_part():
    """Upper and lower case are two tokens."""
    assert are_unseen(["the", "The", "cat", "the"], ["the", "dog"]).tolist() == [False, True, True, False]


def test_the_most_frequent_tag_of_each_token():
    """run: 1 once, 0 twice. up: 1 and 2 once each, 1 first. Others: 1, which four of nine tokens have."""
    words = ["run", "run", "run", "up", "up", "a", "b", "c", "d"]
    tags = np.array([1, 0, 0, 1, 2, 1, 1, 3, 3])

    assert most_frequent_tags((words, tags), ["up", "run", "new", "c"]).tolist() == [1, 0, 1, 3]

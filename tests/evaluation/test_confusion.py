"""Which tokens are taken for which, and what the first of them cost."""

import numpy as np

from rnnlab.evaluation.confusion import Confusions
from rnnlab.evaluation.passage import Passage
from rnnlab.evaluation.scoring import Scores


def scores(places, targets, expected, costs=None):
    """The scores of a batch."""
    count = len(places)
    costs = np.zeros(count) if costs is None else np.array(costs)
    return Scores(np.array(places), np.array(targets), costs, np.ones(count, np.int64), np.array(expected))


def test_pairs_are_counted_over_batches():
    """Wanted and expected, in that order; right ones too."""
    confusions = Confusions()

    confusions.count(scores([1, 2, 3], [0, 0, 70_000], [0, 5, 1]))
    confusions.count(scores([4, 5], np.array([0, 5], np.uint8), [5, 0]))

    assert confusions.pairs == {(0, 0): 1, (0, 5): 2, (70_000, 1): 1, (5, 0): 1}
    assert confusions.wanted(0) == 3


def test_the_worst_come_first():
    """By how often, then by their ids; what was right is no mistake."""
    confusions = Confusions()

    confusions.count(scores(range(7), [2, 2, 1, 1, 1, 1, 3], [3, 3, 1, 1, 1, 0, 0]))

    assert confusions.worst(2) == [(2, 3, 2), (1, 0, 1)]


def test_a_passage_keeps_the_first_cost_of_each_place():
    """The first window that has a place as a target has most before it; other places are left out."""
    passage = Passage(begin=2, end=5)

    passage.note(scores([1, 2, 3, 2], [0, 0, 0, 0], [0, 0, 0, 0], [9.0, 1.0, 2.0, 7.0]))
    passage.note(scores([3, 4, 5], [0, 0, 0], [0, 0, 0], [8.0, 3.0, 9.0]))

    assert passage.costs == {2: 1.0, 3: 2.0, 4: 3.0}

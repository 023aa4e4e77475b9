"""Which tokens are taken for which, and what the first of them cost."""

import numpy as np

from rnnlab.evaluation.confusion import Confusions
from rnnlab.evaluation.passage import Passage
from rnnlab.evaluation.scoring import Scores


def scores(places, targets, expected, costs=None, steps=None):
    """The scores of a batch."""
    count = len(places)
    costs = np.zeros(count) if costs is None else np.array(costs)
    steps = np.zeros(count, np.int64) if steps is None else np.array(steps)
    ranks = np.ones(count, np.int64)
    return Scores(np.array(places), steps, np.array(targets), costs, ranks, np.array(expected))


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


def test_a_passage_keeps_the_cost_with_most_tokens_before_it():
    """It is that of the latest time step, in whatever order windows are read; other places are left out."""
    passage = Passage(begin=2, end=5)

    passage.note(scores([1, 2, 3, 2], [0] * 4, [0] * 4, [9.0, 1.0, 2.0, 7.0], [0, 1, 2, 0]))
    passage.note(scores([3, 4, 5], [0] * 3, [0] * 3, [8.0, 3.0, 9.0], [0, 0, 0]))
    passage.note(scores([4], [0], [0], [4.0], [1]))

    assert passage.costs == {2: 1.0, 3: 2.0, 4: 4.0}

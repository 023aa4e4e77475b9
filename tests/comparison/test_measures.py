"""Trained models side by side, and their differences over the random seeds that both have."""

import math
from dataclasses import replace

import pytest

from rnnlab.comparison.measures import Comparison
from rnnlab.evaluation.significance import paired_t_p
from tests.comparing import contender, solver

NOISE = [0.01, -0.02, 0.03]


def test_a_difference_is_tested_over_the_seeds_that_both_have():
    """A seed that one of them lacks, as its training failed, counts for neither."""
    first = contender("first", [1.0, 2.0, 3.0, 9.0])
    second = contender("second", [0.0, 0.0, 0.0, 0.0])
    second = replace(second, trials=second.trials[:3])

    (difference,) = Comparison((first, second)).differences()

    assert difference.test is not None
    assert (difference.test.pairs, difference.test.difference) == (3, 2.0)
    assert difference.p == pytest.approx(paired_t_p([1, 2, 3]))
    assert not difference.is_significant


def test_p_values_are_corrected_for_the_pairs_that_are_tested():
    """A pair without two seeds in common is not among them."""
    near = [[1 + 0.1 * each for each in NOISE], [2 + 0.1 * each**2 for each in NOISE], [3.0, 3.001, 3.002]]
    four = (*(contender(str(n), losses) for n, losses in enumerate(near)), contender("single", [7.0]))

    differences = Comparison(four).differences()

    tested = [each for each in differences if each.test]
    assert [(each.first, each.second) for each in differences if not each.test] == [(0, 3), (1, 3), (2, 3)]
    assert len(tested) == 3
    smallest = min(each.test.p for each in tested if each.test)
    assert min(each.p for each in tested if each.p is not None) == pytest.approx(3 * smallest)
    assert all(each.is_significant for each in tested)


def test_a_loss_that_is_no_number_is_left_out():
    """A test of the others can still be made, and there is no interval."""
    broken = contender("broken", [1.0, 2.0, math.inf, 3.5])

    (difference,) = Comparison((broken, contender("other", [0.0, 0.0, 0.0, 0.0]))).differences()

    assert broken.loss_interval is None
    assert difference.test is not None
    assert difference.test.pairs == 3


def test_no_interval_reaches_below_a_loss_of_zero():
    """No cross-entropy does."""
    assert contender("tiny", [0.0, 0.001]).loss_interval == pytest.approx(
        (0.0, 0.0005 + 12.7062 * 0.0005), rel=1e-4
    )
    assert contender("alone", [1.0]).loss_interval is None


def test_the_free_runs_of_a_contender_are_those_of_all_its_trials():
    """Or none: a mean over some of them would be of other seeds."""
    all_run = contender("all", [1.0, 1.0], free=[50, 16])
    one_lacks = replace(all_run, trials=(all_run.trials[0], replace(all_run.trials[1], free_running=None)))

    assert [run.correct for run in all_run.free_runs] == [50, 16]
    assert one_lacks.free_runs == []


def test_a_length_is_solved_with_few_mistakes():
    """One of a hundred examples may be wrong."""
    found = solver("gru", {20: [1.0, 0.99, 0.989], 10: [1.0, 1.0, 1.0]})

    assert found.lengths == [10, 20]
    assert found.shares(20) == [1.0, 0.99, 0.989]
    assert (found.solving(10), found.solving(20)) == (3, 2)

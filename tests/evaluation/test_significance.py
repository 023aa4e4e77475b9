"""Intervals and tests, each against a case worked by hand."""

import math

import pytest
from scipy.stats import binomtest

from rnnlab.evaluation.significance import (
    holm,
    paired_t_p,
    paired_test,
    sign_flip_p,
    student_interval,
    wilson_interval,
)


def test_the_interval_of_three_values_is_students():
    """Mean 2, standard error 1/√3, and t = 4.302653 with two degrees of freedom."""
    low, high = student_interval([1, 2, 3])

    assert (low, high) == pytest.approx((2 - 4.302653 / math.sqrt(3), 2 + 4.302653 / math.sqrt(3)), rel=1e-6)


def test_wilsons_interval_of_five_of_ten():
    """p = 1/2: the middle is 1/2, and half the width z √(1 / 4n + z² / 4n²) / (1 + z² / n), with z = 1.96."""
    half = 1.959964 * math.sqrt(1 / 40 + 1.959964**2 / 400) / (1 + 1.959964**2 / 10)

    assert wilson_interval(5, 10) == pytest.approx((0.5 - half, 0.5 + half), rel=1e-6)


@pytest.mark.parametrize(("successes", "trials"), [(0, 7), (7, 7), (1, 1), (3, 8), (1459, 1802)])
def test_wilsons_interval_is_that_of_scipy(successes, trials):
    """Also where no trial is a success, or all are: the interval is not empty, and stays within 0 and 1."""
    interval = binomtest(successes, trials).proportion_ci(method="wilson")
    low, high = wilson_interval(successes, trials)

    assert (low, high) == pytest.approx((interval.low, interval.high), abs=1e-12)
    assert 0 <= low < high <= 1


@pytest.mark.parametrize(
    ("differences", "p"),
    [
        ([1, 2, 3], 2 / 8),  # only + + + and − − − reach 6
        ([3, -1, 2], 4 / 8),  # sums 6, 4, 2, 0 and their opposites: four reach 4
        ([1, 2, -3], 1.0),  # every sum is as far from 0 as 0 is
        ([0.1, 0.2, 0.3, -0.1], 6 / 16),  # 0.7, 0.5, 0.5 and their opposites, however 0.5 is rounded
        ([0, 0], 1.0),
    ],
)
def test_the_sign_flip_test_counts_patterns_of_signs(differences, p):
    """The share of the 2^R patterns whose sum is as far from 0, or farther."""
    assert sign_flip_p(differences) == p


def test_the_paired_t_test_of_three_pairs():
    """With two degrees of freedom P(|T| ≥ t) = 1 − t / √(2 + t²), and here t = 2√3."""
    t = 2 * math.sqrt(3)

    assert paired_t_p([1, 2, 3]) == pytest.approx(1 - t / math.sqrt(2 + t**2), rel=1e-9)
    assert paired_t_p([-1, -2, -3]) == paired_t_p([1, 2, 3])


@pytest.mark.parametrize(
    ("pairs", "tests", "method"),
    [
        (2, 1, "paired_t"),
        (5, 1, "paired_t"),  # 2 / 2^5 = 0.0625 finds nothing
        (6, 1, "sign_flip"),
        (6, 3, "paired_t"),  # 3 · 2 / 2^6 = 0.094
        (7, 3, "sign_flip"),
        (16, 3, "sign_flip"),
        (17, 3, "paired_t"),
    ],
)
def test_the_exact_test_is_made_where_it_could_find_something(pairs, tests, method):
    """Which test it is depends on numbers alone, and not on what was measured."""
    first = [math.sin(number) for number in range(pairs)]

    assert paired_test(first, [0.0] * pairs, tests=tests).method == method


def test_a_test_says_of_what_it_is():
    """The mean difference is that of first minus second."""
    test = paired_test([3, 5, 7], [2, 3, 4])

    assert (test.pairs, test.difference) == (3, 2)
    assert test.p == pytest.approx(paired_t_p([1, 2, 3]))


@pytest.mark.parametrize(("difference", "p"), [(0.5, 0.25), (0.0, 1.0)])
def test_differences_that_are_all_the_same_are_not_taken_for_certain(difference, p):
    """Their t would be infinite, or nothing at all: only signs are counted."""
    test = paired_test([1 + difference] * 3, [1.0] * 3)

    assert (test.method, test.p) == ("sign_flip", p)


def test_holm_corrects_the_smallest_most():
    """3 · 0.01, then 2 · 0.03, and 0.04 is not let below the one before it; none is above 1."""
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []

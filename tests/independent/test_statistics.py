"""Intervals and p-values are those of scipy and of plain counting."""

from itertools import product

import numpy as np
import pytest
from scipy import stats

from rnnlab.comparison.measures import Comparison
from rnnlab.evaluation.metrics import CrossValidation, Metrics
from rnnlab.evaluation.significance import holm, paired_t_p, paired_test, sign_flip_p, student_interval
from tests.comparing import contender

SIZES = [2, 3, 5, 8, 13, 40]


def scipy_interval(values: list[float]) -> tuple[float, float]:
    """Student's 95 % interval of a mean."""
    found = stats.ttest_1samp(values, 0.0).confidence_interval(0.95)
    return float(found.low), float(found.high)


def holm_by_definition(p_values: list[float]) -> list[float]:
    """Of each p-value the largest (m − rank) p of those up to it in order, at most 1 (Holm, 1979)."""
    ordered = sorted(p_values)
    return [
        min(1.0, max((len(p_values) - k) * ordered[k] for k in range(ordered.index(p) + 1))) for p in p_values
    ]


@pytest.mark.parametrize("size", SIZES)
def test_an_interval_is_scipys(size: int) -> None:
    """Of values of any size and scale, of a comparison's losses, and of the losses of folds."""
    rng = np.random.default_rng(size)
    for scale in (1e-4, 1.0, 50.0):
        values = (5 * scale + scale * rng.random(size)).tolist()

        assert student_interval(values) == pytest.approx(scipy_interval(values), rel=1e-9)
        low, high = scipy_interval(values)
        assert contender("a", values).loss_interval == pytest.approx((max(low, 0.0), high), rel=1e-9)
        folds = tuple(Metrics(10 * value, number % 10, 10) for number, value in enumerate(values))
        crossed, accuracies = CrossValidation(folds), [number % 10 / 10 for number in range(size)]
        assert crossed.confidence_interval("loss") == pytest.approx((low, high), rel=1e-9)
        assert crossed.confidence_interval("accuracy") == pytest.approx(scipy_interval(accuracies), rel=1e-9)
        assert crossed.standard_deviation("loss") == pytest.approx(np.std(values, ddof=1), rel=1e-9)
        assert crossed.mean("loss") == pytest.approx(np.mean(values), rel=1e-9)


@pytest.mark.parametrize("size", SIZES)
def test_a_paired_t_test_is_scipys(size: int) -> None:
    """For two lists that belong together, whichever is larger."""
    rng = np.random.default_rng(size)
    for shift in (0.0, 0.3, -2.0):
        first, second = rng.normal(size=size), rng.normal(size=size) + shift

        expected = stats.ttest_rel(first, second).pvalue

        assert paired_t_p((first - second).tolist()) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("size", [2, 3, 6, 9, 12])
def test_a_sign_flip_test_is_scipys_permutation_test(size: int) -> None:
    """All 2^R patterns of signs, two-sided."""
    rng = np.random.default_rng(size)
    for shift in (0.0, 0.8):
        differences = rng.normal(size=size) + shift

        found = stats.permutation_test(
            (differences, np.zeros(size)),
            lambda a, b: abs(np.mean(a - b)),
            permutation_type="samples",
            n_resamples=np.inf,
            alternative="greater",
        )

        assert sign_flip_p(differences.tolist()) == pytest.approx(found.pvalue, rel=1e-9)


@pytest.mark.parametrize("count", [1, 2, 3, 10])
def test_holms_correction_is_its_definition(count: int) -> None:
    """On random p-values, small and large."""
    rng = np.random.default_rng(count)
    for _ in range(50):
        p_values = (rng.random(count) ** rng.integers(1, 6)).tolist()

        assert holm(p_values) == pytest.approx(holm_by_definition(p_values))


@pytest.mark.parametrize("seeds", [2, 5, 7, 11, 20])
def test_every_difference_of_a_comparison_is_scipys(seeds: int) -> None:
    """Four contenders, six pairs: each by the test that its number of pairs calls for, corrected by Holm."""
    rng = np.random.default_rng(seeds)
    losses = rng.normal(2.0, 0.1, (4, seeds)) + np.array([0.0, 0.02, 0.1, 0.5])[:, None]
    compared = Comparison(tuple(contender(str(n), row.tolist()) for n, row in enumerate(losses)))

    differences = compared.differences()

    alone = []
    for each in differences:
        first, second = losses[each.first], losses[each.second]
        assert each.test is not None
        assert each.test.difference == pytest.approx(np.mean(first - second))
        if each.test.method == "paired_t":
            alone.append(float(stats.ttest_rel(first, second).pvalue))
        else:
            patterns = np.array(list(product([1, -1], repeat=seeds))) @ (first - second)
            alone.append(float(np.mean(abs(patterns) >= abs((first - second).sum()) * (1 - 1e-12))))
        assert each.test.p == pytest.approx(alone[-1], rel=1e-9)
    assert [each.p for each in differences] == pytest.approx(holm_by_definition(alone), rel=1e-9)
    assert {each.test.method for each in differences if each.test} == {
        "sign_flip" if 8 <= seeds <= 16 else "paired_t"  # 6 · 2 / 2^8 is the first below 0.05
    }


@pytest.mark.parametrize("method", ["sign_flip", "paired_t"])
def test_a_test_says_5_percent_as_often_as_it_should(method: str) -> None:
    """Of equal contenders no more than one in twenty is called different, but for what chance allows."""
    rng, pairs, trials = np.random.default_rng(1), 10, 2000
    small = 0
    for _ in range(trials):
        differences = rng.normal(size=pairs).tolist()
        p = sign_flip_p(differences) if method == "sign_flip" else paired_t_p(differences)
        small += p < 0.05

    assert stats.binomtest(small, trials, 0.05).pvalue > 1e-3


def test_the_test_that_is_made_gives_the_p_of_its_method() -> None:
    """With six pairs and more the exact one, with fewer Student's."""
    rng = np.random.default_rng(4)
    for pairs in range(2, 20):
        first, second = rng.random(pairs).tolist(), rng.random(pairs).tolist()
        differences = [a - b for a, b in zip(first, second, strict=True)]

        made = paired_test(first, second)

        by_method = {"sign_flip": sign_flip_p(differences), "paired_t": paired_t_p(differences)}
        assert made.p == by_method[made.method]

"""Confidence intervals of a mean or a fraction, and paired tests of the difference between two models."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

CONFIDENCE = 0.95
LEVEL = 0.05
"""A difference is called significant if its p-value is below this."""

MOST_SIGNED = 16
"""Largest R for the 2^R sign patterns; the mean of more differences is near normal, as the t-test assumes."""

Method = Literal["sign_flip", "paired_t"]


@dataclass(frozen=True)
class PairedTest:
    """A two-sided test of R pairs; its null hypothesis is a mean difference of 0.

    Attributes:
        pairs: number of pairs R.
        difference: mean of the differences, first minus second.
        method: the test.
        p: p-value of the test, 0 to 1, not corrected for other tests.
    """

    pairs: int
    difference: float
    method: Method
    p: float


def student_interval(values: Sequence[float]) -> tuple[float, float]:
    """Return Student's 95 % interval of the mean of R ≥ 2 values, with R − 1 degrees of freedom."""
    from scipy.special import stdtrit  # noqa: PLC0415 (slow)

    quantile = float(stdtrit(len(values) - 1, (1 + CONFIDENCE) / 2))
    mean, half = statistics.fmean(values), quantile * _standard_error(values)
    return mean - half, mean + half


def wilson_interval(successes: int, trials: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a probability, from `successes` of n ≥ 1 independent trials.

    With p = successes / n and the normal quantile z = 1.96, the ends are
    (p + z² / 2n ± z √(p (1 − p) / n + z² / 4n²)) / (1 + z² / n) (Wilson, 1927). They lie
    between 0 and 1, also if all trials or none are successes.
    """
    from scipy.special import ndtri  # noqa: PLC0415 (slow)

    z = float(ndtri((1 + CONFIDENCE) / 2))
    share, spread = successes / trials, z * z / trials
    middle, scale = share + spread / 2, 1 + spread
    half = math.sqrt(share * (1 - share) * spread + spread * spread / 4)
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


def paired_test(first: Sequence[float], second: Sequence[float], *, tests: int = 1) -> PairedTest:
    """Test whether two lists of R ≥ 2 paired values differ in their mean.

    The exact sign-flip test is used if R ≤ 16 and its smallest p-value, 2 / 2^R, times `tests` is below 0.05,
    or if all differences are equal. Its null hypothesis is that each difference d is as likely as −d (Fisher,
    1935). Otherwise Student's paired t-test is used, which assumes normally distributed differences.

    Args:
        first: the values of one model, (R,).
        second: the values of the other model, (R,).
        tests: number of tests that will be corrected together.
    """
    differences = [a - b for a, b in zip(first, second, strict=True)]
    pairs, mean = len(differences), statistics.fmean(differences)
    could_find = 2.0 ** (1 - pairs) * tests < LEVEL
    if (could_find and pairs <= MOST_SIGNED) or _standard_error(differences) == 0:
        return PairedTest(pairs, mean, "sign_flip", sign_flip_p(differences))
    return PairedTest(pairs, mean, "paired_t", paired_t_p(differences))


def sign_flip_p(differences: Sequence[float]) -> float:
    """Return the fraction of all 2^R sign patterns whose sum is at least as far from 0 as the actual sum.

    If R > 16, only the first 16 differences are used.
    """
    sums = np.zeros(1)
    for difference in differences[:MOST_SIGNED]:
        sums = np.concatenate([sums + difference, sums - difference])
    rounding = 1e-12 * sum(map(abs, differences))
    return float(np.mean(np.abs(sums) >= abs(sums[0]) - rounding))


def paired_t_p(differences: Sequence[float]) -> float:
    """Return P(|T| ≥ |t|) with t = mean / standard error and R − 1 degrees of freedom (Student, 1908).

    There must be two differences or more, and not all equal.
    """
    from scipy.special import stdtr  # noqa: PLC0415 (slow)

    t = statistics.fmean(differences) / _standard_error(differences)
    return 2 * float(stdtr(len(differences) - 1, -abs(t)))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return the p-values of m tests, corrected by Holm's method (Holm, 1979), in the order given.

    The smallest p-value is multiplied by m, the next by m − 1 and so on. A corrected value is at most 1, and
    not below the corrected value of a smaller p-value. If all null hypotheses are true, the chance that any
    corrected value is below 0.05 is at most 0.05.
    """
    corrected, least = [0.0] * len(p_values), 0.0
    for rank, number in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        least = max(least, min(1.0, p_values[number] * (len(p_values) - rank)))
        corrected[number] = least
    return corrected


def _standard_error(values: Sequence[float]) -> float:
    return statistics.stdev(values) / math.sqrt(len(values))

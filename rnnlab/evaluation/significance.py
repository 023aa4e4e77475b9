"""Whether a difference means anything: intervals and tests over a few random seeds."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

CONFIDENCE = 0.95
LEVEL = 0.05
"""A difference is called one where the p-value is below this."""

MOST_SIGNED = 16
"""Beyond so many pairs the 2^R patterns of signs are not gone through: a mean of so many is near normal."""

Method = Literal["sign_flip", "paired_t"]


@dataclass(frozen=True)
class PairedTest:
    """A two-sided test of R pairs, whose differences are 0 on average if nothing differs.

    Attributes:
        pairs: R.
        difference: their mean, first minus second.
        method: how the p-value was found.
        p: that of this test alone, 0 to 1.
    """

    pairs: int
    difference: float
    method: Method
    p: float


def student_interval(values: Sequence[float]) -> tuple[float, float]:
    """The ends of Student's 95 % interval of the mean of R ≥ 2 values, with R − 1 degrees of freedom."""
    from scipy.special import stdtrit  # noqa: PLC0415 (slow)

    quantile = float(stdtrit(len(values) - 1, (1 + CONFIDENCE) / 2))
    mean, half = statistics.fmean(values), quantile * _standard_error(values)
    return mean - half, mean + half


def paired_test(first: Sequence[float], second: Sequence[float], *, tests: int = 1) -> PairedTest:
    """The test for two lists of R ≥ 2 values that belong together pair by pair.

    Which test it is depends on nothing but R and how many tests there are. The exact sign-flip test takes for
    granted only that a difference might as well have the other sign (Fisher, 1935). Its p-value is 2 / 2^R or
    more, so that with fewer than 6 pairs, or more where several are tested, it can find nothing. There
    Student's paired t-test is made, which takes the differences to be normally distributed.

    Args:
        first: (R,).
        second: (R,).
        tests: how many are made at once, and will be corrected for.
    """
    differences = [a - b for a, b in zip(first, second, strict=True)]
    pairs, mean = len(differences), statistics.fmean(differences)
    could_find = 2.0 ** (1 - pairs) * tests < LEVEL
    if (could_find and pairs <= MOST_SIGNED) or _standard_error(differences) == 0:
        return PairedTest(pairs, mean, "sign_flip", sign_flip_p(differences))
    return PairedTest(pairs, mean, "paired_t", paired_t_p(differences))


def sign_flip_p(differences: Sequence[float]) -> float:
    """The share of all 2^R patterns of signs whose sum is as far from 0 as the differences' own, or more."""
    sums = np.zeros(1)
    for difference in differences[:MOST_SIGNED]:
        sums = np.concatenate([sums + difference, sums - difference])
    rounding = 1e-12 * sum(map(abs, differences))
    return float(np.mean(np.abs(sums) >= abs(sums[0]) - rounding))


def paired_t_p(differences: Sequence[float]) -> float:
    """P(|T| ≥ |t|), t = mean / standard error, T with R − 1 degrees of freedom (Student, 1908)."""
    from scipy.special import stdtr  # noqa: PLC0415 (slow)

    t = statistics.fmean(differences) / _standard_error(differences)
    return 2 * float(stdtr(len(differences) - 1, -abs(t)))


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values of m tests, corrected so that any of them is below 0.05 by chance once in 20 times.

    The smallest times m, the next times m − 1 and so on, none below the one before it (Holm, 1979).
    """
    corrected, least = [0.0] * len(p_values), 0.0
    for rank, number in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        least = max(least, min(1.0, p_values[number] * (len(p_values) - rank)))
        corrected[number] = least
    return corrected


def _standard_error(values: Sequence[float]) -> float:
    return statistics.stdev(values) / math.sqrt(len(values))

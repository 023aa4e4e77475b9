"""Probability for what has not occurred, worked by hand."""

import numpy as np
import pytest

from rnnlab.evaluation.smoothing import discounts, kneser_ney, witten_bell

COUNTS = np.array([2, 1, 0, 3])
CONTEXTS = np.array([0, 0, 0, 1])
"""After context 0 two tokens have followed, three times; after 1 one, three times; after 2 none."""


def test_witten_bell_leaves_one_for_each_kind_of_follower() -> None:
    """2, 1 and 0 of 3 + 2, and 2 of 5 are left; 3 of 3 + 1, and 1 of 4 is left; else everything is."""
    level = witten_bell(COUNTS, CONTEXTS, 3)

    assert level.shares == pytest.approx([2 / 5, 1 / 5, 0, 3 / 4])
    assert level.rests == pytest.approx([2 / 5, 1 / 4, 1])


def test_kneser_ney_takes_a_discount_off_each_count() -> None:
    """One n-gram occurs once, one twice: D = 1 / (1 + 2) off every count that is not 0."""
    level = kneser_ney(COUNTS, CONTEXTS, 3)

    assert level.shares == pytest.approx([(2 - 1 / 3) / 3, (1 - 1 / 3) / 3, 0, (3 - 1 / 3) / 3])
    assert level.rests == pytest.approx([2 / 9, 1 / 9, 1])


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ([1, 1, 1, 1, 2, 2, 2, 3, 3, 4], [0, 0.4, 1.2, 2.2]),
        ([1, 1, 1, 2, 5], [0, 0.6, 0.6, 0.6]),
        ([1, 1, 1, 2, 3], [0, 0.6, 0.6, 0.6]),
        ([1, 2, 3, 4, 4, 4, 4, 4, 4], [0, 1 / 3, 1 / 3, 1 / 3]),
        ([2, 3, 3, 9], [0, 0.5, 0.5, 0.5]),
        ([1, 1, 3, 4], [0, 0.5, 0.5, 0.5]),
    ],
    ids=[
        "three sizes",
        "none three times",
        "none four times",
        "3 − 4 D is below 0",
        "none once",
        "none twice",
    ],
)
def test_discounts_follow_from_how_many_occur_how_often(counts: list[int], expected: list[float]) -> None:
    """Chen & Goodman's equation 26; with n1 = 4, n2 = 3, n3 = 2, n4 = 1, Y = 4 / (4 + 6) and so on."""
    assert discounts(np.array(counts)) == pytest.approx(expected)

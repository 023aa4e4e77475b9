"""How lanes are dealt out to the cores."""

import numpy as np
import pytest

from rnnlab.engines.lane_groups import LEAST_WORK, VECTOR_LANES, LaneGroups, lane_groups

LONG = {"weights": 10**6, "tokens": 2048}
SHORT = {"weights": 1000, "tokens": 200}


@pytest.mark.parametrize(
    ("lanes", "cores", "expected"),
    [
        (1, 16, (1, 1)),
        (8, 16, (1, 8)),
        (9, 2, (2, 8)),
        (50, 2, (2, 32)),
        (64, 2, (2, 32)),
        (50, 16, (7, 8)),
        (64, 3, (3, 24)),
        (50, 1, (1, 56)),
    ],
)
def test_a_long_step_is_dealt_to_all_cores(lanes: int, cores: int, expected: tuple[int, int]) -> None:
    """Groups are equal and whole registers wide; no group is empty."""
    groups = lane_groups(lanes, **LONG, cores=cores)

    assert (groups.count, groups.lanes) == expected
    assert groups.count * groups.lanes >= lanes > (groups.count - 1) * groups.lanes


def test_a_short_step_stays_in_one_program() -> None:
    """The rule is on the operations of a step, about six for each weight and token."""
    tokens = 1000
    enough = int(LEAST_WORK / 6 / tokens) + 1

    assert lane_groups(32, **SHORT, cores=2).count == 1
    assert lane_groups(32, weights=enough, tokens=tokens, cores=2).count == 2
    assert lane_groups(32, weights=enough - 2, tokens=tokens, cores=2).count == 1


def test_what_fills_up_counts_nothing() -> None:
    """The lanes keep their order; those that fill up have no target."""
    counts = np.arange(1, 11, dtype=np.int32)[None]

    dealt = LaneGroups(2, VECTOR_LANES).dealt(counts)

    np.testing.assert_array_equal(dealt.ravel()[:10], counts[0])
    assert dealt.shape == (1, 2, VECTOR_LANES)
    assert not dealt.ravel()[10:].any()

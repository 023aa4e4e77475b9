"""The corpus on the device."""

import numpy as np
import pytest

from rnnlab.engines.tensorflow.data import (
    ALIGNMENT,
    LEAST_WORK,
    VECTOR_LANES,
    BatchGatherer,
    LaneGroups,
    TokenData,
    lane_groups,
)
from tests.needs import needs


def ids_at(offset: int, id_type: type) -> np.ndarray:
    """0, 1, 2, … 199 at an address so many bytes behind one that TensorFlow shares."""
    room = np.zeros(200 * np.dtype(id_type).itemsize + 2 * ALIGNMENT, np.uint8)
    begin = -room.ctypes.data % ALIGNMENT + offset
    ids = room[begin : begin + 200 * np.dtype(id_type).itemsize].view(id_type)
    ids[:] = np.arange(200)
    return ids


@pytest.mark.parametrize("id_type", [np.uint8, np.uint16, np.uint32])
@pytest.mark.parametrize("offset", [0, 8])
def test_the_same_tokens_are_gathered_wherever_they_lie(id_type, offset):
    """Memory that TensorFlow shares, and memory that it copies; tokens beyond the last are the last."""
    gather = BatchGatherer(TokenData(ids_at(offset, id_type), None, window=3, last_only=False))

    inputs, targets, counted, keep = gather(np.array([5, 198]), np.array([3, 1]))

    assert inputs.numpy().tolist() == [[5, 6, 7], [198, 199, 199]]
    assert targets.numpy().T.tolist() == [[6, 7, 8], [199, 199, 199]]
    assert counted.numpy().T.tolist() == [[1, 1, 1], [1, 0, 0]]
    assert keep is None


@needs("a machine without a GPU")
def test_ids_that_begin_at_a_fit_address_are_not_copied():
    """Nor are they lost when nobody else holds them any more."""
    ids = ids_at(0, np.uint16)
    gather = BatchGatherer(TokenData(ids, None, window=3, last_only=False))

    assert np.shares_memory(np.asarray(memoryview(gather.ids)), ids)
    del ids
    assert gather.ids.numpy().tolist() == list(range(200))


def test_ids_that_nobody_may_write_are_copied():
    """DLPack does not share them."""
    ids = ids_at(0, np.uint16)
    ids.flags.writeable = False

    gather = BatchGatherer(TokenData(ids, None, window=3, last_only=False))

    assert gather.ids.numpy().tolist() == list(range(200))


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

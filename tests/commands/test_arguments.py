"""Lists of numbers as they are typed."""

import pytest

from rnnlab.commands.arguments import numbers_of, range_of
from rnnlab.errors import UsageError


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1", (0,)),
        ("3,1", (0, 2)),
        ("2-4,3", (1, 2, 3)),
        ("all", (0, 1, 2, 3, 4)),
        (" 5 , 1 - 2 ", (0, 1, 4)),
    ],
)
def test_numbers_count_from_one(text, numbers):
    """In order, each once."""
    assert numbers_of(text, 5, name="--units") == numbers


@pytest.mark.parametrize(
    "text", ["", "0", "6", "4-2", "1-", "a", "1,,2", "-1", "٣", "1" * 20, "1-9999999999"]
)
def test_what_is_no_list_is_refused(text):
    """With what there may be."""
    with pytest.raises(UsageError, match="--units: expected numbers"):
        numbers_of(text, 5, name="--units")


def test_a_range_is_cut_where_it_is_left_out():
    """The first ones, as many as are shown at once."""
    assert range_of(None, 500, most=120, name="--steps") == range(120)
    assert range_of(None, 5, most=120, name="--steps") == range(5)
    assert range_of("20-60", 500, most=120, name="--steps") == range(19, 60)
    assert range_of("all", 500, most=120, name="--steps") == range(500)
    with pytest.raises(UsageError, match="expected a range"):
        range_of("1,3", 500, most=120, name="--steps")

"""The grid that times are moved to."""

from fractions import Fraction

import pytest

from rnnlab.errors import DataError
from rnnlab.music.grid import Grid, parse_grid, spell_grid


@pytest.mark.parametrize(
    ("lengths", "tick", "time"),
    [
        ("1/16", 0, Fraction(0)),
        ("1/16", 59, Fraction(0)),
        ("1/16", 60, Fraction(1, 16)),
        ("1/16", 119, Fraction(1, 16)),
        ("1/16,1/24", 160, Fraction(1, 12)),
        ("1/16,1/24", 118, Fraction(1, 16)),
        ("1/16,1/24", 82, Fraction(1, 24)),
        ("exact", 7, Fraction(7, 1920)),
    ],
)
def test_a_time_is_moved_to_the_nearest_of_the_grid(lengths, tick, time):
    """480 ticks a quarter note; halfway it is the later one; of two lengths the nearer counts."""
    grid = Grid(1920, parse_grid(lengths))

    assert grid.nearest(tick) * grid.step == time


def test_how_far_a_time_is_moved_is_in_quarter_notes():
    """115 of 480 ticks is 5 before a sixteenth."""
    assert Grid(1920, parse_grid("1/16")).shift(115) == Fraction(5, 480)
    assert Grid(1920, ()).shift(115) == 0


@pytest.mark.parametrize("text", ["1/16", "1/16,1/24", "exact"])
def test_a_grid_has_one_spelling(text):
    """What is said of a grid can be typed."""
    assert spell_grid(parse_grid(text)) == text


@pytest.mark.parametrize("text", ["", "16", "1/0", "1/385", "2/16", "1/16,", "1/x", "1/²", "1/99999999999"])
def test_what_is_no_grid_is_refused(text):
    """With what a grid looks like."""
    with pytest.raises(DataError, match=r"^expected a grid such as 1/16, "):
        parse_grid(text)

"""Durations and their one spelling."""

from fractions import Fraction

import pytest

from rnnlab.errors import DataError
from rnnlab.music.duration import parse_duration, spell_duration

WRITTEN = [
    f"{2**exponent}{'.' * dots}{factor}"
    for exponent in range(8)
    for dots in range(4)
    for factor in ["", *(f"*{n}/{d}" for n in range(1, 14) for d in range(1, 14)), "*3", "*2/3*4/5", "*99"]
]


def test_equal_durations_have_one_spelling():
    """Over 5,000 ways of writing: as many spellings as there are lengths, and each spells its own length."""
    lengths = {text: parse_duration(text) for text in WRITTEN}

    spellings = {text: spell_duration(length) for text, length in lengths.items()}

    assert all(parse_duration(spellings[text]) == lengths[text] for text in WRITTEN)
    assert len(set(spellings.values())) == len(set(lengths.values()))


@pytest.mark.parametrize(
    ("written", "length", "spelling"),
    [
        ("4", Fraction(1, 4), "4"),
        ("4.", Fraction(3, 8), "4."),
        ("1...", Fraction(15, 8), "1..."),
        ("8*2/3", Fraction(1, 12), "8*2/3"),
        ("8*4/6", Fraction(1, 12), "8*2/3"),
        ("4*1/3", Fraction(1, 12), "8*2/3"),
        ("4*1/2", Fraction(1, 8), "8"),
        ("8*3", Fraction(3, 8), "4."),
        ("8.*2/3", Fraction(1, 8), "8"),
        ("16*4/5", Fraction(1, 20), "16*4/5"),
        ("8*5", Fraction(5, 8), "1*5/8"),
        ("1*2", Fraction(2), "1*2"),
        ("128*1/2", Fraction(1, 256), "128*1/2"),
    ],
)
def test_the_spelling_follows_the_rule(written, length, spelling):
    """Dots where they can say it, else the shortest note that is long enough, times a fraction."""
    assert parse_duration(written) == length
    assert spell_duration(length) == spelling


@pytest.mark.parametrize(
    "text",
    [
        "",
        "3",
        "5",
        "256",
        "04",
        "٤",
        "4....",
        "4*",
        "4*0",
        "4*2/0",
        "4*10000",
        "4*2/3/4",
        "4*9998/9997*9996/9995",
        "9" * 5000,
    ],
)
def test_what_is_not_a_duration_is_refused(text):
    """Durations and multipliers are bounded, so no text makes numbers that grow without end."""
    with pytest.raises(DataError, match="expected"):
        parse_duration(text)

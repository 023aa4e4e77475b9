"""What newcomers write, and what they are told."""

import pytest

from rnnlab.errors import DataError
from rnnlab.music.notation import parse_token


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("C4", "c4"),
        ("c#4", "cis4"),
        ("C#4", "cis4"),
        ("c♯'8", "cis'8"),
        ("Bb4", "bes4"),
        ("bb4", "bes4"),
        ("eb8", "ees8"),
        ("a♭8", "aes8"),
        ("h8", "b8"),
        ("H8", "b8"),
        ("R1", "r1"),
        ("s2", "r2"),
        ("do4", "c4"),
        ("sol#4", "gis4"),
    ],
)
def test_other_notations_are_answered_with_what_was_meant(written, meant):
    """Scientific, English, German and sol-fa names are refused with the note that they name."""
    with pytest.raises(DataError, match="did you mean ") as raised:
        parse_token(written)

    assert str(raised.value).startswith(f"{written!r}: ")
    assert str(raised.value).endswith(f"did you mean {meant!r}?")


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("g", "its duration is missing; write it on every note, as in 'g4'"),
        ("g ~", "as in 'g4'"),
        ("<c e>", "as in '<c e>4'"),
        ("\\relative", "command"),
        ("%{ never closed", "close it with"),
        ("<c", "the chord is not closed"),
        ("<<c4", "the chord is not closed"),
        ("<c4 e4>", "stand after it"),
        ("<c~ e>4", "stand after it"),
        ("<>4", "a chord needs a pitch"),
        ("<c h>4", "expected a pitch"),
        ("<c r>4", "expected a pitch"),
        ("r4~", "a rest cannot be tied"),
        ("r'4", "expected a pitch"),
        ("", "expected a note such as"),
        ("4", "a duration stands after its pitch"),
        ("{", "between the braces"),
        ("hello", "expected a pitch"),
        ("(", "expected a note such as"),
    ],
)
def test_every_other_mistake_is_told_with_its_remedy(written, told):
    """What is not a note is refused by what is wrong with it."""
    with pytest.raises(DataError) as raised:
        parse_token(written)

    assert told in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_long_mistake_is_quoted_in_part():
    """A message stays a line long, however long the bad text is."""
    with pytest.raises(DataError) as raised:
        parse_token("z" * 100_000)

    assert len(str(raised.value)) < 200

"""Where music is moved to."""

import pytest

from rnnlab.errors import DataError
from rnnlab.music.keys import Key
from rnnlab.music.transposition import Transposition, parse_transposition, transposed_tokens
from rnnlab.music.tune import parse_tune

D_MAJOR = parse_tune("d2 e4 fis4 g4 a2 a4 b4 cis'4 d'1 a2 fis2 d1", name="a").notes


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-3", Transposition(-3)),
        ("+12", Transposition(12)),
        ("c", Transposition(tonic=0)),
        ("bes", Transposition(tonic=10)),
        ("d'", Transposition(tonic=2)),
    ],
)
def test_semitones_and_a_tonic_are_told_apart(text, expected):
    """The octave of a tonic says nothing."""
    assert parse_transposition(text) == expected


@pytest.mark.parametrize("text", ["h", "", "1.5", "--1", "9999", "c major"])
def test_what_is_neither_is_refused(text):
    """With an example of both."""
    with pytest.raises(DataError, match=r"^expected semitones such as -3, or a tonic such as c, received '"):
        parse_transposition(text)


def test_the_way_is_the_same_for_all_or_each_sequences_own():
    """Rests have no key, so they stay."""
    assert Transposition(-3).way_of(D_MAJOR) == (-3, None)
    assert Transposition(tonic=0).way_of(D_MAJOR) == (-2, Key(2, "major"))
    assert Transposition(tonic=0).way_of(parse_tune("r4", name="a").notes) == (0, None)


def test_each_token_becomes_another():
    """Rests, chords and ties keep their lengths; one spelling for each pitch."""
    assert transposed_tokens(["c4", "des8.~", "r2", "<c e>1*2/3"], 1) == {
        "c4": "cis4",
        "des8.~": "d8.~",
        "r2": "r2",
        "<c e>1*2/3": "<cis f>1*2/3",
    }

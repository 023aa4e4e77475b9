"""Tunes as lines of note text."""

import pytest

from rnnlab.errors import DataError
from rnnlab.music.notation import parse_notes
from rnnlab.music.tune import parse_tune, tune_text


@pytest.mark.parametrize("text", ["g8 e8 e4", "g8 e8 e4 % tempo 96", "<c e>4~ c8*2/3 % tempo 120.5"])
def test_a_line_of_notes_is_read_back(text):
    """With its tempo, and as note text without it."""
    assert tune_text(parse_tune(text, name="song")) == text
    assert " ".join(parse_notes(text)) == text.partition(" %")[0]


def test_the_first_tempo_counts():
    """Wherever its comment stands; other comments say nothing."""
    assert parse_tune("% a song at tempo 7\n%tempo 60\nc4 % tempo 90", name="song").tempo == 60
    assert parse_tune("c4 % tempo", name="song").tempo is None


def test_a_tempo_that_no_one_plays_is_refused():
    """MIDI has no beat longer than 16 seconds."""
    with pytest.raises(DataError, match=r"^song:1: % tempo: expected a tempo of 4 to 999, received '3'$"):
        parse_tune("c4 % tempo 3", name="song")

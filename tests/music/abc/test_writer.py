"""The exact ABC text that is written, and tunes that are written and read back."""

import pytest

from rnnlab.errors import DataError
from rnnlab.music.abc import read_abc, write_abc
from rnnlab.music.melody import Reading
from rnnlab.music.tune import parse_tune, tune_text
from tests.music.drawn_tunes import TUNE, drawn_tune, notes_without_metre
from tests.music.sounding import sounds


def reread(data):
    """The one tune of a written file."""
    (tune,) = read_abc(data, name="a", reading=Reading(polyphony="chords"))
    assert not isinstance(tune, DataError), tune
    return tune


def body(text):
    """The lines of music of the ABC text of a tune."""
    return write_abc(parse_tune(text, name="a")).decode().partition("\nK:")[2].split("\n", 1)[1].strip()


def test_without_a_metre_every_note_has_its_accidental_and_its_length():
    """Without bar lines an accidental would hold up to the end, so every note has its own."""
    assert write_abc(TUNE).decode() == (
        "X:1\nT:a\nM:none\nL:1/8\nQ:1/4=96\nK:none\n"
        "=C2 ^c3/2 (3:2:1_D, z4 [=C-^^E]2 [=C=G]5 =c'4 __B,,\n"
    )  # fmt: skip


def test_triplets_are_written_as_people_write_them():
    """Triplets are written `(3`, since other programs refuse lengths such as 2/3."""
    assert body("c8*2/3 d8*2/3 e8*2/3 c8*4/5 d8*4/5 e8*4/5 f8*4/5 g8*4/5 c4*2/3 d8*2/3") == (
        "(3=C=D=E (5:4:5=C=D=E=F=G (3:2:2=C2=D"
    )


def test_with_a_metre_it_has_bars_and_the_accidentals_that_the_key_does_not_say():
    """A note across a bar line is divided and tied; the pick-up is the first bar."""
    text = "a8 fis'4 f'8 f''4 fis'8 % meter 2/4, key g major, pickup 8"

    assert body(text) == "A | f2 =f =f'- | =f' ^f |]"


def test_what_cannot_be_written_is_refused_in_a_line():
    """ABC has tuplets of at most nine notes; the message is one line."""
    with pytest.raises(
        DataError, match=r"^a: ABC has tuplets of at most 9 notes, and the tune has one of 11; write"
    ):
        write_abc(parse_tune("c4*1/11", name="a"))


@pytest.mark.parametrize("random_seed", range(20))
def test_notes_come_back_to_the_token_without_a_metre(random_seed):
    """Spelling, ties, tuplets, chords and the tempo are read back unchanged."""
    tune = notes_without_metre(random_seed)

    assert tune_text(reread(write_abc(tune))) == tune_text(tune)


@pytest.mark.parametrize("random_seed", range(60))
def test_tunes_sound_as_they_did(random_seed):
    """The sounds, the metre, key, tempo and pick-up are read back unchanged."""
    tune = drawn_tune(random_seed)

    back = reread(write_abc(tune))

    assert sounds(back) == sounds(tune)
    assert (back.meter, back.key, back.tempo, back.pickup) == (tune.meter, tune.key, tune.tempo, tune.pickup)

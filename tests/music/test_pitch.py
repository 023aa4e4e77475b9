"""Pitches and their Dutch names."""

import pytest

from rnnlab.errors import DataError
from rnnlab.music.pitch import Pitch, parse_pitch

EVERY_PITCH = [
    pitch
    for letter in "cdefgab"
    for alteration in range(-2, 3)
    for octave in range(-5, 6)
    if 0 <= (pitch := Pitch(letter, alteration, octave)).midi <= 127
]


def test_every_pitch_is_read_back_from_its_spelling():
    """A pitch has one spelling, and the spelling one pitch."""
    assert [parse_pitch(str(pitch)) for pitch in EVERY_PITCH] == EVERY_PITCH
    assert len({str(pitch) for pitch in EVERY_PITCH}) == len(EVERY_PITCH)


@pytest.mark.parametrize(
    ("spelling", "midi"),
    [("c", 60), ("b,", 59), ("ces", 59), ("bis", 72), ("a", 69), ("c'", 72), ("c,,,,,", 0), ("g'''''", 127)],
)
def test_midi_number_counts_semitones_from_middle_c(spelling, midi):
    r"""`c` is MIDI 60, as in a LilyPond `\fixed c'` block."""
    assert parse_pitch(spelling).midi == midi


@pytest.mark.parametrize(
    ("short", "canonical"),
    [("as", "aes"), ("es", "ees"), ("ases", "aeses"), ("eses", "eeses"), ("es'", "ees'")],
)
def test_contracted_flats_are_spelled_out(short, canonical):
    """LilyPond contracts the flats of a and e; here each has one name."""
    assert str(parse_pitch(short)) == canonical


@pytest.mark.parametrize(
    "text", ["", "h", "C", "cs", "asas", "cis'is", "c',", "c,'", "c,,,,,,", "aes'''''", "c" + "'" * 9000]
)
def test_what_is_not_a_pitch_is_refused(text):
    """Unknown names, marks of both directions, and what MIDI lacks are errors that a user can read."""
    with pytest.raises(DataError, match=r"expected|written"):
        parse_pitch(text)

"""The MusicXML that is written, and tunes that are written and read back."""

from xml.etree import ElementTree

import pytest

from rnnlab.errors import DataError
from rnnlab.music.melody import Reading
from rnnlab.music.musicxml import read_musicxml
from rnnlab.music.musicxml_writer import write_musicxml
from rnnlab.music.tune import parse_tune
from tests.music.drawn_tunes import drawn_tune
from tests.music.sounding import sounds


def reread(data):
    """The one tune of a written file."""
    (tune,) = read_musicxml(data, name="a", reading=Reading(polyphony="chords"))
    assert not isinstance(tune, DataError), tune
    return tune


def test_a_score_has_what_a_program_needs_to_draw_it():
    """Notes have types, dots, tuplets and ties, and the accidentals that the key does not imply."""
    text = "fis'8 f'4. c8*2/3 d8*2/3 e8*2/3~ e4 % meter 2/4, key g major, tempo 90"

    root = ElementTree.fromstring(write_musicxml(parse_tune(text, name="a")))

    notes = root.findall(".//note")
    assert [note.findtext("type") for note in notes] == ["eighth", "quarter", *["eighth"] * 3, "quarter"]
    assert [note.findtext("accidental") for note in notes[:3]] == [None, "natural", None]


@pytest.mark.parametrize("random_seed", range(60))
def test_tunes_sound_as_they_did(random_seed):
    """The sounds, the metre, key, tempo and pick-up are read back unchanged."""
    tune = drawn_tune(random_seed)

    back = reread(write_musicxml(tune))

    assert sounds(back) == sounds(tune)
    assert (back.meter, back.key, back.tempo, back.pickup) == (tune.meter, tune.key, tune.tempo, tune.pickup)


def test_a_tune_without_a_metre_is_written_in_four_four():
    """Notes are tied across the bar lines of 4/4."""
    tune = parse_tune("c2. d2 <c e>1*2~ <e g>4", name="a")

    assert sounds(reread(write_musicxml(tune))) == sounds(tune)


def test_durations_that_musicxml_cannot_count_are_refused():
    """MusicXML divides a quarter note into at most 16,383 parts."""
    text = " ".join(f"c4*1/{number}" for number in (7, 9, 11, 13, 17))

    with pytest.raises(DataError, match=r"^a: MusicXML counts at most 16,383 parts of a quarter note; write"):
        write_musicxml(parse_tune(text, name="a"))

"""The key of a melody, and its notes in another."""

import pytest

from rnnlab.errors import DataError
from rnnlab.music.keys import Key, estimate_key, transpose
from rnnlab.music.tune import Tune, parse_tune, tune_text

MAJOR = "c4 d4 e4 f4 g2 g2 a4 a4 a4 a4 g2 f4 f4 f4 f4 e2 e2 d4 d4 d4 d4 c1"
MINOR = "a4 b4 c'4 d'4 e'2 e'4 d'4 c'4 b4 a2 e'4 f'4 e'4 d'4 c'4 b4 gis4 b4 a1"


def notes(text):
    """The notes of a text."""
    return parse_tune(text, name="a").notes


@pytest.mark.parametrize(("text", "tonic", "mode"), [(MAJOR, 0, "major"), (MINOR, 9, "minor")])
@pytest.mark.parametrize("way", range(-5, 7))
def test_a_melody_has_the_key_that_one_hears(text, tonic, mode, way):
    """Moved by semitones its tonic moves with it; the way back is the nearer one, and up if both are six."""
    key = estimate_key(transpose(notes(text), way))

    assert key == Key((tonic + way) % 12, mode)
    assert key.way_to(tonic) == (6 if way == 6 else -way)


def test_a_key_is_called_by_its_tonic_and_mode():
    """As in the notes."""
    assert [str(Key(3, "minor")), str(Key(0, "major"))] == ["ees minor", "c major"]


def test_transposed_notes_keep_their_lengths_and_ties():
    """Chords and rests too; what stays where it is is spelled as what was moved."""
    assert tune_text(Tune("a", transpose(notes("des4~ <c e>8. r2"), 2))) == "ees4~ <d fis>8. r2"
    assert tune_text(Tune("a", transpose(notes("des4"), 0))) == "cis4"


def test_what_leaves_the_range_of_midi_is_refused():
    """0 to 127."""
    with pytest.raises(DataError, match=r"^8 semitones would take it outside MIDI's 0 to 127"):
        transpose(notes("c4 c'''''4"), 8)

"""The estimated key of a melody, and transposed notes."""

import pytest

from rnnlab.errors import DataError
from rnnlab.music.files import Collection, transposed
from rnnlab.music.keys import (
    Key,
    Transposition,
    estimate_key,
    parse_transposition,
    transpose,
    transposed_tokens,
)
from rnnlab.music.meter import parse_key_signature
from rnnlab.music.tune import Tune, parse_tune, tune_text

MAJOR = "c4 d4 e4 f4 g2 g2 a4 a4 a4 a4 g2 f4 f4 f4 f4 e2 e2 d4 d4 d4 d4 c1"
MINOR = "a4 b4 c'4 d'4 e'2 e'4 d'4 c'4 b4 a2 e'4 f'4 e'4 d'4 c'4 b4 gis4 b4 a1"


def notes(text):
    """The notes of a text."""
    return parse_tune(text, name="a").notes


@pytest.mark.parametrize(("text", "tonic", "mode"), [(MAJOR, 0, "major"), (MINOR, 9, "minor")])
@pytest.mark.parametrize("way", range(-5, 7))
def test_a_melody_has_the_key_that_one_hears(text, tonic, mode, way):
    """The estimated tonic moves with the melody; the way back is the shorter one, up if both are 6."""
    key = estimate_key(transpose(notes(text), way))

    assert key == Key((tonic + way) % 12, mode)
    assert key.way_to(tonic) == (6 if way == 6 else -way)


def test_a_key_is_called_by_its_tonic_and_mode():
    """The tonic is spelled as in note text."""
    assert [str(Key(3, "minor")), str(Key(0, "major"))] == ["ees minor", "c major"]


def test_transposed_notes_keep_their_lengths_and_ties():
    """Chords, rests and ties keep their form; a shift by 0 also gives the standard spelling of each pitch."""
    assert tune_text(Tune("a", transpose(notes("des4~ <c e>8. r2"), 2))) == "ees4~ <d fis>8. r2"
    assert tune_text(Tune("a", transpose(notes("des4"), 0))) == "cis4"


@pytest.mark.parametrize(
    ("key", "semitones", "moved"),
    [
        ("c major", 2, "d major"),
        ("d dorian", -2, "c dorian"),
        ("b major", 2, "des major"),
        ("c major", 6, "fis major"),
        ("cis major", 0, "cis major"),
        ("cis major", -12, "cis major"),
    ],
)
def test_the_key_signature_of_a_tune_is_transposed_with_its_notes(key, semitones, moved):
    """The mode stays; by whole octaves the key signature stays as it is."""
    tune = Tune("a", notes("c4"), key=parse_key_signature(key))

    (found,) = transposed(Collection((tune,), 1, ()), Transposition(semitones)).tunes

    assert str(found.key) == moved


def test_what_leaves_the_range_of_midi_is_refused():
    """MIDI has the pitches 0 to 127."""
    with pytest.raises(DataError, match=r"^8 semitones would move a note out of MIDI's 0 to 127"):
        transpose(notes("c4 c'''''4"), 8)


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
    """A tonic may have octave marks, which are ignored."""
    assert parse_transposition(text) == expected


@pytest.mark.parametrize("text", ["h", "", "1.5", "--1", "9999", "c major"])
def test_what_is_neither_is_refused(text):
    """The message has an example of semitones and of a tonic."""
    with pytest.raises(DataError, match=r"^expected semitones such as -3, or a tonic such as c, received '"):
        parse_transposition(text)


def test_the_way_is_the_same_for_all_or_each_sequences_own():
    """Semitones are one shift for all; a tonic gives each sequence its own shift, and rests alone get 0."""
    assert Transposition(-3).way_of(D_MAJOR) == (-3, None)
    assert Transposition(tonic=0).way_of(D_MAJOR) == (-2, Key(2, "major"))
    assert Transposition(tonic=0).way_of(parse_tune("r4", name="a").notes) == (0, None)


def test_each_token_becomes_another():
    """Rests, chords and ties keep their lengths; each pitch gets its standard spelling."""
    assert transposed_tokens(["c4", "des8.~", "r2", "<c e>1*2/3"], 1) == {
        "c4": "cis4",
        "des8.~": "d8.~",
        "r2": "r2",
        "<c e>1*2/3": "<cis f>1*2/3",
    }

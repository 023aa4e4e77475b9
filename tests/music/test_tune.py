"""Tunes as lines of note text, and as sounds."""

from dataclasses import replace
from fractions import Fraction

import pytest

from rnnlab.errors import DataError
from rnnlab.music.notation import Note, Pitch, parse_notes, parse_token
from rnnlab.music.tune import Omissions, listed, omissions_of, parse_tune, sounds_of, tune_text


@pytest.mark.parametrize("text", ["g8 e8 e4", "g8 e8 e4 % tempo 96", "<c e>4~ c8*2/3 % tempo 120.5"])
def test_a_line_of_notes_is_read_back(text):
    """A tune with its tempo is read back unchanged; the notes alone are note text."""
    assert tune_text(parse_tune(text, name="song")) == text
    assert " ".join(parse_notes(text)) == text.partition(" %")[0]


def test_the_first_tempo_counts():
    """The first comment with a tempo counts, wherever it stands; other comments are ignored."""
    assert parse_tune("% a song at tempo 7\n%tempo 60\nc4 % tempo 90", name="song").tempo == 60
    assert parse_tune("c4 % tempo", name="song").tempo is None


def test_a_tempo_that_no_one_plays_is_refused():
    """A tempo below 4 is refused: MIDI has no beat longer than 16 seconds."""
    with pytest.raises(DataError, match=r"^song:1: % tempo: expected a tempo of 4 to 999, received '3'$"):
        parse_tune("c4 % tempo 3", name="song")


def sounds(text):
    """The sounds of a note text."""
    return sounds_of([parse_token(token) for token in parse_notes(text)])


@pytest.mark.parametrize(
    ("text", "items", "bounds"),
    [
        ("c4 r4 e4", {(0, 1, 60), (2, 3, 64)}, set()),
        ("c4~ c4", {(0, 2, 60)}, {1}),
        ("c4~ d4", {(0, 1, 60), (1, 2, 62)}, set()),
        ("c4~ r4", {(0, 1, 60)}, set()),
        ("<c e>4~ <c g>4", {(0, 2, 60), (0, 1, 64), (1, 2, 67)}, set()),
        ("c4 r4 r4", {(0, 1, 60)}, {2}),
        ("c4~", {(0, 1, 60)}, set()),
    ],
)
def test_a_tied_pitch_sounds_on_where_the_next_event_has_it(text, items, bounds):
    """Cases: (begin, end, pitch) in quarter notes, and the bounds: begins of events that change no sound."""
    found = sounds(text)

    assert {(sound.begin, sound.end, sound.pitch) for sound in found.items} == items
    assert (found.bounds, found.step) == (bounds, Fraction(1, 4))


def test_every_duration_is_a_whole_number_of_steps():
    """A triplet and a dotted note have a common step of a twelfth of a quarter note."""
    found = sounds("c8*2/3 c8. c2")

    assert found.step == Fraction(1, 48)
    assert [(sound.begin, sound.end) for sound in found.items] == [(0, 4), (4, 13), (13, 37)]


def test_durations_without_a_common_step_are_refused():
    """The common step may not be finer than MIDI's 32,767 ticks a quarter note."""
    notes = [Note((Pitch("c"),), Fraction(1, prime)) for prime in (101, 103, 107, 109)]

    with pytest.raises(DataError, match=r"^the durations divide a whole note into more than 131,068 parts"):
        sounds_of(notes)


def tune(name, *, shift=0.0, remarks=(), **left_out):
    """A tune with counts of what was left out."""
    kinds = {kind.replace("_", " "): count for kind, count in left_out.items()}
    return replace(parse_tune("c4", name=name), left_out=kinds, largest_shift=shift, remarks=tuple(remarks))


def test_the_counts_of_many_files_are_one_sentence():
    """Counts are added up by kind; a file without omissions counts as a file too."""
    found = omissions_of([
        tune("a.mid", notes_below_others=54_000, pitch_bends=11),
        tune("b.mid", notes_below_others=871, pitch_bends=1, shift=0.25),
        tune("c.mid", shift=0.125),
    ])  # fmt: skip

    assert found.left_out == {"notes below others": 54_871, "pitch bends": 12}
    assert found.sentences() == (
        "left out of 3 files: 54,871 notes below others, 12 pitch bends",
        "times are moved to the grid by up to 0.25 of a quarter note",
    )


def test_of_one_file_its_name_is_said():
    """If all tunes come from one file, the sentence names the file."""
    found = Omissions()
    found.add(tune("a.abc (X:1)", grace_notes=1), file="a.abc")
    found.add(tune("a.abc (X:2)", grace_notes=2), file="a.abc")

    assert found.sentences() == ("left out of a.abc: 3 grace notes",)


def test_nothing_is_said_where_nothing_is_left_out():
    """Tunes without omissions, and no tunes at all, give no sentence."""
    assert omissions_of([tune("a")]).sentences() == omissions_of([]).sentences() == ()


def test_a_remark_is_said_once_with_the_tunes_that_it_is_on():
    """At most three remarks are shown, with the number of the others."""
    voices = [tune(f"{name}.xml", remarks=["voice 1 of 2 is read (1, 2)"]) for name in "abc"]
    others = [tune(f"{number}.xml", remarks=[f"part 1 of {number} is read"]) for number in (2, 3, 4, 5)]

    assert omissions_of(voices).remarks() == ("a.xml (and 2 more): voice 1 of 2 is read (1, 2)",)
    assert omissions_of([*voices, *others]).remarks()[1:] == (
        "2.xml: part 1 of 2 is read",
        "3.xml: part 1 of 3 is read",
        "2 more remarks of this kind on 2 tunes",
    )


def test_one_of_a_kind_is_no_plural():
    """The noun before the preposition becomes singular."""
    kinds = ("notes below others", "pitch bends", "later tempi", "tempi outside 4 to 999", "grace notes")

    assert listed(dict.fromkeys(kinds, 1)) == [
        "1 note below others",
        "1 pitch bend",
        "1 later tempo",
        "1 tempo outside 4 to 999",
        "1 grace note",
    ]
    assert listed({"pitch bends": 1200}) == ["1,200 pitch bends"]

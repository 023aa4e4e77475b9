"""One line of notes from overlapping sounds, by each rule of polyphony."""

from fractions import Fraction

import pytest

from rnnlab.errors import DataError
from rnnlab.music import melody
from rnnlab.music.melody import Grid, line_of, parse_grid, spell_grid
from rnnlab.music.notation import spell
from rnnlab.music.tune import Sound, Sounds

C, E, G = 60, 64, 67


def line(polyphony, *items, end=0, bounds=(), step=Fraction(1, 4)):
    """The tokens of sounds given as (begin, end, pitch) in quarter notes."""
    last = max([end, *(item[1] for item in items)])
    sounds = Sounds(tuple(Sound(*item) for item in items), step, last, frozenset(bounds))
    return " ".join(map(spell, line_of(sounds, polyphony=polyphony)))


@pytest.mark.parametrize("polyphony", ["highest", "refuse", "chords"])
def test_one_voice_is_itself_by_every_rule(polyphony):
    """Rests fill the silence at the beginning, between notes and at the end."""
    assert line(polyphony, (1, 2, C), (2, 4, E), (5, 6, E), end=8) == "r4 c4 e2 r4 e4 r2"


@pytest.mark.parametrize(
    ("items", "tokens"),
    [
        ([(0, 1, C), (0, 2, G), (0, 4, E)], "g2 r2"),
        ([(0, 4, G), (1, 2, C)], "g1"),
        ([(0, 4, C), (1, 2, G)], "c4 g4 r2"),
        ([(0, 4, C), (1, 2, C)], "c4 c4 r2"),
        ([(0, 2, G), (1, 4, C), (2, 3, E)], "g2 e4 r4"),
    ],
)
def test_the_highest_note_cuts_off_what_is_below(items, tokens):
    """A lower note that began under a higher one is left out, and one that was cut off does not come back."""
    assert line("highest", *items) == tokens


def test_notes_that_sound_together_are_refused_with_their_place():
    """The message gives the time in quarter notes from the start."""
    with pytest.raises(
        DataError, match=r"^expected one note at a time, received c and g together after 1 qua"
    ):
        line("refuse", (0, 2, C), (1, 2, G))


@pytest.mark.parametrize(
    ("items", "tokens"),
    [
        ([(0, 4, C), (0, 1, E), (1, 2, G)], "<c e>4~ <c g>4~ c2"),
        ([(0, 1, C), (1, 2, C)], "c4 c4"),
        ([(0, 2, C), (0, 1, E), (1, 2, E)], "<c e>4 <c e>4"),
        ([(0, 4, C), (2, 3, C)], "c2 c4"),
        ([(0, 4, C), (0, 2, C)], "c1"),
        ([(0, 2, C), (1, 4, C), (3, 4, C)], "c4 c2 c4"),
    ],
)
def test_chords_change_when_what_sounds_changes(items, tokens):
    """A chord is tied if one of its pitches sounds on and no pitch of it is struck again."""
    assert line("chords", *items).split(" r")[0] == tokens


def test_bounds_divide_tied_notes_and_rests():
    """A bound divides an event at a time at which no sound begins or ends."""
    assert line("chords", (0, 2, C), end=4, bounds=[1, 3]) == "c4~ c4 r4 r4"


def test_a_length_that_has_no_spelling_is_refused():
    """The message proposes a coarser grid."""
    with pytest.raises(
        DataError, match=r"^note text cannot write a length of 1/10007 whole notes.* coarser grid"
    ):
        line("highest", (0, 1, C), step=Fraction(1, 10007))


def test_chords_without_end_are_refused(monkeypatch):
    """The number of pitches in chords has a limit, so a damaged file cannot fill the memory."""
    monkeypatch.setattr(melody, "MOST_PITCHES", 5)

    with pytest.raises(DataError, match="expected at most 5 pitches in chords; choose polyphony highest"):
        line("chords", *((n, 9, C + n) for n in range(4)))


@pytest.mark.parametrize(
    ("lengths", "tick", "time"),
    [
        ("1/16", 0, Fraction(0)),
        ("1/16", 59, Fraction(0)),
        ("1/16", 60, Fraction(1, 16)),
        ("1/16", 119, Fraction(1, 16)),
        ("1/16,1/24", 160, Fraction(1, 12)),
        ("1/16,1/24", 118, Fraction(1, 16)),
        ("1/16,1/24", 82, Fraction(1, 24)),
        ("exact", 7, Fraction(7, 1920)),
    ],
)
def test_a_time_is_moved_to_the_nearest_of_the_grid(lengths, tick, time):
    """At 480 ticks a quarter note: halfway the later time counts, and of two lengths the nearer multiple."""
    grid = Grid(1920, parse_grid(lengths))

    assert grid.nearest(tick) * grid.step == time


def test_how_far_a_time_is_moved_is_in_quarter_notes():
    """At 480 ticks a quarter note, tick 115 is 5 ticks before a sixteenth."""
    assert Grid(1920, parse_grid("1/16")).shift(115) == Fraction(5, 480)
    assert Grid(1920, ()).shift(115) == 0


@pytest.mark.parametrize("text", ["1/16", "1/16,1/24", "1/1", "exact"])
def test_a_grid_has_one_spelling(text):
    """The printed form of a grid can be typed in again."""
    assert spell_grid(parse_grid(text)) == text


@pytest.mark.parametrize(
    "text", ["", "16", "1/0", "1/385", "2/16", "1/16,", "1/x", "1/²", "1/0000000019", "1/99999999999"]
)
def test_what_is_no_grid_is_refused(text):
    """The message shows an example of a grid."""
    with pytest.raises(DataError, match=r"^expected a grid such as 1/16, "):
        parse_grid(text)

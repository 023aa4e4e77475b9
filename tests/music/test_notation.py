"""Note text as tokens."""

import itertools
import time
from fractions import Fraction

import pytest

from rnnlab.errors import DataError
from rnnlab.music.notation import (
    Note,
    canonical,
    parse_notes,
    parse_token,
    pitch_and_duration,
    place_of_note,
    sorting_key,
    spell,
)
from rnnlab.music.pitch import Pitch

HEADS = [
    "c",
    "cis",
    "des",
    "es",
    "ees",
    "ases",
    "b,",
    "c''",
    "r",
    "<c e g>",
    "<g c e>",
    "<c>",
    "<cis des>",
    "<e c c>",
]
LENGTHS = ["4", "4.", "8*3", "8*2/3", "8*4/6", "4*1/3", "4*1/2", "1*2", "2*4", "16*4/5"]
TOKENS = [
    head + length + tie
    for head, length, tie in itertools.product(HEADS, LENGTHS, ["", "~"])
    if not (head == "r" and tie)
]


def test_a_canonical_token_is_its_own_spelling():
    """canonical(canonical(x)) = canonical(x)."""
    once = [canonical(token) for token in TOKENS]

    assert [canonical(token) for token in once] == once


def test_equal_events_have_one_spelling_and_different_ones_two():
    """Two tokens are spelled alike if and only if their pitches, duration and tie are equal."""
    spellings: dict[Note, set[str]] = {}
    for token in TOKENS:
        spellings.setdefault(parse_token(token), set()).add(canonical(token))

    assert all(len(of_one_note) == 1 for of_one_note in spellings.values())
    assert len(set().union(*spellings.values())) == len(spellings)


@pytest.mark.parametrize(
    ("written", "spelled"),
    [
        ("<g c e>4", "<c e g>4"),
        ("<c e c>4", "<c e>4"),
        ("<c>4", "c4"),
        ("< c\n e >4", "<c e>4"),
        ("g4 ~", "g4~"),
        ("as8", "aes8"),
        ("c8*4/6", "c8*2/3"),
        ("<des cis>4", "<cis des>4"),
    ],
)
def test_the_one_spelling_is_the_plainest(written, spelled):
    """Chords from low to high without doubles, names spelled out, fractions in lowest terms."""
    assert canonical(written) == spelled


def test_enharmonics_stay_apart():
    """cis and des sound alike and are two notes."""
    assert parse_notes("cis4 des4") == ["cis4", "des4"]


def test_a_note_is_its_pitches_its_duration_and_its_tie():
    """`<c' ees>8.~` read by hand."""
    note = Note((Pitch("e", -1, 0), Pitch("c", 0, 1)), Fraction(3, 16), tied=True)

    assert parse_token("<c' ees>8.~") == note
    assert spell(note) == "<ees c'>8.~"


def test_bar_checks_comments_and_white_space_are_dropped():
    """Only the notes of a text are tokens."""
    text = "% title | g1\ng8|e8 %{ two\nlines | c4 %} e4\r\n\tf8 | %\n  d8d4"

    assert parse_notes(text) == ["g8", "e8", "e4", "f8", "d8", "d4"]


def test_a_text_without_notes_has_no_tokens():
    """Comments alone are no notes, and no error either."""
    assert parse_notes("% nothing\n | \n") == []


def test_the_first_bad_note_is_named_with_its_place():
    """`name:line:column`, each counted from 1."""
    with pytest.raises(DataError, match=r"^song\.notes:3:4: 'h8': "):
        parse_notes("% title\nc4 d4\ne4 h8 X", name="song.notes")


def test_a_note_is_found_again_by_its_index():
    """The place of the n-th token is where its text begins."""
    text = "% c4\nc4 | d4\n  <e g>4"

    assert [place_of_note(text, index) for index in range(3)] == ["2:1", "2:6", "3:3"]


def test_vocabularies_are_ordered_by_length_and_then_by_pitch():
    """The lecture numbers its 14 notes so."""
    lecture = ["c4", "d4", "e4", "f4", "g4", "a4", "b4", "c8", "d8", "e8", "f8", "g8", "a8", "b8"]

    assert sorted(sorted(lecture), key=sorting_key) == lecture
    assert sorted(["<c e>8", "c8~", "r8", "c8", "b,8", "r4", "c,4"], key=sorting_key) == [
        "r4", "c,4", "r8", "b,8", "c8", "c8~", "<c e>8",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("token", "numbers"),
    [("c4", (60.0, 1.0)), ("<c e g>2", (67.0, 2.0)), ("r8", (None, 0.5)), ("a8*2/3", (69.0, 1 / 3))],
)
def test_a_note_as_two_numbers(token, numbers):
    """The MIDI number of the highest note, and quarter notes."""
    assert pitch_and_duration(token) == pytest.approx(numbers)


def test_a_megabyte_is_read_in_about_a_second():
    """Each spelling is understood once, however often it is written."""
    text = "g8 e8 e4 | <c e g>4. cis'8*2/3\n" * 33_000
    begin = time.perf_counter()

    tokens = parse_notes(text)

    assert len(tokens) == 5 * 33_000
    assert time.perf_counter() - begin < 3

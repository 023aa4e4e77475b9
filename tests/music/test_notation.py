"""Note text as tokens."""

import itertools
import time
from fractions import Fraction

import pytest

from rnnlab.errors import DataError
from rnnlab.music.notation import (
    Note,
    Pitch,
    canonical,
    parse_duration,
    parse_notes,
    parse_pitch,
    parse_token,
    pitch_and_duration,
    place_of_note,
    sorting_key,
    spell,
    spell_duration,
)

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


WRITTEN = [
    f"{2**exponent}{'.' * dots}{factor}"
    for exponent in range(8)
    for dots in range(4)
    for factor in ["", *(f"*{n}/{d}" for n in range(1, 14) for d in range(1, 14)), "*3", "*2/3*4/5", "*99"]
]


def test_equal_durations_have_one_spelling():
    """Over 5,000 ways of writing: as many spellings as there are lengths, and each spells its own length."""
    lengths = {text: parse_duration(text) for text in WRITTEN}

    spellings = {text: spell_duration(length) for text, length in lengths.items()}

    assert all(parse_duration(spellings[text]) == lengths[text] for text in WRITTEN)
    assert len(set(spellings.values())) == len(set(lengths.values()))


@pytest.mark.parametrize(
    ("written", "length", "spelling"),
    [
        ("4", Fraction(1, 4), "4"),
        ("4.", Fraction(3, 8), "4."),
        ("1...", Fraction(15, 8), "1..."),
        ("8*2/3", Fraction(1, 12), "8*2/3"),
        ("8*4/6", Fraction(1, 12), "8*2/3"),
        ("4*1/3", Fraction(1, 12), "8*2/3"),
        ("4*1/2", Fraction(1, 8), "8"),
        ("8*3", Fraction(3, 8), "4."),
        ("8.*2/3", Fraction(1, 8), "8"),
        ("16*4/5", Fraction(1, 20), "16*4/5"),
        ("8*5", Fraction(5, 8), "1*5/8"),
        ("1*2", Fraction(2), "1*2"),
        ("128*1/2", Fraction(1, 256), "128*1/2"),
    ],
)
def test_the_spelling_follows_the_rule(written, length, spelling):
    """Dots where they can say it, else the shortest note that is long enough, times a fraction."""
    assert parse_duration(written) == length
    assert spell_duration(length) == spelling


@pytest.mark.parametrize(
    "text",
    [
        "",
        "3",
        "5",
        "256",
        "04",
        "٤",
        "4....",
        "4*",
        "4*0",
        "4*2/0",
        "4*10000",
        "4*2/3/4",
        "4*9998/9997*9996/9995",
        "9" * 5000,
    ],
)
def test_what_is_not_a_duration_is_refused(text):
    """Durations and multipliers are bounded, so no text makes numbers that grow without end."""
    with pytest.raises(DataError, match="expected"):
        parse_duration(text)


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


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("C4", "c4"),
        ("c#4", "cis4"),
        ("C#4", "cis4"),
        ("c♯'8", "cis'8"),
        ("Bb4", "bes4"),
        ("bb4", "bes4"),
        ("eb8", "ees8"),
        ("a♭8", "aes8"),
        ("h8", "b8"),
        ("H8", "b8"),
        ("R1", "r1"),
        ("s2", "r2"),
        ("do4", "c4"),
        ("sol#4", "gis4"),
    ],
)
def test_other_notations_are_answered_with_what_was_meant(written, meant):
    """Scientific, English, German and sol-fa names are refused with the note that they name."""
    with pytest.raises(DataError, match="did you mean ") as raised:
        parse_token(written)

    assert str(raised.value).startswith(f"{written!r}: ")
    assert str(raised.value).endswith(f"did you mean {meant!r}?")


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("g", "the duration is missing; write one on every note, as in 'g4'"),
        ("g ~", "as in 'g4'"),
        ("<c e>", "as in '<c e>4'"),
        ("\\relative", "command"),
        ("%{ never closed", "close it with"),
        ("<c", "the chord is not closed"),
        ("<<c4", "the chord is not closed"),
        ("<c4 e4>", "stand after it"),
        ("<c~ e>4", "stand after it"),
        ("<>4", "a chord needs a pitch"),
        ("<c h>4", "expected a pitch"),
        ("<c r>4", "expected a pitch"),
        ("r4~", "a rest cannot be tied"),
        ("r'4", "expected a pitch"),
        ("", "expected a note such as"),
        ("4", "a duration stands after its pitch"),
        ("{", "between the braces"),
        ("hello", "expected a pitch"),
        ("(", "expected a note such as"),
    ],
)
def test_every_other_mistake_is_told_with_its_remedy(written, told):
    """What is not a note is refused by what is wrong with it."""
    with pytest.raises(DataError) as raised:
        parse_token(written)

    assert told in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_long_mistake_is_quoted_in_part():
    """A message stays a line long, however long the bad text is."""
    with pytest.raises(DataError) as raised:
        parse_token("z" * 100_000)

    assert len(str(raised.value)) < 200

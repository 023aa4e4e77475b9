"""ABC files: tunes, voices, counts and remarks, and errors."""

import random

import pytest

from rnnlab.errors import DataError
from rnnlab.music.abc import read_abc
from rnnlab.music.melody import Reading
from rnnlab.music.notation import spell
from rnnlab.music.tune import tune_text

HEAD = "X:1\nT:a\nM:4/4\nL:1/4\nK:C\n"


def read(text, **reading):
    """The tunes of a text, each as note text without its comment, or as the message of its error."""
    found = read_abc(text.encode(), name="a.abc", reading=Reading(**reading))
    return [str(tune) if isinstance(tune, DataError) else " ".join(map(spell, tune.notes)) for tune in found]


def only(text, **reading):
    """The one tune of a text."""
    (tune,) = read_abc(text.encode(), name="a.abc", reading=Reading(**reading))
    assert not isinstance(tune, DataError), tune
    return tune


def test_a_tune_is_for_itself():
    """The error of a tune names its line and column, and the other tunes are read."""
    text = "X:1\nL:1/4\nK:C\nC\n\nX:2\nL:1/4\nK:C\nC D#\n\nX:3\nL:1/4\nK:C\nE\n"

    assert read(text) == [
        "c4",
        "a.abc:9:4: expected a note, received '#'; a sharp is written before the note, as in ^F",
        "e4",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "%abc-2.1\nM:3/4\nL:1/4\nR:waltz\n\nX:1\nT:a\nK:G\nF\n",
        "\ufeffX:1\nL:1/4\nK:G\nF\n",
        "X: 1\r\nL: 1/4\r\nK: G\r\nF\r\n",
        "X:1\rL:1/4\rK:G\rF\r",
        "A bad tune, see above.\n\nX:1\nL:1/4\nK:G\nF\n\nMore bad words: CDEF\n",
        "L:1/4\nK:G\n  F\n",
    ],
    ids=["file header", "mark", "crlf", "cr", "free text", "no number"],
)
def test_a_file_may_have_a_header_text_between_tunes_and_any_line_ends(text):
    """ABC 2.1, section 2.2; the fields of the file header hold for each tune."""
    assert read(text) == ["fis4"]


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "utf-8-sig"])
def test_encodings_that_tell_themselves_are_read(encoding):
    """Old files are in Latin-1, files of Windows in UTF-16 with a byte order mark."""
    (tune,) = read_abc(f"{HEAD}T:Caf\xe9\nC\n".encode(encoding), name="a", reading=Reading())

    assert tune_text(tune) == "c4 % meter 4/4, key c major"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("M:2/4\n", "c16"),
        ("M:3/4\n", "c8"),
        ("M:6/8\n", "c8"),
        ("M:C\n", "c8"),
        ("M:C|\n", "c8"),
        ("M:none\n", "c8"),
        ("", "c8"),
        ("M:2/4\nL:1/2\n", "c2"),
        ("L:1\n", "c1"),
    ],
)
def test_the_unit_follows_from_the_metre_where_nothing_says_it(fields, expected):
    """ABC 2.1, section 3.1.7."""
    assert read(f"X:1\n{fields}K:C\nC\n") == [expected]


def test_a_metre_in_the_body_leaves_the_unit():
    """The unit note length follows from the metre of the header only."""
    assert read("X:1\nM:4/4\nK:C\nC8|\nM:2/4\nC4|\n") == ["c1 c2"]


@pytest.mark.parametrize(
    ("tempo", "expected"),
    [
        ("1/4=96", 96),
        ('"Fast" 3/8=80', 120),
        ("3/8=80", 120),
        ("1/8 1/8 1/4=60", 120),
        ("120", 60),
        ("C=120", 60),
        ("C3=40", 60),
        ('"Andante"', None),
    ],
)
def test_tempi_of_all_ages(tempo, expected):
    """Tempi are given in quarter notes a minute; without a note length they count units, here eighths."""
    assert only(f"X:1\nQ:{tempo}\nL:1/8\nK:C\nC\n").tempo == expected


def test_what_a_score_says_is_kept():
    """The first metre and key are kept; a first bar that is too short is a pick-up."""
    tune = only("X:1\nM:3/4\nL:1/4\nK:D dor\nD|EFG|[M:2/4][K:G]AB|\n")

    assert tune_text(tune) == "d4 e4 f4 g4 a4 b4 % meter 3/4, key d dorian, pickup 4"
    assert tune.left_out == {"later meters": 1, "later keys": 1}


VOICES = {
    "blocks": "V:1\nC D|E2|\nV:2\nc d|e2|\n",
    "interleaved": "V:1\nC D|\nV:2\nc d|\nV:1\nE2|\nV:2\ne2|\n",
    "inline": "[V:1]C D|\n[V:2]c d|\n[V:1]E2|\n[V:2]e2|\n",
    "one line": "[V:1]C D|E2|[V:2]c d|e2|\n",
}


@pytest.mark.parametrize("body", VOICES.values(), ids=VOICES)
def test_voices_are_followed_however_they_are_written(body):
    """The first voice is read unless a name or a number chooses another."""
    first = only(HEAD + body)

    assert " ".join(map(spell, first.notes)) == "c4 d4 e2"
    assert first.left_out == {"notes of other voices": 3}
    assert first.remarks == ("voice 1 of 2 is read (1, 2)",)
    assert read(HEAD + body, voice="2") == ["c'4 d'4 e'2"]


def test_a_voice_has_its_own_key_clef_and_rhythm():
    """A field in the body holds for its voice only, a field in the header for all voices."""
    text = (
        "X:1\nL:1/4\nM:4/4\nV:tenor clef=treble-8\nV:bass transpose=-12\nK:G\n"
        "V:tenor\nF>\nV:bass\n[K:C]F [L:1/8]F\nV:tenor\nF F|\n"
    )

    assert read(text, voice="tenor") == ["fis,4. fis,8 fis,4"]
    assert read(text, voice="bass") == ["f,4 f,8"]
    assert read(text, track=2) == ["f,4 f,8"]
    assert read(text, voice="alto") == [
        "a.abc:12:1: expected one of the voices 1 (V:tenor), 2 (V:bass), received 'alto'"
    ]


def test_what_is_left_out_is_counted_by_kind():
    """The kinds have the same names as in other formats."""
    tune = only(f"{HEAD}|:[CEG] {{ga}}C:|:D::E:|\nQ:1/4=80\nQ:1/4=90\n")

    assert tune.left_out == {"notes below others": 2, "grace notes": 2, "repeats": 3, "later tempi": 1}
    assert only(f"{HEAD}[CEG]\n", polyphony="chords").left_out == {}


def test_an_overlay_is_another_voice():
    """An overlay ends at the bar line; the main voice then goes on with its own accidentals and rhythm."""
    tune = only(f"{HEAD}^C D E F & G4|c4|\n")

    assert " ".join(map(spell, tune.notes)) == "cis4 d4 e4 f4 c'1"
    assert tune.left_out == {"notes of other voices": 1}


def test_music_after_an_empty_line_is_said_to_be_left_out():
    """An empty line ends a tune; a remark says so if music follows."""
    tune = only(f"{HEAD}C\n\nD|E|\nF|\n")

    assert tune.remarks == (
        "lines 8 to 9 have bar lines and stand after an empty line, which ends a tune: left out",
    )


REFUSED = {
    "V:1\nC|\nV:1 clef=nothing\nD": "8:3: expected a clef such as treble, bass or treble-8, received"
    " 'nothing'",
    "C D |: E : F": "6:10: expected a note or another symbol of ABC, received ': F'",
    "C ^/D": "6:3: expected a note after the accidental, received a quarter tone, which is not supported",
    "C =\nD": "6:3: expected a note after the accidental, received the end of the line",
    "C = D": "6:3: expected a note after the accidental, received ' '",
    "C F#": "6:4: expected a note, received '#'; a sharp is written before the note, as in ^F",
    "C [CE": "6:3: expected ] on the same line, received none",
    "C {gC": "6:3: expected } on the same line, received none",
    'C "Am C': "6:3: expected a closing quotation mark on the same line, received none",
    "C [C?]": "6:3: expected notes in a chord, received '?'",
    "C []": "6:3: expected notes in a chord, received none",
    "C +CE+": "6:3: expected a decoration between plus signs, received '+CE+'; write a chord as in [CEG]",
    "C0": "6:1: expected a length above 0, received '0'",
    "C/0": "6:1: expected a length above 0, received '/0'",
    "C//3": "6:1: expected a length such as 2, /2 or 3/2, received '//3'",
    "(3C(3DEF": "6:4: a tuplet within a tuplet is not supported; write the lengths as fractions",
    "(3CD": "6:1: expected 1 more note in the tuplet, received the end of the tune",
    "C (12DE": "6:3: expected a tuplet of 2 to 9 notes such as (3, received '(12'",
    ">C": "6:1: expected a note before '>', received none",
    "C>": "6:1: expected a note after the broken rhythm, received the end of the tune",
    "C>D2": "6:3: expected two notes of one length around a broken rhythm, received lengths of 1/4"
    " and 1/2 whole notes; write both lengths",
    "C>>>>>D": "6:2: expected at most 4 of '>' or '<' together, received '>>>>>';"
    " write the lengths as numbers",
    "-C": "6:1: expected a note before the tie '-', received none",
    "z-C": "6:2: expected a note before the tie '-', received none",
    "[M:none]Z": "6:9: expected a metre (M:) before a rest of whole bars, received none; write rests as z",
    "C && D": "6:3: an overlay over several bars (&&) is not supported; write"
    " the overlay as a voice of its own (V:)",
    "m:~g2={a}g{f}g\nC": "6:3: macros (m:) are not supported; write the notes that they stand for",
    "%%MIDI transpose 2\nC": "6:1: %%MIDI transpose is not supported; write transpose= after the key",
    "[K:H]C": "6:1: expected a key such as G, Am, D mix or none, received 'H'",
    "[K:Gfoo]C": "6:1: expected a key such as G, Am, D mix or none, received 'Gfoo'",
    "[K:Dclef=bass]C": "6:1: expected a key such as G, Am, D mix or none, received 'Dclef=bass'",
    "[K:G foo]C": "6:1: expected a mode such as maj, min, dor or mix, an accidental such as ^f, or a clef"
    " after the key, received 'foo'",
    "[K:EM]C": "6:1: expected a mode such as maj, m, dor or mix after the key, received 'M'",
    "[K:G#]C": "6:1: expected a key of at most seven sharps or flats, received 'G#'",
    "[K:C sound=D]C": "6:1: sound= is not supported; write the sounding pitches, or use transpose=",
    "[K:C transpose=x]C": "6:1: expected a number after transpose=, received 'x'",
    "[M:4:4]C": "6:1: expected a metre such as 3/4, C, C| or none, received '4:4'",
    "[L:0]C": "6:1: expected a note length such as 1/8, received '0'",
    "C,,,,,,": "6:1: expected a pitch that MIDI has, from C,,,,, to g''''', received a lower or higher pitch",
    "z4": "6:1: expected notes, received none",
    "Z0 C": "6:1: expected a rest of 1 to 9999 bars such as Z4, received 'Z0'",
    f"Z{'9' * 5000} C": f"6:1: expected a rest of 1 to 9999 bars such as Z4, received 'Z{'9' * 39}'",
    f"(3:{'9' * 5000}:3 CDE": f"6:1: expected a tuplet such as (3 or (3:2:3, received '(3:{'9' * 37}'",
    "[U:T]C": "6:1: expected a definition such as U:T = !trill!, received 'T'",
}


@pytest.mark.parametrize(("body", "expected"), REFUSED.items())
def test_what_is_not_supported_is_refused_by_line_and_column(body, expected):
    """The error is one line with line and column; nothing is guessed."""
    assert read(f"{HEAD}{body}\n") == [f"a.abc:{expected}"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("X:1\nT:a\n", "a.abc:2:1: expected a key (K:) at the end of the tune's header, received none"),
        ("X:1\nK:C\n", "a.abc:2:1: expected notes, received none"),
        (
            "X:1\nQ:C1/0=40\nK:C\nC\n",
            "a.abc:2:3: expected a note length such as 1/8, received '1/0'",
        ),
        (
            "X:1\nQ:1/4=9999\nK:C\nC\n",
            "a.abc:2:3: expected a tempo such as 1/4=120, of 4 to 999 quarter notes a minute, received"
            " '1/4=9999'",
        ),
        ("X:1\nM:9/7\nK:C\nC\n", "a.abc:2:3: expected a metre such as 3/4, C, C| or none, received '9/7'"),
    ],
)
def test_a_header_that_says_nothing_right_is_refused(text, expected):
    """The error names the line of the header."""
    assert read(text) == [expected]


def test_a_line_of_the_header_that_is_no_field_is_said():
    """A line of the header that is not a field is left out with a remark; music begins after the key."""
    assert only("X:1\n3/8=120\nK:C\nC\n").remarks == ("line 2 of the header is not a field: left out",)


def test_damaged_tunes_are_read_or_refused_in_one_line():
    """With characters changed, lost or inserted anywhere, a tune gives notes or an error of one line."""
    rng = random.Random(0)
    text = f'{HEAD}|:"Am"C2 D>E (3ABc d2|z2 [DFA]4-[DFA] A2-|A4 {{g}}^g2 =g2:|\nV:2\nw:a b\n[K:D]F&G|\n'
    for _ in range(600):
        damaged = list(text)
        for _ in range(rng.choice([1, 3, 9])):
            place = rng.randrange(len(damaged))
            damaged[place : place + rng.randint(0, 3)] = rng.choices(
                "|:[]()0189^_=~zZX\t*<>&/-'\"!+{}KMVU\n", k=rng.randint(0, 3)
            )
        for tune in read("".join(damaged)):
            assert "\n" not in tune

"""Kern: the notes of a voice keep their times through splits, joins and exchanges of spines."""

import random

import pytest

from rnnlab.errors import DataError
from rnnlab.music.kern import read_kern, write_kern
from rnnlab.music.melody import Reading
from rnnlab.music.meter import KeySignature, Meter
from rnnlab.music.tune import parse_tune, tune_text
from tests.music.drawn_tunes import TUNE, drawn_tune, notes_without_metre
from tests.music.sounding import sounds


def kern(*lines):
    """A kern text; a space within a line stands for a tab, and `&` for the space in a chord."""
    return "\n".join("\t".join(line.split()).replace("&", " ") for line in lines) + "\n"


def read(*lines, **reading):
    """The tune of a kern text of these lines."""
    (tune,) = read_kern(kern(*lines).encode(), name="a.krn", reading=Reading(**reading))
    if isinstance(tune, DataError):
        raise tune
    return tune


def notes(*lines, **reading):
    """The note text of the tune of these lines, without the comment on metre, key and tempo."""
    return " ".join(tune_text(tune).partition(" %")[0] for tune in [read(*lines, **reading)])


SPLIT = ("**kern", "*M4/4", "=1", "4c", "4d", "*^", "4e 4C", "4f 4D", "*v *v", "=2", "1g", "*-")


def test_what_stands_before_a_split_in_its_bar_is_kept():
    """The first voice goes on in the left half; the right half is another voice with rests around it."""
    assert notes(*SPLIT) == "c4 d4 e4 f4 g1"
    assert notes(*SPLIT, voice="2") == "r2 c,4 d,4 r1"

    tune = read(*SPLIT)

    assert tune.remarks == ("voice 1 of 2 is read (1, 2)",)
    assert tune.left_out == {"notes of other voices": 2}


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (("4c", "*^", "4d 4D", "= =", "4e 4E", "4f .", "*v *v", "2g"), "c4 d4 e4 f4 g2"),
        (("*^", "4c 4C", "*^ *", "4d 4B 4D", "*v *v *", "4e 4E", "*v *v", "4f"), "c4 d4 e4 f4"),
        (("*^", "4c 4C", "* *^", "4d 4B 4D", "*v *v *v", "4e"), "c4 d4 e4"),
        (("*^", "2c 4C", ". 4D", "*v *v", "2e"), "c2 e2"),
        (("*^", "4c 2C", "*^ *", "4d 4B .", "*v *v *", "2e 2E", "*v *v", "4f"), "c4 d4 e2 f4"),
        (("*^", "4c 4C", "*x *x", "4D 4d", "*x *x", "4e 4E", "*v *v", "4f"), "c4 d4 e4 f4"),
        (("4c", "*+", "* **kern", "4d 4D", "* *-", "4e"), "c4 d4 e4"),
        (("4c", "*+", "* **text", "4d la", "* *-", "4e"), "c4 d4 e4"),
        (("*^", "4c 4C", "*v *v", "*^", "4d 4D", "*v *v", "4e"), "c4 d4 e4"),
    ],
    ids="bar_line nested nested_right sustained split_under_note exchanged added added_text twice".split(),
)
def test_a_voice_goes_on_through_splits_joins_exchanges_and_new_spines(lines, expected):
    """The notes before and after keep their times, within a bar and across bar lines."""
    assert notes("**kern", *lines, "*-") == expected


def test_two_spines_change_places():
    """After an exchange a part continues in the other column."""
    lines = ("**kern **kern", "4C 4c", "*x *x", "4d 4D", "4e 4E", "*- *-")

    assert notes(*lines) == "c4 d4 e4"
    assert notes(*lines, track=2) == "c,4 d,4 e,4"


def test_a_spine_of_a_split_part_beside_another_is_timed_by_its_own_notes():
    """Cases: a half note against two quarters, a silent sub-spine, a line with a note of one part only."""
    lines = (
        "**kern **kern", "4C 2c", "4D .", "* *^", "2E 4d 4B", ". 4e .", "* *v *v", "4F 2f", "4G .", "*- *-",
    )  # fmt: skip

    assert notes(*lines) == "c2 d4 e4 f2"
    assert notes(*lines, voice="2") == "r2 b,4 r2."
    assert notes(*lines, track=2) == "c,4 d,4 e,2 f,4 g,4"


def test_a_spine_may_split_under_a_note_that_sounds_on():
    """The first note of the new half begins at the time of the other notes on its line."""
    lines = ("**kern **kern", "4C 2c", "* *^", "4D . 4g", "2E 2d 2f", "* *v *v", "4F 4a", "*- *-")

    assert notes(*lines) == "c2 d2 a4"
    assert notes(*lines, voice="2") == "r4 g4 f2 r4"


def test_a_part_that_begins_later_rests_until_then():
    """A spine that is added later is the last part; a text spine is no part."""
    lines = ("**text **kern", "la 4c", "* *+", "* * **kern", "li 4d 4D", ". 4e 4E", "*- *- *-")

    assert notes(*lines) == "c4 d4 e4"
    assert notes(*lines, track=2) == "r4 d,4 e,4"


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("8c&e&g", "<c e g>8"),
        ("4..cc#;", "cis'4.."),
        ("0BB--", "beses,,1*2"),
        ("00c", "c1*4"),
        ("3%2c", "c1*2/3"),
        ("12c", "c8*2/3"),
        ("(4en/JL", "e4"),
        ("4ryy", "r4"),
        ("4rgg", "r4"),
        ("4cyy", "c4"),
        ("4.f##)", "fisis4."),
        ("4R", "r4"),
        ("4c&4r", "c4"),
    ],
)
def test_a_note_is_read_whatever_signs_stand_around_it(token, expected):
    """A chord has the length of its first note; 0 is a breve, 00 a long, 3%2 two thirds of a whole note."""
    assert notes("**kern", "4b", token, "*-", polyphony="chords") == f"b4 {expected}"


def test_sections_that_are_to_be_repeated_are_counted():
    """A section is read once, as it is written, and its repetitions are counted."""
    tune = read("**kern", "*>[A,A,B]", "*>A", "4c", "*>B", "4d", "*-")

    assert (tune_text(tune), tune.left_out) == ("c4 d4", {"repeats": 1})


def test_ties_lead_to_the_note_that_ends_them():
    """A tie without an end is left out; two chords tie all the pitches that both have, or none."""
    assert notes("**kern", "[4c", "4c_", "4c]", "[4c", "4c", "*-") == "c4~ c4~ c4 c4 c4"
    chords = ("**kern", "[4c&[4e", "4c]&4e]", "[4c&4e", "4c]&4e", "[4c&4e", "4c]&4f", "*-")
    assert notes(*chords, polyphony="chords") == "<c e>4~ <c e>4 <c e>4 <c e>4 <c e>4~ <c f>4"
    assert read(*chords, polyphony="chords").left_out == {"ties of some notes of a chord": 1}
    assert notes(*chords) == "e4~ e4 e4 e4 e4 f4"


def test_grace_notes_cue_notes_and_lower_notes_are_counted():
    """Each kind of omitted note has a count; a cue note leaves a rest."""
    tune = read("**kern", "8ddq", "4c", "qqf", "*cue", "4d", "*Xcue", "4e&4g", "=:|!", "4R", "*-")

    assert tune_text(tune).partition(" %")[0] == "c4 r4 g4 r4"
    assert tune.left_out == {
        "grace notes": 2,
        "cue notes": 1,
        "notes below others": 1,
        "repeats": 1,
        "unpitched notes": 1,
    }


@pytest.mark.parametrize(
    ("said", "key"),
    [
        (("*k[f#c#]", "*D:"), KeySignature("d", "major")),
        (("*k[b-e-]", "*g:"), KeySignature("g", "minor")),
        (("*k[]", "*d:dor"), KeySignature("d", "dorian")),
        (("*k[f#]", "*D:mix"), KeySignature("d", "mixolydian")),
        (("*k[f#c#]",), KeySignature("d", "major")),
        (("*k[b-]", "*d:dor"), KeySignature("f", "major")),
        (("*e-:",), KeySignature("ees", "minor")),
        (("*k[f#g#]",), None),
        ((), None),
    ],
)
def test_the_key_is_that_of_the_signature_in_the_mode_that_is_said(said, key):
    """A mode whose number of sharps differs from the signature is ignored."""
    assert read("**kern", *said, "4c", "*-").key == key


@pytest.mark.parametrize(
    ("said", "meter", "left_out"),
    [
        ("*M3/4", Meter(3, 4), {}),
        ("*M3+2/8", Meter(5, 8), {}),
        ("*M3/0", Meter(6, 1), {}),
        ("*M3/4%2", None, {"meters of no usual form": 1}),
        ("*M1720/4", None, {"meters of no usual form": 1}),
        ("*MX", None, {}),
    ],
)
def test_the_metre_is_the_first_that_is_said(said, meter, left_out):
    """A metre that note text cannot write is counted."""
    tune = read("**kern", said, "4c", "*-")

    assert (tune.meter, tune.left_out) == (meter, left_out)


def test_a_bar_shorter_than_the_metre_at_the_beginning_is_a_pickup():
    """A short last bar, a complete bar and an only bar are no pick-up."""
    assert read("**kern", "*M3/4", "4G", "=1", "2.c", "=2", "2d", "==", "*-").pickup * 4 == 1
    assert read("**kern", "*M3/4", "=1", "2.c", "=2", "2d", "==", "*-").pickup == 0
    assert read("**kern", "*M3/4", "=1", "2c", "==", "*-").pickup == 0


def test_the_first_tempo_metre_and_key_are_kept_and_changes_are_counted():
    """A repeated value is no change; the tempo of another spine counts if the part has none."""
    lines = (
        "**kern **kern", "*MM96 *", "*M4/4 *M4/4", "*k[] *k[]", "1C 1c", "*M3/4 *M3/4", "*k[f#] *k[f#]",
        "2.C 2.c", "*M3/4 *M3/4", "*M4/4 *M4/4", "1C 1c", "*- *-",
    )  # fmt: skip

    tune = read(*lines)

    assert (tune.tempo, tune.meter, tune.key) == (96, Meter(4, 4), KeySignature("c", "major"))
    assert tune.left_out == {"notes of other parts": 3, "later meters": 2, "later keys": 1}
    assert read("**kern", "*MM96", "1c", "*MM80", "1c", "*-").left_out == {"later tempi": 1}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_usual_encoding_and_line_end_is_read(encoding, end):
    """Files in UTF-8, UTF-16 and Latin-1 are read, with the line ends of every system."""
    text = "!!!COM: Dvořák" if encoding.startswith("utf") else "!!!COM: Fauré"
    data = end.join([text, "**kern", "", "4c", "! a comment", "4d", "*-", "!!!EED: x", ""]).encode(encoding)

    (tune,) = read_kern(data, name="a", reading=Reading())

    assert tune_text(tune) == "c4 d4"


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (("4c",), "line 1: expected spines such as **kern with tabs between, received '4c'"),
        (("**mens", "Sc", "*-"), "expected a spine **kern, received none"),
        (("**kern **kern", "4c"), "line 2: expected 2 spines with tabs between, received 1"),
        (("**kern", "4h"), "line 2: expected a note such as 4c or a rest such as 4r, received '4h'"),
        (("**kern", "4ce"), "line 2: expected a note such as 4c or a rest such as 4r, received '4ce'"),
        (("**kern", "c"), "line 2: expected a length such as 4 in a note, received 'c'"),
        (("**kern", "99999c"), "line 2: expected a length such as 4 in a note, received '99999c'"),
        (("**kern", "4" + "c" * 40), "line 2: '4" + "c" * 39 + "': expected a pitch that MIDI has"),
        (("**kern **kern", "4c 2C", "4d 2D"), "line 3: the notes of this line begin at different times, 1"),
        (("**kern **kern", "*v *v"), "line 2: expected *v in neighbouring sub-spines of one spine"),
        (("**kern", "*x"), "line 2: expected *x in two spines that exchange places"),
        (("**kern", "*+", "4c 4d"), "line 3: a new spine (*+) has no kind"),
        (("**kern " * 201,), "line 1: expected at most 200 spines, received 201"),
        (("**kern", "4c", "*-", "**kern", "4d", "*-"), "line 4: the spines have ended; expected one piece"),
        (("**kern", "**text", "4d", "*-"), "line 2: a spine changes its kind to **text"),
        (("**kern **kern", "* 4c"), "line 2: expected one kind of token on a line: notes"),
        (("**kern", "4r", "*-"), "expected notes, received none in part 1; no part has notes"),
        (
            ("**kern **kern", "4c 4r", "*- *-"),
            "expected notes, received none in part 1; choose a part with notes: 2",
        ),
        (
            ("**kern " * 10, "4c " * 9 + "4r", "*- " * 10),
            "expected notes, received none in part 1; choose a part with notes: "
            "2, 3, 4, 5, 6, 7, 8, 9 and 1 more",
        ),
        (("**kern", "9973c", "9967c", "9949c", "9941c"), "line 5: the lengths divide a whole note"),
        (("**kern", "1c") + ("4c&e",) * (1 << 19), "expected a file of at most 1,048,576 "),
    ],
)  # fmt: skip
def test_what_is_no_kern_is_one_line_with_its_place(lines, message):
    """The message names the line, what was expected and what was received."""
    with pytest.raises(DataError) as raised:
        read(*lines)

    assert str(raised.value).startswith(f"a.krn: {message}")


def test_a_part_or_a_voice_that_is_not_there_is_refused():
    """The message lists the parts or voices that exist."""
    with pytest.raises(DataError, match="expected a part from 1 to 1, received 2"):
        read(*SPLIT, track=2)
    with pytest.raises(DataError, match="expected a voice of part 1, one of 1, 2, received '3'"):
        read(*SPLIT, voice="3")
    with pytest.raises(DataError, match="line 3: expected one note at a time, received c and e together"):
        read("**kern", "4c", "4c&4e", "*-", polyphony="refuse")


def test_damaged_kern_is_read_or_refused():
    """With characters changed, lost or inserted anywhere, a file gives notes or an error of one line."""
    rng = random.Random(0)
    whole = kern(*SPLIT)
    for _ in range(400):
        damaged = list(whole)
        for _ in range(rng.choice([1, 3, 9])):
            place = rng.randrange(len(damaged))
            damaged[place : place + rng.randint(0, 3)] = rng.choices(
                "|:[]()0189^_=~zXq\t*<>&/-+vx\n", k=rng.randint(0, 3)
            )
        for tune in read_kern("".join(damaged).encode(), name="a", reading=Reading()):
            assert tune_text(tune) if not isinstance(tune, DataError) else str(tune).startswith("a: ")


def reread(data):
    """The one tune of a written file."""
    (tune,) = read_kern(data, name="a", reading=Reading(polyphony="chords"))
    assert not isinstance(tune, DataError), tune
    return tune


def test_kern_has_an_event_a_line():
    """A length is written as its reciprocal, and a tie with a bracket at both ends."""
    assert write_kern(TUNE).decode().split("\n") == [
        "**kern", "*MM96", "4c", "8.cc#", "12D-", "2r", "[4c 4e##", "8%5c] 8%5g", "2ccc", "8BB--", "*-", "",
    ]  # fmt: skip
    assert tune_text(reread(write_kern(TUNE))) == tune_text(TUNE)


@pytest.mark.parametrize("random_seed", range(20))
def test_notes_come_back_to_the_token_without_a_metre(random_seed):
    """Spelling, ties, tuplets, chords and the tempo are read back unchanged."""
    tune = notes_without_metre(random_seed)

    assert tune_text(reread(write_kern(tune))) == tune_text(tune)


def test_with_a_metre_it_has_bar_lines():
    """Notes are divided at bar lines; the key is written as signature and tonic."""
    tune = parse_tune("c8 d4. % meter 2/8, key es major", name="a")

    assert write_kern(tune).decode().split("\n") == [
        "**kern", "*M2/8", "*k[b-e-a-]", "*E-:", "=1", "8c", "[8d", "=2", "4d]", "==", "*-", "",
    ]  # fmt: skip


def test_a_pickup_of_a_whole_bar_is_a_first_bar():
    """Its bar line has the number 1, as that of any first bar."""
    tune = parse_tune("% meter 3/4, pickup 2.\nc2. d2.", name="a")

    assert b"=1\n2.c\n=2\n" in write_kern(tune)


@pytest.mark.parametrize("random_seed", range(60))
def test_tunes_sound_as_they_did(random_seed):
    """The sounds, the metre, key, tempo and pick-up are read back unchanged."""
    tune = drawn_tune(random_seed)

    back = reread(write_kern(tune))

    assert sounds(back) == sounds(tune)
    assert (back.meter, back.key, back.tempo, back.pickup) == (tune.meter, tune.key, tune.tempo, tune.pickup)

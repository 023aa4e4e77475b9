"""ABC, MusicXML and kern as tunes; music21 weighs 215 MB and is not among what the tests install."""

import random
import sys

import pytest

from rnnlab.errors import DataError
from rnnlab.music.reading import Reading
from rnnlab.music.scores import read_abc, read_kern, read_musicxml
from rnnlab.music.tune import tune_text

ABC = "X:1\nT:one\nM:4/4\nL:1/8\nQ:1/4=96\nK:Dm\n|:D2 F>A (3ABc d2|z2 [DFA]4 A2-|A4 {g}^g2 =g2:|\n"
KERN = (
    "**kern\t**kern\n*M4/4\t*M4/4\n*MM88\t*MM88\n4c\t4cc\n[8d\t4ee- 4gg\n8d]\t.\n"
    "12e\t2r\n12f\t.\n12g\t.\n4.r\t.\n*-\t*-\n"
)
NOTES = """
<note><pitch><step>B</step><alter>-1</alter><octave>3</octave></pitch><duration>3</duration></note>
<note><grace/><pitch><step>C</step><octave>5</octave></pitch></note>
<note><rest/><duration>1</duration></note>
<note><pitch><step>C</step><octave>4</octave></pitch><duration>4</duration><voice>1</voice></note>
<note><chord/><pitch><step>E</step><octave>4</octave></pitch><duration>4</duration><voice>1</voice></note>
"""
MUSICXML = f"""<score-partwise version="4.0">
<part-list><score-part id="P1"><part-name>a</part-name></score-part></part-list>
<part id="P1"><measure number="1"><attributes><divisions>4</divisions></attributes>{NOTES}</measure></part>
</score-partwise>"""


def tunes(read, text, **reading):
    """The note texts of a score, or what is wrong with it."""
    found = read(text.encode(), name="a", reading=Reading(**reading))
    return [str(tune) if isinstance(tune, DataError) else tune_text(tune) for tune in found]


def test_abc_is_read_as_it_is_written():
    """Dots, triplets, ties, accidentals of the key; grace notes are left out, repeats not played out."""
    assert tunes(read_abc, ABC) == [
        "d4 f8. a16 a8*2/3 bes8*2/3 c'8*2/3 d'4 r4 a2 a4~ a2 gis'4 g'4 % tempo 96"
    ]
    assert tunes(read_abc, ABC, polyphony="chords")[0].split()[8] == "<d"


def test_each_tune_of_a_collection_is_one_for_itself():
    """One that is bad is named by its number, and does not stop the rest."""
    collection = f"% my tunes\n\n{ABC}\nX:2\nK:G\nGAB\n\nX:3\nM:3/4\nK:C\n(((\n\nX:4\nM:3/4\nK:C\nC3 D\n"

    first, second, third, fourth = tunes(read_abc, collection)

    assert first.startswith("d4 f8.")
    assert (second, fourth) == ("g8 a8 b8", "c4. d8")
    assert third.startswith("a (X:3): ")


def test_kern_is_read_by_parts_from_the_top():
    """The highest staff is the first part, as on paper."""
    assert tunes(read_kern, KERN) == ["c'4 g'4 r2 % tempo 88"]
    assert tunes(read_kern, KERN, track=2) == ["c4 d8~ d8 e8*2/3 f8*2/3 g8*2/3 r4. % tempo 88"]
    assert tunes(read_kern, KERN, track=3) == ["a: expected a part from 1 to 2, received 3"]


def test_musicxml_is_read_with_its_spelling():
    """A B flat is not an A sharp."""
    assert tunes(read_musicxml, MUSICXML, polyphony="chords") == ["bes,8. r16 <c e>4"]
    assert tunes(read_musicxml, MUSICXML, polyphony="refuse") == [
        "a: expected one note at a time, received a chord; take polyphony highest or chords"
    ]


@pytest.mark.parametrize(
    ("read", "text"),
    [(read_abc, ABC), (read_kern, KERN), (read_musicxml, MUSICXML)],
    ids=["abc", "kern", "xml"],
)
def test_damaged_scores_are_read_or_refused_in_silence(read, text, capfd):
    """Characters changed, lost or put in anywhere: notes or one line, and nothing printed."""
    rng = random.Random(0)
    for _ in range(40):
        damaged = list(text)
        for _ in range(rng.choice([1, 3, 9])):
            place = rng.randrange(len(damaged))
            damaged[place : place + rng.randint(0, 3)] = rng.choices(
                "|:[]()0189^_=~zX\t*<>&/-", k=rng.randint(0, 3)
            )
        for tune in tunes(read, "".join(damaged)):
            assert "\n" not in tune

    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("read", "text", "message"),
    [
        (read_abc, ABC.replace("M:4/4", "M:4^1720/4"), "expected a metre such as 4/4, received 'M:4^1720/4'"),
        (
            read_abc,
            ABC.replace("M:4/4", "M:4!2(!L:1/8"),
            "expected a metre such as 4/4, received 'M:4!2(!L:1",
        ),
        (read_kern, KERN.replace("*M4/4", "*M1720/4"), "expected a metre such as 4/4, received '*M1720'"),
        (read_abc, ABC + "CDEF" * 4096, "expected a tune of at most 16,384 characters"),
        (read_kern, KERN * 2000, "expected a tune of at most 131,072 characters"),
    ],
    ids=["abc_metre", "abc_no_metre", "kern_metre", "abc_length", "kern_length"],
)
def test_what_music21_would_not_come_back_from_is_refused(read, text, message):
    """It goes through every beat of a metre, and its time grows with the square of the notes."""
    assert tunes(read, text)[0].startswith(f"a: {message}")


@pytest.mark.parametrize("read", [read_abc, read_kern, read_musicxml])
def test_without_music21_the_line_says_what_to_install(read, monkeypatch):
    """It is an extra."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "music21"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "music21", None)

    assert tunes(read, MUSICXML) == [
        "a: ABC, MusicXML or kern needs music21, which is not installed: pip install 'rnnlab[music]'"
    ]

"""ABC as tunes; music21 weighs 215 MB and is not among what the tests install."""

import random
import sys

import pytest

from rnnlab.errors import DataError
from rnnlab.music.reading import Reading
from rnnlab.music.scores import read_abc
from rnnlab.music.tune import tune_text

ABC = "X:1\nT:one\nM:4/4\nL:1/8\nQ:1/4=96\nK:Dm\n|:D2 F>A (3ABc d2|z2 [DFA]4 A2-|A4 {g}^g2 =g2:|\n"


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


@pytest.mark.parametrize(
    ("read", "text"),
    [(read_abc, ABC)],
    ids=["abc"],
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
        (read_abc, ABC + "CDEF" * 4096, "expected a tune of at most 16,384 characters"),
    ],
    ids=["abc_metre", "abc_no_metre", "abc_length"],
)
def test_what_music21_would_not_come_back_from_is_refused(read, text, message):
    """It goes through every beat of a metre, and its time grows with the square of the notes."""
    assert tunes(read, text)[0].startswith(f"a: {message}")


@pytest.mark.parametrize("read", [read_abc])
def test_without_music21_the_line_says_what_to_install(read, monkeypatch):
    """It is an extra."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "music21"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "music21", None)

    assert tunes(read, ABC) == ["a: ABC needs music21, which is not installed: pip install 'rnnlab[music]'"]

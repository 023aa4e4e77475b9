"""Tunes as ABC, kern and MusicXML, and what reading them again gives."""

import random

import pytest

from rnnlab.errors import DataError
from rnnlab.music.kern import read_kern
from rnnlab.music.musicxml import read_musicxml
from rnnlab.music.reading import Reading
from rnnlab.music.score_writing import write_abc, write_kern, write_musicxml
from rnnlab.music.scores import read_abc
from rnnlab.music.sounds import sounds_of
from rnnlab.music.tune import Tune, parse_tune, tune_text

TUNE = parse_tune("c4 cis'8. des,8*2/3 r2 <c eisis>4~ <c g>1*5/8 c''2 beses,,8 % tempo 96", name="a")
HEADS = ["c", "cis", "des'", "b,", "geses,,", "r", "fis''", "eis'''"]
LENGTHS = ["4", "4.", "8..", "8*2/3", "16*4/5", "1*5/8", "32", "16"]


def random_tune(seed):
    """Notes and rests, with ties between equal pitches; one note at least."""
    rng = random.Random(seed)
    heads = ["c", *rng.choices(HEADS, k=20)]
    heads = [head for head in heads for _ in range(rng.randint(1, 2))]
    pairs = zip(heads, [*heads[1:], ""], strict=True)
    ties = ["~" * (head == after != "r" and rng.random() < 0.5) for head, after in pairs]
    words = [head + rng.choice(LENGTHS) + tie for head, tie in zip(heads, ties, strict=True)]
    return parse_tune(" ".join(words) + " % tempo 90", name="a")


def reread(read, data):
    """The one tune of what was written."""
    (tune,) = read(data, name="a", reading=Reading(polyphony="chords"))
    assert not isinstance(tune, DataError), str(tune)
    return tune


def sounds(tune):
    """What it sounds like, without where a tied note is divided."""
    found = sounds_of(tune.notes)
    return {(sound.begin * found.step, sound.end * found.step, sound.pitch) for sound in found.items}


def test_abc_says_every_accidental():
    """Lengths are in quarter notes; without bars an accidental would hold for all that follows."""
    assert write_abc(TUNE).decode() == (
        "X:1\nM:none\nL:1/4\nQ:1/4=96\nK:C\n"
        "=C ^c3/4 _D,1/3 z2 [=C^^E]- [=C=G]5/2 =c'2 __B,,1/2\n"
    )  # fmt: skip


def test_kern_has_an_event_a_line():
    """Lengths are reciprocals; a tie is opened and closed."""
    assert write_kern(TUNE).decode().split("\n") == [
        "**kern", "*MM96", "4c", "8.cc#", "12D-", "2r", "[4c 4e##", "8%5c] 8%5g", "2ccc", "8BB--", "*-", "",
    ]  # fmt: skip


@pytest.mark.parametrize(("write", "read"), [(write_abc, read_abc), (write_kern, read_kern)])
@pytest.mark.parametrize("seed", range(5))
def test_abc_and_kern_come_back_to_the_token(write, read, seed):
    """Spelling, ties, tuplets and tempo too."""
    tune = random_tune(seed)

    assert tune_text(reread(read, write(tune))) == tune_text(tune)


def test_chords_come_back_from_abc_and_kern():
    """With the tie that one of their pitches has, which music21 does not read in ABC."""
    tune = Tune("a", TUNE.notes)

    assert tune_text(reread(read_kern, write_kern(tune))) == tune_text(tune)
    assert tune_text(reread(read_abc, write_abc(tune))) == tune_text(tune).replace("~", "")


@pytest.mark.parametrize("tune", [TUNE, random_tune(1), random_tune(2)])
def test_musicxml_sounds_as_the_tune_does(tune):
    """Notes are divided at bars and tied; the tempo is there."""
    back = reread(read_musicxml, write_musicxml(tune))

    assert sounds(back) == sounds(tune)
    assert back.tempo == tune.tempo


def test_a_duration_that_musicxml_cannot_count_is_refused():
    """Its quarter note has 10,080 parts, which 11 does not divide."""
    with pytest.raises(
        DataError, match=r"^a: MusicXML counts 10,080 parts .* which 1/44 whole notes is no mul"
    ):
        write_musicxml(parse_tune("c4*1/11", name="a"))


def test_what_music21_does_not_write_is_one_line(monkeypatch):
    """Whatever it raises."""
    monkeypatch.setattr("music21.musicxml.m21ToXml.GeneralObjectExporter", lambda _: 1 / 0)

    with pytest.raises(DataError, match=r"^a: music21 cannot write it \(ZeroDivisionError: "):
        write_musicxml(TUNE)

"""Scores: the MEI of a tune, as another program reads it, and engraved as SVG and PNG."""

import base64
import io
import re
from xml.etree import ElementTree

import numpy as np
import pytest
import verovio
from PIL import Image

from rnnlab.errors import DataError
from rnnlab.music.midi_bytes import read_events
from rnnlab.music.score import WRONG, engrave, mei_of, png_of
from rnnlab.music.tune import parse_tune, sounds_of
from tests.music.drawn_tunes import TUNE as NOTES_OF_EACH_KIND
from tests.music.drawn_tunes import notes_without_metre

MEI = "{http://www.music-encoding.org/ns/mei}"
ID = "{http://www.w3.org/XML/1998/namespace}id"
SVG = "{http://www.w3.org/2000/svg}"
TUNE = parse_tune("g8 e8 e4 f8 d8 d4 <c e g>4 r8*2/3 c8*2/3 d8*2/3 e2.~ e4 cis'1*2 % tempo 96", name="a")
TUNES_AS_MEI = [
    NOTES_OF_EACH_KIND,
    *map(notes_without_metre, (0, 1, 3)),
    *(
        parse_tune(text, name="a")
        for text in (
            "g8 e8 e4 f8 d8 d4 c8 d8 e8 f8 g8 g8 g4",
            "c4 d4. e8 f1*5/8 g1*3 a8*2/3 b4*2/3 c'1 r1*7/16 d16*4/5 e2*4/7 f4",
            "c8*2/3 d2 e1*7/12 f4*2/15 g4 <c e g>1*11/16~ <c e>2~ <c e g>4 <e g>4",
            "c,,,,,4 g'''''4 cisis4~ d4 fis2 fis2~ fis1 f4 f4 <c cis>4 c4 cis4~ des4 <cis e>4~ <des e>1",
        )
    ),
]


def groups(svg, name):
    """The ids of the groups of a class, in order."""
    root = ElementTree.fromstring(svg)
    return [each.get("id") for each in root.iter(SVG + "g") if each.get("class", "").split()[:1] == [name]]


def test_a_score_has_every_note_once():
    """The ids of notes, chords, rests and divided notes stand in the SVG in order."""
    svg = engrave(TUNE)

    assert groups(svg, "rest") == ["note-7"]
    assert groups(svg, "chord") == ["note-6"]
    assert [name for name in groups(svg, "note") if "pitch" not in name] == [
        *(f"note-{event}" for event in (0, 1, 2, 3, 4, 5, 8, 9, 10)),
        *("note-10-1", "note-11", "note-12", "note-12-1", "note-12-2"),
    ]
    assert len(groups(svg, "tie")) == 4
    assert len(groups(svg, "tupletNum")) == 1
    assert len(groups(svg, "accid")) == 3  # one a bar


def test_the_same_arguments_give_the_same_bytes():
    """Scores with different prefixes have no id in common, so that a page can show both."""
    first, again, other = engrave(TUNE), engrave(TUNE), engrave(TUNE, prefix="other")
    ids = [set(re.findall(r'\bid="([^"]+)"', svg)) for svg in (first, other)]

    assert first == again
    assert not ids[0] & ids[1]


def test_a_score_has_the_colour_of_its_page():
    """Only wrong notes have a colour of their own."""
    plain, marked = engrave(TUNE), engrave(TUNE, wrong={2, 7})

    assert "black" not in plain
    assert 'fill="currentColor"' in plain
    assert WRONG not in plain
    assert set(re.findall(r"#[0-9a-f]{6}\b", marked)) == {WRONG}


def test_lines_break_where_the_width_ends():
    """A narrow score has the chosen width, and more systems."""
    long = parse_tune(" ".join(["c8 d8 e8 f8 g4 a4"] * 8), name="a")

    wide, narrow = engrave(long, width=1000), engrave(long, width=400)

    sizes = [re.match(r'<svg viewBox="0 0 (\d+) (\d+)"', svg).groups() for svg in (wide, narrow)]
    assert [width for width, _ in sizes] == ["1000", "400"]
    assert len(groups(narrow, "system")) > len(groups(wide, "system")) > 1
    assert int(sizes[1][1]) > int(sizes[0][1])


def test_title_and_tempo_stand_above():
    """A score without title and tempo has no text."""
    titled = engrave(TUNE, title="나비야 & <more>")
    plain = engrave(parse_tune("c4", name="a"))

    assert "나비야 &amp; &lt;more&gt;" in titled
    assert "tempo 96" in titled
    assert "<text" not in plain


def test_a_picture_is_black_on_white_and_red_where_wrong():
    """The picture is twice as wide as the SVG; only wrong notes have red pixels."""
    pictures = (png_of(engrave(TUNE, width=500, wrong=wrong)) for wrong in ((), {2, 5}))
    plain, marked = (np.array(Image.open(io.BytesIO(png)).convert("RGB")) / 255 for png in pictures)

    assert plain.shape[1] == 1000
    assert (plain[0] == 1).all()
    assert (plain == 0).all(axis=2).any()
    red, green, blue = (marked[..., channel] for channel in range(3))
    assert ((red > 0.8) & (green < 0.3) & (blue < 0.3)).sum() > 100
    assert (plain.max(axis=2) == plain.min(axis=2)).all()


def test_nothing_is_printed(capfd):
    """The C++ and Rust code of the libraries prints nothing either."""
    png_of(engrave(TUNE, title="a"))

    assert capfd.readouterr() == ("", "")


def test_rests_alone_are_a_score_too():
    """A tune of one whole rest is a score of one bar."""
    assert groups(engrave(parse_tune("r1", name="a")), "rest") == ["note-0"]


@pytest.mark.parametrize(
    ("text", "settings", "message"),
    [
        ("c1*9999", {}, "a: the tune has 9,999 bars; expected at most 1,000"),
        (" ".join(["c1"] * 900), {"width": 300}, "a: the score is higher than 24,000 pixels; write a part"),
    ],
)
def test_what_is_too_long_is_refused(text, settings, message):
    """The error is one line that begins with the name of the tune."""
    with pytest.raises(DataError, match=f"^{message}"):
        engrave(parse_tune(text, name="a"), **settings)


def test_a_width_that_holds_no_score_is_the_callers_mistake():
    """A width below 300 pixels is a ValueError."""
    with pytest.raises(ValueError, match="expected a width of 300 to 4000 pixels"):
        engrave(TUNE, width=100)


def test_a_library_that_is_missing_is_said(monkeypatch):
    """The message names the extra that installs the library."""
    monkeypatch.setitem(__import__("sys").modules, "verovio", None)

    with pytest.raises(DataError, match=r"^a score needs verovio, .* pip install 'rnnlab\[score\]'"):
        engrave(TUNE)


def elements(tune, **settings):
    """Every element of a tune's MEI, in order."""
    return list(ElementTree.fromstring(mei_of(tune, **settings)).iter())


def written(tune, tag):
    """(letter, octave, written accidental, gestural accidental) of each element with a tag."""
    names = ("pname", "oct", "accid", "accid.ges")
    return [tuple(map(each.attrib.get, names)) for each in elements(tune) if each.tag == MEI + tag]


@pytest.mark.parametrize("tune", TUNES_AS_MEI)
def test_a_score_sounds_as_the_tune_does(tune):
    """The MIDI that verovio makes of the MEI has exactly the notes of the tune, with their begins and ends.

    Its ticks are a 120th of a quarter note, and a note ends one before the next.
    """
    toolkit = verovio.toolkit()
    toolkit.loadData(mei_of(tune).decode())
    events = read_events(base64.b64decode(toolkit.renderToMIDI()))
    sounds = sounds_of(tune.notes)
    ticks = 4 * sounds.step * events.ticks_per_quarter

    found = sorted((strike.pitch, strike.begin, strike.end) for strike in events.strikes)
    expected = sorted((sound.pitch, sound.begin * ticks, sound.end * ticks) for sound in sounds.items)

    assert [pitch for pitch, *_ in found] == [pitch for pitch, *_ in expected]
    for (_, *times), (_, *exact) in zip(found, expected, strict=True):
        assert all(abs(time - true) <= 2 for time, true in zip(times, exact, strict=True))


def test_every_event_has_its_id_in_order():
    """The second and later parts of an event have a number in their id, and so has each pitch of a chord."""
    tune = parse_tune("c2. <c e>2 r4 g4", name="a")

    ids = [each.get(ID) for each in elements(tune, prefix="x") if each.get(ID)]

    assert ids == [
        "x-0", "x-1", "x-1-pitch0", "x-1-pitch1", "x-1-1", "x-1-1-pitch0", "x-1-1-pitch1", "x-2", "x-3",
    ]  # fmt: skip


def test_what_is_wrong_is_red_in_all_its_parts():
    """Wrong notes, chords and rests are red in all their parts; nothing else has a colour."""
    tune = parse_tune("c2. d2 <c e>2 r4 g4", name="a")

    red = [each.get(ID) for each in elements(tune, wrong={1, 2, 3}) if each.get("color") == WRONG]

    assert red == ["note-1", "note-1-1", "note-2", "note-3"]
    assert not any(each.get("color") for each in elements(tune))


def test_an_accidental_holds_to_the_bar_line():
    """An accidental is written where neither the key nor the bar implies it, for each octave separately."""
    assert written(parse_tune("cis4 cis4 c4 c'4 cis4 r2. ces'4 cisis'4 cisis'4", name="a"), "note") == [
        ("c", "4", "s", None), ("c", "4", None, "s"), ("c", "4", "n", None), ("c", "5", None, None),
        ("c", "4", "s", None),
        ("c", "5", "f", None), ("c", "5", "x", None), ("c", "5", None, "ss"),
    ]  # fmt: skip


def test_flags_of_a_beat_have_one_beam_and_those_of_a_bracket_too():
    """A rest, a long note and the next beat end a beam; a single note keeps its flag."""
    tune = parse_tune("c8 d8 e8 f16 g16 r8 a8 b4 c8*2/3 d8*2/3 e8*2/3 f16*4/5 g8 a8", name="a")

    beams = [[note.get(ID) for note in each] for each in elements(tune) if each.tag == MEI + "beam"]

    numbers = [[int(name.removeprefix("note-")) for name in beam] for beam in beams]
    assert numbers == [[0, 1], [2, 3, 4], [8, 9, 10], [12, 13]]


@pytest.mark.parametrize(("text", "clef"), [("c4 a,,4 e'4", "G"), ("c,4 g,4 e'4", "F"), ("r4", "G")])
def test_low_tunes_have_the_bass_clef(text, clef):
    """The median pitch decides the clef."""
    (staff,) = [each for each in elements(parse_tune(text, name="a")) if each.tag == MEI + "staffDef"]

    assert staff.get("clef.shape") == clef


def test_what_xml_cannot_hold_is_left_out_of_a_title():
    """A title may be the name of a file with control characters; the other characters are escaped."""
    root = ElementTree.fromstring(mei_of(TUNE, title="<a> & \x01\udcff나비야"))

    assert [each.text for each in root.iter(MEI + "rend")] == ["<a> & 나비야"]


def test_a_tune_that_cannot_be_drawn_is_refused():
    """The error of `bars_of` is passed on."""
    with pytest.raises(DataError, match="the tune has 9,999 bars"):
        mei_of(parse_tune("c1*9999", name="a"))


def test_a_score_has_the_metre_the_key_and_the_pickup_of_its_tune():
    """Accidentals of the key signature are not drawn again; the pick-up is measure 0."""
    tune = parse_tune("a8 fis'4. f'4. fis'2. % meter 6/8, key g major, pickup 8", name="a")

    root = ElementTree.fromstring(mei_of(tune))

    (definition,), (staff,) = root.iter(f"{MEI}scoreDef"), root.iter(f"{MEI}staffDef")
    assert (definition.get("meter.count"), definition.get("meter.unit")) == ("6", "8")
    assert staff.get("keysig") == "1s"
    measures = list(root.iter(f"{MEI}measure"))
    assert [(measure.get("n"), measure.get("metcon")) for measure in measures] == [
        ("0", "false"),
        ("1", None),
        ("2", None),
    ]
    assert [note.get("accid") for note in root.iter(f"{MEI}note")] == [None, None, "n", None]


@pytest.mark.parametrize(
    ("meter", "beams"),
    [
        ("4/4", [2, 2, 2, 2]),
        ("3/4", [2, 2, 2, 2]),
        ("2/4", [2, 2, 2, 2]),
        ("6/8", [3, 3, 2]),
        ("3/8", [3, 3, 2]),
    ],
)
def test_beams_follow_the_beats_of_the_metre(meter, beams):
    """Eight eighth notes are beamed in twos, or in threes in 6/8 and 3/8."""
    root = ElementTree.fromstring(mei_of(parse_tune(f"{'c8 ' * 8} % meter {meter}", name="a")))

    assert [len(beam) for beam in root.iter(f"{MEI}beam")] == beams

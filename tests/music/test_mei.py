"""Tunes as MEI, as another program reads it."""

import base64
import zipfile
from io import BytesIO
from xml.etree import ElementTree

import pytest
import verovio

from rnnlab.errors import DataError
from rnnlab.music import mei
from rnnlab.music.mei import WRONG, mei_of, musicxml_root
from rnnlab.music.midi_bytes import read_events
from rnnlab.music.tune import parse_tune, sounds_of
from tests.music.drawn_tunes import TUNE, notes_without_metre

MEI = "{http://www.music-encoding.org/ns/mei}"
ID = "{http://www.w3.org/XML/1998/namespace}id"

TUNES = [
    TUNE,
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


def elements(tune, **settings):
    """Every element of a tune's MEI, in order."""
    return list(ElementTree.fromstring(mei_of(tune, **settings)).iter())


def written(tune, tag):
    """What the notes say of themselves: letter, octave, accidental and gestural accidental."""
    names = ("pname", "oct", "accid", "accid.ges")
    return [tuple(map(each.attrib.get, names)) for each in elements(tune) if each.tag == MEI + tag]


@pytest.mark.parametrize("tune", TUNES)
def test_a_score_sounds_as_the_tune_does(tune):
    """Verovio's own MIDI of it has each note of the tune, from its begin to its end, and no other.

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
    """Its parts are numbered from the second on, and so are the pitches of a chord."""
    tune = parse_tune("c2. <c e>2 r4 g4", name="a")

    ids = [each.get(ID) for each in elements(tune, prefix="x") if each.get(ID)]

    assert ids == [
        "x-0", "x-1", "x-1-pitch0", "x-1-pitch1", "x-1-1", "x-1-1-pitch0", "x-1-1-pitch1", "x-2", "x-3",
    ]  # fmt: skip


def test_what_is_wrong_is_red_in_all_its_parts():
    """Notes, chords and rests; nothing else has a colour."""
    tune = parse_tune("c2. d2 <c e>2 r4 g4", name="a")

    red = [each.get(ID) for each in elements(tune, wrong={1, 2, 3}) if each.get("color") == WRONG]

    assert red == ["note-1", "note-1-1", "note-2", "note-3"]
    assert not any(each.get("color") for each in elements(tune))


def test_an_accidental_holds_to_the_bar_line():
    """It is written where it changes what the staff says, in its own octave only."""
    assert written(parse_tune("cis4 cis4 c4 c'4 cis4 r2. ces'4 cisis'4 cisis'4", name="a"), "note") == [
        ("c", "4", "s", None), ("c", "4", None, "s"), ("c", "4", "n", None), ("c", "5", None, None),
        ("c", "4", "s", None),
        ("c", "5", "f", None), ("c", "5", "x", None), ("c", "5", None, "ss"),
    ]  # fmt: skip


def test_flags_of_a_beat_have_one_beam_and_those_of_a_bracket_too():
    """A rest, a long note and the next beat end a beam; one note alone keeps its flag."""
    tune = parse_tune("c8 d8 e8 f16 g16 r8 a8 b4 c8*2/3 d8*2/3 e8*2/3 f16*4/5 g8 a8", name="a")

    beams = [[note.get(ID) for note in each] for each in elements(tune) if each.tag == MEI + "beam"]

    numbers = [[int(name.removeprefix("note-")) for name in beam] for beam in beams]
    assert numbers == [[0, 1], [2, 3, 4], [8, 9, 10], [12, 13]]


@pytest.mark.parametrize(("text", "clef"), [("c4 a,,4 e'4", "G"), ("c,4 g,4 e'4", "F"), ("r4", "G")])
def test_low_tunes_have_the_bass_clef(text, clef):
    """By the middle one of their pitches."""
    (staff,) = [each for each in elements(parse_tune(text, name="a")) if each.tag == MEI + "staffDef"]

    assert staff.get("clef.shape") == clef


def test_what_xml_cannot_hold_is_left_out_of_a_title():
    """Names of files may have it; the rest is escaped."""
    root = ElementTree.fromstring(mei_of(TUNE, title="<a> & \x01\udcff나비야"))

    assert [each.text for each in root.iter(MEI + "rend")] == ["<a> & 나비야"]


def test_a_tune_that_cannot_be_drawn_is_refused():
    """As its bars are."""
    with pytest.raises(DataError, match="it has 9,999 bars"):
        mei_of(parse_tune("c1*9999", name="a"))


def test_a_score_has_the_metre_the_key_and_the_pickup_of_its_tune():
    """What the key signature says is not drawn again; the pick-up is a bar that is not counted."""
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
    """Eight eighths: by quarters, or by three where the metre counts so."""
    root = ElementTree.fromstring(mei_of(parse_tune(f"{'c8 ' * 8} % meter {meter}", name="a")))

    assert [len(beam) for beam in root.iter(f"{MEI}beam")] == beams


DOCTYPE = '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" "http://www.musicxml.org/a">'
SCORE = f"{DOCTYPE}<score-partwise><part/></score-partwise>"
BOMB = '<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><score-partwise>&b;</score-partwise>'


def packed(**entries):
    """An archive of texts."""
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in entries.items():
            file.writestr(name, text)
    return archive.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_score_with_a_doctype_is_read(encoding):
    """Nearly every file has one; nothing is fetched for it."""
    assert musicxml_root(SCORE.encode(encoding)).tag == "score-partwise"


def test_the_score_of_an_archive_is_read():
    """Not what describes the archive."""
    data = packed(**{"META-INF/container.xml": "<container/>", "../../score.xml": SCORE})

    assert musicxml_root(data).tag == "score-partwise"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (BOMB.encode(), "it declares XML entities"),
        (BOMB.encode("utf-16"), "it declares XML entities"),
        (packed(**{"a.xml": BOMB}), "it declares XML entities"),
        (SCORE[:-9].encode(), "damaged XML (unclosed token"),
        (b"<a/>", "expected MusicXML (score-partwise or score-timewise), received 'a'"),
        (b"", "damaged XML (no element found"),
        (b"<score-partwise>" + b"<a>" * 200, "elements more than 100 deep"),
        (b'<?xml version="1.0" encoding="nonsense"?><a/>', "damaged XML ("),
        (packed(**{"a.txt": "a"}), "an archive without a score"),
        (packed(**{"a.xml": SCORE})[:-9], "a damaged archive ("),
        (packed(**{"a.xml": " " * (9 << 20)}), "expected at most 8,388,608 bytes of MusicXML"),
    ],
)  # fmt: skip
def test_what_is_no_score_is_one_line(data, message):
    """Whatever is wrong with it, and before anything is expanded."""
    with pytest.raises(DataError) as error:
        musicxml_root(data)

    assert str(error.value).startswith(message)


def test_an_archive_is_unpacked_no_further_than_is_read(monkeypatch):
    """A thousand bytes can unpack to a million."""
    monkeypatch.setattr(mei, "MOST_BYTES", 1000)

    with pytest.raises(DataError, match="expected at most 1,000 bytes of MusicXML"):
        musicxml_root(packed(**{"a.xml": SCORE + " " * 1_000_000}))

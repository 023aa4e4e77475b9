"""MusicXML: the notes of a voice as they sound, with everything that a file may put between them."""

import random
import zipfile
from io import BytesIO

import pytest

from rnnlab.errors import DataError
from rnnlab.music import musicxml
from rnnlab.music.melody import Reading
from rnnlab.music.meter import KeySignature, Meter
from rnnlab.music.musicxml import musicxml_root, read_musicxml
from rnnlab.music.tune import tune_text

START = "<attributes><divisions>2</divisions></attributes>"


def note(pitch, duration=2, *, voice=1, staff=None, more="", after=""):
    """A note such as `F+1/4`, F sharp in octave 4, or `r`, a rest; `more` stands before its pitch."""
    step, _, octave = pitch.partition("/")
    alter = f"<alter>{step[1:]}</alter>" if len(step) > 1 else ""
    what = (
        "<rest/>"
        if pitch == "r"
        else f"<pitch><step>{step[0]}</step>{alter}<octave>{octave}</octave></pitch>"
    )
    length = f"<duration>{duration}</duration>" if duration is not None else ""
    of_voice = f"<voice>{voice}</voice>" if voice else ""
    of_staff = f"<staff>{staff}</staff>" if staff else ""
    return f"<note>{more}{what}{length}{after}{of_voice}{of_staff}</note>"


def back(duration):
    return f"<backup><duration>{duration}</duration></backup>"


def forward(duration):
    return f"<forward><duration>{duration}</duration></forward>"


def attributes(content):
    return f"<attributes>{content}</attributes>"


def score(*parts):
    """A score of parts, each a list of measures."""
    names = "".join(
        f'<score-part id="P{n}"><part-name>Part {n}</part-name></score-part>'
        for n in range(1, len(parts) + 1)
    )
    bodies = ""
    for number, measures in enumerate(parts, 1):
        bars = "".join(f'<measure number="{n}">{bar}</measure>' for n, bar in enumerate(measures, 1))
        bodies += f'<part id="P{number}">{bars}</part>'
    return f'<score-partwise version="4.0"><part-list>{names}</part-list>{bodies}</score-partwise>'


def tune_of(data, **reading):
    """The tune of a file."""
    data = data.encode() if isinstance(data, str) else data
    (tune,) = read_musicxml(data, name="a.xml", reading=Reading(**reading))
    if isinstance(tune, DataError):
        raise tune
    return tune


def read(*measures, **reading):
    """The tune of a score that has one part with these measures."""
    first, *others = measures
    return tune_of(score([START + first, *others]), **reading)


def notes(*measures, **reading):
    """The note text of the tune of these measures, without the comment on metre, key and tempo."""
    return tune_text(read(*measures, **reading)).partition(" %")[0]


def test_pitches_keep_their_spelling():
    """B flat does not become A sharp; a triple sharp gets the standard spelling of its MIDI number."""
    written = note("B-1/3", 3) + note("r", 2) + note("E/4") + note("F+3/4")

    assert notes(written) == "bes,4. r4 e4 gis4"


def transpose(diatonic, chromatic, octaves=None, number=None):
    """The attributes of a transposing instrument; `diatonic` may be None."""
    steps = f"<diatonic>{diatonic}</diatonic>" if diatonic is not None else ""
    change = f"<octave-change>{octaves}</octave-change>" if octaves is not None else ""
    staff = f' number="{number}"' if number else ""
    return attributes(f"<transpose{staff}>{steps}<chromatic>{chromatic}</chromatic>{change}</transpose>")


@pytest.mark.parametrize(
    ("instrument", "expected"),
    [
        (transpose(-1, -2), "c4 e4 g4"),
        (transpose(2, 3), "f4 a4 c'4"),
        (transpose(-1, -2, -1), "c,4 e,4 g,4"),
        (transpose(0, 0, 1), "d'4 fis'4 a'4"),
        (transpose(None, 0, -1), "d,4 fis,4 a,4"),
        (transpose(None, -9), "f,4 a,4 c4"),
        (transpose(-5, -9), "f,4 a,4 c4"),
        (transpose(-7, -12), "d,4 fis,4 a,4"),
        (transpose(-1, -2, number=1), "c4 e4 g4"),
        (transpose(-1, -2, number=2), "d4 fis4 a4"),
        (transpose(-1, -2) + transpose(0, 0), "d4 fis4 a4"),
        (transpose(-1, -2) + transpose(2, 3, number=1), "f4 a4 c'4"),
    ],
)
def test_a_transposing_instrument_is_read_as_it_sounds(instrument, expected):
    """Octaves count, a transposition may hold for one staff, and it may give semitones only."""
    assert notes(instrument + note("D/4") + note("F1/4") + note("A/4")) == expected


def test_an_instrument_may_change_within_a_piece():
    """A transposition holds from its place on, and the remark lists each one."""
    tune = read(
        transpose(-1, -2) + note("D/4") + transpose(-2, -3) + note("D/4"),
        note("D/4") + transpose(0, 0) + note("D/4"),
    )

    assert tune_text(tune) == "c4 b,4 b,4 d4"
    assert tune.remarks == ("pitches are read as they sound: written pitches are moved by -2, -3 semitones",)


def test_the_key_is_that_which_sounds():
    """The written D major of a clarinet in B flat sounds as C major."""
    key = attributes("<key><fifths>2</fifths><mode>major</mode></key><transpose><diatonic>-1</diatonic>"
                     "<chromatic>-2</chromatic></transpose>")  # fmt: skip

    assert read(key + note("D/4")).key == KeySignature("c", "major")
    assert read(
        attributes("<key><fifths>-3</fifths><mode>minor</mode></key>") + note("D/4")
    ).key == KeySignature("c", "minor")
    assert read(
        attributes("<key><fifths>0</fifths><mode>dorian</mode></key>") + note("D/4")
    ).key == KeySignature("d", "dorian")
    assert read(attributes("<key><fifths>9</fifths></key>") + note("D/4")).key is None


def test_a_clef_an_octave_lower_moves_nothing():
    """The pitch that MusicXML gives under such a clef is already the sounding one."""
    clef = attributes("<clef><sign>G</sign><line>2</line><clef-octave-change>-1</clef-octave-change></clef>")

    assert notes(clef + note("C/4")) == "c4"


CUE, CHORD, GRACE = "<cue/>", "<chord/>", "<grace/>"


@pytest.mark.parametrize(
    ("bar", "expected", "left_out"),
    [
        (note("B/5", more=CUE) + note("C/5"), "r4 c'4", {"cue notes": 1}),
        (note("C/5") + note("B/5", more=CUE), "c'4 r4", {"cue notes": 1}),
        (note("C/4") + note("B/5", more=CUE + CHORD) + note("D/4"), "c4 d4", {"cue notes": 1}),
        (note("B/5", more=CUE) + note("C/4", more=CHORD) + note("D/4"), "c4 d4", {"cue notes": 1}),
        (note("B/5", more=CUE) + note("D/5", more=CUE + CHORD) + note("D/4"), "r4 d4", {"cue notes": 2}),
        (note("B/5", None, more=GRACE + CUE) + note("D/4"), "d4", {"grace notes": 1}),
        (note("r", more=CUE) + note("D/4"), "r4 d4", {}),
        (note("B/5", 4, more=CUE) + back(4) + note("C/4", 4, voice=2) + note("D/4"), "r2 d4",
         {"cue notes": 1, "notes of other voices": 1}),
        (note("B/5", 4, voice=2, more=CUE) + back(4) + note("C/4", 4), "c2", {"cue notes": 1}),
        (note("B/5", None, more=GRACE) + note("D/5", None, more=GRACE + CHORD) + note("D/4"), "d4",
         {"grace notes": 2}),
        (note("D/4") + note("B/5", 0) + note("E/4"), "d4 e4", {"notes without length": 1}),
        ("<harmony/>" + note("D/4"), "d4", {"chord symbols": 1}),
        ("<note><unpitched/><duration>2</duration></note>" + note("D/4"), "r4 d4", {"unpitched notes": 1}),
        (note("C/4") + note("E/4", more=CHORD) + note("D/4"), "e4 d4", {"notes below others": 1}),
        (attributes('<measure-style><measure-repeat type="start"/></measure-style>') + note("C/4"), "c4",
         {"measure repeats": 1}),
        (note("C/4") + '<barline><repeat direction="backward"/></barline>', "c4", {"repeats": 1}),
    ],
)  # fmt: skip
def test_what_is_not_played_leaves_a_rest_and_is_counted(bar, expected, left_out):
    """Cue notes, grace notes, chord symbols and lower notes are counted; a cue note leaves a rest."""
    tune = read(bar)

    assert tune_text(tune) == expected
    assert tune.left_out == left_out


TWO_VOICES = note("C/4", 8, voice=2) + back(8) + note("E/5", 4) + note("F/5", 4)


def test_the_first_voice_is_that_of_the_lowest_number():
    """The voice with the lowest number is read, wherever it stands in the file; `voice` chooses another."""
    assert notes(TWO_VOICES) == "e'2 f'2"
    assert notes(TWO_VOICES, voice="2") == "c1"
    assert read(TWO_VOICES).remarks == ("voice 1 of 2 is read (1, 2)",)
    assert read(TWO_VOICES).left_out == {"notes of other voices": 1}
    assert notes(note("C/4", voice=10) + back(2) + note("D/4", voice=9)) == "d4"
    assert notes(note("C/4", voice=5)) == "c4"
    assert notes(note("C/4", voice=None)) == "c4"
    assert notes(note("r", 4) + back(4) + note("C/4", 4, voice=2)) == "c2"
    with pytest.raises(DataError, match=r"^a\.xml: expected a voice of part 1, one of 1, 2, received '3'$"):
        read(TWO_VOICES, voice="3")


def test_a_voice_may_cross_to_another_staff():
    """A voice on two staves is one voice; two staves that use one number at the same time are two voices."""
    crossing = note("E/5", 4, staff=1) + note("F/3", 4, staff=2) + back(8) + note("C/3", 8, voice=5, staff=2)
    numbered_alike = note("E/5", 4, staff=1) + note("F/5", 4, staff=1) + back(8) + note("C/3", 8, staff=2)
    across = note("E/5", 4, staff=1) + note("C/3", 4, staff=2, more=CHORD) + note("F/5", 4, staff=1)

    assert notes(crossing) == "e'2 f,2"
    assert notes(numbered_alike) == "e'2 f'2"
    assert notes(numbered_alike, voice="1 of staff 2") == "c,1"
    assert notes(across, polyphony="chords") == "<c, e'>2 f'2"


@pytest.mark.parametrize(
    ("bars", "expected"),
    [
        ((note("E/5", 4) + forward(4) + back(8) + note("C/4", 8, voice=2), note("G/5", 8)), "e'2 r2 g'1"),
        ((forward(4) + note("E/5", 4),), "r2 e'2"),
        ((note("E/5", 4) + forward(4),), "e'2 r2"),
        ((note("E/5", 4), note("C/4", 4, voice=2), note("F/5", 4)), "e'2 r2 f'2"),
        ((note("E/5", 4) + back(2) + note("C/4", 6, voice=2), note("F/5")), "e'2 r2 f'4"),
        ((note("E/5", 4) + attributes("<divisions>8</divisions>") + note("F/5", 4),), "e'2 f'8"),
        ((note("E/5", 4) + attributes("<divisions>0.5</divisions>") + note("F/5", 1),), "e'2 f'2"),
        ((attributes("<time><beats>3</beats><beat-type>4</beat-type></time>"), note("C/4")), "r2. c4"),
        ((note("C/4", 4) + note("E/4", 2, more=CHORD) + note("D/4"),), "e4 r4 d4"),
    ],
)  # fmt: skip
def test_times_follow_backup_forward_and_divisions(bars, expected):
    """A voice rests where it has no note, up to the end of its part."""
    assert notes(*bars) == expected


def test_ties_are_joined_within_a_voice():
    """Ties are kept across bar lines and in chords; a tie to another pitch is left out."""
    start, stop, both = ('<tie type="start"/>', '<tie type="stop"/>', '<tie type="stop"/><tie type="start"/>')
    seen = '<notations><tied type="start"/></notations>'

    assert (
        notes(note("C/4", 4, after=start), note("C/4", 4, after=both), note("C/4", 4, after=stop))
        == "c2~ c2~ c2"
    )
    assert notes(note("C/4", 4, after=start), note("D/4", 4)) == "c2 d2"
    assert notes(note("C/4", 4, after=seen), note("C/4", 4)) == "c2~ c2"
    chord = note("C/4", 4, after=start) + note("E/4", 4, more=CHORD)
    assert notes(chord, note("C/4", 4, after=stop) + note("G/4", 4, more=CHORD), polyphony="chords") == (
        "<c e>2~ <c g>2"
    )


@pytest.mark.parametrize(
    ("time", "meter"),
    [
        ("<beats>3</beats><beat-type>4</beat-type>", Meter(3, 4)),
        ("<beats>3+2</beats><beat-type>8</beat-type>", Meter(5, 8)),
        ("<beats>3</beats><beat-type>8</beat-type><beats>2</beats><beat-type>4</beat-type>", Meter(7, 8)),
        ("<senza-misura/>", None),
        ("<beats>1720</beats><beat-type>4</beat-type>", None),
        ("<beats>3</beats><beat-type>7</beat-type>", None),
    ],
)
def test_the_metre_is_the_first(time, meter):
    """The parts of a sum are added; a metre of another form is None."""
    assert read(attributes(f"<time>{time}</time>") + note("C/4")).meter == meter


def test_a_short_first_measure_is_a_pickup():
    """A complete first measure and an only measure are no pick-up."""
    waltz = attributes("<time><beats>3</beats><beat-type>4</beat-type></time>")

    assert read(waltz + note("G/4"), note("C/4", 6)).pickup * 4 == 1
    assert read(waltz + note("G/4", 6), note("C/4", 4)).pickup == 0
    assert read(waltz + note("G/4")).pickup == 0


def metronome(unit, number, more="", sound=""):
    """A printed metronome mark, with an element `<sound>` after it."""
    mark = f"<beat-unit>{unit}</beat-unit>{more}<per-minute>{number}</per-minute>"
    return f"<direction><direction-type><metronome>{mark}</metronome></direction-type>{sound}</direction>"


@pytest.mark.parametrize(
    ("mark", "tempo"),
    [
        ('<sound tempo="90"/>', 90),
        ('<direction><sound tempo="90.5"/></direction>', 90.5),
        (metronome("quarter", "60", "<beat-unit-dot/>"), 90),
        (metronome("half", "ca. 60"), 120),
        (metronome("eighth", "96-100"), 48),
        (metronome("quarter", "60", sound='<sound tempo="72"/>'), 72),
        (metronome("quarter", "", "<beat-unit>half</beat-unit>"), None),
        ('<sound tempo="0"/>', None),
    ],
)  # fmt: skip
def test_the_tempo_is_in_quarter_notes(mark, tempo):
    """The tempo of `<sound>` counts more than the printed mark."""
    assert read(mark + note("C/4")).tempo == tempo


def test_changes_of_tempo_metre_and_key_are_counted():
    """A repeated value is no change."""
    marks = [
        f'<attributes><key><fifths>{key}</fifths></key><time><beats>{beats}</beats><beat-type>4</beat-type></time>'
        f'</attributes><sound tempo="{tempo}"/>' + note("C/4")
        for key, beats, tempo in [(0, 4, 90), (0, 4, 90), (1, 3, 90), (0, 4, 60)]
    ]  # fmt: skip

    assert read(*marks).left_out == {"later tempi": 1, "later meters": 2, "later keys": 2}


def test_the_part_is_chosen_and_others_are_counted():
    """Parts are counted in the order of the part list; a part without a tempo takes that of another part."""
    two = score([START + '<sound tempo="90"/>' + note("C/4")], [START + note("C/3") + note("D/3")])

    assert tune_text(tune_of(two)) == "c4 % tempo 90"
    assert tune_of(two).left_out == {"notes of other parts": 2}
    assert tune_of(two).remarks == ("part 1 of 2 (Part 1) is read",)
    assert tune_text(tune_of(two, track=2)) == "c,4 d,4 % tempo 90"
    with pytest.raises(DataError, match="expected a part from 1 to 2, received 3; part 2 has voices 1"):
        tune_of(two, track=3)


def test_a_score_by_measures_is_the_same_score():
    """In `score-timewise` the measures hold the parts."""
    measure = '<measure><part id="P1">{}</part><part id="P2">{}</part></measure>'
    bars = "".join(measure.format(START + note(pitch), START + note("C/2")) for pitch in ["C/4", "D/4"])
    names = '<part-list><score-part id="P1"/><score-part id="P2"/></part-list>'

    assert tune_text(tune_of(f"<score-timewise>{names}{bars}</score-timewise>")) == "c4 d4"


@pytest.mark.parametrize(
    ("bar", "message"),
    [
        (note("C0.5/4"), "measure 1: a microtone (C4 altered by +0.5 semitones); expected whole"),
        (note("H/4"), "measure 1: expected a pitch with <step> A to G and <octave> 0 to 9, received 'H'"),
        (note("C/9") + note("B/9"), "measure 1: B9: expected a pitch that MIDI has, 0 to 127, received 131"),
        (note("C/4", more=CHORD), "part 'Part 1', measure 1: expected a note before the note with"),
        (note("C/4", None), "part 'Part 1', measure 1: a <note> without <duration>"),
        (note("C/4", "x"), "part 'Part 1', measure 1: <duration>: expected a number with at most nine"),
        (note("C/4", -2), "part 'Part 1', measure 1: <duration>: expected 0 or more, received -2"),
        (note("C/4") + back(4), "part 'Part 1', measure 1: <backup> moves before the start"),
        (attributes("<divisions>0</divisions>"), "part 'Part 1', measure 1: <divisions>: expected a"),
        (transpose(0, 0.5) + note("C/4"), "part 'Part 1', measure 1: <chromatic>: expected a whole"),
        (note("r"), "expected notes, received none in part 1; no part has notes"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_one_line_with_its_place(bar, message):
    """The message names the part, the measure and what was expected."""
    with pytest.raises(DataError) as raised:
        read(bar)

    assert str(raised.value).startswith(f"a.xml: {message}")


def test_a_microtone_of_another_voice_hinders_nothing():
    """A pitch in a voice that is not read may be wrong."""
    assert notes(note("C/4") + back(2) + note("C0.5/4", voice=2)) == "c4"


def test_two_notes_at_once_are_refused_where_that_is_asked_for():
    """The message names the measure and the notes."""
    with pytest.raises(DataError, match="measure 2: expected one note at a time, received c and e together"):
        read(note("C/4"), note("C/4") + note("E/4", more=CHORD), polyphony="refuse")


WHOLE = '<?xml version="1.0" encoding="{}"?>' + score([START + note("C/4") + note("D/4")]).replace(
    "Part 1", "Flöte"
)


@pytest.mark.parametrize(
    ("declared", "encoding", "mark"),
    [
        ("UTF-8", "utf-8", b""),
        ("UTF-8", "utf-8-sig", b""),
        ("UTF-16", "utf-16", b""),
        ("UTF-16", "utf-16-be", b"\xfe\xff"),
        ("UTF-16", "utf-16-le", b""),
        ("UTF-16BE", "utf-16-be", b""),
        ("UTF-8", "utf-16", b""),
        ("UTF-16", "utf-8", b""),
        ("UTF-16", "utf-8-sig", b""),
        ("UTF-32", "utf-32", b""),
        ("ISO-8859-1", "latin-1", b""),
        ("windows-1252", "cp1252", b""),
        ("ISO-8859-15", "iso-8859-15", b""),
        ("GB18030", "gb18030", b""),
    ],
)
def test_every_encoding_is_read(declared, encoding, mark):
    """A byte order mark counts more than the declared encoding."""
    assert tune_text(tune_of(mark + WHOLE.format(declared).encode(encoding))) == "c4 d4"


def packed(**entries):
    """An archive of files."""
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in entries.items():
            file.writestr(name, text)
    return archive.getvalue()


def container(*paths):
    """The container of an archive, which names the score."""
    files = "".join(f'<rootfile full-path="{path}"/>' for path in paths)
    return f'<?xml version="1.0"?><container><rootfiles>{files}</rootfiles></container>'


OTHER = score([START + note("A/5")])
GOOD = WHOLE.format("UTF-8")


@pytest.mark.parametrize(
    "entries",
    [
        {"a.xml": OTHER, "META-INF/container.xml": container("b.xml"), "b.xml": GOOD},
        {"a.xml": OTHER, "b.musicxml": GOOD, "META-INF/container.xml": container("b.musicxml", "a.xml")},
        {"a.xml": OTHER, "META-INF/container.xml": container("in/b c.xml"), "in/b c.xml": GOOD},
        {"a.xml": OTHER, "META-INF/container.xml": container("b%20c.xml"), "b c.xml": GOOD},
        {"a.xml": OTHER, "META-INF/container.xml": container("score"), "score": GOOD},
        {"__MACOSX/._score.xml": "\0", "META-INF/container.xml": container("score.xml"), "score.xml": GOOD},
        {"__MACOSX/._score.xml": "\0\5\26\7", "score.xml": GOOD},
        {"__MACOSX/score.xml": "\0", "score.xml": GOOD},
        {"._score.xml": "\0\5\26\7", "score.xml": GOOD},
        {"META-INF/container.xml": container("gone.xml"), "score.xml": GOOD},
        {"META-INF\\container.xml": container("in/b.xml"), "in\\b.xml": GOOD, "a.xml": OTHER},
        {"META-INF/container.xml": container("b.xml").replace(
            "<container>", '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'),
         "b.xml": GOOD, "a.xml": OTHER},
    ],
)  # fmt: skip
def test_the_container_of_an_archive_says_which_file_is_the_score(entries):
    """The container decides; the extra files of macOS are no scores."""
    assert tune_text(tune_of(packed(**entries))) == "c4 d4"


def test_an_archive_that_does_not_say_which_of_two_is_refused():
    """The reader does not guess which of the two is the score."""
    with pytest.raises(DataError, match=r"an archive of 2 scores, and META-INF/container\.xml names none"):
        tune_of(packed(**{"a.xml": OTHER, "b.xml": GOOD}))


DOCTYPE = '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" "http://www.musicxml.org/a">'
SCORE = f"{DOCTYPE}<score-partwise><part/></score-partwise>"
BOMB = '<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><score-partwise>&b;</score-partwise>'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_score_with_a_doctype_is_read(encoding):
    """Nearly every file has a DOCTYPE; the reader downloads nothing for it."""
    assert musicxml_root(SCORE.encode(encoding)).tag == "score-partwise"


def test_the_score_of_an_archive_is_read():
    """The only score is read if the container names none; paths in the archive do not matter."""
    data = packed(**{"META-INF/container.xml": "<container/>", "../../score.xml": SCORE})

    assert musicxml_root(data).tag == "score-partwise"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (BOMB.encode(), "the file declares XML entities"),
        (BOMB.encode("utf-16"), "the file declares XML entities"),
        (packed(**{"a.xml": BOMB}), "the file declares XML entities"),
        (SCORE[:-9].encode(), "damaged XML (unclosed token"),
        (b"<a/>", "expected MusicXML (score-partwise or score-timewise), received 'a'"),
        (b"", "damaged XML (no element found"),
        (b"<score-partwise>" + b"<a>" * 200, "elements are nested more than 100 deep"),
        (b'<?xml version="1.0" encoding="nonsense"?><a/>', "damaged XML ("),
        (packed(**{"a.txt": "a"}), "an archive without a score"),
        (packed(**{"a.xml": SCORE})[:-9], "a damaged archive ("),
        (packed(**{"a.xml": " " * (9 << 20)}), "expected at most 8,388,608 bytes of MusicXML"),
    ],
)  # fmt: skip
def test_what_is_no_score_is_one_line(data, message):
    """The error is one line, and an entity is refused before it is expanded."""
    with pytest.raises(DataError) as error:
        musicxml_root(data)

    assert str(error.value).startswith(message)


def test_an_archive_is_unpacked_no_further_than_is_read(monkeypatch):
    """A thousand bytes can unpack to a million, so unpacking stops at the limit."""
    monkeypatch.setattr(musicxml, "MOST_BYTES", 1000)

    with pytest.raises(DataError, match="expected at most 1,000 bytes of MusicXML"):
        musicxml_root(packed(**{"a.xml": SCORE + " " * 1_000_000}))


def test_damaged_scores_are_read_or_refused():
    """With characters changed, lost or inserted anywhere, a file gives notes or an error of one line."""
    rng = random.Random(0)
    whole = score([START + transpose(-1, -2) + TWO_VOICES, note("C/4", more=CUE)])
    for _ in range(400):
        damaged = list(whole)
        for _ in range(rng.choice([1, 1, 2])):
            place = rng.randrange(len(damaged))
            damaged[place : place + rng.randint(0, 2)] = rng.choices("0123456789./<>-ab", k=rng.randint(0, 2))
        for tune in read_musicxml("".join(damaged).encode(), name="a", reading=Reading()):
            assert tune_text(tune) if not isinstance(tune, DataError) else str(tune).startswith("a: ")

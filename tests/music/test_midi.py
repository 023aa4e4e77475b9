"""MIDI files as tunes, and tunes as MIDI files."""

import random
import struct
import sys
import time
from dataclasses import replace
from fractions import Fraction
from io import BytesIO

import mido
import pytest

from rnnlab.errors import DataError
from rnnlab.music import midi_bytes
from rnnlab.music.melody import Reading, parse_grid
from rnnlab.music.meter import KeySignature, Meter, key_of_fifths
from rnnlab.music.midi import read_midi, write_midi
from rnnlab.music.notation import Note
from rnnlab.music.tune import FASTEST, SLOWEST, parse_tune, tune_text

HEADS = ["c", "cis", "ees'", "b,", "g,,", "r", "r", "<c e g>", "<c e>", "<e g bes'>", "fis"]
LENGTHS = ["4", "4.", "8..", "8*2/3", "16*4/5", "1*5/8", "32", "2*3/7"]
ON, OFF = 0x90, 0x80


def file(*tracks, kind=1, ticks=480):
    """A MIDI file of tracks given as bytes; each track gets its end-of-track event."""
    ended = [track + b"\0\xff\x2f\0" for track in tracks]
    chunks = b"".join(b"MTrk" + struct.pack(">L", len(track)) + track for track in ended)
    return b"MThd" + struct.pack(">LHHH", 6, kind, len(tracks), ticks) + chunks


def event(delta, *data):
    """The bytes of one event, `delta` ticks (fewer than 16,384) after the event before it."""
    return bytes([delta >> 7 | 0x80, delta & 0x7F, *data])


def note(pitch, ticks, *, channel=1, after=0):
    """The bytes of a note of `ticks` ticks."""
    return event(after, ON + channel - 1, pitch, 64) + event(ticks, OFF + channel - 1, pitch, 64)


def tokens(data, **choice):
    """The note text of a file, without its tempo."""
    return tune_text(read_midi(data, name="a.mid", reading=Reading(**choice))).partition(" %")[0]


def random_text(rng):
    """Notes, chords and rests with and without ties; one note at least."""
    heads = ["c", *rng.choices(HEADS, k=rng.randint(0, 30))]
    ties = ["~" if head != "r" and rng.random() < 0.4 else "" for head in heads]
    return " ".join(head + rng.choice(LENGTHS) + tie for head, tie in zip(heads, ties, strict=True))


def heard(notes):
    """The notes without the ties whose pitches the next event does not have."""
    following = [*({pitch.midi for pitch in note.pitches} for note in notes[1:]), set()]
    return tuple(
        Note(note.pitches, note.duration, note.tied and any(pitch.midi in after for pitch in note.pitches))
        for note, after in zip(notes, following, strict=True)
    )


def test_note_text_comes_back_from_midi():
    """notes → MIDI → notes gives the same tuplets, dots, ties, chords, rests and tempo."""
    rng = random.Random(0)
    tunes = [parse_tune(f"{random_text(rng)} % tempo {rng.randint(20, 300)}", name="a") for _ in range(60)]

    read = [read_midi(write_midi(tune), name="a", reading=Reading()) for tune in tunes]

    assert [tune.notes for tune in read] == [heard(tune.notes) for tune in tunes]
    assert [tune.tempo for tune in read] == pytest.approx([tune.tempo for tune in tunes], abs=0.01)


def test_pitches_come_back_in_one_spelling():
    """MIDI has no spelling: black keys are cis ees fis gis bes, and a chord has each sound once."""
    tune = parse_tune("cis4 des4 dis4 ees4 ges4 as4 ais4 bis4 <cis des e>4", name="a")

    assert tokens(write_midi(tune)) == "cis4 cis4 ees4 ees4 fis4 gis4 bes4 c'4 <cis e>4"


def test_what_is_written_is_what_was_said():
    """One track has program, velocity and tempo; a quarter note has 480 ticks if they suffice."""
    tune = parse_tune("c4 e8*2/3", name="a")

    written = mido.MidiFile(file=BytesIO(write_midi(tune, tempo=100, program=5, velocity=33)))
    messages = [message for message in written.tracks[0] if message.type != "text"]

    assert (written.type, written.ticks_per_beat, len(written.tracks)) == (0, 480, 1)
    assert [(message.type, message.time) for message in messages] == [
        ("set_tempo", 0), ("program_change", 0),
        ("note_on", 0), ("note_off", 480), ("note_on", 0), ("note_off", 160), ("end_of_track", 0),
    ]  # fmt: skip
    assert (messages[0].tempo, messages[1].program, messages[2].velocity) == (600_000, 5, 33)


@pytest.mark.parametrize(
    ("track", "text"),
    [
        (note(60, 480) + note(62, 240), "c4 d8"),
        (event(0, ON, 60, 64) + event(480, 60, 0) + event(0, 62, 64) + event(240, 62, 0), "c4 d8"),
        (note(60, 240, after=240) + note(62, 240, after=480), "r8 c8 r4 d8"),
        (event(0, ON, 60, 64) + event(480, ON, 60, 64) + event(480, OFF, 60, 0), "c4 c4"),
        (note(60, 480) + event(0, ON, 62, 64) + event(960, 0xC0, 1), "c4 d2"),
        (note(60, 480) + event(0, OFF, 62, 0), "c4"),
        (note(62, 0) + note(60, 480), "c4"),
        (note(60, 20) + note(62, 460), "d4"),
        (note(60, 20) + note(62, 480, after=460), "c16 r8. d4"),
        (note(60, 455) + note(62, 215, after=25), "c4 d8"),
        (note(60, 480) + note(36, 480, channel=10), "c4 r4"),
        (note(60, 480) + event(480, 0xC0, 1), "c4 r4"),
    ],
    ids="plain running rests overlap hanging stray_end zero_length grace short gate drums silence".split(),
)  # fmt: skip
def test_a_track_is_read_as_it_sounds(track, text):
    """A note ends at velocity 0, where it is struck again, or, if it has no end, with its track."""
    assert tokens(file(track)) == text


@pytest.mark.parametrize(
    ("switches", "text"),
    [
        ([(0, ON), (480, ON), (480, OFF), (960, OFF)], "c4 c4"),
        ([(0, ON), (480, OFF), (480, ON), (960, OFF)], "c4 c4"),
        ([(0, ON), (480, ON), (480, OFF), (960, ON), (960, OFF), (1440, OFF)], "c4 c4 c4"),
        ([(0, ON), (240, ON), (480, OFF), (720, OFF)], "c8 c4"),
        ([(0, ON), (480, ON), (960, OFF)], "c4 c4"),
        ([(0, ON), (480, ON), (960, ON), (1440, OFF)], "c4 c4 c4"),
        ([(0, ON), (0, ON), (480, OFF), (480, OFF)], "c4"),
        ([(0, ON), (0, OFF), (480, ON), (960, OFF)], "r4 c4"),
        ([(0, OFF), (0, ON), (480, OFF)], "c4"),
        ([(0, ON), (480, OFF), (480, OFF), (480, ON), (960, OFF)], "c4 c4"),
        ([(0, ON), (480, ON), (480, OFF), (480, OFF), (960, ON), (1440, OFF)], "c4 r4 c4"),
        ([(0, ON), (480, ON)], "c4"),
    ],
)
def test_an_end_belongs_to_the_strike_before_its_tick(switches, text):
    """If a pitch ends and begins at one tick, both notes are read, whichever event comes first."""
    track, now = b"", 0
    for tick, kind in switches:
        track += event(tick - now, kind, 60, 64)
        now = tick

    assert tokens(file(track)) == text


def test_one_pitch_on_two_channels_is_two_notes():
    """The end of a note on one channel does not end the note of the same pitch on another channel."""
    data = file(
        event(0, ON, 60, 64) + event(480, ON + 1, 60, 64) + event(0, OFF, 60, 0) + event(480, OFF + 1, 60, 0)
    )
    overlapping = file(note(60, 960), event(480, ON + 1, 60, 64) + event(240, OFF + 1, 60, 64))

    assert tokens(data) == "c4 c4"
    assert tokens(overlapping) == "c4 c8 r8"
    assert tokens(overlapping, channel=1) == "c2"


def test_what_is_left_out_is_counted_by_kind():
    """Each kind has its own count, and nothing is counted twice."""
    bends = event(0, 0xE0, 0, 0x60) + event(0, 0xE0, 0, 0x40) + event(0, 0xE9, 0, 0x60)
    data = file(
        bends + note(60, 0) + note(60, 480) + note(36, 480, channel=10),
        event(0, ON + 1, 48, 9) + event(480, OFF + 1, 48, 9),
    )

    def left_out(**reading):
        return read_midi(data, name="a", reading=Reading(**reading)).left_out

    assert left_out() == {
        "notes below others": 1,
        "notes without length": 1,
        "notes of percussion": 1,
        "pitch bends": 1,
    }
    assert left_out(track=1) == {
        "notes without length": 1,
        "notes of other tracks": 1,
        "notes of percussion": 1,
        "pitch bends": 1,
    }
    assert left_out(channel=2) == {"notes of other channels": 3}


def test_a_pitch_bend_changes_no_pitch():
    """The bend is counted, and the note is read with the pitch that is struck."""
    assert tokens(file(event(0, 0xE0, 0, 0x60) + note(60, 480))) == "c4"


KEY, METER = (0xFF, 0x59, 2), (0xFF, 0x58, 4)


@pytest.mark.parametrize(
    ("signature", "key", "left_out"),
    [
        ((2, 0), KeySignature("d", "major"), {}),
        ((0xFD, 1), KeySignature("c", "minor"), {}),
        ((8, 0), None, {"invalid key signatures": 1}),
        ((0xF8, 0), None, {"invalid key signatures": 1}),
        ((2, 2), None, {"invalid key signatures": 1}),
    ],
)
def test_the_key_is_that_of_the_signature(signature, key, left_out):
    """An impossible key signature is counted, and the notes are read."""
    tune = read_midi(file(event(0, *KEY, *signature) + note(60, 480)), name="a", reading=Reading())

    assert (tune_text(tune).split()[0], tune.key, tune.left_out) == ("c4", key, left_out)


@pytest.mark.parametrize(
    ("signature", "meter", "left_out"),
    [
        ((3, 2, 24, 8), Meter(3, 4), {}),
        ((6, 3, 36, 8), Meter(6, 8), {}),
        ((0, 2, 24, 8), None, {"invalid time signatures": 1}),
        ((4, 9, 24, 8), None, {"invalid time signatures": 1}),
    ],
)
def test_the_metre_is_that_of_the_signature(signature, meter, left_out):
    """The lower number is stored as a power of two; an impossible time signature is counted."""
    tune = read_midi(file(event(0, *METER, *signature) + note(60, 480)), name="a", reading=Reading())

    assert (tune.meter, tune.left_out) == (meter, left_out)


def test_changes_of_metre_and_key_are_counted():
    """A repeated metre or key is no change."""
    said = event(0, *METER, 4, 2, 24, 8) + event(0, *KEY, 0, 0)
    changed = event(0, *METER, 3, 2, 24, 8) + event(0, *KEY, 1, 0)

    tune = read_midi(
        file(said + note(60, 1920) + said + note(60, 1920) + changed), name="a", reading=Reading()
    )

    assert (tune.meter, tune.key, tune.pickup) == (Meter(4, 4), KeySignature("c", "major"), 0)
    assert tune.left_out == {"later meters": 1, "later keys": 1}


@pytest.mark.parametrize(
    "meter", [Meter(2, 4), Meter(3, 4), Meter(4, 4), Meter(6, 8), Meter(5, 8), Meter(2, 2)]
)
@pytest.mark.parametrize("pickup", [0, Fraction(1, 8), Fraction(3, 16), Fraction(1, 4)])
def test_metre_key_and_pickup_come_back_from_midi(meter, pickup):
    """A pick-up is a bar of a shorter metre; each key of seven sharps to seven flats comes back."""
    for fifths in range(-7, 8):
        for mode in ("major", "minor"):
            tune = replace(
                parse_tune("g8 c4 r2", name="a"),
                meter=meter,
                key=key_of_fifths(fifths, mode),
                pickup=Fraction(pickup),
            )

            read = read_midi(write_midi(tune), name="a", reading=Reading())

            assert (read.meter, read.key, read.pickup, read.left_out) == (meter, tune.key, tune.pickup, {})
            assert read.notes == tune.notes


def test_mido_reads_the_metre_and_the_key_that_are_written():
    """Mido finds both at their times; a church mode is written as the major key of its signature."""
    tune = parse_tune("g4 c2.", name="a")
    tune = replace(tune, meter=Meter(3, 4), key=KeySignature("d", "dorian"), pickup=Fraction(1, 4))

    track = mido.MidiFile(file=BytesIO(write_midi(tune))).tracks[0]
    found, now = [], 0
    for message in track:
        now += message.time
        if message.type == "time_signature":
            found.append((now, message.numerator, message.denominator))
        elif message.type == "key_signature":
            found.append((now, message.key))

    assert found == [(0, "C"), (0, 1, 4), (480, 3, 4)]


def test_chunks_of_other_kinds_and_a_longer_header_are_passed_over():
    """The standard demands this of a reader."""
    data = file(note(60, 480))
    longer = b"MThd" + struct.pack(">L", 8) + data[8:14] + b"\0\0" + data[14:]

    assert tokens(longer) == "c4"
    assert tokens(data[:14] + b"XFIH\0\0\0\2ab" + data[14:]) == "c4"


def test_what_is_damaged_for_mido_is_not_read_otherwise():
    """The notes of undamaged random files are those of mido's messages."""
    rng = random.Random(3)
    for _ in range(30):
        track = b"".join(
            note(
                rng.randrange(40, 80),
                rng.randrange(1, 900),
                channel=rng.choice([1, 2, 16]),
                after=rng.randrange(90),
            )
            for _ in range(20)
        )
        found, now = [], 0
        begins = {}
        for message in mido.MidiFile(file=BytesIO(file(track))).tracks[0]:
            now += message.time
            if message.type == "note_on":
                begins[message.channel, message.note] = now
            elif message.type == "note_off":
                found.append(
                    (begins[message.channel, message.note], now, message.note, 1, message.channel + 1)
                )

        strikes = midi_bytes.read_events(file(track)).strikes

        assert [tuple(vars(strike).values()) for strike in strikes] == sorted(found)


def test_a_track_or_a_channel_can_be_chosen():
    """Tracks and channels count from 1; percussion is read only if channel 10 is chosen."""
    data = file(note(60, 480), note(64, 480, channel=2) + note(36, 480, channel=10))

    assert tokens(data) == "e4 r4"
    assert tokens(data, polyphony="chords") == "<c e>4 r4"
    assert tokens(data, track=1) == tokens(data, channel=1) == "c4"
    assert tokens(data, channel=10) == "r4 c,,4"


def test_times_are_moved_to_the_grid_that_is_chosen():
    """The largest shift is given in quarter notes; a grid of 1/16 and 1/24 reads triplets exactly."""
    data = file(note(60, 160) * 3 + note(60, 480))

    assert tokens(data, grid=parse_grid("1/16,1/24")) == "c8*2/3 c8*2/3 c8*2/3 c4"
    assert tokens(data, grid=()) == "c8*2/3 c8*2/3 c8*2/3 c4"
    assert read_midi(data, name="a", reading=Reading()).largest_shift == pytest.approx(40 / 480)


def test_every_tempo_comes_back():
    """MIDI rounds to whole microseconds a quarter note; whole tempi and some others come back exactly."""
    fast = range(FASTEST - 300, FASTEST + 1)
    tempi = [float(tempo) for tempo in (*range(SLOWEST, 700, 7), *fast)] + [120.5, 96.25, 777.5]

    read = [
        read_midi(write_midi(parse_tune(f"c4 % tempo {tempo:.7g}", name="a")), name="a", reading=Reading())
        for tempo in tempi
    ]

    assert [tune.tempo for tune in read] == tempi
    assert [parse_tune(tune_text(tune), name="a").tempo for tune in read] == tempi


def test_a_tempo_that_note_text_has_not_is_left_out():
    """Note text could not write the tempo, so the tune has none."""
    for tempo in (3.6, 2000):
        data = write_midi(parse_tune("c4", name="a"), tempo=tempo)

        assert read_midi(data, name="a", reading=Reading()).tempo is None


def test_the_first_tempo_is_kept_and_others_are_counted():
    """A later tempo and a covered note are counted."""
    tempi = event(0, 0xFF, 0x51, 3, 0x09, 0x27, 0xC0) + event(480, 0xFF, 0x51, 3, 0x07, 0xA1, 0x20)

    tune = read_midi(file(tempi, note(60, 960), note(67, 960)), name="a", reading=Reading())

    assert (tune.tempo, tune.left_out) == (100, {"notes below others": 1, "later tempi": 1})


NO_NOTES = "the chosen tracks and channels have no notes; choose a track and channel that has notes: "
NO_LENGTH = "expected a note with a length, received "


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a MIDI file"),
        (b"RIFF....", "not a MIDI file"),
        (b"MThd\0\0\0\6", "not a MIDI file"),
        (file(note(60, 480), kind=2), "a MIDI file of type 2, whose tracks are separate pieces; "),
        (file(note(60, 480), kind=7), "a MIDI file of type 7; expected type 0 or 1"),
        (file(note(60, 480), ticks=0xE728), "the times of the file are counted in SMPTE"),
        (file(note(60, 480), ticks=0), "the header gives 0 ticks a quarter note (division 0)"),
        (file(note(60, 480))[:-9], "a damaged MIDI file (the file is cut off)"),
        (file(event(0, 0x40, 1)), "a damaged MIDI file (an event without a status at byte 22)"),
        (file(event(0, ON, 60, 0x80)), "a damaged MIDI file (a value above 127 in the event at byte 22)"),
        (file(event(0, 0xFF, 0x51, 99)), "a damaged MIDI file (the event at byte 22 is cut off)"),
        (file(b"\0"), "a damaged MIDI file (an event without a status at byte 22)"),
        (file(note(60, 0)), NO_LENGTH + "1 note of length 0 in the file; choose another file"),
        (file(note(60, 0), note(62, 0)), NO_LENGTH + "2 notes of length 0 in the file; choose another"),
        (file(note(60, 0) * 2, note(36, 9, channel=10)), NO_LENGTH + "2 notes of length 0 in the chosen"),
        (file(b"\xff" * 9 + b"\x7f\x90\x3c\x40"), "a damaged MIDI file (a number of more than four bytes"),
        (file(b"\xff" * 9999), "a damaged MIDI file (a number of more than four bytes"),
        (file(b"\0\xf0" + b"\xff" * 9 + b"\x7f"), "a damaged MIDI file (a number of more than four bytes"),
        (file(b"\0\x90\x3c\x40" + b"\xff\xff\xff\x7f\x80\x3c\x40"), "note text cannot write a length of "),
        (file(b"", b""), "the file has no notes; choose another file"),
        (file(note(36, 9, channel=10)), NO_NOTES + "track 1 channel 10"),
        (file(*[note(36, 9, channel=10)] * 9), NO_NOTES + "track 1 channel 10, track 2 channel 10, "),
        (bytes(2 << 20), "expected at most 1,048,576 bytes of MIDI, received 2,097,152"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_one_line(data, message):
    """The message is one line that begins with the name of the file."""
    with pytest.raises(DataError) as error:
        read_midi(data, name="a.mid", reading=Reading())

    assert str(error.value).startswith(f"a.mid: {message}")


def test_a_track_that_is_not_there_is_refused():
    """The message gives the number of tracks."""
    with pytest.raises(DataError, match=r"^a\.mid: expected a track from 1 to 1, received 2$"):
        tokens(file(note(60, 480)), track=2)


def test_a_voice_of_midi_is_refused():
    """MIDI has tracks and channels, but no voices."""
    with pytest.raises(DataError, match=r"^a\.mid: MIDI has no voices; remove the voice, or choose a track"):
        tokens(file(note(60, 480)), voice="1")


def test_damaged_files_are_read_or_refused():
    """With bytes changed, lost or inserted anywhere, a file gives notes or an error of one line, and soon."""
    rng = random.Random(1)
    meta = event(0, 0xFF, 0x59, 2, 1, 0) + event(0, 0xFF, 0x58, 4, 4, 2, 24, 8) + event(0, 0xF0, 2, 1, 0xF7)
    whole = file(meta + note(60, 480), note(64, 480, channel=2) + note(36, 480, channel=10))
    begin = time.perf_counter()
    refused = 0
    for _ in range(500):
        data = bytearray(whole)
        for _ in range(rng.choice([1, 2, 8])):
            place = rng.randrange(len(data) + 1)
            data[place : place + rng.randint(0, 3)] = rng.randbytes(rng.randint(0, 3))
        try:
            tokens(bytes(data))
        except DataError as error:
            refused += str(error).startswith("a.mid: ")

    assert 100 < refused < 500
    assert time.perf_counter() - begin < 10


@pytest.mark.parametrize("text", ["c1*9999 c4*1/8191", "c1*1/9973 c1*1/5"])
def test_what_midi_cannot_count_is_refused(text):
    """MIDI has at most 32,767 ticks a quarter note, and 28 bits for a time."""
    tune = parse_tune(text, name="a.notes")

    with pytest.raises(DataError, match=r"^a\.notes: the durations need .* ticks a quarter note"):
        write_midi(tune)


def test_without_mido_the_line_says_what_to_install(monkeypatch):
    """Mido is an extra, and the message names it."""
    monkeypatch.setitem(sys.modules, "mido", None)

    with pytest.raises(
        DataError, match=r"^writing MIDI needs mido, which is not installed: pip install 'rnnlab\[midi\]'$"
    ):
        write_midi(parse_tune("c4", name="a.mid"))


def test_the_largest_file_takes_seconds():
    """A file of nearly the largest number of events is read within seconds."""
    track = event(0, ON, 60, 64) + b"\1\x3c\0\1\x3c\x40" * (midi_bytes.MOST_BYTES // 60)
    begin = time.perf_counter()

    assert tokens(file(track)).startswith("c")
    assert time.perf_counter() - begin < 10

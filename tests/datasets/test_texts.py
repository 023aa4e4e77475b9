"""Folders of music as a dataset."""

import random
from pathlib import Path

import mido
import pytest

from rnnlab.datasets.corpus import load_corpus
from rnnlab.datasets.splits import split_corpus
from rnnlab.errors import DataError
from rnnlab.music.files import collect, read_tunes
from rnnlab.music.melody import Reading, parse_grid
from rnnlab.music.midi import write_midi
from rnnlab.music.tune import parse_tune, tune_text


def write(path, text):
    """Write a MIDI file."""
    path.write_bytes(write_midi(parse_tune(text, name=path.name)))


def texts_of(corpus):
    """The text of each sequence."""
    pairs = zip(corpus.starts, corpus.ends, strict=True)
    return [corpus.vocabulary.join(corpus.ids[begin:end]).strip("\n\x03 ") for begin, end in pairs]


def melody(seed):
    """Notes of every sort that MIDI keeps."""
    rng = random.Random(seed)
    lengths = ("16", "8", "8.", "4", "8*2/3", "2..")
    notes = [
        rng.choice(["r", "c", "cis'", "ees", "<c e g>", "bes,", "f''"]) + rng.choice(lengths)
        for _ in range(50)
    ]
    return " ".join(["g4", *notes, "a4"])


@pytest.mark.parametrize("unit", ["note", "line", "document"])
def test_note_text_written_as_midi_files_is_read_back_to_the_token(experiment, tmp_path, unit):
    """A file is a sequence, whatever its unit."""
    (tmp_path / "tunes").mkdir()
    wanted = [melody(seed) for seed in range(12)]
    for number, text in enumerate(wanted):
        write(tmp_path / f"tunes/{number:02}.mid", text)

    corpus = load_corpus(experiment(f"kind: notes, path: tunes, unit: {unit}").dataset)

    assert texts_of(corpus) == wanted
    assert corpus.notes == ()


def two_tracks():
    """MIDI of elsewhere: two tracks, a channel each, chords, off the beat."""
    file = mido.MidiFile(type=1, ticks_per_beat=96)
    for channel, pitches in enumerate([(60, 64), (72,)]):
        track = mido.MidiTrack()
        for pitch in pitches:
            track.append(mido.Message("note_on", note=pitch, velocity=9, channel=channel))
        for number, pitch in enumerate(pitches):
            ticks = 0 if number else 100
            track.append(mido.Message("note_off", note=pitch, time=ticks, channel=channel))
        file.tracks.append(track)
    return file


@pytest.mark.parametrize(
    ("page", "reading", "expected"),
    [
        ("", Reading(), "c'4"),
        ("track: 1", Reading(track=1), "e4"),
        ("channel: 2", Reading(channel=2), "c'4"),
        ("polyphony: chords", Reading(polyphony="chords"), "<c e c'>4"),
        ("track: 1, grid: 1/32", Reading(track=1, grid=parse_grid("1/32")), "e4"),
        ("track: 1, grid: exact", Reading(track=1, grid=()), "e2*25/48"),
    ],
)
def test_what_is_read_of_a_file_is_what_convert_reads(experiment, tmp_path, page, reading, expected):
    """Each option by its name."""
    two_tracks().save(tmp_path / "a.mid")

    corpus = load_corpus(experiment(f"kind: notes, path: a.mid, reading: {{{page}}}").dataset)

    assert texts_of(corpus) == [expected]
    assert [tune_text(tune) for tune in collect([tmp_path], reading=reading).tunes] == [expected]


def test_the_voice_of_a_score_is_that_which_convert_reads(experiment, tmp_path):
    """What was chosen, and how much it leaves out, is noted."""
    (tmp_path / "a.krn").write_text("**kern\n4c\n*^\n4e\t4C\n*v\t*v\n2g\n*-\n")

    first = load_corpus(experiment("kind: notes, path: a.krn").dataset)
    second = load_corpus(experiment("kind: notes, path: a.krn, reading: {voice: 2}").dataset)

    assert (texts_of(first), texts_of(second)) == (["c4 e4 g2"], ["r4 c,4 r2"])
    assert first.left_out == {"notes of other voices": 1}
    assert first.notes == (
        f"left out of {tmp_path}/a.krn: 1 note of other voices",
        f"{tmp_path}/a.krn: voice 1 of 2 is read (1, 2)",
    )


BAD = {
    "cut.mid": "a damaged MIDI file",
    "two.mid": "a MIDI file of type 2",
    "none.mid": "the file has no notes; choose another file",
    "empty.mid": "the file is empty",
    "rest.notes": "expected at least one token, received none",
    "wrong.notes": "1:4: 'h4'",
    "read.me": "1:1: 'Read'",
    "raw.notes": "not UTF-8",
}


def write_bad(folder):
    """A file of each kind that yields nothing."""
    good = write_midi(parse_tune("c4 d4", name="a"))
    header = good[:8]
    contents = {
        "cut.mid": good[:-9],
        "two.mid": header + b"\0\2" + good[10:],
        "none.mid": header + b"\0\0\0\1\1\xe0MTrk\0\0\0\4\0\xff\x2f\0",
        "empty.mid": b"",
        "rest.notes": b"% no notes",
        "wrong.notes": b"c4 h4",
        "read.me": b"Read me",
        "raw.notes": b"\xff\xfe",
    }
    folder.mkdir()
    for name, data in contents.items():
        (folder / name).write_bytes(data)


def test_each_bad_file_of_a_folder_is_named_and_does_not_stop_the_rest(experiment, tmp_path):
    """With the reason; an empty folder and a pattern that nothing matches, too."""
    write_bad(tmp_path / "tunes")
    write(tmp_path / "tunes/good.mid", "c4 d4")
    (tmp_path / "nothing").mkdir()

    corpus = load_corpus(experiment("kind: notes, path: [tunes, nothing, 'tunes/*.midi']").dataset)

    assert texts_of(corpus) == ["c4 d4"]
    assert len(corpus.notes) == len(BAD) + 2
    said = dict(zip([*sorted(BAD)], corpus.notes, strict=False))
    for name, why in BAD.items():
        assert said[name].startswith(f"left out: {tmp_path}/tunes/{name}:")
        assert why in said[name]
    assert corpus.notes[-2].startswith(f"left out: {tmp_path}/nothing: holds no file;")
    assert corpus.notes[-1].startswith(f"left out: {tmp_path}/tunes/*.midi: no file matches this pattern;")


def test_convert_says_the_same_of_the_same_files(tmp_path):
    """In other words of a file that has no format's name, or no note."""
    write_bad(tmp_path / "tunes")
    (tmp_path / "nothing").mkdir()

    failures = collect([tmp_path / "tunes", tmp_path / "nothing"], reading=Reading()).failures

    assert len(failures) == len(BAD) + 1
    other = {"rest.notes": "expected at least one note", "read.me": "expected a file that ends with"}
    for name, why in {**BAD, **other}.items():
        (line,) = [line for line in failures if f"tunes/{name}:" in line]
        assert why in line


def test_a_file_without_a_tune_is_refused(experiment, tmp_path):
    """A file of empty lines has no sequence."""
    (tmp_path / "blank.abc").write_text("\n\n")

    with pytest.raises(DataError, match=r"blank\.abc: expected at least one tune, received none$"):
        load_corpus(experiment("kind: notes, path: blank.abc").dataset)


def test_a_folder_that_cannot_be_read_is_refused(experiment, tmp_path, monkeypatch):
    """Its files cannot be listed."""
    (tmp_path / "tunes").mkdir()

    def refuse(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)

    with pytest.raises(DataError, match=r"tunes: cannot be read \(Permission denied\); expected a readable"):
        load_corpus(experiment("kind: notes, path: tunes").dataset)


def test_a_part_of_which_nothing_can_be_read_is_refused(experiment, tmp_path):
    """It would be missing without a word."""
    write_bad(tmp_path / "bad")
    (tmp_path / "good.notes").write_text("c4 d4")
    page = "kind: notes, path: good.notes, split: {kind: files, validation: bad}"

    with pytest.raises(
        DataError, match=r"^no file or tune of the validation part can be read: .*; and 3 more$"
    ):
        load_corpus(experiment(page).dataset)


def test_what_is_left_out_is_said_of_windows_that_are_drawn_too(experiment, tmp_path):
    """Every way to split says it."""
    write_bad(tmp_path / "tunes")
    (tmp_path / "tunes/good.notes").write_text("c4 d4 e4 " * 30)
    split = "split: {kind: stratified_shuffle, allow_overlap: true}"
    wanted = experiment(f"kind: notes, path: tunes, window: 2, {split}", training="batching: windows")

    notes = split_corpus(load_corpus(wanted.dataset), wanted).notes

    assert len([note for note in notes if note.startswith("left out: ")]) == len(BAD)


def test_a_bad_tune_of_a_collection_does_not_stop_the_others(experiment, tmp_path):
    """Also of a file that was named; without a good one it stops everything."""
    tune = "X:{}\nL:1/4\nM:4/4\nK:C\n{}\n\n"
    (tmp_path / "good.abc").write_text(tune.format(1, "CDEF") + tune.format(2, "") + tune.format(3, "GGGG"))
    (tmp_path / "bad.abc").write_text(tune.format(1, "") + tune.format(2, ""))

    corpus = load_corpus(experiment("kind: notes, path: good.abc").dataset)

    assert texts_of(corpus) == ["c4 d4 e4 f4", "g4 g4 g4 g4"]
    assert corpus.notes[0].startswith(f"left out: {tmp_path}/good.abc:10:1: expected notes")
    with pytest.raises(DataError, match=r"bad\.abc:4:1: expected notes"):
        load_corpus(experiment("kind: notes, path: [good.abc, bad.abc]").dataset)


@pytest.mark.parametrize("kind", ["text", "notes", "notes, transpose: 2"])
def test_lines_of_an_old_mac_are_lines_and_that_is_said(experiment, tmp_path, kind):
    """With `unit: line` each of them begins anew."""
    (tmp_path / "mac.txt").write_bytes(b"c4 d4\re4 f4\rg4 a4\r")

    corpus = load_corpus(experiment(f"kind: {kind}, path: mac.txt, unit: line, window: 1").dataset)

    assert len(corpus.starts) == 3
    assert corpus.notes == (
        f"{tmp_path / 'mac.txt'}: 3 carriage returns are read as line ends, as old Macs wrote them",
    )


def test_convert_reads_the_lines_of_an_old_mac(tmp_path):
    """A remark ends where its line ends."""
    (tmp_path / "mac.notes").write_bytes(b"% a song\rc4 d4\r% the end\r")

    (tune,) = read_tunes(tmp_path / "mac.notes")

    assert len(tune.notes) == 2

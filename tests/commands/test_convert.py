"""`rnnlab convert`: files of music from one format to another."""

from pathlib import Path

import pytest

from rnnlab.music.midi import write_midi
from rnnlab.music.tune import parse_tune

SONG = "g8 e8 e4 <c e g>4~ c8*2/3 r4 % tempo 96\n"


def midi(name, text):
    """Write a MIDI file."""
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_bytes(write_midi(parse_tune(text, name=name)))


def test_notes_come_back_from_midi(rnnlab):
    """The same bytes, tempo and all; how much it was is said on stderr."""
    Path("song.notes").write_text(SONG)

    there = rnnlab("convert", "song.notes", "song.mid")
    back = rnnlab("convert", "song.mid", "back.notes")

    assert (there.exit_code, there.stdout, there.stderr) == (0, "", "song.mid: 1 tune of 1 file, 6 events\n")
    assert (back.exit_code, Path("back.notes").read_text()) == (0, SONG)


def test_notes_go_to_stdout_where_out_is_a_dash(rnnlab):
    """So that a pipe can take them; what is typed overrules the file's tempo."""
    midi("song.mid", SONG)

    answer = rnnlab("convert", "song.mid", "-", "--tempo", "60", "--polyphony", "highest")

    assert answer.stdout == "g8 e8 e4 g4 r2*2/3 % tempo 60\n"
    assert answer.stderr == "-: 1 tune of 1 file, 5 events; 2 notes below others left out\n"


def test_a_folder_becomes_one_tune_a_line(rnnlab):
    """By name, folders in it too; what yields nothing is named, and does not stop the rest."""
    midi("in/b.mid", "c4 d4")
    midi("in/a/c.mid", "e4")
    Path("in/bad.mid").write_bytes(b"MThd")
    Path("in/read.me").write_text("hello")
    Path("in/.hidden").touch()

    answer = rnnlab("convert", "in", "out.notes")

    assert (answer.exit_code, Path("out.notes").read_text()) == (0, "e4 % tempo 120\nc4 d4 % tempo 120\n")
    bad, unknown, summary = answer.stderr.splitlines()
    assert bad.startswith("in/bad.mid: not a MIDI file")
    assert unknown.startswith("in/read.me: expected a file that ends with .notes, ")
    assert summary == "out.notes: 2 tunes of 4 files, 3 events; 2 yielded nothing"


def test_tunes_are_moved_to_a_common_key(rnnlab):
    """The key that was found is said."""
    Path("song.notes").write_text("d2 e4 fis4 g4 a2 a4 b4 cis'4 d'1 a2 fis2 d1")

    answer = rnnlab("convert", "song.notes", "-", "--transpose", "c")

    assert answer.stdout == "c2 d4 e4 f4 g2 g4 a4 b4 c'1 g2 e2 c1\n"
    assert answer.stderr.startswith("song.notes: found d major, transposed by -2 semitones\n")
    assert rnnlab("convert", "song.notes", "-", "--transpose", "+3").stdout.startswith("f2 g4 a4 bes4 ")


@pytest.mark.parametrize(
    ("line", "exit_code", "message"),
    [
        ("bad.mid out.notes", 1, "bad.mid: not a MIDI file"),
        ("gone.mid out.notes", 1, "gone.mid: no such file"),
        ("bad.mid gone.mid out.notes", 1, "bad.mid: not a MIDI file"),
        ("empty out.notes", 1, "empty: holds no file; expected files to read, check the path"),
        ("empty bad.mid out.notes", 1, "empty: holds no file; expected files to read, check the path\nbad"),
        ("two out.mid", 1, "2 tunes, and a .mid file holds one; write the tunes to a .notes file"),
        ("song.mid old.notes", 2, "old.notes: the file exists; name another, or replace it"),
        ("song.mid out.pdf", 2, "out.pdf: expected an OUT that ends with .notes, .txt, .mid,"),
        ("song.mid out.notes --grid 1/0", 2, "--grid: expected a grid such as 1/16, "),
        ("song.mid out.notes --transpose h", 2, "--transpose: expected semitones such as -3, or a tonic"),
        ("song.mid out.notes --transpose 99", 1, "song.mid: 99 semitones would move a note out of MIDI"),
        ("song.mid out.notes --track 7", 1, "song.mid: expected a track from 1 to 1, received 7"),
        ("song.mid out.notes --polyphony refuse", 1, "song.mid: expected one note at a time, received e"),
        ("song.mid out.notes --channel 17", 2, "rnnlab convert: Invalid value for '--channel'"),
        ("song.mid gone/out.notes", 1, "gone/out.notes: cannot write"),
    ],
)  # fmt: skip
def test_what_cannot_be_converted_writes_nothing(rnnlab, line, exit_code, message):
    """One line for each thing that is wrong, and no file."""
    midi("song.mid", SONG)
    midi("two/a.mid", "c4")
    midi("two/b.mid", "c4")
    Path("bad.mid").write_bytes(b"MThd")
    Path("empty").mkdir()
    Path("old.notes").write_text("c4")

    answer = rnnlab("convert", *line.split())

    assert (answer.exit_code, answer.stdout) == (exit_code, "")
    assert answer.stderr.startswith(message)
    assert [path.name for path in Path().rglob("out.*")] == []
    assert Path("old.notes").read_text() == "c4"


SPLIT = "**kern\n4c\n*^\n4e\t4C\n*v\t*v\n2g\n*-\n"


def test_a_voice_is_chosen_by_its_number(rnnlab):
    """The first is read by default, which is said; one that is not there is refused."""
    Path("a.krn").write_text(SPLIT)

    first = rnnlab("convert", "a.krn", "-")
    second = rnnlab("convert", "a.krn", "-", "--voice", "2")
    third = rnnlab("convert", "a.krn", "-", "--voice", "3")

    assert first.stdout == "c4 e4 g2\n"
    assert first.stderr == (
        "a.krn: voice 1 of 2 is read (1, 2)\n-: 1 tune of 1 file, 3 events; 1 note of other voices left out\n"
    )
    assert second.stdout == "r4 c,4 r2\n"
    assert third.stderr == "a.krn: expected a voice of part 1, one of 1, 2, received '3'\n"


def test_a_metre_that_is_typed_overrules_the_files(rnnlab):
    """What is no metre is refused before anything is read."""
    Path("song.notes").write_text("c4 d4 e4 f4 % meter 4/4")

    answer = rnnlab("convert", "song.notes", "song.abc", "--meter", "2/4")
    refused = rnnlab("convert", "song.notes", "other.abc", "--meter", "2/3")

    assert answer.exit_code == 0
    assert "\nM:2/4\n" in Path("song.abc").read_text()
    assert "C2 D2 | E2 F2 |]" in Path("song.abc").read_text()
    assert (refused.exit_code, refused.stderr) == (
        2,
        "--meter: expected a metre such as 3/4, with 1 to 99 over a power of two to 64, received '2/3'\n",
    )

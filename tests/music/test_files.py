"""Files of music: the extension decides the format, in reading and writing."""

import pytest

from rnnlab.errors import DataError
from rnnlab.music import files
from rnnlab.music.files import WRITTEN, is_music, is_score, read_tunes, write_lilypond, written
from rnnlab.music.midi import write_midi
from rnnlab.music.tune import Tune, parse_tune, tune_text


def test_the_extension_says_what_a_file_is(tmp_path):
    """Capital letters in an extension count as small ones."""
    tune = parse_tune("c4 e4 % tempo 96", name="a")
    (tmp_path / "a.notes").write_text(tune_text(tune))
    (tmp_path / "a.MID").write_bytes(write_midi(tune))

    read = [*read_tunes(tmp_path / "a.notes"), *read_tunes(tmp_path / "a.MID")]

    assert [tune_text(each) for each in read] == ["c4 e4 % tempo 96"] * 2


@pytest.mark.parametrize(
    ("name", "music", "score"), [("a.txt", True, False), ("a.mid", True, True), ("a.pdf", False, False)]
)
def test_a_score_is_music_that_is_not_note_text(tmp_path, name, music, score):
    """Note text is music but no score."""
    assert (is_music(tmp_path / name), is_score(tmp_path / name)) == (music, score)


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("gone.mid", None, "no such file; check the path"),
        ("a.mid", b"", "the file is empty; expected music"),
        ("a.mid", b"MThd", "not a MIDI file"),
        ("a.notes", b"% nothing", "expected at least one note, received none"),
        ("a.abc", b"\n\n", "expected at least one tune, received none"),
        ("a.notes", b"c4 h4", "1:4: 'h4': in this notation h is written 'b'"),
        ("a.notes", b"c4 \xff", "1: not UTF-8 (byte 0xff at offset 3)"),
        ("a.pdf", b"%PDF", "expected a file that ends with .notes, .txt, .mid"),
        ("a.notes", b"c4 " * 34, "expected at most 100 bytes, and it has more"),
    ],
)
def test_what_yields_nothing_is_one_line(tmp_path, monkeypatch, name, data, message):
    """The message is one line that begins with the path of the file."""
    monkeypatch.setattr(files, "MOST_BYTES", 100)
    if data is not None:
        (tmp_path / name).write_bytes(data)

    with pytest.raises(DataError) as error:
        read_tunes(tmp_path / name)

    assert str(error.value).removeprefix(f"{tmp_path / name}:").lstrip().startswith(message)


TUNE = parse_tune("c4 <c e>8*2/3 r2 % tempo 96", name="a")

BEGINNINGS = {
    ".notes": b"c4 <c e>8*2/3 r2 % tempo 96\n",
    ".txt": b"c4 <c e>8*2/3 r2 % tempo 96\n",
    ".mid": b"MThd",
    ".midi": b"MThd",
    ".ly": b"\\version",
    ".svg": b"<svg ",
    ".png": b"\x89PNG\r\n",
    ".wav": b"RIFF",
    ".abc": b"X:1\n",
    ".krn": b"**kern\n",
    ".musicxml": b"<?xml ",
    ".xml": b"<?xml ",
}


@pytest.mark.parametrize("suffix", BEGINNINGS)
def test_each_extension_has_its_format(suffix):
    """Each file begins with the bytes of its format."""
    assert written([TUNE], suffix).startswith(BEGINNINGS[suffix])


def test_every_extension_is_listed():
    """The test of the beginnings misses no format."""
    assert set(BEGINNINGS) == set(WRITTEN)


@pytest.mark.parametrize("suffix", [suffix for suffix in WRITTEN if suffix not in {".notes", ".txt"}])
def test_only_note_text_holds_several_tunes_or_none(suffix):
    """A file of any other format holds exactly one tune."""
    with pytest.raises(
        DataError, match=f"^2 tunes, and a {suffix} file holds one; write the tunes to a .notes"
    ):
        written([TUNE, TUNE], suffix)
    with pytest.raises(DataError, match=r"^b: expected at least one note, received none$"):
        written([Tune("b", ())], suffix)


def test_a_tempo_that_is_given_overrules_the_tunes():
    """The given tempo stands in every format that holds a tempo."""
    assert b"tempo 60" in written([TUNE], ".svg", tempo=60)
    assert b"tempo 4 = 60" in written([TUNE], ".ly", tempo=60)
    assert len(written([TUNE], ".wav", tempo=60)) > len(written([TUNE], ".wav"))


TWENTY_NOTES = parse_tune(" ".join(["c4 cis'8.", "r2*2/3", "<c e g>4~", "<c e>1*5/8"] * 5), name="a")


def test_the_body_is_note_text():
    """The tokens stand unchanged in the block, several on a line; the octaves are absolute, from middle C."""
    text = write_lilypond(TWENTY_NOTES).decode()

    head, body = text.split("\\fixed c' {\n")
    body, tail = body.split("\n  }\n")
    assert parse_tune(body, name="a").notes == TWENTY_NOTES.notes
    assert " ".join(body.split()) == tune_text(TWENTY_NOTES)
    assert max(map(len, body.splitlines())) < 200
    assert head == '\\version "2.24.0"\n\\score {\n  '
    assert tail == "  \\layout { }\n  \\midi { }\n}\n"


def test_the_tempo_is_a_whole_number():
    """LilyPond reads only whole numbers; a tune without a tempo gives a file without one."""
    assert "    \\tempo 4 = 96\n    c4 " in write_lilypond(Tune("a", TWENTY_NOTES.notes, tempo=96.4)).decode()
    assert "tempo" not in write_lilypond(TWENTY_NOTES).decode()

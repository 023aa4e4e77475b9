"""Files of music as tunes, by their extension."""

import pytest

from rnnlab.errors import DataError
from rnnlab.music import files
from rnnlab.music.files import is_music, is_score, read_tunes
from rnnlab.music.midi import write_midi
from rnnlab.music.tune import parse_tune, tune_text


def test_the_extension_says_what_a_file_is(tmp_path):
    """In capitals too."""
    tune = parse_tune("c4 e4 % tempo 96", name="a")
    (tmp_path / "a.notes").write_text(tune_text(tune))
    (tmp_path / "a.MID").write_bytes(write_midi(tune))

    read = [*read_tunes(tmp_path / "a.notes"), *read_tunes(tmp_path / "a.MID")]

    assert [tune_text(each) for each in read] == ["c4 e4 % tempo 96"] * 2


@pytest.mark.parametrize(
    ("name", "music", "score"), [("a.txt", True, False), ("a.mid", True, True), ("a.pdf", False, False)]
)
def test_a_score_is_music_that_is_not_note_text(tmp_path, name, music, score):
    """Note text is read as every text is."""
    assert (is_music(tmp_path / name), is_score(tmp_path / name)) == (music, score)


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("gone.mid", None, "no such file; check the path"),
        ("a.mid", b"", "the file is empty; expected music"),
        ("a.mid", b"MThd", "not a MIDI file"),
        ("a.notes", b"% nothing", "expected at least one note, received none"),
        ("a.notes", b"c4 h4", "1:4: 'h4': in this notation h is written 'b'"),
        ("a.notes", b"c4 \xff", "1: not UTF-8 (byte 0xff at offset 3)"),
        ("a.pdf", b"%PDF", "expected a file that ends with .notes, .txt, .mid"),
        ("a.notes", b"c4 " * 34, "expected at most 100 bytes, and it has more"),
    ],
)
def test_what_yields_nothing_is_one_line(tmp_path, monkeypatch, name, data, message):
    """With the file's path."""
    monkeypatch.setattr(files, "MOST_BYTES", 100)
    if data is not None:
        (tmp_path / name).write_bytes(data)

    with pytest.raises(DataError) as error:
        read_tunes(tmp_path / name)

    assert str(error.value).removeprefix(f"{tmp_path / name}:").lstrip().startswith(message)

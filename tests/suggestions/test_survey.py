"""What data is taken for: text or notes, one text or a collection."""

import gzip

import pytest

from rnnlab.errors import DataError
from rnnlab.music.midi import write_midi
from rnnlab.music.tune import parse_tune
from rnnlab.suggestions.survey import survey

PROSE = "The first boat comes in while the lamps are still lit, and the men on the quay say nothing.\n"
WRAPPED = "".join(f"{'word ' * (13 + number % 2)}w{number}\n" for number in range(50))
NAMES = "".join(f"{'name' * (1 + number % 8)}{number}\n" for number in range(50))
POEM = "".join(f"{'la ' * (2 + number % 4)}\n" + "\n" * (number % 4 == 3) for number in range(50))
TUNES = "".join(f"{'c4 d8 e8 ' * (3 + number % 3)}\n" for number in range(25))
SONG = "% a song\ng8 e8 e4 | f8 d8 d4\nc8 d8 e8 f8 | g8 g8 g4\n"


@pytest.mark.parametrize(
    ("name", "text", "kind", "unit"),
    [
        ("a.txt", PROSE, "text", "character"),
        ("a.txt", WRAPPED, "text", "character"),
        ("a.txt", POEM, "text", "character"),
        ("a.txt", NAMES, "text", "line"),
        ("names", NAMES, "text", "line"),
        ("a.txt", NAMES[:60], "text", "character"),
        ("a.txt", SONG, "notes", "note"),
        ("a.notes", SONG, "notes", "note"),
        ("a.txt", TUNES, "notes", "line"),
        ("a.notes", "this is no note", "notes", "note"),
        ("a.txt", "나비야 나비야 이리 날아 오너라", "text", "character"),
    ],
)
def test_a_file_is_taken_for_what_is_in_it(tmp_path, name, text, kind, unit):
    """Notes are what parses as notes, or says so; lines are items if they differ and none is empty."""
    (tmp_path / name).write_text(text)

    found = survey(tmp_path / name)

    assert (found.kind, found.unit, found.is_score) == (kind, unit, False)


def test_a_packed_file_is_looked_into(tmp_path):
    """As training reads it."""
    (tmp_path / "names.txt.gz").write_bytes(gzip.compress(NAMES.encode()))

    assert survey(tmp_path / "names.txt.gz").unit == "line"


@pytest.mark.parametrize(
    ("files", "kind", "unit"),
    [
        ({"a.mid": None}, "notes", "note"),
        ({"a.mid": None, "b.mid": None}, "notes", "line"),
        ({"a.abc": "X:1\nK:C\nC"}, "notes", "line"),
        ({"a.mid": None, "readme.txt": PROSE}, "notes", "line"),
        ({"a.notes": SONG, "b.notes": SONG}, "notes", "document"),
        ({f"{number}.txt": PROSE for number in range(20)}, "text", "document"),
        ({f"{number}.txt": PROSE for number in range(3)}, "text", "character"),
        ({"a.png": "\udcff", "b.txt": PROSE}, "text", "character"),
    ],
)
def test_a_folder_is_taken_for_what_its_files_are(tmp_path, files, kind, unit):
    """Music in any format makes it notes, and many short files a collection."""
    for name, text in files.items():
        song = write_midi(parse_tune(SONG, name="a"))
        (tmp_path / name).write_bytes(text.encode(errors="surrogateescape") if text else song)

    found = survey(tmp_path)

    assert (found.kind, found.unit) == (kind, unit)
    assert len(found.files) == len(files)


def test_what_is_neither_text_nor_music_is_named(tmp_path):
    """With what it would take, as training would."""
    (tmp_path / "a.png").write_bytes(b"\x89PNG")

    with pytest.raises(DataError, match=r"a\.png:1: not UTF-8 \(byte 0x89"):
        survey(tmp_path / "a.png")
    with pytest.raises(DataError, match=r"gone\.txt: no such file"):
        survey(tmp_path / "gone.txt")

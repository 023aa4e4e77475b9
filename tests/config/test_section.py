"""Patterns that stand for many files: which part of a path is one, and what it finds."""

from pathlib import Path

import pytest

from rnnlab.config.section import divided, files_matching, folder_of_all, is_pattern

NAMES = ["a.txt", "b.txt", "c.TXT", "UPPER.MID", "song.mid", "[draft].txt", ".hidden.txt", "deep/d.txt"]


@pytest.fixture(params=["plain", "Music [2024]", "what?", "star*", "[a-z]", "**"])
def folder(request, tmp_path):
    """A folder with a few files, whose name may have the characters of patterns."""
    folder = tmp_path / request.param
    for name in [*NAMES, "deep/deeper/e.txt", ".git/f.txt"]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("abc")
    return folder


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*.txt", ["[draft].txt", "a.txt", "b.txt", "c.TXT"]),
        ("*.mid", ["UPPER.MID", "song.mid"]),
        ("*.MID", ["UPPER.MID", "song.mid"]),
        ("upper.*", []),
        ("[ab].txt", ["a.txt", "b.txt"]),
        ("[!ab].txt", ["c.TXT"]),
        ("?.txt", ["a.txt", "b.txt", "c.TXT"]),
        (".h*", [".hidden.txt"]),
        ("*", ["UPPER.MID", "[draft].txt", "a.txt", "b.txt", "c.TXT", "song.mid"]),
        ("*/*.txt", ["deep/d.txt"]),
        ("d*/deeper/*.txt", ["deep/deeper/e.txt"]),
        ("deep/**", ["deep/d.txt", "deep/deeper/e.txt"]),
        ("**/?.txt", ["a.txt", "b.txt", "c.TXT", "deep/d.txt", "deep/deeper/e.txt"]),
        ("none*/a.txt", []),
    ],
)
def test_only_the_pattern_is_a_pattern(folder, pattern, found):
    """The folder before it is as it is; `*` finds no hidden files; an extension has any case."""
    assert is_pattern(folder / pattern)
    assert [each.relative_to(folder).as_posix() for each in files_matching(folder / pattern)] == found


def test_a_file_that_has_the_very_name_is_no_pattern(folder):
    """`[draft].txt` is that file, and not `d.txt`."""
    assert not is_pattern(folder / "[draft].txt")
    assert files_matching(folder / "[draft].txt") == [folder / "[draft].txt"]
    assert not is_pattern(folder / "missing.txt")


def test_a_folder_below_a_pattern_may_have_brackets_too(tmp_path):
    """Each part is taken as it is where it exists under its very name."""
    for year in ("1850", "1903"):
        (tmp_path / year / "Disc [1]").mkdir(parents=True)
        (tmp_path / year / "Disc [1]" / "a.mid").write_text("abc")
        (tmp_path / year / "Disc 1").mkdir()
        (tmp_path / year / "Disc 1" / "b.mid").write_text("abc")

    found = files_matching(tmp_path / "*" / "Disc [1]" / "*.mid")

    assert [each.relative_to(tmp_path).as_posix() for each in found] == [
        "1850/Disc [1]/a.mid",
        "1903/Disc [1]/a.mid",
    ]


def test_a_packed_file_s_extension_is_that_before_the_gz(tmp_path):
    """`*.txt.gz` also finds `A.TXT.GZ`."""
    (tmp_path / "A.TXT.GZ").write_bytes(b"")

    assert files_matching(tmp_path / "*.txt.gz") == [tmp_path / "A.TXT.GZ"]


def test_a_link_that_leads_back_is_gone_through_once(tmp_path):
    """`**` ends, whatever links there are."""
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "a.txt").write_text("abc")
    (tmp_path / "inner" / "back").symlink_to(tmp_path)

    assert files_matching(tmp_path / "**" / "*.txt") == [tmp_path / "inner" / "a.txt"]


def test_the_folder_of_a_pattern_is_the_one_in_which_it_begins(folder):
    """So a model file names its data alike, whatever the folder of the data is called."""
    assert divided(folder / "d*" / "*.txt") == (folder, ("d*", "*.txt"))
    assert folder_of_all([folder / "*.txt", Path(folder / "a.txt")]) == folder

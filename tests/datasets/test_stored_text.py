"""Texts of more than one block."""

import hashlib
import tracemalloc
from pathlib import Path

import pytest

from rnnlab import files
from rnnlab.datasets import stored_text
from rnnlab.datasets.stored_text import read_stored, store
from rnnlab.errors import DataError
from rnnlab.files import read_blocks, read_text


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cuts texts where nobody would: in lines, line ends and characters."""
    monkeypatch.setattr(files, "_BLOCK", 5)
    monkeypatch.setattr(stored_text, "_BLOCK", 5)


def written(folder: Path, data: bytes) -> Path:
    (folder / "text.txt").write_bytes(data)
    return folder / "text.txt"


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("shift", range(6))
def test_a_cut_changes_nothing_of_a_text(tmp_path, shift):
    """Wherever the blocks end: in a character, between CR and LF, after a lone CR, at the end of the file."""
    text = "x" * shift + "나비야 🦋\nab\rcd\n\n\ufeffé\r"
    path = written(tmp_path, b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())

    blocks = list(read_blocks(path))

    assert "".join(blocks) == read_text(path) == text
    assert len(blocks) > 3
    assert all(blocks)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("shift", range(6))
@pytest.mark.parametrize("after", [b"", b" and more text\n"])
def test_a_broken_character_is_found_where_it_is(tmp_path, shift, after):
    """The byte and the line count from the beginning of the file, in whichever block the character begins."""
    before = b"one\r\ntwo \xf0\x9f\xa6\x8b\n" + b"x" * shift
    path = written(tmp_path, before + b"\xf0\x9f\xa6" + after)

    with pytest.raises(DataError) as caught:
        read_text(path)

    assert f":3: not UTF-8 (byte 0xf0 at offset {len(before)})" in str(caught.value)


@pytest.mark.usefixtures("small_blocks")
def test_a_stored_text_is_the_text_of_its_file(tmp_path):
    """With the digest that `sha256sum` gives, and its length in characters."""
    text = "나비야 나비야\n이리 날아 오너라 🦋\n"
    stored = read_stored(written(tmp_path, text.encode()))

    assert (stored.head(), stored.length) == (text, len(text))
    assert "".join(stored.blocks()) == text
    assert text.startswith(stored.head(2))
    assert stored.sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert store(text, name="").sha256 == stored.sha256


def test_one_wide_character_does_not_make_a_text_four_times_as_large(tmp_path):
    """Twenty megabytes and an emoji take twenty megabytes and a few blocks, also while they are read."""
    path = written(tmp_path, b"if you want to build a ship, " * 700_000 + "🦋".encode())
    tracemalloc.start()

    stored = read_stored(path)

    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert stored.length == 20_300_001
    assert held < 21_000_000
    assert peak < 32_000_000


@pytest.mark.usefixtures("small_blocks")
def test_reading_is_reported_by_its_share_of_the_file(tmp_path):
    """It grows up to 1, in bytes: a character of three of them counts for three."""
    shares = []
    path = written(tmp_path, "나비야 ab cd".encode())

    read_stored(path, report=lambda task, share: shares.append((task, share)))

    assert {task for task, _ in shares} == {"reading text.txt"}
    assert [share for _, share in shares] == sorted({share for _, share in shares})
    assert shares[0][1] == pytest.approx(3 / 15)
    assert shares[-1][1] == 1.0


@pytest.mark.parametrize(
    ("data", "text", "returns"),
    [
        (b"one\rtwo\r", "one\ntwo\n", 2),
        (b"one\r\ntwo\r\n", "one\ntwo\n", 0),
        (b"one\r\rtwo\nthree\r\n", "one\n\ntwo\nthree\n", 2),
        (b"a" * ((1 << 20) - 1) + b"\r" + b"\nb\rc", "a" * ((1 << 20) - 1) + "\nb\nc", 1),
    ],
)
def test_carriage_returns_alone_are_line_ends(tmp_path, data, text, returns):
    """As old Macs wrote them; they are counted, and those before a line feed belong to it."""
    (tmp_path / "mac.txt").write_bytes(data)

    stored = read_stored(tmp_path / "mac.txt")

    assert (stored.head(), stored.lone_returns) == (text, returns)

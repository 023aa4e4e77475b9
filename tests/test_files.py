"""Files that are replaced whole or not at all, and text that is read as everyone writes it."""

import errno
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from rnnlab.errors import DataError, RunError
from rnnlab.files import read_text, remove_partial, write_blocks, write_durably
from tests.needs import needs


def test_a_new_file_has_the_content_and_the_usual_permissions(tmp_path):
    """As if it had been opened and written; nothing else is left in the folder."""
    (tmp_path / "usual").touch()

    write_durably(tmp_path / "new", b"a\r\n\x00b")

    assert (tmp_path / "new").read_bytes() == b"a\r\n\x00b"
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "usual").stat().st_mode
    assert sorted(os.listdir(tmp_path)) == ["new", "usual"]


def test_the_old_file_is_replaced_and_not_written_into(tmp_path):
    """Who has the old file open reads it to its end."""
    path = tmp_path / "file"
    path.write_bytes(b"old content")

    with path.open("rb") as reader:
        write_durably(path, b"new")

        assert reader.read() == b"old content"
    assert path.read_bytes() == b"new"


def test_the_content_is_on_the_disk_before_it_gets_its_name(tmp_path, monkeypatch):
    """A power cut leaves the old file or the new one, not an empty one."""
    events = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr("os.fsync", lambda number: (events.append("fsync"), fsync(number)))
    monkeypatch.setattr("os.replace", lambda *paths: (events.append("replace"), replace(*paths)))

    write_durably(tmp_path / "file", b"new")

    assert events == ["fsync", "replace", "fsync"]


@pytest.mark.parametrize("failing", ["os.fsync", "os.replace"])
def test_a_write_that_fails_leaves_the_old_file_alone(tmp_path, monkeypatch, failing):
    """At whatever step it fails, the old content stays and no temporary file is left."""
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(failing, full)

    with pytest.raises(RunError) as caught:
        write_durably(path, b"new")

    assert str(caught.value) == (
        f"{path}: cannot write (No space left on device); free some space, or choose another folder"
    )
    assert os.listdir(tmp_path) == ["file"]
    assert path.read_bytes() == b"old"


def test_a_file_that_grows_too_large_leaves_the_old_one_alone(tmp_path, monkeypatch):
    """The system itself stops the writing in the middle."""
    import resource

    path = tmp_path / "file"
    path.write_bytes(b"old")
    monkeypatch.setattr("os.fsync", lambda number: None)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(RunError) as caught:
            write_durably(path, bytes(1_000_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)

    assert "cannot write (File too large)" in str(caught.value)
    assert os.listdir(tmp_path) == ["file"]
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit, ValueError])
def test_blocks_that_do_not_come_to_their_end_leave_the_old_file_alone(tmp_path, stop):
    """Whoever makes them fails, or a signal comes meanwhile."""
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def blocks() -> Iterator[bytes]:
        yield b"new" * 100_000
        raise stop

    with pytest.raises(stop):
        write_blocks(path, blocks())

    assert os.listdir(tmp_path) == ["file"]
    assert path.read_bytes() == b"old"


def test_only_what_is_half_written_is_removed(tmp_path):
    """Of several writers' files, those that were left before a time; without a time, all."""
    for name, written in (("file", 1), (".file-a.partial", 1), (".file-b.partial", 3), (".hidden", 1)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, times=(written, written))

    remove_partial(tmp_path, written_before=2)
    left = sorted(os.listdir(tmp_path))
    remove_partial(tmp_path)

    assert left == [".file-b.partial", ".hidden", "file"]
    assert sorted(os.listdir(tmp_path)) == [".hidden", "file"]


def test_a_folder_that_is_missing_is_named(tmp_path):
    """The message names what was to be written."""
    with pytest.raises(RunError) as caught:
        write_durably(tmp_path / "missing" / "file", b"new")

    assert str(caught.value) == (
        f"{tmp_path}/missing/file: cannot write (No such file or directory);"
        " free some space, or choose another folder"
    )


@needs("a user other than root")
def test_a_folder_that_is_read_only_is_named(tmp_path):
    """What the folder holds stays as it is."""
    path = tmp_path / "file"
    path.write_bytes(b"old")
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(RunError, match=r"cannot write \(Permission denied\)"):
            write_durably(path, b"new")
    finally:
        tmp_path.chmod(0o700)

    assert path.read_bytes() == b"old"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"abc\n", "abc\n"),
        ("나비야 🦋".encode(), "나비야 🦋"),
        (b"\xef\xbb\xbfabc", "abc"),
        (b"a\r\nb\r\n", "a\nb\n"),
        (b" \n", " \n"),
    ],
)
def test_text_is_read_whole(tmp_path, data, text):
    """A byte order mark is no character, and every line ends in a line feed."""
    (tmp_path / "file.txt").write_bytes(data)

    assert read_text(tmp_path / "file.txt") == text


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "{path}: the file is empty; expected text or notes to train on"),
        (b"\xef\xbb\xbf", "{path}: the file is empty; expected text or notes to train on"),
        (
            b"one\ntwo\nth\xe9 end",
            "{path}:3: not UTF-8 (byte 0xe9 at offset 10); it looks like LATIN1,"
            " convert it: iconv -f LATIN1 -t UTF-8 < {path} > file.utf8.txt",
        ),
        (
            b"cut \xf0\x9f\xa6",
            "{path}:1: not UTF-8 (byte 0xf0 at offset 4): the file ends within a character;"
            " copy the whole file again",
        ),
        (None, "{path}: no such file; check the path"),
    ],
)
def test_what_is_no_text_is_refused_with_its_place(tmp_path, data, message):
    """One line with the file, the line and the byte, and what to do."""
    path = tmp_path / "file.txt"
    if data is not None:
        path.write_bytes(data)

    with pytest.raises(DataError) as caught:
        read_text(path)

    assert str(caught.value) == message.format(path=path)


def test_a_file_that_is_too_large_is_not_read_to_its_end(tmp_path):
    """The bound itself is allowed; of what is beyond it, however much, nothing is kept."""
    (tmp_path / "file").write_bytes(b"abcd")

    assert read_text(tmp_path / "file", most_bytes=4) == "abcd"
    for path, most in ((tmp_path / "file", 3), (Path("/dev/zero"), 1000)):
        with pytest.raises(DataError) as caught:
            read_text(path, most_bytes=most)

        assert str(caught.value) == f"{path}: expected at most {most:,} bytes, and it has more"


def test_the_place_in_a_file_with_a_byte_order_mark_is_the_files(tmp_path):
    """An offset counts from the first byte, as a hex editor does."""
    (tmp_path / "file").write_bytes(b"\xef\xbb\xbfab\xff")

    with pytest.raises(DataError, match="byte 0xff at offset 5"):
        read_text(tmp_path / "file")


def test_a_folder_is_no_text(tmp_path):
    """It is there, but cannot be read."""
    with pytest.raises(DataError) as caught:
        read_text(tmp_path)

    assert str(caught.value) == f"{tmp_path}: cannot be read (Is a directory); expected a readable file"


@needs("Unix")
@pytest.mark.parametrize("name", ["/dev/zero", "/dev/null"])
def test_a_device_is_not_read(name):
    """It may have no end, and the memory has one."""
    with pytest.raises(
        DataError, match=f"^{name}: a device, which may have no end; expected a file or a pipe$"
    ):
        read_text(Path(name))

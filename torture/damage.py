"""Damage to a file: changed bytes, or something else in place of the file."""

import os
from collections.abc import Callable
from pathlib import Path

OUTSIDE = "outside"
"""A folder next to `runs/`, to which links out of `runs/` lead."""

OTHER = "other-1"
"""The run next to the damaged one, from which files are taken."""


def flip(byte: bytes, place: int) -> bytes:
    """Return a byte with one bit flipped; its offset in the file decides which bit."""
    return bytes([byte[0] ^ 1 << place % 8])


AT_A_PLACE: dict[str, Callable[[bytes, int], bytes]] = {
    "cut": lambda data, place: data[:place],
    "flipped": lambda data, place: data[:place] + flip(data[place:][:1], place) + data[place + 1 :],
    "dropped": lambda data, place: data[:place] + data[place + 1 :],
    "doubled": lambda data, place: data[: place + 1] + data[place:],
    "zeroed": lambda data, place: data[:place] + bytes(1) + data[place + 1 :],
    "torn": lambda data, place: data[:place] + bytes(len(data) - place),
}
"""Functions that return the content with one kind of damage at an offset."""


def remove(path: Path) -> None:
    """Remove the file."""
    path.unlink()


def empty(path: Path) -> None:
    """Make the file empty."""
    path.write_bytes(b"")


def swap(path: Path) -> None:
    """Replace the file by the same file of another run."""
    path.write_bytes(_of_other(path).read_bytes())


def draw(path: Path) -> None:
    """Replace the file by a file of another kind."""
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))


def lengthen(path: Path) -> None:
    """Append bytes to the file."""
    path.write_bytes(path.read_bytes() + bytes(8))


def put_folder(path: Path) -> None:
    """Replace the file by a folder."""
    path.unlink()
    path.mkdir()


def put_pipe(path: Path) -> None:
    """Replace the file by a pipe that has no writer."""
    path.unlink()
    os.mkfifo(path)


def link_outside(path: Path) -> None:
    """Replace the file by a link to its content, in a folder outside all runs."""
    outside = path.absolute().parents[2] / OUTSIDE
    path.replace(outside)
    path.symlink_to(outside)


def link_to_other(path: Path) -> None:
    """Replace the file by a link to the same file of another run."""
    path.unlink()
    path.symlink_to(_of_other(path).absolute())


def link_to_itself(path: Path) -> None:
    """Replace the file by a link to itself."""
    path.unlink()
    path.symlink_to(path.name)


def link_to_device(path: Path) -> None:
    """Replace the file by a link to a device that never ends."""
    path.unlink()
    path.symlink_to("/dev/zero")


WHOLE: dict[str, Callable[[Path], None]] = {
    function.__name__: function
    for function in (
        *(remove, empty, swap, draw, lengthen, put_folder, put_pipe),
        *(link_outside, link_to_other, link_to_itself, link_to_device),
    )
}
"""Functions that damage a file as a whole."""


def _of_other(path: Path) -> Path:
    """Return the path of the same file in the other run."""
    return path.parents[1] / OTHER / path.name

"""What can happen to a file: its bytes change, or something else stands in its place."""

import os
from collections.abc import Callable
from pathlib import Path

OUTSIDE = "outside"
"""Where a link leads that leads out of a folder of runs, beside that folder."""

OTHER = "other-1"
"""The run that the files of another run are taken from, beside the one that is damaged."""


def flip(byte: bytes, place: int) -> bytes:
    """The byte with one bit of it flipped, which one by its place."""
    return bytes([byte[0] ^ 1 << place % 8])


AT_A_PLACE: dict[str, Callable[[bytes, int], bytes]] = {
    "cut": lambda data, place: data[:place],
    "flipped": lambda data, place: data[:place] + flip(data[place:][:1], place) + data[place + 1 :],
    "dropped": lambda data, place: data[:place] + data[place + 1 :],
    "doubled": lambda data, place: data[: place + 1] + data[place:],
    "zeroed": lambda data, place: data[:place] + bytes(1) + data[place + 1 :],
    "torn": lambda data, place: data[:place] + bytes(len(data) - place),
}
"""The content with a damage at a place of it."""


def remove(path: Path) -> None:
    """Leave nothing."""
    path.unlink()


def empty(path: Path) -> None:
    """Leave a file without content."""
    path.write_bytes(b"")


def swap(path: Path) -> None:
    """Put the file of another run there."""
    path.write_bytes(_of_other(path).read_bytes())


def draw(path: Path) -> None:
    """Put a file there that is of another kind."""
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))


def lengthen(path: Path) -> None:
    """Add to the end."""
    path.write_bytes(path.read_bytes() + bytes(8))


def put_folder(path: Path) -> None:
    """Put a folder there."""
    path.unlink()
    path.mkdir()


def put_pipe(path: Path) -> None:
    """Put a pipe there that nobody writes into."""
    path.unlink()
    os.mkfifo(path)


def link_outside(path: Path) -> None:
    """Put a link there, to the file in a place outside of all runs."""
    outside = path.absolute().parents[2] / OUTSIDE
    path.replace(outside)
    path.symlink_to(outside)


def link_to_other(path: Path) -> None:
    """Put a link there, to the file of another run."""
    path.unlink()
    path.symlink_to(_of_other(path).absolute())


def link_to_itself(path: Path) -> None:
    """Put a link there that leads nowhere."""
    path.unlink()
    path.symlink_to(path.name)


def link_to_device(path: Path) -> None:
    """Put a link there, to what can be read for ever."""
    path.unlink()
    path.symlink_to("/dev/zero")


WHOLE: dict[str, Callable[[Path], None]] = {
    function.__name__: function
    for function in (
        *(remove, empty, swap, draw, lengthen, put_folder, put_pipe),
        *(link_outside, link_to_other, link_to_itself, link_to_device),
    )
}
"""What is done to a file as a whole."""


def _of_other(path: Path) -> Path:
    """The same file of the other run."""
    return path.parents[1] / OTHER / path.name

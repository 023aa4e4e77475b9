"""Recipes in files: the text from which `replay` makes a file again, where each format has room for a remark.

    .notes .txt .ly .abc   a comment at the end, `% rnnlab: recipe {…}`
    .krn                   a reference record at the end, `!!!ONB: rnnlab: recipe {…}`
    .mid .midi             a text event at the begin of the first track
    .musicxml .xml         a field `miscellaneous-field`
    .svg                   an element `metadata`
    .png                   a chunk `tEXt`
    .wav                   a chunk `LIST` of the kind INFO, with a comment (ICMT)

The recipe is a JSON object in ASCII without `%`, `<`, `>` and `&`, so that every format can hold it as it is.
Readers of music skip all of these places. A file of plain text has no such place; its recipe is in a file
beside it (`beside`).
"""

import json
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from rnnlab.errors import DataError

MARK = "rnnlab: recipe "
"""Text before every recipe in a file."""

MOST_CHARACTERS = 1 << 18
"""Most characters of a recipe; a usual one has 600."""

_SAFE = re.compile(r"\{[ -$'-;=?-~]*\}")
_COMMENT = re.compile(rf"% {MARK}[^\n]*\n?")
_SVG = re.compile(rb"<svg\b[^>]*>")
_META_TEXT = b"\x00\xff\x01"  # at time 0 after the event before it: a meta event with a text
_END_OF_PNG = 12  # bytes of the chunk IEND, the last of a file


def beside(path: Path) -> Path:
    """Return the path of the file that holds the recipe of a file of plain text."""
    return path.with_name(f"{path.name}.recipe.json")


def with_recipe(data: bytes, suffix: str, recipe: str) -> bytes:
    """Return the content of a file with a recipe in it.

    Args:
        data: the content, as `music.files.written` returns it.
        suffix: the format, one of `music.files.WRITTEN`.
        recipe: a JSON object in ASCII without `%`, `<`, `>`, `&` and line breaks.

    Raises:
        ValueError: the recipe has a character that a format cannot hold.
    """
    if not _SAFE.fullmatch(recipe):
        raise ValueError("a recipe has a character that some format cannot hold")
    return _PLACES[suffix](data, f"{MARK}{recipe}".encode())


def recipe_in(data: bytes) -> str | None:
    """Return the first recipe in the content of a file of any format; None if there is none.

    Raises:
        DataError: the recipe is damaged or too long.
    """
    found = data.find(MARK.encode())
    if found < 0:
        return None
    begin = found + len(MARK)
    return checked_recipe(data[begin : begin + MOST_CHARACTERS + 1].decode("latin-1"))


def without_recipe(notes: str) -> str:
    """Return note text without the comments that hold a recipe."""
    return _COMMENT.sub("", notes)


def checked_recipe(text: str) -> str:
    """Return the JSON object with which a text begins, as it is written.

    Raises:
        DataError: the text does not begin with a JSON object of `MOST_CHARACTERS` or less, or the
            object has a character that no recipe has.
    """
    try:
        _, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        end = 0
    if end > MOST_CHARACTERS or not _SAFE.fullmatch(text[:end]):
        raise DataError(
            f"the recipe is damaged (it is no JSON object of at most {MOST_CHARACTERS:,}"
            " characters); restore the file from a copy"
        )
    return text[:end]


def _line(begin: bytes) -> Callable[[bytes, bytes], bytes]:
    """Return the function that adds a last line with a recipe, after the begin of a remark."""
    return lambda data, recipe: data + begin + recipe + b"\n"


def _in_midi(data: bytes, recipe: bytes) -> bytes:
    """Return a MIDI file whose first track begins with a text event."""
    place = data.index(b"MTrk") + 4
    (size,) = struct.unpack_from(">L", data, place)
    event = _META_TEXT + bytes(_variable_length(len(recipe))) + recipe
    return data[:place] + struct.pack(">L", size + len(event)) + event + data[place + 4 :]


def _variable_length(number: int) -> Iterator[int]:
    """Yield the bytes of a number in MIDI: seven bits each, with the high bit in all but the last."""
    for shift in (21, 14, 7):
        if number >> shift:
            yield number >> shift & 0x7F | 0x80
    yield number & 0x7F


def _in_musicxml(data: bytes, recipe: bytes) -> bytes:
    """Return a score with a field after its title."""
    field = b'<miscellaneous-field name="recipe">' + recipe + b"</miscellaneous-field>"
    identification = b"<identification><miscellaneous>" + field + b"</miscellaneous></identification>"
    return data.replace(b"</work>", b"</work>" + identification, 1)


def _in_svg(data: bytes, recipe: bytes) -> bytes:
    """Return a picture whose first element is `metadata`."""
    return _SVG.sub(lambda found: found[0] + b"<metadata>" + recipe + b"</metadata>", data, count=1)


def _in_png(data: bytes, recipe: bytes) -> bytes:
    """Return a picture with a comment before its last chunk."""
    content = b"tEXtComment\0" + recipe
    chunk = struct.pack(">L", len(content) - 4) + content + struct.pack(">L", zlib.crc32(content))
    return data[:-_END_OF_PNG] + chunk + data[-_END_OF_PNG:]


def _in_wav(data: bytes, recipe: bytes) -> bytes:
    """Return a sound with a comment after its samples."""
    text = recipe + b"\0" * (2 - len(recipe) % 2)  # ends with a zero, and has an even length
    comment = b"INFOICMT" + struct.pack("<L", len(text)) + text
    whole = data + b"LIST" + struct.pack("<L", len(comment)) + comment
    return whole[:4] + struct.pack("<L", len(whole) - 8) + whole[8:]


_PLACES: dict[str, Callable[[bytes, bytes], bytes]] = {
    **dict.fromkeys((".notes", ".txt", ".ly", ".abc"), _line(b"% ")),
    ".krn": _line(b"!!!ONB: "),
    **dict.fromkeys((".mid", ".midi"), _in_midi),
    **dict.fromkeys((".musicxml", ".xml"), _in_musicxml),
    ".svg": _in_svg,
    ".png": _in_png,
    ".wav": _in_wav,
}

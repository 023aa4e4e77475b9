"""Files of music as tunes, by their extension."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from rnnlab.errors import DataError, MissingFile
from rnnlab.music.abc import read_abc
from rnnlab.music.kern import read_kern
from rnnlab.music.midi import read_midi
from rnnlab.music.musicxml import read_musicxml
from rnnlab.music.reading import Reading
from rnnlab.music.tune import Tune, parse_tune
from rnnlab.unicode_text import decoded

NOTE_TEXT = (".notes", ".txt")
MOST_BYTES = 16 << 20
"""Bytes of a file, of whatever format."""


def read_tunes(path: Path, *, reading: Reading | None = None) -> list[Tune]:
    """Every tune of a file: one, or those of a collection in ABC.

    Raises:
        DataError: the file cannot be read, or one of its tunes.
    """
    tunes = []
    for tune in tunes_in(path, reading=reading or Reading()):
        if isinstance(tune, DataError):
            raise tune
        tunes.append(tune)
    return tunes


def tunes_in(path: Path, *, reading: Reading) -> Iterator[Tune | DataError]:
    """Each tune of a file, or why it yields nothing.

    Raises:
        DataError: the file itself cannot be read.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise DataError(f"{path}: expected a file that ends with {', '.join(_READERS)}")
    for tune in reader(_bytes_of(path), str(path), reading):
        is_told = reading.meter is not None
        yield replace(tune, meter=reading.meter) if is_told and isinstance(tune, Tune) else tune


def is_music(path: Path) -> bool:
    """Whether a file has the extension of a format that is read here."""
    return path.suffix.lower() in _READERS


def is_score(path: Path) -> bool:
    """Whether it has that of a format other than note text."""
    return is_music(path) and path.suffix.lower() not in NOTE_TEXT


def _bytes_of(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise MissingFile(f"{path}: no such file; check the path", path)
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read ({error.strerror or error}); expected a readable file"
        ) from error
    if len(data) > MOST_BYTES:
        raise DataError(f"{path}: expected at most {MOST_BYTES:,} bytes, and it has more")
    if not data:
        raise DataError(f"{path}: the file is empty; expected music")
    return data


def _read_notes(data: bytes, name: str, _: Reading) -> Iterator[Tune | DataError]:
    try:
        text = decoded(data, Path(name)).replace("\r\n", "\n").replace("\r", "\n")  # also those of old Macs
        tune = parse_tune(text, name=name)
        yield tune if tune.notes else DataError(f"{name}: expected at least one note, received none")
    except DataError as error:
        yield error


def _read_midi(data: bytes, name: str, reading: Reading) -> Iterator[Tune | DataError]:
    try:
        yield read_midi(data, name=name, reading=reading)
    except DataError as error:
        yield error


def _score(
    read: Callable[..., Iterator[Tune | DataError]],
) -> Callable[[bytes, str, Reading], Iterator[Tune | DataError]]:
    return lambda data, name, reading: read(data, name=name, reading=reading)


_READERS = {
    **dict.fromkeys(NOTE_TEXT, _read_notes),
    **dict.fromkeys((".mid", ".midi"), _read_midi),
    ".abc": _score(read_abc),
    **dict.fromkeys((".musicxml", ".xml", ".mxl"), _score(read_musicxml)),
    ".krn": _score(read_kern),
}

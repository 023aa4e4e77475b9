"""Files of music by their suffix: the formats that are read and written, and the tunes of many files.

The module of a format is loaded when a file of this format is read or written.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rnnlab.errors import DataError, MissingFile, count_of
from rnnlab.music.keys import Transposition, transpose, transposed_key
from rnnlab.music.melody import Reading
from rnnlab.music.meter import Meter
from rnnlab.music.notation import spell, spell_duration
from rnnlab.music.tune import Tune, parse_tune, tune_text
from rnnlab.unicode_text import decoded

NOTE_TEXT = (".notes", ".txt")
MOST_BYTES = 16 << 20
"""Largest size in bytes of a file that is read; some formats allow less."""

_EVENTS_A_LINE = 16
_FILE = r"""\version "2.24.0"
\score {
  \fixed c' {
%s
  }
  \layout { }
  \midi { }
}
"""


def read_tunes(path: Path, *, reading: Reading | None = None) -> list[Tune]:
    """Return all tunes of a file: the tunes of an ABC collection; one tune of a file in another format.

    Raises:
        DataError: the file, or one of its tunes, cannot be read.
    """
    tunes = []
    for tune in tunes_in(path, reading=reading or Reading()):
        if isinstance(tune, DataError):
            raise tune
        tunes.append(tune)
    return tunes


def tunes_in(path: Path, *, reading: Reading) -> Iterator[Tune | DataError]:
    """Yield each tune of a file, or a DataError in place of a tune that cannot be read.

    The metre of `reading`, if it has one, replaces the metre of each tune.

    Raises:
        DataError: the suffix is unknown, or the file is missing, empty, too large or not readable.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise DataError(f"{path}: expected a file that ends with {', '.join(_READERS)}")
    for tune in reader(_bytes_of(path), str(path), reading):
        is_chosen = reading.meter is not None
        yield replace(tune, meter=reading.meter) if is_chosen and isinstance(tune, Tune) else tune


def is_music(path: Path) -> bool:
    """Return whether a file has the suffix of a format that can be read."""
    return path.suffix.lower() in _READERS


def is_score(path: Path) -> bool:
    """Return whether a file has the suffix of a format other than note text that can be read."""
    return is_music(path) and path.suffix.lower() not in NOTE_TEXT


@dataclass(frozen=True)
class Collection:
    """The tunes of several files.

    Attributes:
        tunes: in the order of the files.
        files: number of files that were named, or found in a folder, readable or not.
        failures: a message for each file or tune that cannot be read or transposed, and for each folder
            without files.
        remarks: a line for each tune whose key was estimated, with the key and the transposition.
    """

    tunes: tuple[Tune, ...]
    files: int
    failures: tuple[str, ...]
    remarks: tuple[str, ...] = ()


def collect(
    sources: Sequence[Path], *, reading: Reading, followed: Callable[[Path], None] = lambda _: None
) -> Collection:
    """Return the tunes of files and folders, in the order of `sources`.

    The files of a folder and its subfolders are sorted by path; hidden files (`.name`) are skipped.

    Args:
        sources: files and folders.
        reading: which notes are read, and how they become one line.
        followed: called with each file before it is read.
    """
    tunes: list[Tune] = []
    failures: list[str] = []
    files = 0
    for path in _files(sources):
        if path.is_dir():
            failures.append(f"{path}: holds no file; expected files to read, check the path")
            continue
        files += 1
        followed(path)
        try:
            for tune in tunes_in(path, reading=reading):
                failures.append(str(tune)) if isinstance(tune, DataError) else tunes.append(tune)
        except DataError as error:
            failures.append(str(error))
    return Collection(tuple(tunes), files, tuple(failures))


def transposed(collection: Collection, to: Transposition) -> Collection:
    """Return the collection with the notes and the key signature of its tunes transposed.

    If a note of a tune would be outside MIDI's range, the tune becomes a failure.
    """
    tunes: list[Tune] = []
    failures, remarks = list(collection.failures), list(collection.remarks)
    for tune in collection.tunes:
        way, key = to.way_of(tune.notes)
        if key:
            by = f"{'+' * (way >= 0)}{count_of(way, 'semitone')}"
            remarks.append(f"{tune.name}: found {key}, transposed by {by}")
        try:
            notes = transpose(tune.notes, way)
        except DataError as error:
            failures.append(f"{tune.name}: {error}")
            continue
        tunes.append(replace(tune, notes=notes, key=tune.key and transposed_key(tune.key, way)))
    return replace(collection, tunes=tuple(tunes), failures=tuple(failures), remarks=tuple(remarks))


def written(
    tunes: Sequence[Tune], suffix: str, *, tempo: float | None = None, meter: Meter | None = None
) -> bytes:
    """Return the content of a file: note text with a line for each tune, or one tune in another format.

    Args:
        tunes: at least one.
        suffix: one of `WRITTEN`.
        tempo: quarter notes a minute in place of the tunes' own; None: their own.
        meter: metre in place of the tunes' own; None: their own.

    Raises:
        DataError: the format holds one tune and there are several, the tune has no notes, the format cannot
            express the tune, or the extra that writes the format is not installed.
    """
    marked = [replace(tune, tempo=tempo or tune.tempo, meter=meter or tune.meter) for tune in tunes]
    if suffix in NOTE_TEXT:
        return "".join(f"{tune_text(tune)}\n" for tune in marked).encode()
    if len(tunes) > 1:
        raise DataError(
            f"{len(tunes)} tunes, and a {suffix} file holds one; write the tunes to a .notes file"
        )
    if not marked[0].notes:
        raise DataError(f"{marked[0].name}: expected at least one note, received none")
    return _WRITERS[suffix](marked[0])


def write_lilypond(tune: Tune) -> bytes:
    r"""Return the text of a LilyPond file, from which LilyPond makes a score and a MIDI file.

    Note text is the body of the block `\fixed c' { … }`. The tempo is rounded, because LilyPond allows whole
    numbers only. Notes that cross a bar line are not divided.
    """
    words = [spell(note) for note in tune.notes]
    lines = [
        " ".join(words[begin : begin + _EVENTS_A_LINE]) for begin in range(0, len(words), _EVENTS_A_LINE)
    ]
    commands = []
    if tune.key:
        commands.append(rf"\key {tune.key.tonic} \{tune.key.mode}")
    if tune.meter:
        commands.append(rf"\time {tune.meter}")
    if tune.pickup:
        commands.append(rf"\partial {spell_duration(tune.pickup)}")
    if tune.tempo is not None:
        commands.append(rf"\tempo 4 = {round(tune.tempo)}")
    return (_FILE % "\n".join(f"    {line}" for line in (*commands, *lines))).encode()


def _bytes_of(path: Path) -> bytes:
    """Return the bytes of a file; refuse a file that is missing, not readable, too large or empty."""
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
    """Yield the tune of a note text file, or a DataError if it cannot be read or has no notes."""
    try:
        text = (
            decoded(data, Path(name)).replace("\r\n", "\n").replace("\r", "\n")
        )  # line ends of Windows and of old Macs
        tune = parse_tune(text, name=name)
        yield tune if tune.notes else DataError(f"{name}: expected at least one note, received none")
    except DataError as error:
        yield error


def _files(sources: Sequence[Path]) -> Iterator[Path]:
    """Yield each file; for a folder yield all files below it, sorted, or the folder itself if there are none.

    Hidden files (`.name`) in a folder are skipped.
    """
    for source in sources:
        if source.is_dir():
            inside = sorted(path for path in source.rglob("*") if path.is_file() and path.name[0] != ".")
            yield from inside or [source]
        else:
            yield source


def _read_midi(data: bytes, name: str, reading: Reading) -> Iterator[Tune | DataError]:
    from rnnlab.music.midi import read_midi

    try:
        yield read_midi(data, name=name, reading=reading)
    except DataError as error:
        yield error


def _read_abc(data: bytes, name: str, reading: Reading) -> Iterator[Tune | DataError]:
    from rnnlab.music.abc import read_abc

    return read_abc(data, name=name, reading=reading)


def _read_musicxml(data: bytes, name: str, reading: Reading) -> Iterator[Tune | DataError]:
    from rnnlab.music.musicxml import read_musicxml

    return read_musicxml(data, name=name, reading=reading)


def _read_kern(data: bytes, name: str, reading: Reading) -> Iterator[Tune | DataError]:
    from rnnlab.music.kern import read_kern

    return read_kern(data, name=name, reading=reading)


def _write_midi(tune: Tune) -> bytes:
    from rnnlab.music.midi import write_midi

    return write_midi(tune)


def _write_svg(tune: Tune) -> bytes:
    from rnnlab.music.score import engrave

    return engrave(tune).encode()


def _write_png(tune: Tune) -> bytes:
    from rnnlab.music.score import engrave, png_of

    return png_of(engrave(tune))


def _write_wav(tune: Tune) -> bytes:
    from rnnlab.music.sound import wav_of

    return wav_of(tune)


def _write_abc(tune: Tune) -> bytes:
    from rnnlab.music.abc import write_abc

    return write_abc(tune)


def _write_musicxml(tune: Tune) -> bytes:
    from rnnlab.music.musicxml_writer import write_musicxml

    return write_musicxml(tune)


def _write_kern(tune: Tune) -> bytes:
    from rnnlab.music.kern import write_kern

    return write_kern(tune)


_READERS: dict[str, Callable[[bytes, str, Reading], Iterator[Tune | DataError]]] = {
    **dict.fromkeys(NOTE_TEXT, _read_notes),
    **dict.fromkeys((".mid", ".midi"), _read_midi),
    ".abc": _read_abc,
    **dict.fromkeys((".musicxml", ".xml", ".mxl"), _read_musicxml),
    ".krn": _read_kern,
}
_WRITERS: dict[str, Callable[[Tune], bytes]] = {
    **dict.fromkeys((".mid", ".midi"), _write_midi),
    ".ly": write_lilypond,
    ".svg": _write_svg,
    ".png": _write_png,
    ".wav": _write_wav,
    ".abc": _write_abc,
    **dict.fromkeys((".musicxml", ".xml"), _write_musicxml),
    ".krn": _write_kern,
}
WRITTEN = (*NOTE_TEXT, *_WRITERS)
"""Suffixes of the formats that are written. `.notes` and `.txt` files hold several tunes, others one tune."""

r"""Files of music as tunes, by their extension.

The tunes of files, and a common key for them; what yields nothing is said, and does not stop the rest.

Tunes as files, by their extension: note text, MIDI, scores and sound.

Tunes as LilyPond files: note text is the body of a `\fixed c' { … }` block, and here is the rest.

A note that lasts over a bar line is not divided; write `rnnlab convert song.notes song.svg` for that.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rnnlab.errors import DataError, MissingFile, count_of
from rnnlab.music.abc import read_abc, write_abc
from rnnlab.music.kern import read_kern, write_kern
from rnnlab.music.keys import Transposition, transpose
from rnnlab.music.melody import Reading
from rnnlab.music.meter import Meter
from rnnlab.music.midi import read_midi, write_midi
from rnnlab.music.musicxml import read_musicxml
from rnnlab.music.musicxml_writer import write_musicxml
from rnnlab.music.notation import spell, spell_duration
from rnnlab.music.score import engrave, png_of
from rnnlab.music.sound import wav_of
from rnnlab.music.tune import Tune, parse_tune, tune_text
from rnnlab.unicode_text import decoded

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


def write_lilypond(tune: Tune) -> bytes:
    """A file that LilyPond engraves, and makes MIDI of; its tempo is a whole number, as LilyPond's are."""
    words = [spell(note) for note in tune.notes]
    lines = [
        " ".join(words[begin : begin + _EVENTS_A_LINE]) for begin in range(0, len(words), _EVENTS_A_LINE)
    ]
    said = []
    if tune.key:
        said.append(rf"\key {tune.key.tonic} \{tune.key.mode}")
    if tune.meter:
        said.append(rf"\time {tune.meter}")
    if tune.pickup:
        said.append(rf"\partial {spell_duration(tune.pickup)}")
    if tune.tempo is not None:
        said.append(rf"\tempo 4 = {round(tune.tempo)}")
    return (_FILE % "\n".join(f"    {line}" for line in (*said, *lines))).encode()


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


@dataclass(frozen=True)
class Collection:
    """What files yielded.

    Attributes:
        tunes: in the order of the files.
        files: how many were read.
        failures: a line for each file, or tune of a collection, that yielded nothing.
        remarks: a line for each tune of which there is more to say, as its key.
    """

    tunes: tuple[Tune, ...]
    files: int
    failures: tuple[str, ...]
    remarks: tuple[str, ...] = ()


def collect(
    sources: Sequence[Path], *, reading: Reading, followed: Callable[[Path], None] = lambda _: None
) -> Collection:
    """The tunes of files and folders; a folder's files are taken by name, those in folders in it too.

    Args:
        sources: files and folders.
        reading: what is read of each.
        followed: is told each file before it is read.
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
    """The tunes moved by semitones, or each to a tonic in its own mode."""
    tunes: list[Tune] = []
    failures, remarks = list(collection.failures), list(collection.remarks)
    for tune in collection.tunes:
        way, key = to.way_of(tune.notes)
        if key:
            by = f"{'+' * (way >= 0)}{count_of(way, 'semitone')}"
            remarks.append(f"{tune.name}: found {key}, transposed by {by}")
        try:
            tunes.append(replace(tune, notes=transpose(tune.notes, way)))
        except DataError as error:
            failures.append(f"{tune.name}: {error}")
    return replace(collection, tunes=tuple(tunes), failures=tuple(failures), remarks=tuple(remarks))


def _files(sources: Sequence[Path]) -> Iterator[Path]:
    """The files that are named, and all in the folders that are named but hidden ones; a folder of none."""
    for source in sources:
        if source.is_dir():
            inside = sorted(path for path in source.rglob("*") if path.is_file() and path.name[0] != ".")
            yield from inside or [source]
        else:
            yield source


_WRITERS: dict[str, Callable[[Tune], bytes]] = {
    ".mid": write_midi,
    ".midi": write_midi,
    ".ly": write_lilypond,
    ".svg": lambda tune: engrave(tune).encode(),
    ".png": lambda tune: png_of(engrave(tune)),
    ".wav": wav_of,
    ".abc": write_abc,
    ".musicxml": write_musicxml,
    ".xml": write_musicxml,
    ".krn": write_kern,
}
WRITTEN = (*NOTE_TEXT, *_WRITERS)
"""The extensions; a file of the first two holds several tunes, one of any other a single one."""


def written(
    tunes: Sequence[Tune], suffix: str, *, tempo: float | None = None, meter: Meter | None = None
) -> bytes:
    """The content of a file: note text with a tune a line, or one tune in another format.

    Args:
        tunes: one at least.
        suffix: one of `WRITTEN`.
        tempo: quarter notes a minute, instead of the tunes' own.
        meter: instead of the tunes' own.

    Raises:
        DataError: there are several tunes for a format of one, or the format cannot say them.
    """
    told = [replace(tune, tempo=tempo or tune.tempo, meter=meter or tune.meter) for tune in tunes]
    if suffix in NOTE_TEXT:
        return "".join(f"{tune_text(tune)}\n" for tune in told).encode()
    if len(tunes) > 1:
        raise DataError(f"{len(tunes)} tunes, and a {suffix} file holds one; write them to a .notes file")
    if not told[0].notes:
        raise DataError(f"{told[0].name}: expected at least one note, received none")
    return _WRITERS[suffix](told[0])

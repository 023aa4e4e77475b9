"""Files of music from one format to another; what yields nothing is said, and does not stop the rest."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rnnlab.errors import DataError
from rnnlab.music.files import NOTE_TEXT, tunes_in
from rnnlab.music.keys import transpose
from rnnlab.music.midi import write_midi
from rnnlab.music.reading import Reading
from rnnlab.music.score_writing import write_abc, write_kern, write_musicxml
from rnnlab.music.transposition import Transposition
from rnnlab.music.tune import Tune, tune_text

_WRITERS: dict[str, Callable[[Tune], bytes]] = {
    ".mid": write_midi,
    ".midi": write_midi,
    ".abc": write_abc,
    ".musicxml": write_musicxml,
    ".xml": write_musicxml,
    ".krn": write_kern,
}
WRITTEN = (*NOTE_TEXT, *_WRITERS)


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
            remarks.append(f"{tune.name}: found {key}, transposed by {way:+d} semitones")
        try:
            tunes.append(replace(tune, notes=transpose(tune.notes, way)))
        except DataError as error:
            failures.append(f"{tune.name}: {error}")
    return replace(collection, tunes=tuple(tunes), failures=tuple(failures), remarks=tuple(remarks))


def written(tunes: Sequence[Tune], suffix: str, *, tempo: float | None = None) -> bytes:
    """The content of a file: note text with a tune a line, or one tune in another format.

    Raises:
        DataError: there are several tunes for a format of one, or the format cannot say them.
    """
    told = [replace(tune, tempo=tempo or tune.tempo) for tune in tunes]
    if suffix in NOTE_TEXT:
        return "".join(f"{tune_text(tune)}\n" for tune in told).encode()
    if len(tunes) > 1:
        raise DataError(f"{len(tunes)} tunes, and a {suffix} file holds one; write them to a .notes file")
    return _WRITERS[suffix](told[0])


def _files(sources: Sequence[Path]) -> Iterator[Path]:
    """The files that are named, and all in the folders that are named but hidden ones; a folder of none."""
    for source in sources:
        if source.is_dir():
            inside = sorted(path for path in source.rglob("*") if path.is_file() and path.name[0] != ".")
            yield from inside or [source]
        else:
            yield source

"""The tunes of files, and a common key for them; what yields nothing is said, and does not stop the rest."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rnnlab.errors import DataError, count_of
from rnnlab.music.files import tunes_in
from rnnlab.music.keys import transpose
from rnnlab.music.reading import Reading
from rnnlab.music.transposition import Transposition
from rnnlab.music.tune import Tune


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

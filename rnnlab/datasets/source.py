"""The files of a dataset: those of its paths, or the file of its url.

A downloaded file is kept in a cache folder, with its sha256 as name, and is verified each time it is used. So
a second run needs no network, and a file that was damaged is downloaded again.
"""

import hashlib
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from rnnlab.config.dataset import name_of
from rnnlab.config.section import files_matching, is_pattern
from rnnlab.errors import DataError, DownloadError
from rnnlab.files import Report, remove_partial, unreported, write_blocks

MOST_BYTES = 2**31
"""Largest size of a downloaded file."""

TIMEOUT_SECONDS = 30.0
"""Longest time without an answer of the server, in seconds."""

ABANDONED_SECONDS = 3600
"""Seconds without growth after which an unfinished download is removed: no process writes it any more."""

_BLOCK = 1 << 20


@dataclass(frozen=True)
class Source:
    """A file of a dataset.

    Attributes:
        path: the path of the file; if `lack` is set, the folder or the pattern that leads to no file.
        url: the address that messages name instead of the path, if `dataset.url` names the file; else None.
        part: the part that the file belongs to: train, validation or test.
        found: whether a folder or a pattern led to the file; otherwise the configuration names it.
        lack: why a folder or a pattern leads to no file; empty if there is a file.
    """

    path: Path
    url: str | None = None
    part: str = "train"
    found: bool = False
    lack: str = ""


class DataInFiles(Protocol):
    """The settings of a section `dataset` that name its files."""

    @property
    def files(self) -> Mapping[str, tuple[Path, ...]]:
        """The files, folders and patterns of each part, by the name of the part."""

    @property
    def url(self) -> str | None:
        """The address of a file; None if there is none."""

    @property
    def sha256(self) -> str | None:
        """The digest of the file at the address."""


def sources(
    dataset: DataInFiles,
    *,
    find: Callable[[Path], list[Path]] | None = None,
    report: Report = unreported,
) -> Iterator[Source]:
    """Yield the files of a dataset, those of the train part first; none if the data is inline.

    A folder or a pattern that leads to no file gives one `Source` with `lack`.

    Args:
        dataset: the section of the configuration.
        find: returns the files that a path leads to; None for `files_of`.
        report: receives the progress.

    Raises:
        DownloadError: the url does not give the file that `sha256` describes.
    """
    for part, paths in dataset.files.items():
        for path in paths:
            try:
                yield from (Source(each, part=part, found=each != path) for each in (find or files_of)(path))
            except DataError as error:
                yield Source(path, part=part, found=True, lack=str(error))
    if dataset.url and dataset.sha256:
        yield Source(verified(dataset.url, dataset.sha256, report=report), dataset.url)


def files_of(path: Path) -> list[Path]:
    """Return the files in a folder, or that match a pattern, sorted by path; for any other path, the path.

    Hidden files (`.name`) of a folder are left out, and so are the files of its subfolders.

    Raises:
        DataError: a pattern or a folder leads to no file, or the folder cannot be read.
    """
    if os.path.isdir(path):
        found = [each for each in _visible(path) if each.is_file()]
    elif is_pattern(path):
        found = files_matching(path)
    else:
        return [path]
    if not found:
        what = "holds no file" if os.path.isdir(path) else "no file matches this pattern"
        raise DataError(f"{path}: {what}; expected files to read, check the path")
    return sorted(found)


def files_of_task(path: Path, task: str) -> tuple[list[Path], list[Path]]:
    """Return the files that a dataset reads at a path, and the files in a folder that it leaves out.

    For the tasks with labels (label, from_label), a folder with subfolders has a subfolder for each label:
    the files of the subfolders are read, and the files beside the subfolders are left out. Hidden subfolders
    are not read. In all other cases the files are those of `files_of`, and none is left out.

    Raises:
        DataError: a pattern, a folder or a subfolder leads to no file, or a folder cannot be read.
    """
    if task not in ("label", "from_label") or not os.path.isdir(path):
        return files_of(path), []
    visible = _visible(path)
    folders = [each for each in visible if each.is_dir()]
    if not folders:
        return files_of(path), []
    beside = [each for each in visible if each.is_file()]
    return [file for folder in folders for file in files_of(folder)], beside


def verified(
    url: str,
    sha256: str,
    *,
    most_bytes: int = MOST_BYTES,
    timeout: float = TIMEOUT_SECONDS,
    report: Report = unreported,
) -> Path:
    """Return the path of the verified file of an address: a local file, or the download in the cache.

    Args:
        url: an address that `rnnlab.config.dataset` allows.
        sha256: digest of the file, 64 hexadecimal digits in lower case.
        most_bytes: largest size of a download.
        timeout: longest time without an answer of the server, in seconds.
        report: receives the progress.

    Raises:
        DownloadError: the file cannot be read or downloaded, the file has another digest, the cache cannot be
            written, or there is no folder for the cache.
    """
    if urlsplit(url).scheme == "file":
        return _local(url, sha256, report)
    cached = _cache_folder() / sha256
    if _digest(cached, name_of(url), report) != sha256:
        from rnnlab.datasets.download import download  # noqa: PLC0415 (loads ssl, and is seldom needed)

        blocks = download(url, most_bytes=most_bytes, timeout=timeout, report=report)
        _keep(cached, _checked(blocks, url, sha256))
    return cached


def _visible(folder: Path) -> list[Path]:
    """Return what a folder holds, sorted by path, without hidden files and hidden folders.

    Raises:
        DataError: the folder cannot be read.
    """
    try:
        return sorted(each for each in folder.iterdir() if not each.name.startswith("."))
    except OSError as error:
        raise DataError(
            f"{folder}: cannot be read ({error.strerror or error}); expected a readable folder"
        ) from error


def _local(url: str, sha256: str, report: Report) -> Path:
    """Return the path of a `file:` url.

    Raises:
        DownloadError: the file cannot be read, or has another digest.
    """
    from urllib.request import url2pathname  # noqa: PLC0415 (loads ssl)

    path = Path(url2pathname(urlsplit(url).path))
    received = _digest(path, name_of(url), report)
    if received is None:
        raise DownloadError(f"dataset.url: {url} is no file that can be read; check the path")
    if received != sha256:
        raise _wrong_digest(url, sha256, received)
    return path


def _cache_folder() -> Path:
    """Return `$RNNLAB_CACHE`; else `rnnlab` in `$XDG_CACHE_HOME`, if that is absolute, or in `~/.cache`.

    Raises:
        DownloadError: no variable names a folder, and the user has no home folder.
    """
    if own := os.environ.get("RNNLAB_CACHE"):
        return Path(own)
    if os.path.isabs(shared := os.environ.get("XDG_CACHE_HOME", "")):
        return Path(shared, "rnnlab")
    try:
        return Path.home() / ".cache" / "rnnlab"
    except RuntimeError:
        raise DownloadError(
            "dataset.url: downloads need a folder, and there is no home folder; name a folder in RNNLAB_CACHE"
        ) from None


def _digest(path: Path, name: str, report: Report) -> str | None:
    """Return the digest of a file; None if there is no file, or it is a device or cannot be read."""
    if not os.path.isfile(path):
        return None
    digest, done = hashlib.sha256(), 0
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            while block := file.read(_BLOCK):
                digest.update(block)
                done += len(block)
                report(f"verifying {name}", min(done / size, 1.0) if size else 1.0)
    except OSError:
        return None
    return digest.hexdigest()


def _checked(blocks: Iterable[bytes], url: str, sha256: str) -> Iterator[bytes]:
    """Yield the blocks of a download; after the last, raise an error if their digest is not `sha256`."""
    digest = hashlib.sha256()
    for block in blocks:
        digest.update(block)
        yield block
    if digest.hexdigest() != sha256:
        raise _wrong_digest(url, sha256, digest.hexdigest())


def _keep(cached: Path, blocks: Iterable[bytes]) -> None:
    """Write the blocks to a file in the cache; an unfinished file has another name.

    Unfinished files of earlier downloads are removed if they have not grown for `ABANDONED_SECONDS`.

    Raises:
        DownloadError: the cache cannot be written, or the download fails.
    """
    folder = cached.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        remove_partial(folder, written_before=time.time() - ABANDONED_SECONDS)
        write_blocks(cached, blocks)
    except OSError as error:
        raise DownloadError(
            f"dataset.url: the cache {folder} cannot be written ({error.strerror or error});"
            " free some space, or name another folder in RNNLAB_CACHE"
        ) from error


def _wrong_digest(url: str, expected: str, received: str) -> DownloadError:
    """Return the error for a file with another digest."""
    return DownloadError(
        f"dataset.sha256: the file at {url} has another digest (expected {expected}, received {received});"
        " check the address, or write the new digest if the file was changed on purpose"
    )

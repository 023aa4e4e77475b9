"""The files that a dataset is read from: its paths, or the one that its url gave, verified.

What was downloaded lies in a cache folder under its sha256, and is verified again whenever it is used. So a
second run needs no network, and what was damaged meanwhile is downloaded anew.
"""

import hashlib
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from rnnlab.config.dataset import name_of
from rnnlab.config.patterns import files_matching, is_pattern
from rnnlab.config.schema import NotesDataset, TextDataset
from rnnlab.datasets.reporting import Report, unreported
from rnnlab.errors import DataError, DownloadError
from rnnlab.files import remove_partial, write_blocks

MOST_BYTES = 2**31
TIMEOUT_SECONDS = 30.0
ABANDONED_SECONDS = 3600
"""Nobody is writing any more what has not grown for so long: a server may say nothing for far less."""

_BLOCK = 1 << 20


@dataclass(frozen=True)
class Source:
    """A file of a dataset.

    Attributes:
        path: where it is read.
        url: what messages call it, if not by its path.
        part: train, or the held-out part whose own it is.
        found: whether a folder or a pattern led to it, and nobody named it.
        lack: why a folder or a pattern leads to nothing; empty where there is a file.
    """

    path: Path
    url: str | None = None
    part: str = "train"
    found: bool = False
    lack: str = ""


def sources(dataset: TextDataset | NotesDataset, *, report: Report = unreported) -> Iterator[Source]:
    """The files of a dataset, those of the train part first; none where it is inline.

    Raises:
        DownloadError: its url does not give the file that was meant.
    """
    for part, paths in dataset.files.items():
        for path in paths:
            try:
                yield from (Source(each, part=part, found=each != path) for each in files_of(path))
            except DataError as error:
                yield Source(path, part=part, found=True, lack=str(error))
    if dataset.url and dataset.sha256:
        yield Source(verified(dataset.url, dataset.sha256, report=report), dataset.url)


def files_of(path: Path) -> list[Path]:
    """The file of a path, those in a folder, or those that match a pattern, by name.

    Raises:
        DataError: a pattern or a folder leads to no file.
    """
    if path.is_dir():
        found = [each for each in path.iterdir() if each.is_file() and not each.name.startswith(".")]
    elif is_pattern(path):
        found = files_matching(path)
    else:
        return [path]
    if not found:
        what = "holds no file" if path.is_dir() else "no file matches this pattern"
        raise DataError(f"{path}: {what}; expected files to read, check the path")
    return sorted(found)


def verified(
    url: str,
    sha256: str,
    *,
    most_bytes: int = MOST_BYTES,
    timeout: float = TIMEOUT_SECONDS,
    report: Report = unreported,
) -> Path:
    """A file of this machine with the bytes that an address should give: a `file:` itself, else in the cache.

    Args:
        url: as `rnnlab.config.dataset` allows it.
        sha256: digest of the bytes, 64 hexadecimal digits in small letters.
        most_bytes: the size up to which it is downloaded.
        timeout: seconds that the server may say nothing.
        report: is told how far it is.

    Raises:
        DownloadError: it cannot be had, or has another digest, or the cache cannot be written.
    """
    if urlsplit(url).scheme == "file":
        return _local(url, sha256, report)
    cached = _cache_folder() / sha256
    if _digest(cached, name_of(url), report) != sha256:
        from rnnlab.datasets.download import download  # noqa: PLC0415 (loads ssl, and is seldom needed)

        blocks = download(url, most_bytes=most_bytes, timeout=timeout, report=report)
        _keep(cached, _checked(blocks, url, sha256))
    return cached


def _local(url: str, sha256: str, report: Report) -> Path:
    from urllib.request import url2pathname  # noqa: PLC0415 (loads ssl)

    path = Path(url2pathname(urlsplit(url).path))
    received = _digest(path, name_of(url), report)
    if received is None:
        raise DownloadError(f"dataset.url: {url} is no file that can be read; check the path")
    if received != sha256:
        raise _wrong_digest(url, sha256, received)
    return path


def _cache_folder() -> Path:
    """`$RNNLAB_CACHE`, else `rnnlab` in `$XDG_CACHE_HOME` or in `~/.cache`."""
    if own := os.environ.get("RNNLAB_CACHE"):
        return Path(own)
    if os.path.isabs(shared := os.environ.get("XDG_CACHE_HOME", "")):
        return Path(shared, "rnnlab")
    try:
        return Path.home() / ".cache" / "rnnlab"
    except RuntimeError:
        raise DownloadError(
            "dataset.url: no home folder to keep downloads in; name a folder in RNNLAB_CACHE"
        ) from None


def _digest(path: Path, name: str, report: Report) -> str | None:
    """The digest of a file; None where there is none, or it is a device or cannot be read."""
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
    """The same blocks, and at their end an error if they were others than those that were meant."""
    digest = hashlib.sha256()
    for block in blocks:
        digest.update(block)
        yield block
    if digest.hexdigest() != sha256:
        raise _wrong_digest(url, sha256, digest.hexdigest())


def _keep(cached: Path, blocks: Iterable[bytes]) -> None:
    """Put blocks into the cache, whole or not at all."""
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
    return DownloadError(
        f"dataset.sha256: {url} is not the file that was meant (expected {expected}, received {received});"
        " check the address, or if the file has changed on purpose, write the new digest"
    )

"""A text of any size, kept as UTF-8: in a Python string one emoji makes every character four bytes wide."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from rnnlab.datasets.tokens import blocks_in_form
from rnnlab.errors import DataError
from rnnlab.files import Report, read_blocks, unreported

_BLOCK = 1 << 20


@dataclass(frozen=True, eq=False)
class StoredText:
    """A text of S characters.

    Attributes:
        name: the name in messages: a file, an address or a setting.
        encoded: the text in UTF-8, in blocks of whole characters.
        length: S.
        sha256: digest of the text in UTF-8; of notes that `datasets.texts` moved, digest of the text before.
        lone_returns: number of line ends that were a carriage return without a line feed, as old Macs wrote
            them.
    """

    name: str
    encoded: tuple[bytes, ...]
    length: int
    sha256: str
    lone_returns: int = 0

    def blocks(self) -> Iterator[str]:
        """Return an iterator over the text, a block at a time."""
        return (block.decode() for block in self.encoded)

    def without_last_line_break(self) -> "StoredText":
        """Return the text without its last character if that is a line break; other line breaks stay."""
        if not (self.encoded and self.encoded[-1].endswith(b"\n")):
            return self
        *before, last = self.encoded
        blocks = [*before, last[:-1]] if len(last) > 1 else before
        shorter = _stored(self.name, (block.decode() for block in blocks))
        return replace(shorter, lone_returns=self.lone_returns)

    def head(self, blocks: int | None = None) -> str:
        """Return the text of the first blocks; None for all blocks."""
        return b"".join(self.encoded[:blocks]).decode()


def read_stored(
    path: Path, *, name: str | None = None, form: str | None = None, report: Report = unreported
) -> StoredText:
    """Return the text of a file.

    Args:
        path: the file.
        name: the name in messages; None for the path.
        form: the normalization form of Unicode that the text is brought into; None changes nothing.
        report: receives the progress.

    Raises:
        DataError: the file does not exist, is a folder or a device, cannot be read, is empty, is not UTF-8,
            or has a NUL character.
    """
    called = name or str(path)
    returns = Counter[str]()
    try:
        blocks = _with_line_feeds(read_blocks(path), returns)
        blocks = _reported(path, Path(called).name, blocks, report)
        text = _stored(called, blocks if form is None else blocks_in_form(blocks, form))
    except DataError as error:
        if name:
            raise DataError(f"{name}: {error}") from None
        raise
    return replace(text, lone_returns=returns["\r"])


def store(text: str, *, name: str) -> StoredText:
    """Return a Python string as a stored text; the string must not have half of a surrogate pair."""
    return _stored(name, (text[begin : begin + _BLOCK] for begin in range(0, len(text), _BLOCK)))


def _with_line_feeds(blocks: Iterable[str], returns: Counter[str]) -> Iterator[str]:
    """Yield the blocks with a line feed for each carriage return, and count the carriage returns."""
    for block in blocks:
        returns["\r"] += block.count("\r")
        yield block.replace("\r", "\n")


def _stored(name: str, blocks: Iterable[str]) -> StoredText:
    """Return the text of these blocks."""
    digest, encoded, length = hashlib.sha256(), [], 0
    for block in blocks:
        encoded.append(block.encode())
        digest.update(encoded[-1])
        length += len(block)
    return StoredText(name, tuple(encoded), length, digest.hexdigest())


def _reported(path: Path, name: str, blocks: Iterable[str], report: Report) -> Iterator[str]:
    """Yield the blocks of a file, and report the fraction that is read, if the file has a size.

    For a `.gz` file the fraction is too large, because the blocks are unpacked and the size is not.
    """
    done = 0
    for block in blocks:
        yield block
        done += len(block.encode())
        if size := path.stat().st_size:
            report(f"reading {name}", min(done / size, 1.0))

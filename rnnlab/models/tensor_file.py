"""Safetensors files: written from any arrays, and checked completely when they are read.

The format: 8 bytes with the length of the header, the header in JSON, and the tensors one after another. The
header must agree with itself, with the size of the file and with what the caller expects. Only then is memory
allocated, and the tensors are read. The reader of the library `safetensors` is not used: it accepts repeated
names and unknown keys, and its errors do not give the number of missing bytes.
"""

import hashlib
import io
import json
import os
import re
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from rnnlab.errors import ModelFileError, RnnlabError

MOST_HEADER_BYTES = 1 << 24
"""Most bytes of a header: enough for the longest allowed configuration and a vocabulary of 65,536 tokens."""

DTYPES = {
    "BOOL": "|b1",
    **{f"F{8 * size}": f"<f{size}" for size in (2, 4, 8)},
    **{f"I{8 * size}": f"<i{size}" for size in (1, 2, 4, 8)},
    **{f"U{8 * size}": f"<u{size}" for size in (1, 2, 4, 8)},
}
"""NumPy's name of each type of number, by its name in the format."""

_MOST_AXES, _MOST_NUMBERS = 32, 1 << 48
_METADATA = "__metadata__"
_COUNT_BYTES = 8


@dataclass(frozen=True)
class FileKind:
    """A kind of file, with the words of its error messages.

    Attributes:
        name: the name of the kind, as in `no such model file`.
        expected: the words that name the expected file.
        remedy: the remedy for a damaged file.
        error: the class of the errors.
    """

    name: str
    expected: str
    remedy: str
    error: type[RnnlabError]

    def damaged(self, path: Path, why: str) -> RnnlabError:
        """Return the error for a damaged file; `why` names the damage."""
        return self.error(f"{path}: the {self.name} is damaged ({why}); {self.remedy}")


MODEL_FILE = FileKind(
    name="model file",
    expected="expected the model.safetensors of a run",
    remedy="train again, or restore it from a copy",
    error=ModelFileError,
)


@dataclass(frozen=True)
class Stored:
    """The description of a tensor in a header.

    Attributes:
        dtype: the type of its numbers.
        shape: its shape.
    """

    dtype: np.dtype[Any]
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """Size of the tensor in bytes."""
        return self.dtype.itemsize * prod(self.shape)


Layout = dict[str, Stored]
"""The description of each tensor by its name, in the order of the tensors in the file."""


@dataclass(frozen=True)
class TensorFile:
    """An open file whose header has been read.

    Attributes:
        path: the path of the file.
        kind: the expected kind of file.
        metadata: the header's strings by name.
        tensors: the header's entry of each tensor by name, not yet checked.
        begin: position of the first tensor in the file, in bytes.
        size: size of the file, in bytes.
    """

    path: Path
    kind: FileKind
    metadata: dict[str, str]
    tensors: dict[str, Any]
    begin: int
    size: int
    _file: io.BufferedReader

    def layout(self) -> Layout:
        """Return the description of each tensor; the tensors must fill the file from the header to its end.

        Raises:
            RnnlabError: the error of the file's kind; the header contradicts itself or the file.
        """
        stored = {name: self._stored(name, entry) for name, entry in self.tensors.items()}
        end, layout = 0, Layout()
        for name in sorted(stored, key=lambda name: self.tensors[name]["data_offsets"]):
            if self.tensors[name]["data_offsets"][0] != end:
                raise self._damaged(f"tensor {name!r} does not begin where the one before it ends")
            end, layout[name] = end + stored[name].size, stored[name]
        if self.begin + end != self.size:
            raise self._damaged(f"expected {self.begin + end:,} bytes, received {self.size:,}")
        return layout

    def read(self, layout: Layout) -> dict[str, NDArray[Any]]:
        """Return the tensors by name; `layout` is the result of the method `layout`.

        Raises:
            RnnlabError: the error of the file's kind; the file ends within a tensor.
        """
        self._file.seek(self.begin)
        return {name: self._tensor(stored) for name, stored in layout.items()}

    def _stored(self, name: str, entry: Any) -> Stored:
        """Return the description of a tensor.

        Its entry must have exactly the three keys of the format: a known type, an allowed shape, and offsets
        whose distance is the size of the tensor.
        """
        offsets = entry.get("data_offsets") if isinstance(entry, dict) else None
        if not (isinstance(offsets, list) and [type(offset) for offset in offsets] == [int, int]):
            raise self._damaged(f"tensor {name!r} has no valid data_offsets")
        dtype, shape = entry.get("dtype"), entry.get("shape")
        if len(entry) != 3 or not (isinstance(dtype, str) and dtype in DTYPES and _is_shape(shape)):
            raise self._damaged(f"tensor {name!r} has no valid dtype and shape")
        stored = Stored(np.dtype(DTYPES[dtype]), tuple(shape))
        if offsets[1] - offsets[0] != stored.size:
            raise self._damaged(f"tensor {name!r} does not have the length of its shape")
        return stored

    def _tensor(self, stored: Stored) -> NDArray[Any]:
        array = np.empty(stored.shape, stored.dtype)
        if self._file.readinto(array.reshape(-1).view(np.uint8).data) != array.nbytes:
            raise self._damaged("it ends within a tensor")
        return array

    def _damaged(self, why: str) -> RnnlabError:
        return self.kind.damaged(self.path, why)


@contextmanager
def open_tensor_file(path: Path, kind: FileKind = MODEL_FILE) -> Iterator[TensorFile]:
    """Yield an open file whose header has been read; renaming or replacing the path does not affect the file.

    Raises:
        RnnlabError: the error of the file's kind; there is no such file, or the file is not a regular file,
            cannot be read, or does not have the format.
    """
    if not os.path.exists(path):
        raise kind.error(f"{path}: no such {kind.name}; {kind.expected}")
    if not os.path.isfile(path):  # opening a pipe would wait for a writer
        raise kind.error(f"{path}: not a {kind.name} but a folder, a pipe or a device; {kind.expected}")
    try:
        with path.open("rb") as file:
            yield _with_header(path, kind, file)
    except OSError as error:
        raise kind.error(
            f"{path}: cannot be read ({error.strerror or error}); check its permissions and the disk"
        ) from error


def kept_epoch(metadata: Mapping[str, str]) -> int:
    """Return the epoch in the untrusted header of a model file; 0 if it has none, or no such number."""
    written = metadata.get("epoch", "")
    return int(written) if re.fullmatch("[0-9]{1,15}", written) else 0


def file_bytes(metadata: Mapping[str, str], tensors: Mapping[str, NDArray[Any]]) -> bytes:
    """Return the bytes of a safetensors file, with the digest of its content in its metadata as `sha256`.

    The library writes the memory of each array unchanged. An array that is not in C order (for example some
    columns of another array) or not little-endian is therefore copied first. The keys of the header are
    sorted, because the library writes them in a random order.

    Args:
        metadata: strings by name.
        tensors: arrays of any layout in memory, by name.

    Raises:
        ValueError: the header is longer than `open_tensor_file` reads; the message gives length and limit.
    """
    plain = {name: _plain(array) for name, array in tensors.items()}
    data = save(plain, {**metadata, "sha256": digest(metadata, plain)})
    (size,) = struct.unpack("<Q", data[:_COUNT_BYTES])
    end = _COUNT_BYTES + size
    header = json.dumps(json.loads(data[_COUNT_BYTES:end]), sort_keys=True).encode()
    if len(header) > MOST_HEADER_BYTES:
        raise ValueError(f"need {len(header):,} bytes, and at most {MOST_HEADER_BYTES:,} are read")
    header += b" " * (-len(header) % 8)  # the tensors begin at a multiple of 8 bytes
    return struct.pack("<Q", len(header)) + header + data[end:]


def digest(metadata: Mapping[str, str], tensors: Mapping[str, NDArray[Any]]) -> str:
    """Return the SHA-256, in hexadecimal, of the metadata and the tensors.

    It covers the metadata without `sha256`, and the name, type, shape and bytes of each tensor.
    """
    summed = hashlib.sha256()
    facts = {key: value for key, value in metadata.items() if key != "sha256"}
    summed.update(json.dumps(facts, sort_keys=True).encode())
    for name in sorted(tensors):
        array = np.atleast_1d(_plain(tensors[name]))
        summed.update(f"{name} {array.dtype} {array.shape}".encode(errors="surrogatepass"))
        summed.update(array.reshape(-1).view(np.uint8).data)
    return summed.hexdigest()


def _plain(array: NDArray[Any]) -> NDArray[Any]:
    """Return the array in C order and little-endian, as in a file; copy it only if its memory differs."""
    return np.asarray(array, dtype=array.dtype.newbyteorder("<"), order="C")


def _is_shape(shape: Any) -> bool:
    """Whether a value of a header is the shape of an array of allowed size."""
    if not isinstance(shape, list) or len(shape) > _MOST_AXES:
        return False
    if not all(type(length) is int and 0 <= length < _MOST_NUMBERS for length in shape):
        return False
    return bool(prod(filter(None, shape)) < _MOST_NUMBERS)


def _with_header(path: Path, kind: FileKind, file: io.BufferedReader) -> TensorFile:
    size = os.fstat(file.fileno()).st_size
    if not size:
        raise kind.damaged(path, "it is empty")
    length = _header_length(path, kind, file.read(_COUNT_BYTES + 2), size)
    file.seek(_COUNT_BYTES)
    try:
        header = json.loads(file.read(length).decode(), object_pairs_hook=_distinct)
    except (ValueError, RecursionError) as error:
        raise kind.damaged(path, f"its header cannot be read: {error}") from None
    metadata = header.pop(_METADATA, {}) if isinstance(header, dict) else None
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise kind.damaged(path, "its header cannot be read")
    return TensorFile(path, kind, metadata, header, _COUNT_BYTES + length, size, file)


def _header_length(path: Path, kind: FileKind, start: bytes, size: int) -> int:
    """Return the length of the header in bytes; refuse a damaged file, and a file of another kind."""
    length = struct.unpack("<Q", start[:_COUNT_BYTES])[0] if len(start) > _COUNT_BYTES else 0
    fits = 2 <= length <= min(size - _COUNT_BYTES, MOST_HEADER_BYTES)
    if not fits and start[_COUNT_BYTES:] != b'{"':
        raise kind.error(f"{path}: not a {kind.name}; {kind.expected}")
    if not fits:
        raise kind.damaged(path, f"it has {size:,} bytes, and its header should have {length:,}")
    return int(length)


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the entries of a JSON object; raise ValueError if a name occurs twice."""
    entries = dict(pairs)
    if len(entries) != len(pairs):
        raise ValueError("a name occurs twice")
    return entries

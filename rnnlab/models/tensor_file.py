"""Reading a safetensors file that anyone may have written: nothing in it is believed before it is checked.

The format: 8 bytes that count those of the header, the header in JSON, and the tensors one after another. No
tensor is read, and no memory taken for one, before the header agrees with itself, with the file's size and
with what the caller expects.
"""

import hashlib
import io
import json
import os
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.errors import ModelFileError

MOST_HEADER_BYTES = 1 << 24
"""Room for the longest configuration that is read, and for a vocabulary of 65,536 tokens."""

EXPECTED = "expected the model.safetensors of a run"
_METADATA = "__metadata__"
_COUNT_BYTES = 8


@dataclass(frozen=True)
class TensorFile:
    """An open file whose header has been read.

    Attributes:
        path: what messages call it.
        metadata: strings by name.
        tensors: what the header says of each tensor, as it stands there.
        begin: where the tensors begin, in bytes.
        size: of the file, in bytes.
    """

    path: Path
    metadata: dict[str, str]
    tensors: dict[str, Any]
    begin: int
    size: int
    _file: io.BufferedReader

    def read(self, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, NDArray[np.float32]]:
        """The tensors, which must be exactly these, float32, one after another to the file's end.

        Raises:
            ModelFileError: the header says otherwise, or the file ends before its tensors do.
        """
        places = self._places(shapes)
        return {name: self._tensor(begin, shapes[name]) for name, begin in places.items()}

    def _places(self, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, int]:
        """Where each tensor begins, by its place in the file."""
        if self.tensors.keys() != shapes.keys():
            raise damaged(self.path, "its tensors are not those that its configuration describes")
        begins = {name: self._begin(name, shape) for name, shape in shapes.items()}
        end = self.begin
        for name in sorted(begins, key=begins.__getitem__):
            if begins[name] != end:
                raise damaged(self.path, f"tensor {name!r} does not begin where the one before it ends")
            end += 4 * prod(shapes[name])
        if end != self.size:
            raise damaged(self.path, f"expected {end:,} bytes, received {self.size:,}")
        return dict(sorted(begins.items(), key=lambda item: item[1]))

    def _begin(self, name: str, shape: tuple[int, ...]) -> int:
        """Where a tensor begins, if the header says of it what it must."""
        received = self.tensors[name]
        offsets = received.get("data_offsets") if isinstance(received, dict) else None
        if not (isinstance(offsets, list) and [type(offset) for offset in offsets] == [int, int]):
            raise damaged(self.path, f"tensor {name!r} is not said to be anywhere")
        expected = {
            "dtype": "F32",
            "shape": list(shape),
            "data_offsets": [offsets[0], offsets[0] + 4 * prod(shape)],
        }
        if received != expected:
            raise damaged(self.path, f"its tensors are not those that its configuration describes: {name!r}")
        return self.begin + int(offsets[0])

    def _tensor(self, begin: int, shape: tuple[int, ...]) -> NDArray[np.float32]:
        array = np.empty(shape, dtype="<f4")
        self._file.seek(begin)
        if self._file.readinto(array.data.cast("B")) != array.nbytes:
            raise damaged(self.path, "it ends within a tensor")
        return array


@contextmanager
def open_tensor_file(path: Path) -> Iterator[TensorFile]:
    """A file with its header read; while it is open it is read where it was found, whatever its name becomes.

    Raises:
        ModelFileError: there is no such file, it is no file, it cannot be read, or it is not in the format.
    """
    if not os.path.exists(path):
        raise ModelFileError(f"{path}: no such model file; {EXPECTED}")
    if not os.path.isfile(path):  # to open a pipe would wait for a writer
        raise ModelFileError(f"{path}: not a model file but a folder, a pipe or a device; {EXPECTED}")
    try:
        with path.open("rb") as file:
            yield _with_header(path, file)
    except OSError as error:
        raise ModelFileError(
            f"{path}: cannot be read ({error.strerror or error}); check its permissions and the disk"
        ) from error


def digest(metadata: Mapping[str, str], tensors: Mapping[str, NDArray[Any]]) -> str:
    """The sha256 of all metadata but the digest itself, and of every tensor's name, type, shape and bytes."""
    summed = hashlib.sha256()
    facts = {key: value for key, value in metadata.items() if key != "sha256"}
    summed.update(json.dumps(facts, sort_keys=True).encode())
    for name in sorted(tensors):
        array = np.ascontiguousarray(tensors[name])
        summed.update(f"{name} {array.dtype} {array.shape}".encode())
        summed.update(array.data)
    return summed.hexdigest()


def damaged(path: Path, why: str) -> ModelFileError:
    """The error of a model file that is not what it was when it was written."""
    return ModelFileError(
        f"{path}: the model file is damaged ({why}); train again, or restore it from a copy"
    )


def _with_header(path: Path, file: io.BufferedReader) -> TensorFile:
    size = os.fstat(file.fileno()).st_size
    if not size:
        raise damaged(path, "it is empty")
    length = _header_length(path, file.read(_COUNT_BYTES + 2), size)
    file.seek(_COUNT_BYTES)
    try:
        header = json.loads(file.read(length).decode(), object_pairs_hook=_distinct)
    except (ValueError, RecursionError) as error:
        raise damaged(path, f"its header is not what was written: {error}") from None
    metadata = header.pop(_METADATA, {}) if isinstance(header, dict) else None
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise damaged(path, "its header is not what was written")
    return TensorFile(path, metadata, header, _COUNT_BYTES + length, size, file)


def _header_length(path: Path, start: bytes, size: int) -> int:
    """Bytes of the header; whether a file is none of ours or a damaged one is told by how it begins."""
    length = struct.unpack("<Q", start[:_COUNT_BYTES])[0] if len(start) > _COUNT_BYTES else 0
    fits = 2 <= length <= min(size - _COUNT_BYTES, MOST_HEADER_BYTES)
    if not fits and start[_COUNT_BYTES:] != b'{"':
        raise ModelFileError(f"{path}: not a model file; {EXPECTED}")
    if not fits:
        raise damaged(path, f"it has {size:,} bytes, and its header is said to have {length:,}")
    return int(length)


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The entries of a JSON object, none of which may be said twice."""
    entries = dict(pairs)
    if len(entries) != len(pairs):
        raise ValueError("it says something twice")
    return entries

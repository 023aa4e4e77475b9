"""Parcels: what workers send one another, values as JSON and arrays as their bytes; nothing is pickled.

A parcel on the wire is a mark, the length of its header, the length of its arrays, the header as JSON, and
the bytes of the arrays one after another.
"""

import json
import socket
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]

_HEAD = struct.Struct(">8sIQ")
_MARK = b"rnnlab\x00\x01"
_MOST_HEADER, _MOST_ARRAYS = 1 << 28, 1 << 40
_AT_ONCE = 1 << 20
"""Bytes of one read from a socket."""


@dataclass(frozen=True, eq=False)
class Parcel:
    """What a worker sends to another.

    Attributes:
        label: the place in the training at which it is sent; both sides name the same.
        facts: values that JSON has.
        arrays: arrays of numbers by name.
    """

    label: str
    facts: dict[str, Any] = field(default_factory=dict)
    arrays: Arrays = field(default_factory=dict)


class StrangerError(ValueError):
    """What was received is no parcel: the other side is another program."""


def send_parcel(connection: socket.socket, parcel: Parcel) -> None:
    """Send a parcel.

    Raises:
        OSError: the connection is broken.
    """
    arrays = {name: np.ascontiguousarray(array) for name, array in parcel.arrays.items()}
    layout = [[name, array.dtype.str, list(parcel.arrays[name].shape)] for name, array in arrays.items()]
    header = json.dumps([parcel.label, parcel.facts, layout]).encode()
    total = sum(array.nbytes for array in arrays.values())
    connection.sendall(_HEAD.pack(_MARK, len(header), total) + header)
    for array in arrays.values():
        connection.sendall(array.reshape(-1).view(np.uint8).data)


def receive_parcel(connection: socket.socket, heard: Callable[[], None] = lambda: None) -> Parcel:
    """Receive a parcel.

    Args:
        connection: the connection.
        heard: called whenever bytes have come.

    Raises:
        OSError: the connection is broken or closed.
        StrangerError: the bytes are no parcel.
    """
    mark, header_bytes, array_bytes = _HEAD.unpack(_received(connection, _HEAD.size, heard))
    if mark != _MARK or header_bytes > _MOST_HEADER or array_bytes > _MOST_ARRAYS:
        raise StrangerError
    try:
        label, facts, layout = json.loads(_received(connection, header_bytes, heard))
        arrays = dict(_arrays(layout, _received(connection, array_bytes, heard)))
    except (ValueError, TypeError) as error:
        raise StrangerError from error
    return Parcel(label, facts, arrays)


def _arrays(layout: list[Any], data: bytearray) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield the name of each array, and the array.

    Raises:
        ValueError: the layout does not fit the bytes, or has a type that is no number.
    """
    begin = 0
    for name, kind, shape in layout:
        dtype = np.dtype(kind)
        if dtype.kind not in "biuf":
            raise ValueError(kind)
        count = int(np.prod(shape, dtype=np.int64))
        yield name, np.frombuffer(data, dtype, count, begin).reshape(shape)
        begin += count * dtype.itemsize


def _received(connection: socket.socket, size: int, heard: Callable[[], None]) -> bytearray:
    """Return the next `size` bytes.

    Raises:
        OSError: the connection is broken or closed.
    """
    data = bytearray(size)
    view, read = memoryview(data), 0
    while read < size:
        count = connection.recv_into(view[read:], min(size - read, _AT_ONCE))
        if not count:
            raise ConnectionResetError("the connection was closed")
        heard()
        read += count
    return data

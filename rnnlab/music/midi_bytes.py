"""The bytes of a MIDI file as events with their times (Standard MIDI Files 1.0).

What is damaged is refused with its place. What is only odd, such as a key signature of eight sharps, is
handed on for its reader to judge; mido, which would read MIDI too, refuses the whole file for it.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from rnnlab.errors import DataError

MOST_BYTES = 1 << 20
"""Bytes of a file: a piece has kilobytes; these take a second or two."""

META = 0xFF
_HEADER = struct.Struct(">4sLHHH")
_CHUNK = struct.Struct(">4sL")
_SYSEX = {0xF0, 0xF7}
_ONE_BYTE = {0xC, 0xD}  # program change and channel pressure; other channel events have two
_SYSTEM_BYTES = {0xF1: 1, 0xF2: 2, 0xF3: 1}


@dataclass(frozen=True)
class Event:
    """One event of a track.

    Attributes:
        time: ticks from the start of the piece.
        status: its first byte; `META` for what is not played.
        kind: of a meta event, else 0.
        data: what follows.
    """

    time: int
    status: int
    kind: int
    data: bytes

    @property
    def channel(self) -> int:
        """From 1 to 16."""
        return (self.status & 0xF) + 1


def ticks_and_tracks(data: bytes) -> tuple[int, list[list[Event]]]:
    """Return the ticks of a quarter note, and the events of each track of a file of type 0 or 1.

    Raises:
        DataError: what is wrong with the file.
    """
    if len(data) > MOST_BYTES:
        raise DataError(f"expected at most {MOST_BYTES:,} bytes of MIDI, received {len(data):,}")
    if not data.startswith(b"MThd") or len(data) < _HEADER.size:
        raise DataError("not a MIDI file (it does not begin with a header MThd)")
    _, size, kind, count, division = _HEADER.unpack_from(data)
    if kind > 1:
        what = ", whose tracks are pieces of their own" if kind == 2 else ""
        raise DataError(f"a MIDI file of type {kind}{what}; expected type 0 or 1, write it as one of these")
    if not division:
        raise DataError(
            "its header says that a quarter note has 0 ticks (division 0), so it has no times; expected 1 or"
            " more, write it anew"
        )
    if division & 0x8000:
        raise DataError("its time is counted in SMPTE frames; expected ticks of a quarter note")
    return division, [list(_events(data, *ends)) for ends in _chunks(data, 8 + size, count)]


def _chunks(data: bytes, begin: int, count: int) -> Iterator[tuple[int, int]]:
    """Where the events of each track begin and end; chunks of other kinds are passed over."""
    while count:
        if begin + _CHUNK.size > len(data):
            raise _damage("it is cut off")
        name, size = _CHUNK.unpack_from(data, begin)
        begin += _CHUNK.size
        if begin + size > len(data):
            raise _damage("it is cut off")
        if name == b"MTrk":
            yield begin, begin + size
            count -= 1
        begin += size


def _events(data: bytes, begin: int, end: int) -> Iterator[Event]:
    """The events of one track, to its end."""
    time, running = 0, 0
    while begin < end:
        place = begin
        delta, begin = _number(data, begin, end)
        time += delta
        if begin >= end:
            raise _damage(f"an event without a status at byte {place}")
        status = data[begin]
        if status >= 0x80:
            begin += 1
        elif running:
            status = running
        else:
            raise _damage(f"an event without a status at byte {place}")
        kind = 0
        if status == META:
            kind, begin = (data[begin], begin + 1) if begin < end else (0, begin)
            size, begin = _number(data, begin, end)
        elif status in _SYSEX:
            size, begin = _number(data, begin, end)
        elif status >= 0xF0:
            size = _SYSTEM_BYTES.get(status, 0)
        else:
            running, size = status, 1 if status >> 4 in _ONE_BYTE else 2
        content = data[begin : begin + size]
        if begin + size > end:
            raise _damage(f"it breaks off in the event at byte {place}")
        if status < 0xF0 and max(content) > 0x7F:
            raise _damage(f"a value above 127 in the event at byte {place}")
        begin += size
        yield Event(time, status, kind, content)
        if status == META and kind == 0x2F:
            return


def _number(data: bytes, begin: int, end: int) -> tuple[int, int]:
    """A number of one to four bytes, the first ones with their high bit set, and where it ends."""
    number = 0
    for place in range(begin, min(begin + 4, end)):
        number = number << 7 | data[place] & 0x7F
        if data[place] < 0x80:
            return number, place + 1
    if begin + 4 > end:
        raise _damage(f"it breaks off at byte {begin}")
    raise _damage(f"a number of more than four bytes at byte {begin}")


def _damage(what: str) -> DataError:
    return DataError(f"a damaged MIDI file ({what}); write it anew")

"""The bytes of a MIDI file as events with their times (Standard MIDI Files 1.0).

What is damaged is refused with its place. What is only odd, such as a key signature of eight sharps, is
handed on for its reader to judge; mido, which would read MIDI too, refuses the whole file for it.

What is struck when in a MIDI file, and what it says of tempo, metre and key.
"""

import struct
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from rnnlab.errors import DataError
from rnnlab.music.meter import KeySignature, Meter, key_of_fifths, parse_meter

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


EXACT = "rnnlab: times are exact"
"""The text event of files that rnnlab wrote: every tick of theirs is meant."""

BOUND = "rnnlab: bound"
"""The text event between two parts of a tied note, or two rests."""

PERCUSSION = 10

_OFF, _ON, _BEND = 0x8, 0x9, 0xE
_TEXT, _TEMPO, _METER, _KEY = 0x01, 0x51, 0x58, 0x59
_NO_BEND = 0x2000


@dataclass(frozen=True)
class Strike:
    """One note.

    Attributes:
        begin: ticks.
        end: ticks, not before `begin`.
        pitch: MIDI number, 0..127.
        track: from 1.
        channel: from 1 to 16; 10 is percussion.
    """

    begin: int
    end: int
    pitch: int
    track: int
    channel: int


@dataclass(frozen=True)
class MidiEvents:
    """What is read of a MIDI file.

    Attributes:
        ticks_per_quarter: of the file.
        strikes: all notes.
        track_ends: ticks at which each track ends.
        tempi: (tick, microseconds a quarter note), by tick.
        meters: (tick, metre), by tick.
        keys: (tick, key signature), by tick.
        bends: how many pitch bends a (track, channel) has.
        invalid: how many events say nothing that can be, by kind.
        exact: whether rnnlab wrote the file.
        bounds: ticks between two parts of a tied note, or two rests.
    """

    ticks_per_quarter: int
    strikes: tuple[Strike, ...]
    track_ends: tuple[int, ...]
    tempi: tuple[tuple[int, int], ...]
    meters: tuple[tuple[int, Meter], ...]
    keys: tuple[tuple[int, KeySignature], ...]
    bends: Counter[tuple[int, int]]
    invalid: Counter[str]
    exact: bool
    bounds: frozenset[int]


def read_events(data: bytes) -> MidiEvents:
    """Return what a file of type 0 or 1 says.

    Raises:
        DataError: what is wrong with the file.
    """
    ticks, contents = ticks_and_tracks(data)
    tracks = [_Track(number, events) for number, events in enumerate(contents, 1)]
    return MidiEvents(
        ticks,
        tuple(strike for track in tracks for strike in track.strikes),
        tuple(track.end for track in tracks),
        tuple(sorted((found for track in tracks for found in track.tempi), key=_tick)),
        tuple(sorted((found for track in tracks for found in track.meters), key=_tick)),
        tuple(sorted((found for track in tracks for found in track.keys), key=_tick)),
        sum((track.bends for track in tracks), Counter()),
        sum((track.invalid for track in tracks), Counter()),
        any(track.exact for track in tracks),
        frozenset(bound for track in tracks for bound in track.bounds),
    )


def _tick(found: tuple[int, object]) -> int:
    return found[0]


class _Track:
    """One track as it is gone through."""

    def __init__(self, number: int, events: Sequence[Event]) -> None:
        self.end = events[-1].time if events else 0
        self.exact = False
        self.tempi: list[tuple[int, int]] = []
        self.meters: list[tuple[int, Meter]] = []
        self.keys: list[tuple[int, KeySignature]] = []
        self.bends: Counter[tuple[int, int]] = Counter()
        self.invalid: Counter[str] = Counter()
        self.bounds: list[int] = []
        switches: dict[tuple[int, int], list[tuple[int, bool]]] = {}  # (channel, pitch) → its begins and ends
        for event in events:
            if event.status == META:
                self._told(event)
            elif event.status >> 4 in {_ON, _OFF}:
                pitch, velocity = event.data
                begins = event.status >> 4 == _ON and velocity > 0
                switches.setdefault((event.channel, pitch), []).append((event.time, begins))
            elif event.status >> 4 == _BEND:
                self.bends[number, event.channel] += event.data[0] | event.data[1] << 7 != _NO_BEND
        found = [
            Strike(begin, end, pitch, number, channel)
            for (channel, pitch), times in switches.items()
            for begin, end in _strikes(times, self.end)
        ]
        self.strikes = sorted(found, key=lambda strike: strike.begin)

    def _told(self, event: Event) -> None:
        """Take what a meta event says."""
        data = event.data
        if event.kind == _TEXT:
            self.exact |= data == EXACT.encode()
            self.bounds += [event.time] * (data == BOUND.encode())
        elif event.kind == _TEMPO:
            tempo = int.from_bytes(data) if len(data) == 3 else 0
            self.tempi += [(event.time, tempo)] if tempo else []
            self.invalid["invalid tempi"] += not tempo
        elif event.kind == _METER:
            meter = _meter(data)
            self.meters += [(event.time, meter)] if meter else []
            self.invalid["invalid time signatures"] += meter is None
        elif event.kind == _KEY:
            key = _key(data)
            self.keys += [(event.time, key)] if key else []
            self.invalid["invalid key signatures"] += key is None


def _strikes(switches: Sequence[tuple[int, bool]], last: int) -> Iterator[tuple[int, int]]:
    """When each strike of one pitch begins and ends.

    At one tick an end belongs to the strike before that tick, also where the file has the next begin before
    it. A strike that begins while another of its pitch sounds ends that one; if both have an end of their
    own, its own is the later. One that is never let go ends with its track.

    Args:
        switches: (tick, whether it begins) in the order of the file.
        last: tick at which the track ends.
    """
    begin: int | None = None  # of the strike that sounds
    end: int | None = None  # the latest end that may be its own
    together, owed = 0, 0  # strikes that began with it, and ends that strikes before it may still have
    for tick, group in groupby(switches, key=lambda switch: switch[0]):
        kinds = [begins for _, begins in group]
        if begin is not None:
            kinds, ended = _without_ends(kinds, together + owed)
            end, owed = tick if ended else end, owed - ended
            missing = together + owed
            if not missing or True in kinds:
                yield from [(begin, tick if end is None else end)] * together
                owed = missing if end is None else 0
                begin, end, together = None, None, 0
        for begins in kinds:
            if begins:
                begin, together = tick, together + 1
            elif together and begin == tick:
                yield tick, tick
                together -= 1
        if not together:
            begin = None
    if begin is not None:
        yield from [(begin, last if end is None else end)] * together


def _without_ends(kinds: Sequence[bool], most: int) -> tuple[list[bool], int]:
    """Events of one tick without their first ends, of which so many are taken at most, and how many were."""
    kept, ended = [], 0
    for begins in kinds:
        if begins or ended == most:
            kept.append(begins)
        else:
            ended += 1
    return kept, ended


def _meter(data: bytes) -> Meter | None:
    """The metre of a time signature; None for one that there is not."""
    if len(data) < 2 or data[1] > 6:
        return None
    try:
        return parse_meter(f"{data[0]}/{2 ** data[1]}")
    except DataError:
        return None


def _key(data: bytes) -> KeySignature | None:
    """The key of a key signature; None for one that there is not."""
    if len(data) < 2 or data[1] > 1:
        return None
    fifths = int.from_bytes(data[:1], signed=True)
    return key_of_fifths(fifths, "minor" if data[1] else "major") if abs(fifths) <= 7 else None

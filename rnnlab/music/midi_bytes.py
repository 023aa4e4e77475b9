"""The bytes of a MIDI file (Standard MIDI Files 1.0) as notes with times, tempi, metres and keys.

A damaged file is an error. An invalid value, such as a key signature of eight sharps, is skipped and counted;
mido, which can also read MIDI, refuses a file with such a value.
"""

import struct
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from rnnlab.errors import DataError
from rnnlab.music.meter import KeySignature, Meter, key_of_fifths, parse_meter

MOST_BYTES = 1 << 20
"""Largest size of a file in bytes; a file of this size takes one or two seconds to read."""

EXACT = "rnnlab: times are exact"
"""Text event that marks a file of rnnlab: the times of the file are exact and need no grid."""

BOUND = "rnnlab: bound"
"""Text event between two parts of a tied note, or between two rests."""

PERCUSSION = 10
"""The channel of percussion, from 1."""

_META = 0xFF
_HEADER = struct.Struct(">4sLHHH")
_CHUNK = struct.Struct(">4sL")
_SYSEX = {0xF0, 0xF7}
_ONE_BYTE = {0xC, 0xD}  # program change and channel pressure; other channel events have two data bytes
_SYSTEM_BYTES = {0xF1: 1, 0xF2: 2, 0xF3: 1}
_OFF, _ON, _BEND = 0x8, 0x9, 0xE
_TEXT, _TEMPO, _METER, _KEY = 0x01, 0x51, 0x58, 0x59
_NO_BEND = 0x2000


@dataclass(frozen=True)
class Strike:
    """One note of a track.

    Attributes:
        begin: ticks from the start of the piece.
        end: ticks from the start of the piece, not before `begin`.
        pitch: MIDI number, 0..127.
        track: number of the track, from 1.
        channel: 1..16; 10 is percussion.
    """

    begin: int
    end: int
    pitch: int
    track: int
    channel: int


@dataclass(frozen=True)
class MidiEvents:
    """The contents of a MIDI file; times are ticks from the start of the piece.

    Attributes:
        ticks_per_quarter: ticks of a quarter note.
        strikes: notes of all tracks, track by track.
        track_ends: time at which each track ends.
        tempi: (tick, microseconds a quarter note), in order of time.
        meters: (tick, metre), in order of time.
        keys: (tick, key signature), in order of time.
        bends: number of pitch bends away from the neutral position, by (track, channel).
        invalid: number of events with an invalid value, by kind.
        exact: whether the file has the text event `EXACT`, so rnnlab wrote it.
        bounds: times of the text events `BOUND`: between two parts of a tied note, or between two rests.
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
    """Return the contents of a file of type 0 or 1.

    Raises:
        DataError: the file is damaged, too large, of another type, or its times are SMPTE frames.
    """
    ticks, contents = _ticks_and_tracks(data)
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


@dataclass(frozen=True)
class _Event:
    """One event of a track.

    Attributes:
        time: ticks from the start of the piece.
        status: status byte, of an earlier event if the event has none (running status); `_META` for a meta
            event.
        kind: kind of a meta event; 0 for other events.
        data: the bytes after the status, without kind and length.
    """

    time: int
    status: int
    kind: int
    data: bytes

    @property
    def channel(self) -> int:
        """Channel of a channel event, 1..16."""
        return (self.status & 0xF) + 1


def _ticks_and_tracks(data: bytes) -> tuple[int, list[list[_Event]]]:
    """Return the ticks of a quarter note, and the events of each track of a file of type 0 or 1."""
    if len(data) > MOST_BYTES:
        raise DataError(f"expected at most {MOST_BYTES:,} bytes of MIDI, received {len(data):,}")
    if not data.startswith(b"MThd") or len(data) < _HEADER.size:
        raise DataError("not a MIDI file (it does not begin with the header MThd)")
    _, size, kind, count, division = _HEADER.unpack_from(data)
    if kind > 1:
        what = ", whose tracks are separate pieces" if kind == 2 else ""
        raise DataError(
            f"a MIDI file of type {kind}{what}; expected type 0 or 1; save the file as one of these"
        )
    if not division:
        raise DataError(
            "the header gives 0 ticks a quarter note (division 0); expected 1 or more; export the file again"
        )
    if division & 0x8000:
        raise DataError(
            "the times of the file are counted in SMPTE frames; expected ticks a quarter note;"
            " export the file again"
        )
    return division, [list(_events(data, *ends)) for ends in _chunks(data, 8 + size, count)]


def _chunks(data: bytes, begin: int, count: int) -> Iterator[tuple[int, int]]:
    """Yield the byte positions (begin, end) of the events of each track; skip other chunks."""
    while count:
        if begin + _CHUNK.size > len(data):
            raise _damage("the file is cut off")
        name, size = _CHUNK.unpack_from(data, begin)
        begin += _CHUNK.size
        if begin + size > len(data):
            raise _damage("the file is cut off")
        if name == b"MTrk":
            yield begin, begin + size
            count -= 1
        begin += size


def _events(data: bytes, begin: int, end: int) -> Iterator[_Event]:
    """Yield the events of one track, up to its end-of-track event, or else the end of the track."""
    time, running = 0, 0  # ticks; the status for events without a status byte (running status)
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
        if status == _META:
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
            raise _damage(f"the event at byte {place} is cut off")
        if status < 0xF0 and max(content) > 0x7F:
            raise _damage(f"a value above 127 in the event at byte {place}")
        begin += size
        yield _Event(time, status, kind, content)
        if status == _META and kind == 0x2F:
            return


def _number(data: bytes, begin: int, end: int) -> tuple[int, int]:
    """Return a variable-length number of one to four bytes, and the position after it.

    Each byte holds seven bits; all bytes but the last have the high bit set.
    """
    number = 0
    for place in range(begin, min(begin + 4, end)):
        number = number << 7 | data[place] & 0x7F
        if data[place] < 0x80:
            return number, place + 1
    if begin + 4 > end:
        raise _damage(f"the number at byte {begin} is cut off")
    raise _damage(f"a number of more than four bytes at byte {begin}")


def _damage(what: str) -> DataError:
    """Return the DataError for a damaged file."""
    return DataError(f"a damaged MIDI file ({what}); export the file again")


def _tick(found: tuple[int, object]) -> int:
    """Return the time of a (tick, value)."""
    return found[0]


class _Track:
    """The contents of one track: its notes and other events, as in `MidiEvents`."""

    def __init__(self, number: int, events: Sequence[_Event]) -> None:
        self.end = events[-1].time if events else 0
        self.exact = False
        self.tempi: list[tuple[int, int]] = []
        self.meters: list[tuple[int, Meter]] = []
        self.keys: list[tuple[int, KeySignature]] = []
        self.bends: Counter[tuple[int, int]] = Counter()
        self.invalid: Counter[str] = Counter()
        self.bounds: list[int] = []
        switches: dict[
            tuple[int, int], list[tuple[int, bool]]
        ] = {}  # (channel, pitch) → (tick, whether a note begins)
        for event in events:
            if event.status == _META:
                self._take_meta(event)
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

    def _take_meta(self, event: _Event) -> None:
        """Store the value of a meta event, or count it as invalid; skip other kinds."""
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
    """Yield the begin and the end, in ticks, of each note of one pitch in one channel.

    If a begin and an end have the same tick, the end belongs to a note that began earlier, whatever their
    order in the file; if no such note sounds, it ends the note that began just before it, with length 0. A
    note that begins while another note sounds ends the other note; if the file has an end for each, the later
    end belongs to the later note. The last note lasts until its track ends if it has no end.

    Args:
        switches: (tick, whether a note begins or else ends) in the order of the file.
        last: tick at which the track ends.
    """
    begin: int | None = None  # begin of the note that sounds
    end: int | None = None  # latest end that may belong to this note
    together, owed = 0, 0  # notes that began at `begin`; ends that earlier notes may still have
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
    """Return the events of one tick without the first ends, at most `most`, and the number of these ends."""
    kept, ended = [], 0
    for begins in kinds:
        if begins or ended == most:
            kept.append(begins)
        else:
            ended += 1
    return kept, ended


def _meter(data: bytes) -> Meter | None:
    """Return the metre of the data of a time signature; None if the data is invalid."""
    if len(data) < 2 or data[1] > 6:
        return None
    try:
        return parse_meter(f"{data[0]}/{2 ** data[1]}")
    except DataError:
        return None


def _key(data: bytes) -> KeySignature | None:
    """Return the key of the data of a key signature; None if the data is invalid."""
    if len(data) < 2 or data[1] > 1:
        return None
    fifths = int.from_bytes(data[:1], signed=True)
    return key_of_fifths(fifths, "minor" if data[1] else "major") if abs(fifths) <= 7 else None

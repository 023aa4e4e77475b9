"""The events of a MIDI file, read with mido, which is slow: what a file may ask of it is bounded here.

What mido makes of damaged bytes is not one kind of error; `read_events` gives one line for all of them.
"""

import re
import struct
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from rnnlab.errors import DataError
from rnnlab.music.extras import load_extra

MOST_BYTES = 1 << 20
"""Bytes of a file: a piece has kilobytes; for these mido takes two seconds and 100 MB."""

EXACT = "rnnlab: times are exact"
"""The text event of files that rnnlab wrote: every tick of theirs is meant."""

BOUND = "rnnlab: bound"
"""The text event between two parts of a tied note, or two rests."""

PERCUSSION = 10

_LONGEST_DELTA = 0x0FFFFFFF
_LONG_NUMBER = re.compile(rb"[\x80-\xff]{4096}")  # mido reads numbers of any length, in quadratic time
_HEADER = struct.Struct(">4sLHHH")
_DAMAGE = (EOFError, OSError, ValueError, TypeError, LookupError, struct.error)


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
        exact: whether rnnlab wrote the file.
        bounds: ticks between two parts of a tied note, or two rests.
    """

    ticks_per_quarter: int
    strikes: tuple[Strike, ...]
    track_ends: tuple[int, ...]
    tempi: tuple[tuple[int, int], ...]
    exact: bool
    bounds: frozenset[int]


def read_events(data: bytes) -> MidiEvents:
    """The events of a file of type 0 or 1.

    Raises:
        DataError: mido is not installed, or what is wrong with the file.
    """
    mido = load_extra("mido")
    _check_header(data)
    try:
        file = mido.MidiFile(file=BytesIO(data))
    except (*_DAMAGE, mido.KeySignatureError) as error:
        raise DataError(f"a damaged MIDI file ({_why(error)}); write it anew") from None
    tracks = [_Track(number, messages) for number, messages in enumerate(file.tracks, 1)]
    return MidiEvents(
        file.ticks_per_beat,
        tuple(strike for track in tracks for strike in track.strikes),
        tuple(track.now for track in tracks),
        tuple(sorted(tempo for track in tracks for tempo in track.tempi)),
        any(track.exact for track in tracks),
        frozenset(bound for track in tracks for bound in track.bounds),
    )


def _check_header(data: bytes) -> None:
    """Refuse what is no MIDI file, or none that has one piece on a common beat."""
    if len(data) > MOST_BYTES:
        raise DataError(f"expected at most {MOST_BYTES:,} bytes of MIDI, received {len(data):,}")
    if not data.startswith(b"MThd") or len(data) < _HEADER.size:
        raise DataError("not a MIDI file (it does not begin with a header MThd)")
    _, _, kind, _, division = _HEADER.unpack_from(data)
    if kind > 1:
        what = ", whose tracks are pieces of their own" if kind == 2 else ""
        raise DataError(f"a MIDI file of type {kind}{what}; expected type 0 or 1, write it as one of these")
    if division & 0x8000 or not division:
        raise DataError("its time is counted in SMPTE frames; expected ticks of a quarter note")
    if _LONG_NUMBER.search(data):
        raise DataError("a damaged MIDI file (a number of more than 4096 bytes); write it anew")


def _why(error: Exception) -> str:
    if isinstance(error, EOFError):
        return "it is cut off"
    return "it breaks off in an event" if isinstance(error, LookupError) else str(error)


class _Track:
    """One track as it is gone through.

    A note that is struck again while it sounds ends there; one that is never let go ends with its track.
    """

    def __init__(self, number: int, messages: Any) -> None:
        self.number, self.now, self.exact = number, 0, False
        self.strikes: list[Strike] = []
        self.tempi: list[tuple[int, int]] = []
        self.bounds: list[int] = []
        self._held: dict[tuple[int, int], int] = {}  # (channel, pitch) → its begin
        for message in messages:
            self._follow(message)
        for key in list(self._held):
            self._let_go(key)

    def _follow(self, message: Any) -> None:
        self.now += message.time
        if message.time > _LONGEST_DELTA:
            raise DataError("a damaged MIDI file (a time of more than four bytes); write it anew")
        if message.type in {"note_on", "note_off"}:
            key = message.channel + 1, message.note
            self._let_go(key)
            if message.type == "note_on" and message.velocity:
                self._held[key] = self.now
        elif message.type == "set_tempo":
            self.tempi.append((self.now, message.tempo))
        elif message.type == "text" and message.text == EXACT:
            self.exact = True
        elif message.type == "text" and message.text == BOUND:
            self.bounds.append(self.now)

    def _let_go(self, key: tuple[int, int]) -> None:
        if key in self._held:
            channel, pitch = key
            self.strikes.append(Strike(self._held.pop(key), self.now, pitch, self.number, channel))

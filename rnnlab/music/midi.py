"""MIDI files as tunes, and tunes as MIDI files.

All tracks and all channels except 10 (percussion) are read, unless `reading` chooses a track or a channel.
Times are moved to a grid, and notes that sound together become one line (`melody`). A note that the grid
would make too short gets the shortest length of the grid; a note without length in the file is left out. The
first tempo, metre and key are kept; pitch bends are ignored and counted. If the first metre lasts for one bar
and the second metre has longer bars, the first bar is a pick-up, and the tune has the second metre.

A text event marks the files that rnnlab wrote. By default these files are read without a grid and with
chords; further text events mark where a tied note or a rest has several parts. MIDI cannot store the spelling
of pitches, nor modes other than major and minor; both are lost.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from io import BytesIO
from math import lcm
from typing import Any

from rnnlab.errors import DataError, count_of
from rnnlab.extras import load_extra
from rnnlab.music.melody import SIXTEENTHS, Grid, Reading, line_of
from rnnlab.music.meter import KeySignature, Meter, Mode, key_of_fifths, parse_meter
from rnnlab.music.midi_bytes import BOUND, EXACT, PERCUSSION, MidiEvents, Strike, read_events
from rnnlab.music.notation import parse_pitch
from rnnlab.music.tune import DEFAULT_TEMPO, FASTEST, SLOWEST, Sound, Sounds, Tune, sounds_of
from rnnlab.music.voice import changes

_MICROSECONDS = 60_000_000
_USUAL_TICKS, _MOST_TICKS = 480, 0x7FFF
_LONGEST_TIME = 0x0FFFFFFF
_CLOCKS = 24  # MIDI clocks of a quarter note
_MOST_PLACES = 8  # most tracks and channels in a message


def read_midi(data: bytes, *, name: str, reading: Reading) -> Tune:
    """Return the tune of a MIDI file.

    Raises:
        DataError: the file cannot be read, or has no track of the number in `reading`; the chosen tracks and
            channels have no note with a length; `reading` names a voice; or `line_of` refuses the notes.
    """
    try:
        return _tune(read_events(data), name, reading)
    except DataError as error:
        raise DataError(f"{name}: {error}") from None


def write_midi(tune: Tune, *, tempo: float | None = None, program: int = 0, velocity: int = 80) -> bytes:
    """Return a MIDI file of type 0 with one track; its ticks are fine enough to make every duration exact.

    Args:
        tune: the tune; tied notes become one note.
        tempo: quarter notes a minute. None: the tempo of the tune, or else 120.
        program: the instrument, 0..127; 0 is a grand piano.
        velocity: loudness of each note, 1..127.

    Raises:
        DataError: mido is not installed, or MIDI cannot count the durations in ticks.
    """
    mido = load_extra("mido")
    try:
        sounds = sounds_of(tune.notes)
        ticks = _ticks_per_quarter(sounds)
    except DataError as error:
        raise DataError(f"{tune.name}: {error}") from None
    track = mido.MidiTrack()
    now = 0
    heading = _heading(tune, tempo or tune.tempo or DEFAULT_TEMPO, ticks)
    begin = [(0, mido.Message("program_change", program=program))]
    for time, message in sorted(
        [*heading, *begin, *_switches(sounds, ticks, velocity)],
        key=lambda event: (event[0], event[1].type == "note_on"),
    ):
        track.append(message.copy(time=time - now))
        now = time
    track.append(mido.MetaMessage("end_of_track", time=int(4 * sounds.step * ticks * sounds.end) - now))
    written = BytesIO()
    mido.MidiFile(type=0, ticks_per_beat=ticks, tracks=[track]).save(file=written)
    return written.getvalue()


def _tune(events: MidiEvents, name: str, reading: Reading) -> Tune:
    """Return the tune of the chosen tracks and channels, with counts of what is left out."""
    strikes = _chosen(events, reading)
    lengths = reading.grid if reading.grid is not None else (() if events.exact else SIXTEENTHS)
    grid = Grid(4 * events.ticks_per_quarter, lengths)
    struck = [strike for strike in strikes if strike.end > strike.begin]
    sounds = _on_grid(struck, grid, end=max(events.track_ends[strike.track - 1] for strike in strikes))
    if not lengths:
        sounds = replace(sounds, bounds=events.bounds)
    polyphony = reading.polyphony or ("chords" if events.exact else "highest")
    notes = line_of(sounds, polyphony=polyphony)
    kept = len(struck) if polyphony == "chords" else sum(bool(note.pitches) for note in notes)
    tempi = [tempo for _, tempo in events.tempi]
    keys = [key for _, key in events.keys]
    meters, pickup = _meters(events)
    left_out = {
        "notes below others": len(struck) - kept,
        "notes without length": len(strikes) - len(struck),
        **_not_chosen(events, reading),
        "pitch bends": sum(
            bends for (track, channel), bends in events.bends.items() if _is_chosen(track, channel, reading)
        ),
        "later tempi": changes(tempi),
        "later meters": changes(meters),
        "later keys": changes(keys),
        **events.invalid,
    }
    return Tune(
        name,
        notes,
        tempo=_tempo(tempi[0]) if tempi else None,
        meter=next(iter(meters), None),
        key=next(iter(keys), None),
        pickup=pickup,
        left_out={kind: count for kind, count in left_out.items() if count > 0},
        largest_shift=float(
            max((grid.shift(begin) for begin in {strike.begin for strike in struck}), default=0)
        ),
    )


def _meters(events: MidiEvents) -> tuple[list[Meter], Fraction]:
    """Return the metres in order, without that of a pick-up bar, and the pick-up in whole notes (or 0)."""
    meters = [meter for _, meter in events.meters]
    if len(meters) > 1:
        (begin, first), (end, second) = events.meters[:2]
        if end - begin == first.bar * 4 * events.ticks_per_quarter and not begin and first.bar < second.bar:
            return meters[1:], first.bar
    return meters, Fraction(0)


def _beat(tempo: float) -> int:
    """Return the length of a quarter note in whole microseconds, as MIDI stores a tempo."""
    return round(_MICROSECONDS / tempo)


def _tempo(beat: int) -> float | None:
    """Return the tempo of a quarter note of `beat` microseconds; None if the tempo is outside 4..999.

    The tempo has the fewest decimals, up to 3, that give this beat; it is exact if 3 are too few.
    """
    exact = _MICROSECONDS / beat
    rounded = (round(exact, decimals) for decimals in range(4))
    tempo = next((each for each in rounded if each and _beat(each) == beat), exact)
    return tempo if SLOWEST <= tempo <= FASTEST else None


def _is_chosen(track: int, channel: int, reading: Reading) -> bool:
    """Return whether the notes of a track and a channel are read."""
    is_channel = channel == reading.channel if reading.channel else channel != PERCUSSION
    return reading.track in {None, track} and is_channel


def _not_chosen(events: MidiEvents, reading: Reading) -> Counter[str]:
    """Return the number of notes that are not read because of their track or channel, by kind."""
    found: Counter[str] = Counter()
    for strike in events.strikes:
        if reading.track not in {None, strike.track}:
            found["notes of other tracks"] += 1
        elif not _is_chosen(strike.track, strike.channel, reading):
            kind = "notes of other channels" if reading.channel else "notes of percussion"
            found[kind] += 1
    return found


def _chosen(events: MidiEvents, reading: Reading) -> list[Strike]:
    """Return the notes of the chosen tracks and channels; refuse a choice in which no note has a length."""
    if reading.voice is not None:
        raise DataError("MIDI has no voices; remove the voice, or choose a track or a channel")
    there = len(events.track_ends)
    if reading.track is not None and reading.track > there:
        raise DataError(f"expected a track from 1 to {there}, received {reading.track}")
    chosen = [strike for strike in events.strikes if _is_chosen(strike.track, strike.channel, reading)]
    if not any(strike.end > strike.begin for strike in chosen):
        raise _nothing_in(chosen, events.strikes)
    return chosen


def _nothing_in(chosen: Sequence[Strike], strikes: Sequence[Strike]) -> DataError:
    """Return the error for chosen tracks and channels without a note that has a length.

    Args:
        chosen: notes of the chosen tracks and channels, all of length 0; there may be none.
        strikes: all notes of the file.
    """
    if not strikes:
        return DataError("the file has no notes; choose another file")
    there = sorted({(strike.track, strike.channel) for strike in strikes if strike.end > strike.begin})
    without = "expected a note with a length, received {} of length 0 in {}"
    if not there:
        return DataError(f"{without.format(count_of(len(strikes), 'note'), 'the file')}; choose another file")
    places = ", ".join(f"track {track} channel {channel}" for track, channel in there[:_MOST_PLACES])
    places += " …" * (len(there) > _MOST_PLACES)
    if chosen:
        what = without.format(count_of(len(chosen), "note"), "the chosen tracks and channels")
        return DataError(f"{what}; choose another track or channel: {places}")
    return DataError(
        f"the chosen tracks and channels have no notes; choose a track and channel that has notes: {places}"
    )


def _on_grid(strikes: Sequence[Strike], grid: Grid, *, end: int) -> Sounds:
    """Return the notes moved to the nearest times of the grid, at least as long as the grid's shortest."""
    times = {tick: grid.nearest(tick) for strike in strikes for tick in (strike.begin, strike.end)}
    shortest = grid.shortest
    sounds = tuple(
        Sound(begin, max(times[strike.end], begin + shortest), strike.pitch)
        for strike in strikes
        for begin in (times[strike.begin],)
    )
    return Sounds(sounds, grid.step, grid.nearest(end))


def _ticks_per_quarter(sounds: Sounds) -> int:
    """Return the fewest ticks of a quarter note that are a multiple of 480 and make all times exact.

    If MIDI cannot count so many ticks, return the fewest that make all times exact.
    """
    needed = lcm(1, (4 * sounds.step).denominator)
    usual = lcm(needed, _USUAL_TICKS)
    ticks = next((each for each in (usual, needed) if _fits(each, sounds)), None)
    if ticks is None:
        raise DataError(
            f"the durations need {needed:,} ticks a quarter note over {sounds.end:,} steps; expected"
            f" at most {_MOST_TICKS:,} a quarter note and 2²⁸ in all; write simpler durations"
        )
    return ticks


def _fits(ticks: int, sounds: Sounds) -> bool:
    """Return whether MIDI can count the times of the piece with `ticks` ticks a quarter note."""
    return ticks <= _MOST_TICKS and 4 * sounds.end * sounds.step * ticks <= _LONGEST_TIME


def _switches(sounds: Sounds, ticks: int, velocity: int) -> list[tuple[int, Any]]:
    """Return (tick, message) of the notes, in order of time and then pitch, and of the bounds."""
    mido = load_extra("mido")
    per_step = int(4 * sounds.step * ticks)
    ends = [(sound.end, "note_off", sound.pitch) for sound in sounds.items]
    begins = [(sound.begin, "note_on", sound.pitch) for sound in sounds.items]
    switches = [
        (time * per_step, mido.Message(kind, note=pitch, velocity=velocity if kind == "note_on" else 0))
        for time, kind, pitch in sorted(ends + begins, key=lambda switch: (switch[0], switch[2]))
    ]
    return switches + [
        (time * per_step, mido.MetaMessage("text", text=BOUND)) for time in sorted(sounds.bounds)
    ]


def _heading(tune: Tune, tempo: float, ticks: int) -> list[tuple[int, Any]]:
    """Return (tick, message) of the mark of rnnlab's files, and of the key, metres and tempo of a tune."""
    mido = load_extra("mido")
    messages = [(0, mido.MetaMessage("text", text=EXACT))]
    if tune.key is not None:
        messages.append((0, mido.MetaMessage("key_signature", key=_key_name(tune.key))))
    for quarters, meter in _signatures(tune):
        clocks = min(int(4 * _CLOCKS * meter.beat), 255)
        signature = mido.MetaMessage(
            "time_signature", numerator=meter.beats, denominator=meter.unit, clocks_per_click=clocks
        )
        messages.append((int(quarters * ticks), signature))
    return [*messages, (0, mido.MetaMessage("set_tempo", tempo=_beat(tempo)))]


def _signatures(tune: Tune) -> list[tuple[Fraction, Meter]]:
    """Return (quarter notes from the start, metre) of each time signature.

    A pick-up bar has its own time signature if a metre has this length.
    """
    if tune.meter is None:
        return []
    if not tune.pickup:
        return [(Fraction(0), tune.meter)]
    unit = max(tune.meter.unit, tune.pickup.denominator)
    try:
        first = parse_meter(f"{tune.pickup * unit}/{unit}")
    except DataError:  # no time signature has a bar of this length
        return [(Fraction(0), tune.meter)]
    return [(Fraction(0), first), (4 * tune.pickup, tune.meter)]


def _key_name(key: KeySignature) -> str:
    """Return mido's name of a key, such as `F#m`.

    Aeolian becomes minor, any other church mode the major key with the same signature.
    """
    mode: Mode = "minor" if key.mode in {"minor", "aeolian"} else "major"
    tonic = parse_pitch(key_of_fifths(key.fifths, mode).tonic)
    return tonic.letter.upper() + {1: "#", 0: "", -1: "b"}[tonic.alteration] + "m" * (mode == "minor")

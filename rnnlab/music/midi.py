"""MIDI files as tunes, and tunes as MIDI files.

Reading takes every track and every channel but 10, percussion, unless one is chosen; times are moved to a
grid, and one line is taken from what sounds together (`melody`). A note that would get no length on the grid
gets the shortest; one that has none in the file is left out. The first tempo is kept.

Files that rnnlab wrote say so in a text event: they are read exactly, chords as chords, and other text events
say where a tied note or a rest has several parts. Only how pitches are spelled is lost: MIDI cannot say it.
"""

from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from math import lcm

from rnnlab.errors import DataError
from rnnlab.music.extras import load_extra
from rnnlab.music.grid import SIXTEENTHS, Grid
from rnnlab.music.melody import line_of
from rnnlab.music.midi_events import BOUND, EXACT, PERCUSSION, MidiEvents, Strike, read_events
from rnnlab.music.reading import Reading
from rnnlab.music.sounds import Sound, Sounds, sounds_of
from rnnlab.music.tune import DEFAULT_TEMPO, FASTEST, SLOWEST, Tune

_MICROSECONDS = 60_000_000
_USUAL_TICKS, _MOST_TICKS = 480, 0x7FFF
_LONGEST_TIME = 0x0FFFFFFF


def read_midi(data: bytes, *, name: str, reading: Reading) -> Tune:
    """The tune of a MIDI file's bytes.

    Raises:
        DataError: mido is not installed, the file is damaged or of type 2, or has no note of those chosen.
    """
    try:
        return _tune(read_events(data), name, reading)
    except DataError as error:
        raise DataError(f"{name}: {error}") from None


def write_midi(tune: Tune, *, tempo: float | None = None, program: int = 0, velocity: int = 80) -> bytes:
    """A file of type 0 with one track, whose ticks are fine enough for every duration to be exact.

    Args:
        tune: what is written; tied notes become one.
        tempo: quarter notes a minute; None for the tune's, or else 120.
        program: the instrument, 0..127; 0 is a grand piano.
        velocity: how hard each note is struck, 1..127.

    Raises:
        DataError: mido is not installed, or MIDI has no number of ticks for the durations.
    """
    mido = load_extra("mido")
    try:
        sounds = sounds_of(tune.notes)
        ticks = _ticks_per_quarter(sounds)
    except DataError as error:
        raise DataError(f"{tune.name}: {error}") from None
    per_step = int(4 * sounds.step * ticks)
    beat = _beat(tempo or tune.tempo or DEFAULT_TEMPO)
    track = mido.MidiTrack(
        [
            mido.MetaMessage("text", text=EXACT),
            mido.MetaMessage("set_tempo", tempo=beat),
            mido.Message("program_change", program=program),
        ]
    )
    now = 0
    for time, kind, pitch in _switches(sounds):
        if kind == "bound":
            message = mido.MetaMessage("text", text=BOUND)
        else:
            message = mido.Message(kind, note=pitch, velocity=velocity if kind == "note_on" else 0)
        track.append(message.copy(time=(time - now) * per_step))
        now = time
    track.append(mido.MetaMessage("end_of_track", time=(sounds.end - now) * per_step))
    written = BytesIO()
    mido.MidiFile(type=0, ticks_per_beat=ticks, tracks=[track]).save(file=written)
    return written.getvalue()


def _tune(events: MidiEvents, name: str, reading: Reading) -> Tune:
    strikes = _chosen(events, reading)
    lengths = reading.grid if reading.grid is not None else (() if events.exact else SIXTEENTHS)
    grid = Grid(4 * events.ticks_per_quarter, lengths)
    struck = [strike for strike in strikes if strike.end > strike.begin]
    sounds = _on_grid(struck, grid, end=max(events.track_ends[strike.track - 1] for strike in strikes))
    if not lengths:
        sounds = replace(sounds, bounds=events.bounds)
    polyphony = reading.polyphony or ("chords" if events.exact else "highest")
    notes = line_of(sounds, polyphony=polyphony)
    tempi = [tempo for _, tempo in events.tempi if tempo]
    kept = len(struck) if polyphony == "chords" else sum(bool(note.pitches) for note in notes)
    return Tune(
        name,
        notes,
        tempo=_tempo(tempi[0]) if tempi else None,
        left_out={
            kind: count
            for kind, count in {
                "notes below others": len(struck) - kept,
                "notes without length": len(strikes) - len(struck),
                "later tempi": len(set(tempi)) - 1,
            }.items()
            if count > 0
        },
        largest_shift=float(
            max((grid.shift(begin) for begin in {strike.begin for strike in struck}), default=0)
        ),
    )


def _beat(tempo: float) -> int:
    """The whole microseconds of a quarter note, which is how MIDI has a tempo."""
    return round(_MICROSECONDS / tempo)


def _tempo(beat: int) -> float | None:
    """The tempo with the fewest decimals that MIDI writes as this beat; None if it is none of note text."""
    exact = _MICROSECONDS / beat
    rounded = (round(exact, decimals) for decimals in range(4))
    tempo = next((each for each in rounded if each and _beat(each) == beat), exact)
    return tempo if SLOWEST <= tempo <= FASTEST else None


def _chosen(events: MidiEvents, reading: Reading) -> list[Strike]:
    """The notes of the track and the channel that are chosen, one at least."""
    there = len(events.track_ends)
    if reading.track is not None and reading.track > there:
        raise DataError(f"expected a track from 1 to {there}, received {reading.track}")
    chosen = [
        strike
        for strike in events.strikes
        if reading.track in {None, strike.track}
        and (strike.channel == reading.channel if reading.channel else strike.channel != PERCUSSION)
    ]
    if not any(strike.end > strike.begin for strike in chosen):
        found = sorted({(strike.track, strike.channel) for strike in events.strikes})
        places = ", ".join(f"track {track} channel {channel}" for track, channel in found[:8])
        raise DataError(
            f"expected notes, received none where they are looked for; they are in: {places or 'no track'}"
        )
    return chosen


def _on_grid(strikes: Sequence[Strike], grid: Grid, *, end: int) -> Sounds:
    """The notes at the times of the grid that are nearest, each of its shortest length at least."""
    times = {tick: grid.nearest(tick) for strike in strikes for tick in (strike.begin, strike.end)}
    shortest = grid.shortest
    sounds = tuple(
        Sound(begin, max(times[strike.end], begin + shortest), strike.pitch)
        for strike in strikes
        for begin in (times[strike.begin],)
    )
    return Sounds(sounds, grid.step, grid.nearest(end))


def _ticks_per_quarter(sounds: Sounds) -> int:
    """As few ticks as make every time exact, a multiple of 480 if MIDI has room for it."""
    needed = lcm(1, (4 * sounds.step).denominator)
    usual = lcm(needed, _USUAL_TICKS)
    ticks = next((each for each in (usual, needed) if _fits(each, sounds)), None)
    if ticks is None:
        raise DataError(
            f"its durations need {needed:,} ticks a quarter note over {sounds.end:,} steps; expected"
            f" what MIDI can count, {_MOST_TICKS:,} a quarter note and 2²⁸ in all; write simpler ones"
        )
    return ticks


def _fits(ticks: int, sounds: Sounds) -> bool:
    return ticks <= _MOST_TICKS and 4 * sounds.end * sounds.step * ticks <= _LONGEST_TIME


def _switches(sounds: Sounds) -> list[tuple[int, str, int]]:
    """(time step, kind of event, pitch) of all that is written, ends before begins."""
    ends = [(sound.end, "note_off", sound.pitch) for sound in sounds.items]
    begins = [(sound.begin, "note_on", sound.pitch) for sound in sounds.items]
    bounds = [(time, "bound", 0) for time in sounds.bounds]
    return sorted(ends + begins + bounds, key=lambda switch: (switch[0], switch[1] == "note_on", switch[2]))

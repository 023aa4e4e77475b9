"""Tunes as ABC, kern and MusicXML, one voice each.

ABC and kern are written here, without bars, so that they come back to the token, but for ties of
chords, which music21 does not read in ABC. MusicXML is written with music21, which divides notes at the
bars of 4/4 and ties the parts.
"""

from fractions import Fraction
from typing import Any

from rnnlab.errors import DataError
from rnnlab.music.extras import load_extra
from rnnlab.music.notation import Note
from rnnlab.music.pitch import Pitch
from rnnlab.music.scores import silence
from rnnlab.music.sounds import held_pitches
from rnnlab.music.tune import Tune

_ABC_ACCIDENTALS = {-2: "__", -1: "_", 0: "=", 1: "^", 2: "^^"}
_KERN_ACCIDENTALS = {-2: "--", -1: "-", 0: "", 1: "#", 2: "##"}
_KERN_TIES = {
    (False, False): ("", ""),
    (False, True): ("[", ""),
    (True, True): ("", "_"),
    (True, False): ("", "]"),
}
_EVENTS_A_LINE = 16
_DIVISIONS = 10_080


def write_abc(tune: Tune) -> bytes:
    """A tune of ABC 2.1 without bars; each note has its accidental, and its length in quarter notes."""
    tempo = [] if tune.tempo is None else [f"Q:1/4={round(tune.tempo)}"]
    events = [_abc_event(note, held) for note, held in zip(tune.notes, held_pitches(tune.notes), strict=True)]
    lines = [
        " ".join(events[begin : begin + _EVENTS_A_LINE]) for begin in range(0, len(events), _EVENTS_A_LINE)
    ]
    return "\n".join(["X:1", "M:none", "L:1/4", *tempo, "K:C", *lines, ""]).encode()


def write_kern(tune: Tune) -> bytes:
    """One spine of kern without bars."""
    tempo = [] if tune.tempo is None else [f"*MM{tune.tempo:.7g}"]
    held = held_pitches(tune.notes)
    before: list[set[int]] = [set(), *held[:-1]]
    events = [_kern_event(*each) for each in zip(tune.notes, before, held, strict=True)]
    return "\n".join(["**kern", *tempo, *events, "*-", ""]).encode()


def write_musicxml(tune: Tune) -> bytes:
    """A score of one part.

    Raises:
        DataError: music21 is not installed, or has no notation for the tune.
    """
    for note in tune.notes:
        if _DIVISIONS % (4 * note.duration).denominator:
            raise DataError(
                f"{tune.name}: MusicXML counts {_DIVISIONS:,} parts of a quarter note, of which"
                f" {note.duration} whole notes is no multiple; write simpler durations"
            )
    try:
        with silence():
            return _musicxml(tune)
    except DataError:
        raise
    except Exception as error:  # music21 lets every kind of exception out
        raise DataError(
            f"{tune.name}: music21 cannot write it ({type(error).__name__}: {error}); write simpler notes"
        ) from None


def _abc_event(note: Note, held: set[int]) -> str:
    heads = "".join(map(_abc_pitch, note.pitches)) or "z"
    length = str(4 * note.duration) if 4 * note.duration != 1 else ""
    return (f"[{heads}]" if len(note.pitches) > 1 else heads) + length + "-" * bool(held)


def _abc_pitch(pitch: Pitch) -> str:
    letter = pitch.letter if pitch.octave > 0 else pitch.letter.upper()
    marks = "'" * (pitch.octave - 1) if pitch.octave > 0 else "," * -pitch.octave
    return _ABC_ACCIDENTALS[pitch.alteration] + letter + marks


def _kern_event(note: Note, before: set[int], held: set[int]) -> str:
    length = _kern_length(note.duration)
    if not note.pitches:
        return f"{length}r"
    spelled = []
    for pitch in note.pitches:
        begin, end = _KERN_TIES[pitch.midi in before, pitch.midi in held]
        spelled.append(begin + length + _kern_pitch(pitch) + end)
    return " ".join(spelled)


def _kern_length(duration: Fraction) -> str:
    """The reciprocal of a length, a dot for three halves of one, or else the reciprocal as `16%5`."""
    if duration.numerator == 1:
        return str(duration.denominator)
    plain = duration * Fraction(2, 3)
    return f"{plain.denominator}." if plain.numerator == 1 else f"{duration.denominator}%{duration.numerator}"


def _kern_pitch(pitch: Pitch) -> str:
    up = pitch.octave >= 0
    letters = (pitch.letter if up else pitch.letter.upper()) * (pitch.octave + 1 if up else -pitch.octave)
    return letters + _KERN_ACCIDENTALS[pitch.alteration]


def _musicxml(tune: Tune) -> bytes:
    stream = load_extra("music21.stream")
    part = stream.Part()
    if tune.tempo is not None:
        part.append(load_extra("music21.tempo").MetronomeMark(number=round(tune.tempo, 3)))
    for note, held in zip(tune.notes, held_pitches(tune.notes), strict=True):
        part.append(_element(note, held))
    score = stream.Score()
    score.append(part)
    data: bytes = load_extra("music21.musicxml.m21ToXml").GeneralObjectExporter(score).parse()
    return data


def _element(note: Note, held: set[int]) -> Any:
    """A music21 note, chord or rest."""
    module = load_extra("music21.note")
    length = 4 * note.duration
    if not note.pitches:
        return module.Rest(quarterLength=length)
    sounding = []
    for pitch in note.pitches:
        spelled = load_extra("music21.pitch").Pitch(step=pitch.letter.upper(), octave=pitch.octave + 4)
        spelled.accidental = pitch.alteration or None
        each = module.Note(spelled, quarterLength=length)
        each.tie = load_extra("music21.tie").Tie("start") if pitch.midi in held else None
        sounding.append(each)
    if len(sounding) == 1:
        return sounding[0]
    return load_extra("music21.chord").Chord(sounding, quarterLength=length)

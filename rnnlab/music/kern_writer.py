"""Tunes written in kern (humdrum.org), one spine.

A tune with a metre has bar lines, and its notes are divided there and tied. A tune without a metre has none,
and each note comes back as it was.
"""

from fractions import Fraction

from rnnlab.music.bars import Piece, pieces_of
from rnnlab.music.meter import KeySignature
from rnnlab.music.pitch import Pitch
from rnnlab.music.sounds import held_pitches
from rnnlab.music.tune import Tune

_ACCIDENTALS = {-2: "--", -1: "-", 0: "", 1: "#", 2: "##"}
_TIES = {
    (False, False): ("", ""),
    (False, True): ("[", ""),
    (True, True): ("", "_"),
    (True, False): ("", "]"),
}
_MODES = {"dorian": "dor", "phrygian": "phr", "lydian": "lyd", "mixolydian": "mix", "locrian": "loc"}


def write_kern(tune: Tune) -> bytes:
    """Return a file of one spine."""
    said = [f"*M{tune.meter}"] if tune.meter else []
    if tune.key:
        altered = "".join(letter + _ACCIDENTALS[number] for letter, number in tune.key.alterations.items())
        said += [f"*k[{altered}]", _key(tune.key)]
    if tune.tempo is not None:
        said.append(f"*MM{tune.tempo:.7g}")
    if tune.meter:
        bars = pieces_of(tune.notes, tune.meter, tune.pickup)
    else:
        held = held_pitches(tune.notes)
        notes = zip(tune.notes, map(frozenset, held), strict=True)
        bars = [
            [
                Piece(event, 0, note.pitches, Fraction(0), note.duration, h)
                for event, (note, h) in enumerate(notes)
            ]
        ]
    lines = []
    before: frozenset[int] = frozenset()
    for number, bar in enumerate(bars, 0 if tune.pickup else 1):
        if tune.meter:
            lines.append(f"={number}" if number else "=0-")  # a pick-up has no bar line that is seen
        for piece in bar:
            lines.append(_event(piece, before))
            before = piece.held
    end = ["=="] if tune.meter else []
    return "\n".join(["**kern", *said, *lines, *end, "*-", ""]).encode()


def _key(key: KeySignature) -> str:
    """The tonic, small for a minor key, and the name of another mode."""
    letter = (
        key.tonic[0]
        if key.mode in {"minor", "aeolian", "dorian", "phrygian", "locrian"}
        else key.tonic[0].upper()
    )
    sign = {"is": "#", "es": "-", "": ""}[key.tonic[1:]]
    return f"*{letter}{sign}:{_MODES.get(key.mode, '')}"


def _event(piece: Piece, before: frozenset[int]) -> str:
    """A note, a chord or a rest; `before` are the pitches that are tied to it."""
    length = _length(piece.length)
    if not piece.pitches:
        return f"{length}r"
    spelled = []
    for pitch in piece.pitches:
        begin, end = _TIES[pitch.midi in before, pitch.midi in piece.held]
        spelled.append(begin + length + _pitch(pitch) + end)
    return " ".join(spelled)


def _length(duration: Fraction) -> str:
    """The reciprocal of a length, a dot for three halves of one, or else the reciprocal as `16%5`."""
    if duration.numerator == 1:
        return str(duration.denominator)
    plain = duration * Fraction(2, 3)
    return f"{plain.denominator}." if plain.numerator == 1 else f"{duration.denominator}%{duration.numerator}"


def _pitch(pitch: Pitch) -> str:
    up = pitch.octave >= 0
    letters = (pitch.letter if up else pitch.letter.upper()) * (pitch.octave + 1 if up else -pitch.octave)
    return letters + _ACCIDENTALS[pitch.alteration]

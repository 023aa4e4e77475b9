"""Tunes as MusicXML 4.0: one part, divided at bar lines; a tune without a metre is written in 4/4."""

from collections.abc import Mapping
from fractions import Fraction
from math import lcm
from xml.etree.ElementTree import Element, SubElement, tostring

from rnnlab.errors import DataError
from rnnlab.music.bars import Group, Symbol, bars_of
from rnnlab.music.meter import COMMON_TIME, KeySignature, Meter
from rnnlab.music.notation import Pitch
from rnnlab.music.tune import Tune

MOST_DIVISIONS = 16_383
"""Most parts of a quarter note; MusicXML recommends this limit."""

_DOCTYPE = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE score-partwise PUBLIC'
    ' "-//Recordare//DTD MusicXML 4.0 Partwise//EN" "http://www.musicxml.org/dtds/partwise.dtd">\n'
)
_TYPES = {
    Fraction(2): "breve",
    Fraction(1): "whole",
    Fraction(1, 2): "half",
    Fraction(1, 4): "quarter",
    Fraction(1, 8): "eighth",
    **{Fraction(1, n): f"{n}{'nd' if n == 32 else 'th'}" for n in (16, 32, 64, 128, 256, 512, 1024)},
}
_ACCIDENTALS = {-2: "flat-flat", -1: "flat", 0: "natural", 1: "sharp", 2: "double-sharp"}


def write_musicxml(tune: Tune) -> bytes:
    """Return the text of a MusicXML score with one part; the tune must have a note or a rest.

    Raises:
        DataError: the tune is too long for a score, or a score or MusicXML cannot write one of its lengths.
    """
    meter = tune.meter or COMMON_TIME
    try:
        bars = bars_of(tune.notes, meter, tune.pickup)
        divisions = _divisions(bars)
    except DataError as error:
        raise DataError(f"{tune.name}: {error}") from None
    score = Element("score-partwise", version="4.0")
    SubElement(SubElement(score, "work"), "work-title").text = "".join(filter(str.isprintable, tune.name))
    part = SubElement(SubElement(score, "part-list"), "score-part", id="P1")
    SubElement(part, "part-name").text = "melody"
    music = SubElement(score, "part", id="P1")
    before: frozenset[int] = frozenset()  # MIDI numbers of the pitches that are tied to the next bar
    first = 0 if 0 < tune.pickup < meter.bar else 1
    for number, bar in enumerate(bars, first):
        measure = SubElement(music, "measure", number=str(number))
        if number == 0:
            measure.set("implicit", "yes")
        if number == first:
            _add_attributes(measure, tune, meter, divisions)
        before = _add_notes(measure, bar, divisions, tune.key, before)
    SubElement(SubElement(measure, "barline", location="right"), "bar-style").text = "light-heavy"
    return (_DOCTYPE + tostring(score, encoding="unicode")).encode()


def _divisions(bars: list[tuple[Group, ...]]) -> int:
    """Return the smallest number of parts of a quarter note that makes every length a whole number of parts.

    Raises:
        DataError: the number is above 16,383.
    """
    divisions = 1
    for bar in bars:
        for group in bar:
            for symbol in group.symbols:
                divisions = lcm(divisions, (4 * _length(symbol, group)).denominator)
                if divisions > MOST_DIVISIONS:
                    raise DataError(
                        f"MusicXML counts at most {MOST_DIVISIONS:,} parts of a quarter note; write simpler"
                        " durations"
                    )
    return divisions


def _length(symbol: Symbol, group: Group) -> Fraction:
    """Return the sounding length of a symbol in whole notes."""
    return symbol.written * group.time / group.tuplet


def _add_attributes(measure: Element, tune: Tune, meter: Meter, divisions: int) -> None:
    """Add the divisions, key, metre and clef to the first measure, and the tempo if the tune has one."""
    attributes = SubElement(measure, "attributes")
    SubElement(attributes, "divisions").text = str(divisions)
    key = SubElement(attributes, "key")
    SubElement(key, "fifths").text = str(tune.key.fifths if tune.key else 0)
    if tune.key:
        SubElement(key, "mode").text = tune.key.mode
    time = SubElement(attributes, "time")
    SubElement(time, "beats").text, SubElement(time, "beat-type").text = str(meter.beats), str(meter.unit)
    clef = SubElement(attributes, "clef")
    SubElement(clef, "sign").text, SubElement(clef, "line").text = "G", "2"
    if tune.tempo is None:
        return
    tempo = f"{tune.tempo:.7g}"
    direction = SubElement(measure, "direction", placement="above")
    mark = SubElement(SubElement(direction, "direction-type"), "metronome")
    SubElement(mark, "beat-unit").text, SubElement(mark, "per-minute").text = "quarter", tempo
    SubElement(direction, "sound", tempo=tempo)


def _add_notes(
    measure: Element,
    bar: tuple[Group, ...],
    divisions: int,
    key: KeySignature | None,
    before: frozenset[int],
) -> frozenset[int]:
    """Add the notes of a bar to its measure; return the MIDI numbers that are tied to the next bar.

    Args:
        measure: element of the bar.
        bar: groups of the bar.
        divisions: parts of a quarter note.
        key: key signature, which makes some accidentals unnecessary; None for none.
        before: MIDI numbers of the pitches that are tied to the first symbol.
    """
    altered: dict[tuple[str, int], int] = {}  # (letter, octave) → alteration up to the bar line
    of_key = key.alterations if key else {}
    for group in bar:
        last = len(group.symbols) - 1
        for place, symbol in enumerate(group.symbols):
            ends = [kind for kind, at in (("start", 0), ("stop", last)) if place == at and group.tuplet > 1]
            for number, pitch in enumerate(symbol.pitches or (None,)):
                note = SubElement(measure, "note")
                if number:
                    SubElement(note, "chord")
                _add_pitch(note, pitch)
                duration = 4 * _length(symbol, group) * divisions
                SubElement(note, "duration").text = str(int(duration))
                ties = _ties(pitch, before, symbol.held)
                for kind in ties:
                    SubElement(note, "tie", type=kind)
                _add_look(note, symbol, group, _accidental(pitch, of_key, altered))
                _add_notations(note, ties, [] if number else ends)
            before = symbol.held
    return before


def _add_pitch(note: Element, pitch: Pitch | None) -> None:
    """Add a pitch to a note; None makes the note a rest."""
    if pitch is None:
        SubElement(note, "rest")
        return
    spelled = SubElement(note, "pitch")
    SubElement(spelled, "step").text = pitch.letter.upper()
    if pitch.alteration:
        SubElement(spelled, "alter").text = str(pitch.alteration)
    SubElement(spelled, "octave").text = str(pitch.octave + 4)


def _ties(pitch: Pitch | None, before: frozenset[int], held: frozenset[int]) -> list[str]:
    """Return `stop` if a tie leads to the pitch, and `start` if the pitch is tied to the next symbol."""
    if pitch is None:
        return []
    return ["stop"] * (pitch.midi in before) + ["start"] * (pitch.midi in held)


def _accidental(
    pitch: Pitch | None, of_key: Mapping[str, int], altered: dict[tuple[str, int], int]
) -> str | None:
    """Return the accidental of a pitch, and note its alteration in `altered`.

    Return None for a rest, or if the key or the bar implies the accidental.
    """
    if pitch is None:
        return None
    place = pitch.letter, pitch.octave
    known = altered.get(place, of_key.get(pitch.letter, 0))
    altered[place] = pitch.alteration
    return _ACCIDENTALS[pitch.alteration] if known != pitch.alteration else None


def _add_look(note: Element, symbol: Symbol, group: Group, accidental: str | None) -> None:
    """Add the voice, type, dots, accidental and tuplet of a note, in the order that MusicXML demands."""
    SubElement(note, "voice").text = "1"
    SubElement(note, "type").text = _TYPES[symbol.base]
    for _ in range(symbol.dots):
        SubElement(note, "dot")
    if accidental:
        SubElement(note, "accidental").text = accidental
    if group.tuplet > 1:
        change = SubElement(note, "time-modification")
        SubElement(change, "actual-notes").text = str(group.tuplet)
        SubElement(change, "normal-notes").text = str(group.time)


def _add_notations(note: Element, ties: list[str], tuplet_ends: list[str]) -> None:
    """Add the bows of the ties of a note, and the begin or end of its tuplet bracket."""
    if not ties and not tuplet_ends:
        return
    notations = SubElement(note, "notations")
    for kind in ties:
        SubElement(notations, "tied", type=kind)
    for kind in tuplet_ends:
        SubElement(notations, "tuplet", type=kind)

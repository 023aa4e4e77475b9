"""MusicXML as tunes: one voice of one part, as it sounds.

The elements are gone through here (`musicxml_part`) and not by a library: what a score says of transposing
instruments, cue notes, voices that cross staves and `<backup>` decides which notes are right.

Repeats are not played out. Grace notes, cue notes, chord symbols and unpitched notes are left out and
counted.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from xml.etree.ElementTree import Element

from rnnlab.errors import DataError
from rnnlab.music.mei import musicxml_root
from rnnlab.music.melody import Reading
from rnnlab.music.musicxml_part import XmlNote, XmlPart, number_of, text_of
from rnnlab.music.tune import Tune
from rnnlab.music.voice import Tone, changes, line_of_voice, pickup_of, sounding_pitch


def read_musicxml(data: bytes, *, name: str, reading: Reading) -> Iterator[Tune | DataError]:
    """Yield the tune of a MusicXML file, packed or not, or what is wrong with it."""
    try:
        yield _tune(musicxml_root(data), name, reading)
    except DataError as error:
        yield DataError(f"{name}: {error}")


def _tune(root: Element, name: str, reading: Reading) -> Tune:
    parts = _parts(root)
    number = reading.track or 1
    if number > len(parts):
        names = ", ".join(_voices(parts[-1].written))
        raise DataError(
            f"expected a part from 1 to {len(parts)}, received {number}; part {len(parts)} has voices"
            f" {names or 'without notes'}"
        )
    part = parts[number - 1]
    voices = _voices(part.written)
    if not voices:
        there = [f"{index} ({each.name})" for index, each in enumerate(parts, 1) if each.has_notes]
        raise DataError(
            f"expected notes, received none in part {number}; they are in part:"
            f" {', '.join(there[:8]) or 'none'}"
        )
    voice = reading.voice or next(iter(voices))
    if voice not in voices:
        raise DataError(
            f"expected a voice of part {number}, one of {', '.join(list(voices)[:16])},"
            f" received {voice[:40]!r}"
        )
    notes, left_out = line_of_voice(
        [_tone(each) for each in voices[voice]], polyphony=reading.polyphony or "highest", end=part.end
    )
    left_out += part.left_out
    left_out["notes of other voices"] += sum(
        note.has_pitch for other, found in voices.items() if other != voice for note in found
    )
    left_out["notes of other parts"] += sum(
        note.has_pitch for other in parts if other is not part for note in other.written
    )
    meters, keys = part.meters, part.keys
    tempi = [tempo for _, tempo in part.tempi] or [tempo for each in parts for _, tempo in each.tempi][:1]
    left_out["later tempi"] += changes(tempi)
    left_out["later meters"] += changes(meters)
    left_out["later keys"] += changes(keys)
    meter = next(iter(meters), None)
    return Tune(
        name,
        notes,
        tempo=next(iter(tempi), None),
        meter=meter,
        key=next(iter(keys), None),
        pickup=pickup_of(part.bars, meter),
        left_out=dict(+left_out),
        remarks=tuple(_remarks(parts, number, list(voices), voice)),
    )


def _remarks(parts: Sequence[XmlPart], number: int, voices: list[str], voice: str) -> Iterator[str]:
    """Sentences on what was chosen where there is more, and on transposing instruments."""
    part = parts[number - 1]
    if len(parts) > 1:
        yield f"part {number} of {len(parts)} ({part.name}) is read"
    if len(voices) > 1:
        yield f"voice {voice} of {len(voices)} is read ({', '.join(voices[:16])})"
    if shifts := [f"{shift:+d}" for shift in dict.fromkeys(part.shifts) if shift]:
        yield f"pitches are those that sound: the written ones are moved by {', '.join(shifts)} semitones"


def _parts(root: Element) -> list[XmlPart]:
    """The parts of a score, in the order of its part list."""
    names = {
        part.get("id"): text_of(part, "part-name") or "" for part in root.iterfind("part-list/score-part")
    }
    order = {each: place for place, each in enumerate(names)}
    measures: dict[str | None, Element] = {}
    for part in root.iterfind("part"):
        measures.setdefault(part.get("id"), Element("part")).extend(list(part))
    for measure in root.iterfind("measure"):  # of a score by measures
        for part in measure.iterfind("part"):
            bar = Element("measure", measure.attrib)
            bar.extend(list(part))
            measures.setdefault(part.get("id"), Element("part")).append(bar)
    ids = sorted(measures, key=lambda each: order.get(each, len(order)))
    if not ids:
        raise DataError("a score without parts; expected one <part>")
    return [_read_part(measures[each], names.get(each) or str(each or "")) for each in ids]


def _read_part(part: Element, name: str) -> XmlPart:
    shown = " ".join(name.split())[:40]
    try:
        return XmlPart(shown).read(part)
    except DataError as error:
        raise DataError(f"part {shown!r}, {error}") from None


def _voices(written: Sequence[XmlNote]) -> Mapping[str, list[XmlNote]]:
    """The voices that have notes, by name, lowest number first.

    A voice that has notes at the same time on two staves is two voices of one number: some programs number
    the voices of each staff from 1.
    """
    voices: dict[str, list[XmlNote]] = {}
    for note in written:
        voices.setdefault(note.voice, []).append(note)
    for name, notes in list(voices.items()):
        if _has_two_staves_at_once(notes):
            del voices[name]
            for note in notes:
                voices.setdefault(f"{name} of staff {note.staff}", []).append(note)
    names = sorted((name for name in voices if any(note.has_pitch for note in voices[name])), key=_in_order)
    return {name: voices[name] for name in names}


def _has_two_staves_at_once(notes: Sequence[XmlNote]) -> bool:
    """Whether a note begins on one staff while another sounds on a different one; chords may span staves."""
    last, before = (Fraction(0), ""), Fraction(0)  # latest end and its staff, and latest end on other staves
    for note in sorted(notes, key=lambda note: note.begin):
        end, staff = last
        is_chord = note.element.find("chord") is not None
        if not is_chord and note.begin < (before if staff == note.staff else end):
            return True
        ends = note.begin + note.length
        if staff == note.staff:
            last = max(end, ends), staff
        elif ends > end:
            last, before = (ends, note.staff), end
        else:
            before = max(before, ends)
    return False


def _in_order(name: str) -> tuple[int, str]:
    """Numbers from the lowest, then names."""
    number = re.match("[0-9]{1,9}", name)
    return (int(number[0]) if number else 1 << 30), name


def _tone(note: XmlNote) -> Tone:
    """A note as it sounds.

    Raises:
        DataError: MIDI has no such pitch, or no step, alteration or octave can be read.
    """
    ties = {tie.get("type") for tie in (*note.element.iter("tie"), *note.element.iter("tied"))}
    tone = Tone(note.begin, note.length, None, note.place)
    written = note.element.find("pitch")
    if written is None:
        return tone
    step, octave = text_of(written, "step") or "", text_of(written, "octave") or ""
    if not (re.fullmatch("[A-G]", step) and re.fullmatch("[0-9]", octave)):
        raise DataError(
            f"{note.place}: expected a pitch with <step> A to G and <octave> 0 to 9,"
            f" received {step[:12]!r} and {octave[:12]!r}"
        )
    alteration = number_of(text_of(written, "alter") or "0", f"{note.place}: <alter>")
    if alteration.denominator != 1:
        raise DataError(
            f"{note.place}: a microtone ({step}{octave} altered by {float(alteration):+g} semitones);"
            " expected semitones, write it as a pitch that MIDI has"
        )
    try:
        pitch = sounding_pitch(
            step.lower(),
            int(alteration),
            int(octave) - 4,
            steps=note.transposition.steps,
            semitones=note.transposition.semitones,
        )
    except DataError as error:
        raise DataError(f"{note.place}: {step}{octave}: {error}") from None
    return replace(
        tone,
        pitch=pitch,
        leads_on=bool(ties & {"start", "continue"}),
        continues=True,  # files that say where a tie ends, and files that do not, are read alike
    )

"""A part of a MusicXML score, read element by element: notes with times and sounding pitches."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import get_args
from xml.etree.ElementTree import Element

from rnnlab.errors import DataError
from rnnlab.music.meter import KeySignature, Meter, Mode, key_of_fifths, parse_meter
from rnnlab.music.tune import FASTEST, SLOWEST
from rnnlab.music.voice import ScorePart, Tone, checked_time, sounding_pitch

_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,9}(?:\.[0-9]{0,9})?|\.[0-9]{1,9})")
_BEAT_UNITS = {
    name: Fraction(1, 2**power)
    for power, name in enumerate(["whole", "half", "quarter", "eighth", "16th", "32nd", "64th"])
} | {"breve": Fraction(2)}
_MODES: dict[str, Mode] = {mode: mode for mode in get_args(Mode)}
_OCTAVE = 12


@dataclass(frozen=True)
class XmlTransposition:
    """The interval from written to sounding pitch.

    Attributes:
        steps: staff steps, octaves included; None if the file gives no staff steps.
        semitones: semitones, octaves included.
    """

    steps: int | None = 0
    semitones: int = 0

    @property
    def fifths(self) -> int:
        """Number of sharps of the sounding key minus that of the written key; −5..6 if `steps` is None."""
        if self.steps is None:
            return (7 * self.semitones + 5) % 12 - 5
        return 7 * self.semitones - 12 * self.steps


@dataclass(frozen=True)
class XmlNote:
    """A note or a rest with its time and its written pitch.

    Attributes:
        voice: name of its voice.
        staff: number of its staff.
        begin: whole notes from the start of the piece.
        length: length in whole notes.
        place: place in the file for messages, such as `measure 3`.
        element: element `<note>` of the note or rest.
        transposition: transposition of its staff.
    """

    voice: str
    staff: str
    begin: Fraction
    length: Fraction
    place: str
    element: Element
    transposition: XmlTransposition

    @property
    def has_pitch(self) -> bool:
        """Whether the element has a `<pitch>`; a rest has none."""
        return self.element.find("pitch") is not None


@dataclass
class XmlPart(ScorePart):
    """A part that is read measure by measure; times are in whole notes.

    Attributes:
        written: its notes and rests.
        shifts: semitones of the transposition of each note with a pitch.
    """

    written: list[XmlNote] = field(default_factory=list)
    shifts: list[int] = field(default_factory=list)

    _place: str = ""
    _divisions: Fraction = Fraction(1)  # units of <duration> in a quarter note
    _transpositions: dict[str | None, XmlTransposition] = field(default_factory=dict)  # by staff; None: all
    _now: Fraction = Fraction(0)
    _last: tuple[Fraction, str] | None = None  # begin and voice of the last note without <chord/>

    def voices(self) -> Mapping[str, int]:
        """Return the number of notes of each voice that has notes, in the order of the voices' numbers."""
        return {name: sum(note.has_pitch for note in notes) for name, notes in _voices(self.written).items()}

    def tones(self, voice: str) -> list[Tone]:
        """Return the tones and rests of a voice, with sounding pitches."""
        return [_tone(note) for note in _voices(self.written)[voice]]

    def remarks(self) -> list[str]:
        """Return a sentence with the transpositions of the part; empty if no pitch is transposed."""
        shifts = [f"{shift:+d}" for shift in dict.fromkeys(self.shifts) if shift]
        moved = f"pitches are read as they sound: written pitches are moved by {', '.join(shifts)} semitones"
        return [moved] if shifts else []

    def read(self, part: Element) -> "XmlPart":
        """Read all measures of an element `<part>`, and return this object.

        Raises:
            DataError: an element of a measure is wrong; the message begins with the number of the measure.
        """
        for number, measure in enumerate(part.iter("measure"), 1):
            self._place = f"measure {measure.get('number', str(number))[:12]}"
            try:
                self._measure(measure)
            except DataError as error:
                raise DataError(f"{self._place}: {error}") from None
        return self

    def _measure(self, measure: Element) -> None:
        """Read a measure: it begins at `end`, and `end` becomes the end of the measure."""
        self._now, self._last, reached = self.end, None, self.end
        for element in measure:
            self._element(element)
            reached = max(reached, self._now)
        if reached == self.end and self.meters and self.meters[-1] is not None:
            reached += self.meters[-1].bar  # a measure without a note or a rest
        self.bars.append(reached - self.end)
        self.end = checked_time(reached)

    def _element(self, element: Element) -> None:
        """Read an element of a measure; skip kinds that do not change notes, times or counts."""
        match element.tag:
            case "note":
                self._note(element)
            case "backup":
                self._now -= self._length(element)
                if self._now < self.end:  # start of this measure
                    raise DataError(
                        "<backup> moves before the start of the measure; write a shorter <duration> in it"
                    )
            case "forward":
                self._now += self._length(element)
            case "attributes":
                self._attributes(element)
            case "direction" | "sound":
                self._tempo(element)
            case "harmony":
                self.left_out["chord symbols"] += 1
            case "barline":
                self.left_out["repeats"] += element.find("repeat[@direction='backward']") is not None

    def _note(self, element: Element) -> None:
        """Add a note or rest, or count it as left out; `<chord/>` and grace notes do not move the time."""
        sounds = element.find("pitch") is not None or element.find("unpitched") is not None
        if element.find("grace") is not None:
            self.left_out["grace notes"] += sounds
            return
        length = self._length(element)
        if element.find("chord") is None:
            self._last = self._now, text_of(element, "voice") or "1"
            self._now = checked_time(self._now + length)
        elif self._last is None:
            raise DataError("expected a note before the note with <chord/>, received none; remove <chord/>")
        begin, voice = self._last
        staff = text_of(element, "staff") or "1"
        left_out = {
            "cue notes": element.find("cue") is not None,
            "unpitched notes": element.find("unpitched") is not None,
            "notes without length": not length,
        }
        kind = next((kind for kind, holds in left_out.items() if holds), None)
        if kind:
            self.left_out[kind] += sounds
            return
        transposition = self._transposition(staff)
        if element.find("pitch") is not None:
            self.shifts.append(transposition.semitones)
        self.written.append(XmlNote(voice, staff, begin, length, self._place, element, transposition))

    def _attributes(self, element: Element) -> None:
        """Read the divisions, transpositions, metres, keys and measure repeats of `<attributes>`."""
        if (divisions := text_of(element, "divisions")) is not None:
            self._divisions = number_of(divisions, "<divisions>")
            if self._divisions <= 0:
                raise DataError(f"<divisions>: expected a number above 0, received {divisions[:40]}")
        for transpose in element.iterfind("transpose"):
            self._transpose(transpose)
        self.left_out["measure repeats"] += len(
            element.findall("measure-style/measure-repeat[@type='start']")
        )
        for time in _of_first_staff(element, "time"):
            self.meters.append(_meter(time))
            self.left_out["meters of no usual form"] += self.meters[-1] is None
        for key in _of_first_staff(element, "key"):
            self.keys.append(_key(key, self._transposition("1")))

    def _transpose(self, element: Element) -> None:
        """Read the transposition of one staff, or of all staves."""
        values = {}
        for tag in ("diatonic", "chromatic", "octave-change"):
            value = number_of(text_of(element, tag) or "0", f"<{tag}>")
            if value.denominator != 1 or abs(value) > 127:
                raise DataError(
                    f"<{tag}>: expected a whole number from −127 to 127, received {float(value):g}"
                )
            values[tag] = int(value)
        octaves = values["octave-change"]
        has_steps = element.find("diatonic") is not None or not values["chromatic"]
        steps = values["diatonic"] + 7 * octaves if has_steps else None
        if (staff := element.get("number")) is None:
            self._transpositions.clear()
        self._transpositions[staff] = XmlTransposition(steps, values["chromatic"] + _OCTAVE * octaves)

    def _transposition(self, staff: str) -> XmlTransposition:
        """Return the transposition of a staff: its own, else that of all staves, else none."""
        for_all = self._transpositions.get(None, XmlTransposition())
        return self._transpositions.get(staff, for_all)

    def _tempo(self, element: Element) -> None:
        """Add a tempo, or count it if it is outside 4..999; `<sound>` is preferred to a metronome mark."""
        sound = element if element.tag == "sound" else element.find("sound[@tempo]")
        played = _NUMBER.match((sound.get("tempo") if sound is not None else None) or "")
        tempo = float(played[0]) if played else _metronome(element.find("direction-type/metronome"))
        if tempo is None:
            return
        if SLOWEST <= tempo <= FASTEST:
            self.tempi.append(tempo)
        else:
            self.left_out[f"tempi outside {SLOWEST} to {FASTEST}"] += 1

    def _length(self, element: Element) -> Fraction:
        """Return the length of a `<note>`, `<backup>` or `<forward>` in whole notes."""
        text = text_of(element, "duration")
        if text is None:
            raise DataError(f"a <{element.tag}> without <duration>; expected its length in <duration>")
        length = number_of(text, "<duration>") / (4 * self._divisions)
        if length < 0:
            raise DataError(f"<duration>: expected 0 or more, received {text[:40]}")
        return checked_time(length)


def text_of(element: Element, tag: str) -> str | None:
    """Return the text of a child element without white space around it; None if child or text is missing."""
    found = element.findtext(tag)
    return None if found is None else found.strip() or None


def number_of(text: str, called: str) -> Fraction:
    """Return the number that a text spells; `called` names it in messages.

    Raises:
        DataError: the text is no number, or has more than nine digits before or after the point.
    """
    if not _NUMBER.fullmatch(text):
        raise DataError(
            f"{called}: expected a number with at most nine digits before and after the point,"
            f" received {text[:40]!r}"
        )
    return Fraction(text)


def _voices(written: Sequence[XmlNote]) -> Mapping[str, list[XmlNote]]:
    """Return the notes and rests of each voice that has notes, by the name of the voice, lowest number first.

    Some programs number the voices of each staff from 1. So if a voice has notes at the same time on two
    staves, each staff gets a voice of its own, such as `1 of staff 2`.
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
    """Return whether a note or rest begins while another staff has one; a chord may span staves."""
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
    """Return the sorting key of names of voices: first those with a number, lowest first, then the others."""
    number = re.match("[0-9]{1,9}", name)
    return (int(number[0]) if number else 1 << 30), name


def _tone(note: XmlNote) -> Tone:
    """Return a note or a rest as a tone with the sounding pitch.

    Raises:
        DataError: MIDI has no such pitch, or the step, alteration or octave is wrong.
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
            " expected whole semitones; write a pitch that MIDI has"
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
        continues=True,  # some files leave out the end of a tie, so the begin decides
    )


def _of_first_staff(element: Element, tag: str) -> Iterator[Element]:
    """Return the child elements with this tag that are for the first staff or for all staves."""
    return (found for found in element.iterfind(tag) if found.get("number", "1") == "1")


def _meter(time: Element) -> Meter | None:
    """Return the metre of a <time>, or the sum of several such as 3/8 + 2/4; None for any other form."""
    sums = [(each.text or "").strip() for each in time.iterfind("beats")]
    units = [(each.text or "").strip() for each in time.iterfind("beat-type")]
    texts = [*(number for each in sums for number in each.split("+")), *units]
    if (
        not sums
        or len(sums) != len(units)
        or not all(re.fullmatch(r"\s*[0-9]{1,3}\s*", text) for text in texts)
    ):
        return None
    finest = max(map(int, units))
    beats = Fraction(0)
    for each, unit in zip(sums, units, strict=True):
        beats += sum(map(int, each.split("+"))) * Fraction(finest, int(unit) or 1)
    try:
        return parse_meter(f"{beats}/{finest}")
    except DataError:
        return None


def _key(key: Element, transposition: XmlTransposition) -> KeySignature | None:
    """Return the sounding key of a <key>; None if it has no <fifths>, or more than seven sharps or flats."""
    fifths = text_of(key, "fifths") or ""
    if not re.fullmatch("[+-]?[0-9]", fifths):
        return None
    written = int(fifths)
    sounding = written + transposition.fifths
    sounding -= 12 * ((sounding > 7) - (sounding < -7))
    mode = _MODES.get((text_of(key, "mode") or "major").lower(), "major")
    return key_of_fifths(sounding, mode) if max(abs(written), abs(sounding)) <= 7 else None


def _metronome(metronome: Element | None) -> float | None:
    """Return the quarter notes a minute of a mark such as "dotted quarter = 60"; None for another form."""
    if metronome is None or len(metronome.findall("beat-unit")) != 1:
        return None
    unit = _BEAT_UNITS.get(text_of(metronome, "beat-unit") or "")
    number = re.search("[0-9]{1,9}(?:[.][0-9]{1,9})?", text_of(metronome, "per-minute") or "")
    if unit is None or number is None:
        return None
    dots = len(metronome.findall("beat-unit-dot"))
    return float(Fraction(number[0]) * 4 * unit * (2 - Fraction(1, 2 ** min(dots, 4))))

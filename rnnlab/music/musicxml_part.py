"""A part of MusicXML as it is gone through, element by element: what is written when, and how it sounds."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import get_args
from xml.etree.ElementTree import Element

from rnnlab.errors import DataError
from rnnlab.music.meter import KeySignature, Meter, Mode, key_of_fifths, parse_meter
from rnnlab.music.tune import FASTEST, SLOWEST
from rnnlab.music.voice import checked_time

_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,9}(?:\.[0-9]{0,9})?|\.[0-9]{1,9})")
_BEAT_UNITS = {
    name: Fraction(1, 2**power)
    for power, name in enumerate(["whole", "half", "quarter", "eighth", "16th", "32nd", "64th"])
} | {"breve": Fraction(2)}
_MODES: dict[str, Mode] = {mode: mode for mode in get_args(Mode)}
_OCTAVE = 12


@dataclass(frozen=True)
class XmlTransposition:
    """From written to sounding pitch.

    Attributes:
        steps: of the staff; None where the file gives semitones alone.
        semitones: octaves included.
    """

    steps: int | None = 0
    semitones: int = 0

    @property
    def fifths(self) -> int:
        """Sharps that the sounding key has more than the written one, −6..6 where no steps are given."""
        if self.steps is None:
            return (7 * self.semitones + 5) % 12 - 5
        return 7 * self.semitones - 12 * self.steps


@dataclass(frozen=True)
class XmlNote:
    """A note or rest as it is written.

    Attributes:
        voice: name of its voice.
        staff: number of its staff.
        begin: whole notes from the start of the piece.
        length: in whole notes.
        place: where messages say that it stands.
        element: the note's.
        transposition: of its staff.
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
        return self.element.find("pitch") is not None


@dataclass
class XmlPart:
    """A part as it is gone through, measure by measure; times are in whole notes.

    Attributes:
        name: what messages call it.
        written: its notes and rests.
        bars: lengths of its measures.
        left_out: what is not read, by kind.
        meters: its time signatures in order; None for one that is no metre.
        keys: its key signatures as they sound, in order; None for one that is no key.
        tempi: (time, quarter notes a minute), in order.
        shifts: semitones of the transpositions under which it has notes.
    """

    name: str
    written: list[XmlNote] = field(default_factory=list)
    bars: list[Fraction] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    meters: list[Meter | None] = field(default_factory=list)
    keys: list[KeySignature | None] = field(default_factory=list)
    tempi: list[tuple[Fraction, float]] = field(default_factory=list)
    shifts: list[int] = field(default_factory=list)

    _place: str = ""
    _divisions: Fraction = Fraction(1)
    _transpositions: dict[str | None, XmlTransposition] = field(default_factory=dict)
    _begin: Fraction = Fraction(0)  # of the measure
    _now: Fraction = Fraction(0)
    _last: tuple[Fraction, str] | None = None  # begin and voice of the last note that is not in a chord

    @property
    def end(self) -> Fraction:
        """Length of the part."""
        return self._begin

    @property
    def has_notes(self) -> bool:
        return any(note.has_pitch for note in self.written)

    def read(self, part: Element) -> "XmlPart":
        """Go through the measures of a part.

        Raises:
            DataError: something in it has no time, or a time before its measure.
        """
        for number, measure in enumerate(part.iter("measure"), 1):
            self._place = f"measure {measure.get('number', str(number))[:12]}"
            try:
                self._measure(measure)
            except DataError as error:
                raise DataError(f"{self._place}: {error}") from None
        return self

    def _measure(self, measure: Element) -> None:
        self._now, self._last, reached = self._begin, None, self._begin
        for element in measure:
            self._element(element)
            reached = max(reached, self._now)
        if reached == self._begin and self.meters and self.meters[-1] is not None:
            reached += self.meters[-1].bar  # a measure without a note or a rest
        self.bars.append(reached - self._begin)
        self._begin = checked_time(reached)

    def _element(self, element: Element) -> None:
        match element.tag:
            case "note":
                self._note(element)
            case "backup":
                self._now -= self._length(element)
                if self._now < self._begin:
                    raise DataError("a <backup> leads to before the measure; write a shorter one")
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
        sounds = element.find("pitch") is not None or element.find("unpitched") is not None
        if element.find("grace") is not None:
            self.left_out["grace notes"] += sounds
            return
        length = self._length(element)
        if element.find("chord") is None:
            self._last = self._now, text_of(element, "voice") or "1"
            self._now = checked_time(self._now + length)
        elif self._last is None:
            raise DataError("a <chord/> follows no note; write its note without it")
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
        """Take a transposition of a staff, or of all."""
        values = {}
        for tag in ("diatonic", "chromatic", "octave-change"):
            value = number_of(text_of(element, tag) or "0", f"<{tag}>")
            if value.denominator != 1 or abs(value) > 127:
                raise DataError(
                    f"<{tag}>: expected a whole number of steps, received {float(value):g};"
                    " rnnlab has no microtones"
                )
            values[tag] = int(value)
        octaves = values["octave-change"]
        has_steps = element.find("diatonic") is not None or not values["chromatic"]
        steps = values["diatonic"] + 7 * octaves if has_steps else None
        if (staff := element.get("number")) is None:
            self._transpositions.clear()
        self._transpositions[staff] = XmlTransposition(steps, values["chromatic"] + _OCTAVE * octaves)

    def _transposition(self, staff: str) -> XmlTransposition:
        for_all = self._transpositions.get(None, XmlTransposition())
        return self._transpositions.get(staff, for_all)

    def _tempo(self, element: Element) -> None:
        """Take the tempo of a direction; what is to be played goes before what is to be seen."""
        sound = element if element.tag == "sound" else element.find("sound[@tempo]")
        said = _NUMBER.match((sound.get("tempo") if sound is not None else None) or "")
        tempo = float(said[0]) if said else _metronome(element.find("direction-type/metronome"))
        if tempo is None:
            return
        if SLOWEST <= tempo <= FASTEST:
            self.tempi.append((self._now, tempo))
        else:
            self.left_out[f"tempi outside {SLOWEST} to {FASTEST}"] += 1

    def _length(self, element: Element) -> Fraction:
        """The length of a note, a backup or a forward."""
        text = text_of(element, "duration")
        if text is None:
            raise DataError(f"a <{element.tag}> without <duration>; expected its length")
        length = number_of(text, "<duration>") / (4 * self._divisions)
        if length < 0:
            raise DataError(f"<duration>: expected 0 or more, received {text[:40]}")
        return checked_time(length)


def text_of(element: Element, tag: str) -> str | None:
    """Return the text of a child, without white space around it; None where there is none."""
    found = element.findtext(tag)
    return None if found is None else found.strip() or None


def number_of(text: str, called: str) -> Fraction:
    """Return the number that a text spells.

    Raises:
        DataError: it spells none, or one of more than nine digits.
    """
    if not _NUMBER.fullmatch(text):
        raise DataError(f"{called}: expected a number, received {text[:40]!r}")
    return Fraction(text)


def _of_first_staff(element: Element, tag: str) -> Iterator[Element]:
    return (found for found in element.iterfind(tag) if found.get("number", "1") == "1")


def _meter(time: Element) -> Meter | None:
    """The metre of a <time>; of several, as 3/8 + 2/4, their sum; None for one that has no such form."""
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
    """The key signature of a <key> as it sounds; None for one of more than seven sharps or flats."""
    fifths = text_of(key, "fifths") or ""
    if not re.fullmatch("[+-]?[0-9]", fifths):
        return None
    written = int(fifths)
    sounding = written + transposition.fifths
    sounding -= 12 * ((sounding > 7) - (sounding < -7))
    mode = _MODES.get((text_of(key, "mode") or "major").lower(), "major")
    return key_of_fifths(sounding, mode) if max(abs(written), abs(sounding)) <= 7 else None


def _metronome(metronome: Element | None) -> float | None:
    """Quarter notes a minute of a mark such as "dotted quarter = 60"; None for one that has no such form."""
    if metronome is None or len(metronome.findall("beat-unit")) != 1:
        return None
    unit = _BEAT_UNITS.get(text_of(metronome, "beat-unit") or "")
    number = re.search("[0-9]{1,9}(?:[.][0-9]{1,9})?", text_of(metronome, "per-minute") or "")
    if unit is None or number is None:
        return None
    dots = len(metronome.findall("beat-unit-dot"))
    return float(Fraction(number[0]) * 4 * unit * (2 - Fraction(1, 2 ** min(dots, 4))))

"""Engraved scores: the MEI of a tune, which verovio draws as SVG, and resvg turns into PNG.

MEI is the XML that verovio reads. A score is one staff in the metre and key of its tune; a tune without a
metre is drawn in 4/4, a tune without a key has no key signature. The first symbol of event 12 has the id
`note-12`, the second symbol of this event `note-12-1`. Lines and note heads have the text colour of the page
that contains the SVG, so a score suits light and dark pages; an SVG file opened by itself is black on a
transparent background.
"""

import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby, pairwise
from statistics import median
from xml.etree.ElementTree import Element, SubElement, tostring

from rnnlab.errors import DataError
from rnnlab.extras import load_extra
from rnnlab.music.bars import Group, Symbol, bars_of
from rnnlab.music.meter import COMMON_TIME, Meter
from rnnlab.music.notation import Note, Pitch
from rnnlab.music.tune import Tune

WRONG = "#d62728"
"""The red of wrong notes, which can be seen on white and on black."""

_NAMESPACE = "http://www.music-encoding.org/ns/mei"
_ACCIDENTALS = {-2: "ff", -1: "f", 0: "n", 1: "s", 2: "x"}
_GESTURAL = {**_ACCIDENTALS, 2: "ss"}  # of accidentals that sound and are not drawn; MEI has two names for ##
_FLAGGED = Fraction(1, 4)  # shorter notes have flags
_LOWEST_OF_TREBLE = 57  # MIDI number: the a below middle C
_TALLEST = 60_000  # the tallest page of verovio; a system takes about 1500
_SCALE = 40  # per cent; a staff is then 29 pixels high


def engrave(
    tune: Tune,
    *,
    wrong: Collection[int] = (),
    title: str | None = None,
    width: int = 840,
    prefix: str = "note",
) -> str:
    """Return the score of a tune as SVG; equal arguments give an equal score.

    Args:
        tune: the tune.
        wrong: indices of the events that are drawn in red.
        title: title above the score; None for none.
        width: width in pixels, 300..4000; it decides where lines break. More lines make the score higher.
        prefix: prefix of the ids of notes, as in `note-12`; two scores on one page need two prefixes.

    Raises:
        DataError: verovio is not installed, the score is higher than 24,000 pixels, or `mei_of` raises it.
        ValueError: the width is out of its range.
    """
    if not 300 <= width <= 4000:
        raise ValueError(f"expected a width of 300 to 4000 pixels, received {width}")
    verovio = load_extra("verovio")
    try:
        mei = mei_of(tune, wrong=wrong, title=title, prefix=prefix)
    except DataError as error:
        raise DataError(f"{tune.name}: {error}") from None
    verovio.enableLog(verovio.LOG_OFF)
    toolkit = verovio.toolkit()
    toolkit.setOptions(
        {
            "scale": _SCALE,
            "pageWidth": width * 100 // _SCALE,
            "pageHeight": _TALLEST,
            "adjustPageHeight": True,
            **dict.fromkeys(("pageMarginLeft", "pageMarginRight", "pageMarginTop", "pageMarginBottom"), 25),
            "header": "none" if title is None else "encoded",
            "footer": "none",
            "svgViewBox": True,
            "xmlIdSeed": zlib.crc32(mei) & 0x7FFFFFFF or 1,
        }
    )
    if not toolkit.loadData(mei.decode()) or toolkit.getPageCount() != 1:
        raise DataError(
            f"{tune.name}: the score is higher than {_TALLEST * _SCALE // 100:,} pixels;"
            " write a part of the tune"
        )
    drawn: str = toolkit.renderToSVG(1)
    return drawn.replace(' color="black"', ' fill="currentColor"', 1)


def png_of(svg: str, *, zoom: float = 2.0) -> bytes:
    """Return a score as PNG on a white background, `zoom` times as wide as its SVG.

    Raises:
        DataError: resvg is not installed.
    """
    picture: bytes = load_extra("resvg_py").svg_to_bytes(svg_string=svg, background="#ffffff", zoom=zoom)
    return picture


def mei_of(
    tune: Tune, *, wrong: Collection[int] = (), title: str | None = None, prefix: str = "note"
) -> bytes:
    """Return the score of a tune as MEI.

    Args:
        tune: the tune.
        wrong: indices of the events that are drawn in red.
        title: title above the score; None for none.
        prefix: prefix of the ids of symbols.

    Raises:
        DataError: the tune has more than 1,000 bars or 5,000 symbols, or a score cannot show a length.
    """
    meter = tune.meter or COMMON_TIME
    bars = bars_of(tune.notes, meter, tune.pickup)
    root = Element("mei", {"xmlns": _NAMESPACE, "meiversion": "5.0"})
    titles = SubElement(SubElement(SubElement(root, "meiHead"), "fileDesc"), "titleStmt")
    SubElement(titles, "title").text = _printable(title or "")
    body = SubElement(SubElement(root, "music"), "body")
    score = SubElement(SubElement(body, "mdiv"), "score")
    _add_definition(score, tune, title)
    section = SubElement(score, "section")
    key = tune.key.alterations if tune.key else {}
    first = 0 if 0 < tune.pickup < meter.bar else 1
    measures = [
        _measure(number, _placed(bar, meter, end=number == 0), key, wrong, prefix)
        for number, bar in enumerate(bars, first)
    ]
    if measures and first == 0:
        measures[0].set("metcon", "false")
    if measures:
        measures[-1].set("right", "end")
        if tune.tempo is not None:
            measures[0].append(_tempo(tune.tempo))
    section.extend(measures)
    _add_ties(measures, bars, prefix)
    data: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return data


def _add_definition(score: Element, tune: Tune, title: str | None) -> None:
    """Add the metre, the title, and the staff with its clef and key signature."""
    meter = tune.meter or COMMON_TIME
    definition = SubElement(
        score, "scoreDef", {"meter.count": str(meter.beats), "meter.unit": str(meter.unit)}
    )
    if title is not None:
        head = SubElement(definition, "pgHead")
        SubElement(head, "rend", halign="center", valign="top", fontsize="150%").text = _printable(title)
    shape, line = _clef(tune.notes)
    staves = SubElement(definition, "staffGrp")
    staff = {"n": "1", "lines": "5", "clef.shape": shape, "clef.line": line}
    if tune.key and tune.key.fifths:
        staff["keysig"] = f"{abs(tune.key.fifths)}{'s' if tune.key.fifths > 0 else 'f'}"
    SubElement(staves, "staffDef", staff)


def _printable(text: str) -> str:
    """Return a text without characters that are not printable; XML cannot hold some of these."""
    return "".join(letter for letter in text if letter.isprintable())


def _clef(notes: Sequence[Note]) -> tuple[str, str]:
    """Return the letter and line of the clef: bass if the median pitch is below MIDI 57, else treble."""
    pitches = [pitch.midi for note in notes for pitch in note.pitches]
    return ("F", "4") if pitches and median(pitches) < _LOWEST_OF_TREBLE else ("G", "2")


def _tempo(tempo: float) -> Element:
    """Return a tempo mark with a word and a number; a note sign would need a music font."""
    mark = Element("tempo", {"staff": "1", "tstamp": "1", "place": "above", "midi.bpm": f"{tempo:.7g}"})
    mark.text = f"tempo {round(tempo, 1):g}"
    return mark


def _measure(
    number: int, placed: Iterable["_Placed"], key: Mapping[str, int], wrong: Collection[int], prefix: str
) -> Element:
    """Return a bar with its symbols under tuplet brackets and beams."""
    measure = Element("measure", n=str(number))
    layer = SubElement(SubElement(measure, "staff", n="1"), "layer", n="1")
    altered: dict[tuple[str, int], int] = {}  # (letter, octave) → alteration up to the bar line
    for bracket, under in groupby(placed, key=lambda placed: placed.bracket):
        parent = layer
        if bracket:
            parent = SubElement(layer, "tuplet", num=str(bracket.tuplet), numbase=str(bracket.time))
        for beam, run in groupby(under, key=lambda placed: placed.beam):
            elements = [_element(placed.symbol, key, altered, wrong, prefix) for placed in run]
            beamed = beam is not None and len(elements) > 1
            (SubElement(parent, "beam") if beamed else parent).extend(elements)
    return measure


@dataclass(frozen=True)
class _Placed:
    """A symbol with its tuplet bracket (None for none) and the number of its beam (None for none)."""

    symbol: Symbol
    bracket: Group | None
    beam: int | None


def _placed(bar: Sequence[Group], meter: Meter, *, end: bool) -> Iterator[_Placed]:
    """Yield the symbols of a bar; groups that begin in one beat have one beam number.

    Args:
        bar: groups of the bar.
        meter: metre, which gives the length of a beat.
        end: whether the bar is a pick-up, whose beats are counted back from its end.
    """
    now = meter.bar - sum((group.length for group in bar), Fraction(0)) if end else Fraction(0)
    for group in bar:
        bracket = group if group.tuplet > 1 else None
        for symbol in group.symbols:
            flagged = symbol.pitches and symbol.base < _FLAGGED
            yield _Placed(symbol, bracket, int(now / meter.beat) if flagged else None)
        now += group.length


def _element(
    symbol: Symbol,
    key: Mapping[str, int],
    altered: dict[tuple[str, int], int],
    wrong: Collection[int],
    prefix: str,
) -> Element:
    """Return the element of a rest, of a note, or of a chord with its notes."""
    attributes = {"xml:id": _id(prefix, symbol), "dur": str(1 / symbol.base)}
    if symbol.dots:
        attributes["dots"] = str(symbol.dots)
    if symbol.event in wrong:
        attributes["color"] = WRONG
    if len(symbol.pitches) <= 1:
        heads = [_head(pitch, key, altered) for pitch in symbol.pitches]
        return Element("note" if heads else "rest", {**attributes, **(heads[0] if heads else {})})
    chord = Element("chord", attributes)
    for number, pitch in enumerate(symbol.pitches):
        SubElement(chord, "note", {"xml:id": _id(prefix, symbol, number), **_head(pitch, key, altered)})
    return chord


def _head(pitch: Pitch, key: Mapping[str, int], altered: dict[tuple[str, int], int]) -> dict[str, str]:
    """Return the attributes of a pitch, with its accidental unless the key or the bar implies it.

    The alteration of the pitch is stored in `altered`.
    """
    place = pitch.letter, pitch.octave
    attributes = {"pname": pitch.letter, "oct": str(pitch.octave + 4)}
    if altered.get(place, key.get(pitch.letter, 0)) != pitch.alteration:
        attributes["accid"] = _ACCIDENTALS[pitch.alteration]
    elif pitch.alteration:
        attributes["accid.ges"] = _GESTURAL[pitch.alteration]
    altered[place] = pitch.alteration
    return attributes


def _id(prefix: str, symbol: Symbol, number: int | None = None) -> str:
    """Return the id of a symbol, or the id of note `number` (from 0) of its chord."""
    part = f"-{symbol.part}" if symbol.part else ""
    return f"{prefix}-{symbol.event}{part}" + ("" if number is None else f"-pitch{number}")


def _add_ties(measures: Sequence[Element], bars: Sequence[Sequence[Group]], prefix: str) -> None:
    """Add each tie, from a held pitch to the same sound in the next symbol, to the bar where it begins."""
    symbols = [
        (measure, symbol)
        for measure, bar in zip(measures, bars, strict=True)
        for group in bar
        for symbol in group.symbols
    ]
    for (measure, symbol), (_, following) in pairwise(symbols):
        for pitch in symbol.pitches:
            if pitch.midi in symbol.held:
                begin, end = (_id_of_pitch(prefix, each, pitch) for each in (symbol, following))
                SubElement(measure, "tie", startid=f"#{begin}", endid=f"#{end}")


def _id_of_pitch(prefix: str, symbol: Symbol, pitch: Pitch) -> str:
    """Return the id of the note of a symbol that has this pitch, else of a note that sounds the same."""
    if len(symbol.pitches) == 1:
        return _id(prefix, symbol)
    number = min(
        range(len(symbol.pitches)),
        key=lambda number: (symbol.pitches[number].midi != pitch.midi, symbol.pitches[number] != pitch),
    )
    return _id(prefix, symbol, number)

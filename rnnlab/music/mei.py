"""Tunes as MEI, the XML that verovio engraves: one staff, in the tune's metre and key.

A tune without a metre is drawn in 4/4, one without a key without a key signature.

Every symbol has an id: `note-12` is that of the event 12, `note-12-1` that of its second part, after a tie.

MusicXML as a tree of elements: unpacked, in any encoding, and without what makes a few bytes many.
"""

import codecs
import re
import zipfile
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from itertools import groupby, pairwise
from statistics import median
from urllib.parse import unquote
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement, tostring
from xml.parsers import expat

from rnnlab.errors import DataError
from rnnlab.music.bars import Group, Symbol, bars_of
from rnnlab.music.meter import COMMON_TIME, Meter
from rnnlab.music.notation import Note, Pitch
from rnnlab.music.tune import Tune

WRONG = "#d62728"
"""The red of what is wrong, which can be seen on white and on black."""

_NAMESPACE = "http://www.music-encoding.org/ns/mei"
_ACCIDENTALS = {-2: "ff", -1: "f", 0: "n", 1: "s", 2: "x"}
_GESTURAL = {**_ACCIDENTALS, 2: "ss"}  # of what sounds and is not written; MEI has two names for ##
_FLAGGED = Fraction(1, 4)  # shorter notes have flags
_LOWEST_OF_TREBLE = 57  # MIDI number: the a below middle C


def mei_of(
    tune: Tune, *, wrong: Collection[int] = (), title: str | None = None, prefix: str = "note"
) -> bytes:
    """A score as MEI.

    Args:
        tune: what is written.
        wrong: the indices of the events that are red.
        title: above the score.
        prefix: what the ids of symbols begin with.

    Raises:
        DataError: it is too long to be drawn, or a length has no notation.
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
    """The staff with its clef, the metre, and the title over them."""
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
    """The text without what XML cannot hold."""
    return "".join(letter for letter in text if letter.isprintable())


def _clef(notes: Sequence[Note]) -> tuple[str, str]:
    """The bass clef for notes half of which lie low, else the treble clef."""
    pitches = [pitch.midi for note in notes for pitch in note.pitches]
    return ("F", "4") if pitches and median(pitches) < _LOWEST_OF_TREBLE else ("G", "2")


def _tempo(tempo: float) -> Element:
    """The tempo in letters: the sign of a quarter note would need a font of music."""
    mark = Element("tempo", {"staff": "1", "tstamp": "1", "place": "above", "midi.bpm": f"{tempo:.7g}"})
    mark.text = f"tempo {round(tempo, 1):g}"
    return mark


def _measure(
    number: int, placed: Iterable["_Placed"], key: Mapping[str, int], wrong: Collection[int], prefix: str
) -> Element:
    measure = Element("measure", n=str(number))
    layer = SubElement(SubElement(measure, "staff", n="1"), "layer", n="1")
    altered: dict[tuple[str, int], int] = {}  # letter and octave → the accidental that holds to the bar line
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
    """A symbol, the bracket that it is under, and if it has flags the number of its beam."""

    symbol: Symbol
    bracket: Group | None
    beam: int | None


def _placed(bar: Sequence[Group], meter: Meter, *, end: bool) -> Iterator[_Placed]:
    """The symbols of a bar: one beam for a bracket, and outside of brackets one for each beat.

    Args:
        bar: its groups.
        meter: says how long a beat is.
        end: whether the bar is a pick-up, whose end is the end of a beat.
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
    """A rest, a note, or a chord of notes."""
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
    """A pitch's place on the staff, and its accidental if neither the key nor one in the bar says it."""
    place = pitch.letter, pitch.octave
    said = {"pname": pitch.letter, "oct": str(pitch.octave + 4)}
    if altered.get(place, key.get(pitch.letter, 0)) != pitch.alteration:
        said["accid"] = _ACCIDENTALS[pitch.alteration]
    elif pitch.alteration:
        said["accid.ges"] = _GESTURAL[pitch.alteration]
    altered[place] = pitch.alteration
    return said


def _id(prefix: str, symbol: Symbol, number: int | None = None) -> str:
    """The id of a symbol, or of a note of its chord."""
    part = f"-{symbol.part}" if symbol.part else ""
    return f"{prefix}-{symbol.event}{part}" + ("" if number is None else f"-pitch{number}")


def _add_ties(measures: Sequence[Element], bars: Sequence[Sequence[Group]], prefix: str) -> None:
    """Into the bar where each tie begins: from a pitch that is held to the one that sounds like it next."""
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
    """The id of the note of a symbol that is that pitch, or sounds like it."""
    if len(symbol.pitches) == 1:
        return _id(prefix, symbol)
    number = min(
        range(len(symbol.pitches)),
        key=lambda number: (symbol.pitches[number].midi != pitch.midi, symbol.pitches[number] != pitch),
    )
    return _id(prefix, symbol, number)


MOST_BYTES = 8 << 20
"""Bytes of a score, unpacked: a symphony has some millions."""

DEEPEST = 100
"""Elements within elements; MusicXML has about ten."""

_ROOTS = ("score-partwise", "score-timewise")
_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_WITHOUT_MARK = {
    b"<\0?\0": "utf-16-le",
    b"\0<\0?": "utf-16-be",
    b"<\0s\0": "utf-16-le",
    b"\0<\0s": "utf-16-be",
}
_OF_SEVERAL_BYTES = {
    *("shift_jis", "cp932", "euc_jp", "iso2022_jp", "gb2312", "gbk", "gb18030", "big5", "cp950"),
    *("euc_kr", "cp949"),
}
"""Encodings that expat does not know and Python does."""

_DECLARATION = re.compile(r"\s*<\?xml\b[^>]*?\?>")
_ENCODING = re.compile(rb"""\s*<\?xml\b[^>]*?\bencoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")


def musicxml_root(data: bytes) -> ElementTree.Element:
    """Return the root of a MusicXML file, which may be packed (`.mxl`).

    Raises:
        DataError: it is too large, damaged, in an unknown encoding or declares entities.
    """
    if data.startswith(b"PK"):
        data = _unpacked(data)
    return _tree(data, _ROOTS)


def _tree(data: bytes, roots: tuple[str, ...]) -> ElementTree.Element:
    if len(data) > MOST_BYTES:
        raise DataError(f"expected at most {MOST_BYTES:,} bytes of MusicXML")
    data = _readable(data)
    _check(data, roots)
    root = ElementTree.fromstring(data)
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]  # without its namespace, which a few files have
    return root


def _readable(data: bytes) -> bytes:
    """The document in an encoding that expat knows; a byte order mark goes before what it declares.

    Raises:
        DataError: it is not in the encoding that it says.
    """
    encoding = next((name for mark, name in _MARKS.items() if data.startswith(mark)), None)
    encoding = encoding or _WITHOUT_MARK.get(data[:4])
    declared = _ENCODING.match(data)
    if encoding is None and declared:
        name = declared[1].decode().lower().replace("-", "_")
        encoding = name if name in _OF_SEVERAL_BYTES else None
        if name.startswith(("utf_16", "utf16", "ucs_2")):  # in bytes of ASCII, so it is not
            encoding = "utf-8"
    if encoding is None:
        return data
    try:
        text = data.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise DataError(
            f"not in the encoding {encoding} that it says (at byte {error.start}); write it anew as UTF-8"
        ) from None
    return _DECLARATION.sub("", text, count=1).encode("utf-8", "surrogatepass")


def _unpacked(data: bytes) -> bytes:
    """The score of an archive; nothing is written to a disk, so names in it lead nowhere."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive, archive.open(_score_of(archive)) as file:
            return file.read(MOST_BYTES + 1)
    except (
        *(zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError, LookupError),
        NotImplementedError,
    ) as error:
        raise DataError(f"a damaged archive ({error}); write it anew") from None


def _score_of(archive: zipfile.ZipFile) -> str:
    """The file that the container names, or else the only score of the archive."""
    names = {name.replace("\\", "/"): name for name in archive.namelist()}  # as some programs pack them
    scores = [
        name
        for name in names
        if name.lower().endswith((".xml", ".musicxml"))
        and not name.startswith(("META-INF/", "__MACOSX/"))
        and not name.rpartition("/")[2].startswith(".")
    ]
    if "META-INF/container.xml" in names:
        with archive.open(names["META-INF/container.xml"]) as file:
            container = _tree(file.read(MOST_BYTES + 1), ("container",))
        for rootfile in container.iter("rootfile"):
            path = rootfile.get("full-path", "").removeprefix("/")
            found = next((each for each in (path, unquote(path)) if each in names), None)
            if found is not None and "pdf" not in rootfile.get("media-type", ""):
                return names[found]
    if len(scores) == 1:
        return names[scores[0]]
    raise DataError(
        "an archive without a score; expected one .xml in it"
        if not scores
        else f"an archive of {len(scores)} scores, of which META-INF/container.xml names none; pack one alone"
    )


def _check(data: bytes, roots: tuple[str, ...]) -> None:
    """Refuse entities, which can stand for gigabytes, and elements without end; a DOCTYPE is usual."""
    parser = expat.ParserCreate()
    depth = 0

    def refuse(*_: object) -> None:
        raise DataError("it declares XML entities; expected MusicXML without them")

    def begin(name: str, _: object) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST:
            raise DataError(f"elements more than {DEEPEST} deep; expected MusicXML")
        if depth == 1 and name.rpartition(":")[2] not in roots:
            raise DataError(f"expected MusicXML ({' or '.join(roots)}), received {name[:40]!r}")

    def end(_: str) -> None:
        nonlocal depth
        depth -= 1

    parser.EntityDeclHandler = refuse
    parser.StartElementHandler, parser.EndElementHandler = begin, end
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise DataError(f"damaged XML ({error}); write it anew") from None

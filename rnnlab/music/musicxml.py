"""MusicXML files, packed or not, as tunes: one voice of one part, with the pitches that sound.

The file is unpacked and decoded here, and refused if it could fill the memory; `musicxml_part` reads the
elements. No library for music is used, so that the notes are right with transposing instruments, cue notes,
voices that cross staves and `<backup>`. Repeats are not played out. Grace notes, cue notes, chord symbols and
unpitched notes are left out and counted.
"""

import codecs
import re
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from urllib.parse import unquote
from xml.etree import ElementTree
from xml.etree.ElementTree import Element
from xml.parsers import expat

from rnnlab.errors import DataError
from rnnlab.music.melody import Reading
from rnnlab.music.musicxml_part import XmlPart, text_of
from rnnlab.music.tune import Tune
from rnnlab.music.voice import tune_of_voice

MOST_BYTES = 8 << 20
"""Most bytes of an unpacked score; the score of a symphony has several million."""

DEEPEST = 100
"""Deepest nesting of elements; MusicXML needs about ten levels."""

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
"""Encodings that Python can decode and expat cannot."""

_DECLARATION = re.compile(r"\s*<\?xml\b[^>]*?\?>")
_ENCODING = re.compile(rb"""\s*<\?xml\b[^>]*?\bencoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")


def read_musicxml(data: bytes, *, name: str, reading: Reading) -> Iterator[Tune | DataError]:
    """Yield the tune of a MusicXML file, or a DataError if the file cannot be read."""
    try:
        yield tune_of_voice(_parts(musicxml_root(data)), name=name, reading=reading)
    except DataError as error:
        yield DataError(f"{name}: {error}")


def musicxml_root(data: bytes) -> Element:
    """Return the root element of a MusicXML file, which may be packed (`.mxl`); tags have no namespace.

    Raises:
        DataError: the file is too large, damaged or not MusicXML, its encoding is unknown, its elements are
            nested too deep, or it declares entities.
    """
    if data.startswith(b"PK"):
        data = _unpacked(data)
    return _tree(data, _ROOTS)


def _parts(root: Element) -> list[XmlPart]:
    """Return the parts of a score in the order of its part list; parts that the list lacks come last."""
    names = {
        part.get("id"): text_of(part, "part-name") or "" for part in root.iterfind("part-list/score-part")
    }
    order = {each: place for place, each in enumerate(names)}
    measures: dict[str | None, Element] = {}
    for part in root.iterfind("part"):
        measures.setdefault(part.get("id"), Element("part")).extend(list(part))
    for measure in root.iterfind("measure"):  # in a score-timewise, measures hold the parts
        for part in measure.iterfind("part"):
            bar = Element("measure", measure.attrib)
            bar.extend(list(part))
            measures.setdefault(part.get("id"), Element("part")).append(bar)
    ids = sorted(measures, key=lambda each: order.get(each, len(order)))
    if not ids:
        raise DataError("a score without parts; expected at least one <part>; export the score again")
    return [_read_part(measures[each], names.get(each) or str(each or "")) for each in ids]


def _read_part(part: Element, name: str) -> XmlPart:
    """Return a part after reading all its measures; an error names the part."""
    shown = " ".join(name.split())[:40]
    try:
        return XmlPart(shown).read(part)
    except DataError as error:
        raise DataError(f"part {shown!r}, {error}") from None


def _tree(data: bytes, roots: tuple[str, ...]) -> Element:
    """Return the root element of an unpacked XML document; its name must be one of `roots`."""
    if len(data) > MOST_BYTES:
        raise DataError(f"expected at most {MOST_BYTES:,} bytes of MusicXML, received more")
    data = _readable(data)
    _check(data, roots)
    root = ElementTree.fromstring(data)
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]  # a few files have a namespace
    return root


def _readable(data: bytes) -> bytes:
    """Return a document in an encoding that expat knows.

    If there is a byte order mark, the encoding that the document declares is ignored.

    Raises:
        DataError: the bytes are not in the encoding of the byte order mark or of the declaration.
    """
    encoding = next((name for mark, name in _MARKS.items() if data.startswith(mark)), None)
    encoding = encoding or _WITHOUT_MARK.get(data[:4])
    declared = _ENCODING.match(data)
    if encoding is None and declared:
        name = declared[1].decode().lower().replace("-", "_")
        encoding = name if name in _OF_SEVERAL_BYTES else None
        if name.startswith(("utf_16", "utf16", "ucs_2")):  # the declaration was found in ASCII bytes
            encoding = "utf-8"
    if encoding is None:
        return data
    try:
        text = data.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise DataError(
            f"byte {error.start} is not in the encoding {encoding}, which the file announces;"
            " save the file as UTF-8"
        ) from None
    return _DECLARATION.sub("", text, count=1).encode("utf-8", "surrogatepass")


def _unpacked(data: bytes) -> bytes:
    """Return the bytes of the score in an archive, which is unpacked in memory and not to the disk."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive, archive.open(_score_of(archive)) as file:
            return file.read(MOST_BYTES + 1)
    except (
        *(zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError, LookupError),
        NotImplementedError,
    ) as error:
        raise DataError(f"a damaged archive ({error}); export the score again") from None


def _score_of(archive: zipfile.ZipFile) -> str:
    """Return the name of the score that META-INF/container.xml names, else of the archive's only score."""
    names = {name.replace("\\", "/"): name for name in archive.namelist()}  # some programs write backslashes
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
        "an archive without a score; expected a .xml or .musicxml file in the archive"
        if not scores
        else f"an archive of {len(scores)} scores, and META-INF/container.xml names none; pack one score"
    )


def _check(data: bytes, roots: tuple[str, ...]) -> None:
    """Refuse damaged XML, entities (they can expand to gigabytes), deep nesting and other root elements.

    A DOCTYPE is allowed, because most files have one.
    """
    parser = expat.ParserCreate()
    depth = 0

    def refuse(*_: object) -> None:
        raise DataError("the file declares XML entities; expected MusicXML without entities")

    def begin(name: str, _: object) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST:
            raise DataError(f"elements are nested more than {DEEPEST} deep; expected MusicXML")
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
        raise DataError(f"damaged XML ({error}); export the score again") from None

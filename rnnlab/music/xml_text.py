"""MusicXML as a tree of elements: unpacked, in any encoding, and without what makes a few bytes many."""

import codecs
import re
import zipfile
import zlib
from io import BytesIO
from urllib.parse import unquote
from xml.etree import ElementTree
from xml.parsers import expat

from rnnlab.errors import DataError

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

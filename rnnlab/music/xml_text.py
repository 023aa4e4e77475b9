"""MusicXML as a tree of elements: unpacked, and without what makes a few bytes many."""

import re
import zipfile
import zlib
from io import BytesIO
from xml.etree import ElementTree
from xml.parsers import expat

from rnnlab.errors import DataError

MOST_BYTES = 8 << 20
"""Bytes of a score, unpacked: a symphony has some millions."""

DEEPEST = 100
"""Elements within elements; MusicXML has about ten."""


def musicxml_root(data: bytes) -> ElementTree.Element:
    """The root of a MusicXML file, which may be packed (`.mxl`).

    Raises:
        DataError: it is too large, damaged or declares entities.
    """
    if data.startswith(b"PK"):
        data = _unpacked(data)
    if len(data) > MOST_BYTES:
        raise DataError(f"expected at most {MOST_BYTES:,} bytes of MusicXML")
    _check(data)
    root = ElementTree.fromstring(data)
    for metre in (*root.iter("beats"), *root.iter("beat-type")):
        if re.search("[0-9]{3}", metre.text or ""):
            raise DataError(f"expected a metre such as 4/4, received {(metre.text or '')[:40]!r} {metre.tag}")
    return root


def _unpacked(data: bytes) -> bytes:
    """The first score of an archive; nothing is written to a disk, so names in it lead nowhere."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            for entry in archive.infolist():
                name = entry.filename
                if name.endswith((".xml", ".musicxml")) and not name.startswith("META-INF/"):
                    with archive.open(entry) as file:
                        return file.read(MOST_BYTES + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError) as error:
        raise DataError(f"a damaged archive ({error}); write it anew") from None
    raise DataError("an archive without a score; expected one .xml in it")


def _check(data: bytes) -> None:
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
        if depth == 1 and name != "score-partwise":
            raise DataError(f"expected MusicXML by parts (score-partwise), received {name!r}")

    def end(_: str) -> None:
        nonlocal depth
        depth -= 1

    parser.EntityDeclHandler = refuse
    parser.StartElementHandler, parser.EndElementHandler = begin, end
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise DataError(f"damaged XML ({error}); write it anew") from None

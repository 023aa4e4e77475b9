"""Engraved scores: verovio draws a tune as SVG from its MEI, and resvg turns SVG into PNG.

Lines and note heads have the text colour of the page around them, so a score suits light and dark pages. An
SVG file opened by itself is black on a transparent background.
"""

import zlib
from collections.abc import Collection

from rnnlab.errors import DataError
from rnnlab.extras import load_extra
from rnnlab.music.mei import mei_of
from rnnlab.music.tune import Tune

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
        wrong: indices of the notes that are drawn in red.
        title: title above the score; None for none.
        width: width in pixels, 300..4000; it decides where lines break. The height follows from the systems.
        prefix: prefix of the ids of notes, as in `note-12`; two scores on one page need two prefixes.

    Raises:
        DataError: verovio is not installed; the tune has more than 1,000 bars, 5,000 notes or 24,000 pixels;
            or it has lengths that a score cannot show.
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
            f"{tune.name}: its score is higher than {_TALLEST * _SCALE // 100:,} pixels; write a part of it"
        )
    drawn: str = toolkit.renderToSVG(1)
    return drawn.replace(' color="black"', ' fill="currentColor"', 1)


def png_of(svg: str, *, zoom: float = 2.0) -> bytes:
    """Return a score as PNG, black on white, `zoom` times as wide as its SVG.

    Raises:
        DataError: resvg is not installed.
    """
    picture: bytes = load_extra("resvg_py").svg_to_bytes(svg_string=svg, background="#ffffff", zoom=zoom)
    return picture

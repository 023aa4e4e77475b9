"""Tunes as engraved scores: verovio draws what `mei` writes, resvg makes a picture of it.

The lines and note heads of a score have the colour of the text around it, so that it suits a light page and a
dark one; a file that is looked at by itself is black on nothing.
"""

import zlib
from collections.abc import Collection

from rnnlab.errors import DataError
from rnnlab.extras import load_extra
from rnnlab.music.mei import mei_of
from rnnlab.music.tune import Tune

_TALLEST = 60_000  # verovio's most, of which a system takes about 1500
_SCALE = 40  # per cent, which makes a staff 29 pixels high


def engrave(
    tune: Tune,
    *,
    wrong: Collection[int] = (),
    title: str | None = None,
    width: int = 840,
    prefix: str = "note",
) -> str:
    """A score as SVG, as wide as asked for and as high as its systems take; the same for the same arguments.

    Args:
        tune: what is drawn.
        wrong: the indices of the notes that are red.
        title: above the score; None for none.
        width: pixels, 300..4000; where a line breaks follows from it.
        prefix: what ids begin with, as in `note-12`; two scores of one page need two.

    Raises:
        DataError: verovio is not installed, the tune is longer than 1,000 bars, 5,000 notes or 24,000 pixels,
            or has lengths that no score shows.
        ValueError: the width is none of those.
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
    """A picture of a score, black on white, `zoom` times as wide as the score.

    Raises:
        DataError: resvg is not installed.
    """
    picture: bytes = load_extra("resvg_py").svg_to_bytes(svg_string=svg, background="#ffffff", zoom=zoom)
    return picture

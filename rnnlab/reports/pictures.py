"""The file of a picture: the SVG, a PNG that resvg draws, or a PDF with the same shapes and texts."""

import re
import zlib
from collections.abc import Iterator
from xml.etree import ElementTree

from rnnlab.errors import DataError
from rnnlab.extras import load_extra
from rnnlab.reports.axes import FONTS
from rnnlab.reports.markup import Markup, tag

FORMATS = (".svg", ".png", ".pdf")

_ZOOM = 2
"""Number of pixels of a PNG for each unit of the SVG."""
_PNG_FONTS = (
    "DejaVu Sans, Liberation Sans, Arial, Helvetica, Noto Sans, Segoe UI, Verdana, Roboto, Ubuntu, Cantarell,"
    " Open Sans, Noto Sans CJK KR, Malgun Gothic, Apple SD Gothic Neo, FreeSans, Nimbus Sans"
)
"""Fonts for a PNG, by preference; resvg leaves out all text if the machine has none of these fonts."""


def check_picture_format(suffix: str) -> None:
    """Check that a picture in this format can be made on this machine.

    Args:
        suffix: one of `FORMATS`.

    Raises:
        DataError: resvg is not installed, or the machine has no font; the message says what to install.
    """
    if suffix != ".png":
        return
    letter = tag("text", "M", x=2, y=12, font_family=FONTS, font_size=12)
    pictures = [_png(_framed(content)) for content in (letter, Markup())]
    if pictures[0] == pictures[1]:
        raise DataError(
            "a PNG needs a font, and this machine has none that rnnlab knows; install a font such as"
            " DejaVu Sans, or write .svg or .pdf"
        )


def picture_bytes(svg: Markup, suffix: str) -> bytes:
    """Return the content of a picture file: equal bytes for equal pictures; a PNG also depends on the fonts.

    Args:
        svg: the picture, from `charts.picture`.
        suffix: one of `FORMATS`.

    Raises:
        DataError: a PNG is asked for and resvg is not installed; the message says how to install resvg.
    """
    if suffix == ".svg":
        return f"{svg}\n".encode()
    return _png(svg) if suffix == ".png" else _pdf(svg)


def _png(svg: str) -> bytes:
    named = svg.replace(FONTS, _PNG_FONTS)
    picture: bytes = load_extra("resvg_py").svg_to_bytes(svg_string=named, background="#ffffff", zoom=_ZOOM)
    return picture


def _framed(content: Markup) -> Markup:
    return tag("svg", content, xmlns="http://www.w3.org/2000/svg", width=16, height=16)


def _pdf(svg: str) -> bytes:
    """Return a PDF of one page with the shapes and texts of a chart; a unit of the SVG is 0.75 points.

    The fonts are Helvetica and Helvetica-Bold, which every PDF reader has (ISO 32000-1, 9.6.2.2), so that the
    file stores no font.
    """
    root = ElementTree.fromstring(svg)
    width, height = float(root.get("width", 0)), float(root.get("height", 0))
    ink, size = root.get("color", "#000000"), float(root.get("font-size", 12))
    opacities: dict[tuple[float, float], str] = {}
    drawing = [f"0.75 0 0 -0.75 0 {0.75 * height:g} cm"]  # y grows downwards in SVG, upwards in PDF
    for element in root.iter():
        name = element.tag.rpartition("}")[2]
        if name == "text":
            drawn = _pdf_text(element, ink, size)
        elif name in {"line", "rect", "circle", "path"}:
            drawn = _pdf_shape(name, element, ink)
        else:
            continue
        alphas = tuple(float(element.get(f"{kind}-opacity", 1)) for kind in ("fill", "stroke"))
        state = opacities.setdefault((alphas[0], alphas[1]), f"A{len(opacities)}")
        drawing.append(f"q /{state} gs {drawn} Q")
    states = " ".join(f"/{name} << /ca {fill:g} /CA {line:g} >>" for (fill, line), name in opacities.items())
    content = zlib.compress("\n".join(drawing).encode("cp1252"))
    font = "<< /Type /Font /Subtype /Type1 /BaseFont /{} /Encoding /WinAnsiEncoding >>"
    return _pdf_file(
        b"<< /Type /Catalog /Pages 2 0 R /Lang (en) >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {0.75 * width:g} {0.75 * height:g}] /Contents 6 0 R"
        f" /Resources << /Font << /R 4 0 R /B 5 0 R >> /ExtGState << {states} >> >> >>".encode(),
        font.format("Helvetica").encode(),
        font.format("Helvetica-Bold").encode(),
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n%b\nendstream" % (len(content), content),
    )


def _pdf_file(*objects: bytes) -> bytes:
    """Return a PDF file with these objects, numbered from 1; the first object is the catalogue."""
    content, places = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", []
    for number, each in enumerate(objects, start=1):
        places.append(len(content))
        content += b"%d 0 obj\n%b\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    return content + (
        b"xref\n0 %d\n0000000000 65535 f \n%btrailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        % (size, table, size, len(content))
    )


def _pdf_shape(name: str, element: ElementTree.Element, ink: str) -> str:
    """Return the PDF operators that fill and stroke a shape."""
    fill, stroke = _pdf_colour(element.get("fill", "#000000"), ink), _pdf_colour(element.get("stroke"), ink)
    if name == "line":
        fill = ""
    styles = [f"{fill} rg"] * bool(fill)
    if stroke:
        dashes = element.get("stroke-dasharray", "")
        cap = 1 if element.get("stroke-linecap") == "round" else 0
        styles.append(f"{stroke} RG {element.get('stroke-width', '1')} w {cap} J 1 j [{dashes}] 0 d")
    paint = {(True, True): "B", (True, False): "f", (False, True): "S"}.get((bool(fill), bool(stroke)), "n")
    return f"{' '.join(styles)} {' '.join(_pdf_path(name, element))} {paint}"


def _pdf_colour(colour: str | None, ink: str) -> str:
    """Return the red, green and blue of a colour, 0 to 1 each; empty if the colour is None or `none`."""
    if colour in {None, "none"}:
        return ""
    digits = (ink if colour == "currentColor" else str(colour)).removeprefix("#")
    return " ".join(f"{int(digits[at : at + 2], 16) / 255:.4g}" for at in (0, 2, 4))


def _pdf_path(name: str, element: ElementTree.Element) -> Iterator[str]:
    """Yield the PDF operators of the outline of a shape."""

    def number(attribute: str) -> float:
        return float(element.get(attribute, 0))

    if name == "line":
        yield f"{number('x1'):g} {number('y1'):g} m {number('x2'):g} {number('y2'):g} l"
    elif name == "rect":
        yield f"{number('x'):g} {number('y'):g} {number('width'):g} {number('height'):g} re"
    elif name == "circle":
        x, y, r = number("cx"), number("cy"), number("r")
        k = 0.5523 * r  # four Bézier curves differ from a circle by 0.03 % of its radius
        yield f"{x + r:g} {y:g} m"
        for (ax, ay), (bx, by) in zip(_QUARTERS, [*_QUARTERS[1:], _QUARTERS[0]], strict=True):
            first = f"{x + r * ax + k * bx:g} {y + r * ay + k * by:g}"
            second = f"{x + r * bx + k * ax:g} {y + r * by + k * ay:g}"
            yield f"{first} {second} {x + r * bx:g} {y + r * by:g} c"
    else:
        yield from _pdf_corners(element.get("d", ""))


_QUARTERS = ((1, 0), (0, 1), (-1, 0), (0, -1))


def _pdf_corners(path: str) -> Iterator[str]:
    """Yield the PDF operators of an SVG path; charts use only `M`, pairs of coordinates, `h` and `z`."""
    x, y = 0.0, 0.0
    operator = "m"
    for pair_x, pair_y, across, close in re.findall(r"(-?[\d.e+-]+),(-?[\d.e+-]+)|h(-?[\d.]+)|(z)", path):
        if close:
            yield "h"
            continue
        x, y = (x + float(across), y) if across else (float(pair_x), float(pair_y))
        yield f"{x:g} {y:g} {operator}"
        operator = "l"


def _pdf_text(element: ElementTree.Element, ink: str, size: float) -> str:
    """Return the PDF operators that write a text; superscript digits are smaller and above the base line."""
    words, size = element.text or "", float(element.get("font-size", size))
    font = "B" if element.get("font-weight") == "bold" else "R"
    pieces = [(each, size * 0.65 if each[0] in _RAISED else size) for each in _RUNS.findall(words)]
    width = sum(_helvetica_width(each.translate(_LOWERED)) * own for each, own in pieces)
    share = {"middle": 0.5, "end": 1.0}.get(element.get("text-anchor", ""), 0.0)
    x, y = float(element.get("x", 0)) - share * width, float(element.get("y", 0))
    shown = []
    for each, own in pieces:
        rise = size * 0.33 if own < size else 0
        shown.append(f"/{font} {own:g} Tf {rise:g} Ts ({_escaped(each.translate(_LOWERED))}) Tj")
    colour = _pdf_colour(element.get("fill", "currentColor"), ink)
    return f"{colour} rg BT 1 0 0 -1 {x:g} {y:g} Tm {' '.join(shown)} ET"


_RAISED = "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"
_RUNS = re.compile(f"[{_RAISED}]+|[^{_RAISED}]+")
_LOWERED = str.maketrans(f"{_RAISED}−", "–0123456789–")
_WIDTHS = (
    "278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556"
    " 278 278 584 584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 667 778 722"
    " 667 611 722 667 944 667 667 611 278 278 278 469 556 333 556 556 500 556 556 278 556 556 222 222 500 222"
    " 833 556 556 556 556 333 500 278 556 500 722 500 500 500 334 260 334 584"
)
_HELVETICA = dict(zip(map(chr, range(32, 127)), map(int, _WIDTHS.split()), strict=True))
"""Widths of the printable ASCII characters in Helvetica, in thousandths of the font size."""


def _helvetica_width(words: str) -> float:
    """Return the width of a text in Helvetica, as a multiple of the font size; 0.556 for other characters."""
    return sum(_HELVETICA.get(each, 556) for each in words) / 1000


def _escaped(words: str) -> str:
    """Return the content of a PDF string; characters that are not in cp1252 are escaped, as in `\\ub098`."""
    known = "".join(
        each if _is_in_winansi(each) else each.encode("unicode_escape").decode("ascii") for each in words
    )
    return re.sub(r"([\\()])", r"\\\1", known)


def _is_in_winansi(letter: str) -> bool:
    try:
        letter.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True

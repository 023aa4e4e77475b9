"""Files of pictures: their names stay text, a PNG and a PDF show what the SVG shows, all are reproducible."""

import io
import math
import re
import sys
import zlib
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from rnnlab.comparison.measures import Comparison
from rnnlab.comparison.picture import comparison_picture
from rnnlab.errors import DataError
from rnnlab.reports import pictures
from rnnlab.reports.charts import COLOURS
from rnnlab.reports.curves import history_picture
from rnnlab.reports.pictures import FORMATS, check_picture_format, picture_bytes
from rnnlab.runs.history import History
from tests.comparing import contender
from tests.runs.listed import history_of

HOSTILE = "_a $x^2$ (<b> & \x1b[2J \u202e 나비야"
SHOWN = "_a $x^2$ (<b> & \\x1b[2J \\u202e 나비야"
IN_PDF = r"_a $x^2$ (<b> & \x1b[2J \u202e \ub098\ube44\uc57c"


def history(*, decades: int = 4, held_out: bool = True, epochs: int = 20) -> History:
    """The loss falls by some decades; its first value is no number. Every other epoch has a validation."""
    numbers = range(1, epochs + 1)
    loss = [10 ** (-decades * number / epochs) for number in numbers]
    validation = [each * 2 if held_out and number % 2 else math.nan for number, each in enumerate(loss)]
    return history_of([math.nan, *loss[1:]], [number / epochs for number in numbers], validation)


def histories(suffix: str) -> bytes:
    """A picture of two configurations."""
    return picture_bytes(history_picture({HOSTILE: [history()], "lstm-1": [history(held_out=False)]}), suffix)


def comparison(suffix: str) -> bytes:
    """A picture of a comparison."""
    two = (
        contender(HOSTILE, [1.0, 1.1], free=[16, 17], ceiling=46),
        contender("stateful", [1e-6, 2e-5], free=[50, 50]),
    )
    return picture_bytes(comparison_picture(Comparison(two)), suffix)


PICTURES = pytest.mark.parametrize("picture", [histories, comparison])


def texts(svg: bytes) -> list[str]:
    """The texts of an SVG."""
    return [
        element.text or "" for element in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
    ]


def drawing(pdf: bytes) -> str:
    """The operators that draw the page of a PDF."""
    (stream,) = re.findall(rb"stream\n(.*)\nendstream", pdf, re.DOTALL)
    return zlib.decompress(stream).decode("cp1252")


@PICTURES
def test_an_svg_holds_its_names_as_text(picture):
    """A name is not read as a formula or as markup; what no XML may hold is spelled out."""
    assert SHOWN in texts(picture(".svg"))
    assert "0.01" in texts(histories(".svg"))


@PICTURES
@pytest.mark.parametrize("suffix", FORMATS)
def test_a_picture_is_the_same_bytes_each_time(picture, suffix):
    """It has no date, and no name that is drawn by chance."""
    assert picture(suffix) == picture(suffix)


@PICTURES
def test_a_png_shows_the_colours_and_the_texts(picture):
    """Dark letters and the first two colours of the palette on a white ground, two pixels for a unit."""
    svg = ElementTree.fromstring(picture(".svg"))

    image = Image.open(io.BytesIO(picture(".png"))).convert("RGB")

    colours = {f"#{red:02x}{green:02x}{blue:02x}" for _, (red, green, blue) in image.getcolors(1 << 24)}
    assert {*COLOURS[:2], "#ffffff", "#1f1e1b"} <= colours
    assert image.size == pytest.approx([2 * float(svg.get(side)) for side in ("width", "height")], abs=1)


def test_no_text_is_cut_off_or_hides_another():
    """The widest picture that resvg makes of the texts alone has a white margin on each side."""
    many = {f"run-{number}": [history(epochs=3)] for number in range(9)}
    long = {"a_long_name_" * 20: [history(decades=10), history(epochs=2000)]}
    for shown in (many, long):
        svg = history_picture(shown)
        image = Image.open(io.BytesIO(picture_bytes(svg, ".png"))).convert("L")
        dark = np.argwhere(np.asarray(image) < 128)

        assert dark.min() > 4
        assert (np.array(image.size[::-1]) - dark.max(axis=0) > 4).all()


@PICTURES
def test_a_pdf_has_every_text_and_colour_of_the_svg(picture):
    """As text; letters that its fonts lack are spelled out, and so are raised figures as small ones."""
    svg, drawn = picture(".svg"), drawing(picture(".pdf"))

    shown = {re.sub(r"\\([\\()])", r"\1", each) for each in re.findall(r"\(((?:\\.|[^\\)])*)\) Tj", drawn)}
    wanted = {each for each in texts(svg) if each and not re.search("[⁰-⁹¹²³⁻]", each)} - {SHOWN}
    assert {*wanted, IN_PDF} <= shown
    blue = "0 0.4471 0.698"
    assert f"{blue} rg" in drawn
    assert drawn.count("Tj") >= len([each for each in texts(svg) if each])


def test_a_pdf_is_whole():
    """The table of contents names the place of each object, and there is no date."""
    pdf = histories(".pdf")

    places = [int(each) for each in re.findall(rb"(\d{10}) 00000 n", pdf)]
    assert pdf.startswith(b"%PDF-1.4")
    assert [pdf[place:].split(b" ", 1)[0] for place in places] == [b"1", b"2", b"3", b"4", b"5", b"6"]
    start = int(re.search(rb"startxref\n(\d+)\n%%EOF\n$", pdf)[1])
    assert pdf[start:].startswith(b"xref\n")
    assert b"Date" not in pdf


def test_a_raised_figure_stands_above_the_line_of_a_pdf():
    """10⁻⁶ is 10 and a smaller –6 that is raised."""
    drawn = drawing(comparison(".pdf"))

    assert "/R 13 Tf 0 Ts (10) Tj /R 8.45 Tf 4.29 Ts (–5) Tj" in drawn


def test_a_text_ends_or_is_centred_where_the_svg_has_it():
    """By the widths of Helvetica: `nats` at 13 units is (556 + 556 + 278 + 500) · 0.013 wide."""
    text = '<text x="100" y="20" text-anchor="{}" fill="currentColor">nats</text>'
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="40" font-size="13">{}</svg>'

    for anchor, x in (("start", 100), ("middle", 87.715), ("end", 75.43)):
        drawn = drawing(picture_bytes(svg.format(text.format(anchor)), ".pdf"))
        assert f"1 0 0 -1 {x:g} 20 Tm" in drawn


def test_a_picture_is_small():
    """3,000 epochs are thinned; the PDF is compressed."""
    svg = history_picture({"song": [history(epochs=3000)]})

    assert len(picture_bytes(svg, ".svg")) < 90_000
    assert len(picture_bytes(svg, ".pdf")) < 30_000


def test_only_a_png_needs_an_extra(monkeypatch):
    """The message says how to install it."""
    monkeypatch.setitem(sys.modules, "resvg_py", None)

    check_picture_format(".svg")
    check_picture_format(".pdf")
    with pytest.raises(
        DataError, match=r"needs resvg_py, which is not installed: pip install 'rnnlab\[plot\]'$"
    ):
        check_picture_format(".png")


def test_a_machine_without_a_font_is_told_before_anything_is_drawn(monkeypatch):
    """resvg would leave out every text."""
    check_picture_format(".png")
    monkeypatch.setattr(pictures, "_PNG_FONTS", "No Such Font")

    with pytest.raises(DataError, match=r"a PNG needs a font.*or write \.svg or \.pdf"):
        check_picture_format(".png")

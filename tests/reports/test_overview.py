"""Pictures open, hold their names as text, and are the same bytes each time."""

import io
import math
import sys
from xml.etree import ElementTree

import pytest

from rnnlab.comparison.figure import comparison_picture
from rnnlab.comparison.measures import Comparison
from rnnlab.errors import DataError
from rnnlab.reports.history_figure import history_picture
from rnnlab.reports.overview import FORMATS, check_matplotlib
from rnnlab.runs.history import History
from tests.comparing import contender
from tests.runs.listed import history_of

HOSTILE = "_a $x^2$ <b> & \x1b[2J \u202e 나비야"
SHOWN = "_a $x^2$ <b> & \\x1b[2J \\u202e 나비야"


def history(*, decades: int = 4, held_out: bool = True) -> History:
    """Twenty epochs, the loss of which falls by some decades; it was no number once."""
    epochs = range(1, 21)
    loss = [10 ** (-decades * epoch / 20) for epoch in epochs]
    validation = [each * 2 if held_out and number % 2 else math.nan for number, each in enumerate(loss)]
    return history_of([math.nan, *loss[1:]], [epoch / 20 for epoch in epochs], validation)


def histories(suffix: str) -> bytes:
    """A picture of two runs."""
    return history_picture({HOSTILE: history(), "lstm-1": history(held_out=False)}, suffix)


def comparison(suffix: str) -> bytes:
    """A picture of a comparison."""
    two = (
        contender(HOSTILE, [1.0, 1.1], free=[16, 17], ceiling=46),
        contender("stateful", [1e-6, 2e-5], free=[50, 50]),
    )
    return comparison_picture(Comparison(two), suffix)


PICTURES = pytest.mark.parametrize("picture", [histories, comparison])


def texts(svg: bytes) -> list[str]:
    """What is written in an SVG."""
    return [
        element.text or "" for element in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
    ]


@PICTURES
def test_an_svg_holds_its_names_as_they_are(picture):
    """Not read as formulas, and without what no XML may hold; scales have plain numbers."""
    found = texts(picture(".svg"))

    assert SHOWN in found
    assert not any("mathdefault" in text for text in found)
    assert "0.01" in found


def test_a_picture_says_what_it_shows():
    """Axes with units, and which line is of which part."""
    assert {"loss, nats per token", "accuracy", "epoch", "training", "held out", "lstm-1"} <= set(
        texts(histories(".svg"))
    )
    assert {"one step at a time", "running free", "loss", "stateful"} <= set(texts(comparison(".svg")))


def test_what_does_not_span_decades_has_a_linear_scale():
    """And what was not held out has no legend."""
    found = texts(history_picture({"a": history(decades=0, held_out=False)}, ".svg"))

    assert "0.01" not in found
    assert "held out" not in found


@PICTURES
@pytest.mark.parametrize("suffix", FORMATS)
def test_a_picture_is_the_same_bytes_each_time(picture, suffix):
    """No date, and no name that is drawn by chance; and it is not empty."""
    first = picture(suffix)

    assert first == picture(suffix)
    assert len(first) > 5000


@PICTURES
def test_a_png_decodes_to_more_than_one_colour(picture):
    """With the colours of the palette in it."""
    from PIL import Image

    image = Image.open(io.BytesIO(picture(".png"))).convert("RGB")
    colours = {colour for _, colour in image.getcolors(1 << 24)}

    assert image.size > (900, 400)
    assert {(0x00, 0x72, 0xB2), (0xD5, 0x5E, 0x00), (255, 255, 255)} <= colours


def test_a_pdf_is_one():
    """By its first bytes and its last; it has no date, which would be another a second later."""
    pdf = histories(".pdf")

    assert pdf.startswith(b"%PDF-")
    assert pdf.rstrip().endswith(b"%%EOF")
    assert b"Date" not in pdf


def test_the_users_own_style_changes_nothing():
    """Neither does drawing change it."""
    import matplotlib

    first = histories(".svg")
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "black"}):
        assert histories(".svg") == first
        assert matplotlib.rcParams["font.size"] == 30


def test_many_runs_of_one_epoch_and_of_nothing_can_be_drawn():
    """Fifty names, a single point, and figures none of which is a number."""
    runs = {f"run-{number}": history_of([1.0], [0.5]) for number in range(50)}
    runs["nothing"] = history_of([math.nan])

    assert {"run-0", "run-49", "nothing"} <= set(texts(history_picture(runs, ".svg")))


def test_without_the_extra_it_is_said_what_to_install(monkeypatch):
    """In one line."""
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)

    with pytest.raises(
        DataError, match=r"needs matplotlib, which is not installed: pip install 'rnnlab\[plot\]'$"
    ):
        check_matplotlib()

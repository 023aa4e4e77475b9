"""A trace as HTML and SVG: well formed, escaped, self-contained, and with every value in words."""

import re
import subprocess
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from rnnlab.tracing.heat_map import colour_of, heat_maps, heat_maps_svg, ink_on, most_varying
from rnnlab.tracing.page import trace_page
from rnnlab.tracing.tracing import trace
from rnnlab.tracing.view import View
from tests.needs import needs
from tests.trained import SENTENCE, SONG, STREAM, trained

SVG = "{http://www.w3.org/2000/svg}"
STRANGE = "<b>&\"'\x1b\u202e\n"


def view_of(text: str, *inputs: str, changes: tuple[str, ...] = ()) -> View:
    found = trace(trained(text, Path.cwd(), *changes), inputs)
    layers = tuple(range(len(found.layers)))
    return View(found, layers, None, 16, range(found.ids.shape[1]), 3, facts=("using runs/song-1",))


def page_of(view: View, **asked) -> ElementTree.Element:
    """The page, which is well-formed XML too."""
    html = trace_page(view, **asked)
    assert html.startswith("<!DOCTYPE html>\n<html")
    return ElementTree.fromstring(html.removeprefix("<!DOCTYPE html>\n"))


def text_of(element: ElementTree.Element) -> str:
    return "".join(element.itertext())


def test_every_value_has_a_cell_that_says_it():
    """Quantity, unit, step and token in words: for a mouse, and for who does not see colours."""
    view = view_of(SENTENCE, "if yo")

    titles = [title.text for title in page_of(view).iter(f"{SVG}title")]

    for layer in view.trace.layers:
        for name, values in layer.values.items():
            for unit in range(layer.units):
                expected = f"{name}, unit {unit + 1}, step 2 (f): {values[0, 1, unit]:.4f}"
                assert expected in titles
    assert "from a zero state" in titles


def test_a_page_needs_nothing_else():
    """No script, no address but SVG's own name, a language, a description of each picture, dark and print."""
    html = trace_page(view_of(SENTENCE, "if yo"))

    assert "<script" not in html
    assert set(re.findall(r"https?://[^\"]*", html)) == {"http://www.w3.org/2000/svg"}
    assert re.search(r"(src|href)=", html) is None
    assert 'lang="en"' in html
    assert "prefers-color-scheme: dark" in html
    assert "@media print" in html
    assert html.count('role="img"') == html.count("aria-label=") == 8


def test_shapes_and_predictions_are_on_the_page():
    """A table with a header, and the same figures as anywhere."""
    view = view_of(SONG, "g8 e8 e4 f8")

    page = page_of(view)

    assert "input (1, 4, 8) → lstm_1 (1, 4, 6) → head (1, 4, 8)" in text_of(page)
    assert "using runs/song-1" in text_of(page)
    rows = list(page.iter("tr"))
    assert [text_of(cell) for cell in rows[0]][:2] == ["step", "token"]
    cells = [text_of(cell) for cell in rows[1]]
    assert (cells[0], cells[1], cells[3], cells[5]) == ("1", "g8", "e8", "no")
    assert cells[4] == f"{view.trace.surprises[0, 0]:.4f}"
    assert len(rows) == 5


@pytest.mark.parametrize("asked", [{}, {"unit": 2}, {"step": 2}])
def test_tokens_are_text_and_nothing_else(asked):
    """Markup is escaped, controls are spelled out."""
    model = trained(STREAM, Path.cwd())
    found = trace(replace(model, tokens=(*STRANGE, *model.tokens[len(STRANGE) :])), [STRANGE])
    view = View(found, (0,), None, 16, range(len(STRANGE)), 3)

    html = trace_page(view, **asked)

    page_of(view, **asked)
    assert "<b>" not in html.replace("<body>", "")
    assert "\x1b" not in html
    assert "\u202e" not in html


def test_a_unit_is_a_text_of_coloured_spans():
    """One for each token, with its value as a title; the text can be read and copied."""
    view = view_of(STREAM, "the fox")

    page = page_of(view, unit=3)

    spans = list(page.iter("span"))
    assert "".join(map(text_of, spans)) == "the fox"
    values = view.trace.layers[0].values["h"][0, :, 2]
    assert [span.get("title") for span in spans] == [
        f"{letter!r} {value:.4f}" for letter, value in zip("the fox", values, strict=True)
    ]
    assert all(span.get("style", "").startswith("background:#") for span in spans)


def test_a_slide_is_on_the_page():
    """The same lines as on a terminal."""
    shown = text_of(page_of(view_of(STREAM, "the fox"), step=2))

    assert "h[2] = tanh(x W + b + h[1] U)" in shown
    assert "surprise at 'e'" in shown


def test_svg_is_a_picture_of_its_own():
    """Well formed, as high as what is in it, with a title and every heat map."""
    view = view_of(SENTENCE, "if yo", "you w")

    picture = ElementTree.fromstring(heat_maps_svg(view.titled_maps()))

    assert picture.tag == f"{SVG}svg"
    assert picture.get("role") == "img"
    assert picture[0].tag == f"{SVG}title"
    headings = [text.text for text in picture.iter(f"{SVG}text") if text.get("font-weight")]
    assert len(headings) == 2 * 2 * 4
    assert headings[0] == "input 1, gru_1: update gate z (1 keeps the old h), 0 to 1"
    lowest = max(float(rect.get("y") or 0) for rect in picture.iter(f"{SVG}rect"))
    assert lowest < float(picture.get("height") or 0)


def test_units_are_those_that_vary_most():
    """In their own order; all if there are no more."""
    view = view_of(STREAM, "the quick brown fox")
    layer = view.trace.layers[0]
    layer.values["h"][:, :, [1, 6]] *= 0.001

    assert most_varying(layer, 6) == (0, 2, 3, 4, 5, 7)
    assert most_varying(layer, 8) == tuple(range(8))


def test_the_scale_holds_the_largest_value_that_is_shown():
    """A memory beyond 1 has a scale of its own; a gate's is 1."""
    view = view_of(STREAM, "the quick brown fox", changes=("model={kind: lstm, units: 4}",))
    layer = view.trace.layers[0]
    layer.values["c"][0, 3, 2] = -7.5

    maps = {heat.name: heat for heat in heat_maps(view.trace, layer, lane=0, units=range(4), steps=range(10))}

    assert maps["c"].scale == 7.5
    assert maps["c"].title == "memory c, -7.5 to 7.5"
    assert maps["i"].scale == maps["h"].scale == 1
    assert maps["candidate"].title == "candidate c\N{COMBINING TILDE}, what is new, -1 to 1"


def test_colours_run_from_blue_over_white_to_red():
    """Evenly, and no further than the scale; the ink on them can be read."""
    assert colour_of(0.0, 1) == (247, 247, 247)
    assert colour_of(1.0, 1) == colour_of(9.0, 1) == (178, 24, 43)
    assert colour_of(-2.0, 2) == (33, 102, 172)
    reds = [colour_of(value, 1)[1] for value in np.linspace(0, 1, 11)]
    assert reds == sorted(reds, reverse=True)
    for value in np.linspace(-1, 1, 41):
        ground = colour_of(value, 1)
        assert contrast(ink_on(ground), ground) > 4.5


def contrast(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """The ratio of WCAG 2."""

    def luminance(colour: tuple[int, ...]) -> float:
        linear = [c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@needs("chromium")
def test_a_browser_shows_the_page(tmp_path):
    """It parses to the tree that was meant: as many cells, and no error."""
    view = view_of(SENTENCE, "if yo")
    (tmp_path / "page.html").write_text(trace_page(view), encoding="utf-8")

    done = subprocess.run(
        [
            "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", f"file://{tmp_path / 'page.html'}",
        ],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip

    cells = sum(values[0].size for layer in view.trace.layers for values in layer.values.values())
    assert done.stdout.count(" unit ") >= cells

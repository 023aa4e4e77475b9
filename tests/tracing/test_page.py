"""A trace as HTML and SVG: well formed, escaped, self-contained, and with every value in words."""

import re
import subprocess
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from rnnlab.tracing.heat_map import ramp_level
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
    return View(found, layers, None, 16, range(found.ids.shape[1]), 3, facts=("the network of runs/song-1",))


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
    assert "Content-Security-Policy" in html
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
    assert "The network of runs/song-1." in text_of(page)
    rows = list(page.iter("tr"))
    assert [text_of(cell) for cell in rows[0]][:2] == ["step", "token"]
    cells = [text_of(cell) for cell in rows[1]]
    assert (cells[0], cells[1], cells[3], cells[5]) == ("1", "g8", "e8", "not counted")
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
    assert "<b>" not in re.sub("<figcaption><b>|<b>(?= ≈)", "", html)
    assert "\x1b" not in html
    assert "\u202e" not in html


def test_a_unit_is_a_text_of_coloured_spans():
    """One for each token, with its value as a title; the text can be read and copied."""
    view = view_of(STREAM, "the fox")

    page = page_of(view, unit=3)

    spans = [span for span in page.iter("span") if span.get("class", "").startswith("level ")]
    assert "".join(map(text_of, spans)) == "the fox"
    values = view.trace.layers[0].values["h"][0, :, 2]
    assert [span.get("title") for span in spans] == [
        f"{letter!r} {value:.4f}" for letter, value in zip("the fox", values, strict=True)
    ]
    assert [span.get("class") for span in spans] == [
        f"level {ramp_level(value, 1)}{' start' * (place == 0)}" for place, value in enumerate(values)
    ]


def test_chosen_units_have_all_their_quantities_together():
    """One heat map for each unit, with a row for each gate and each part of the state."""
    view = view_of(STREAM, "the quick", changes=("model={kind: lstm, units: 4}",))
    view.trace.layers[0].values["c"][0, 3, 2] = -7.5

    page = page_of(replace(view, units=(0, 2)))

    figures = list(page.iter("figure"))
    texts = [text.text for text in figures[1].iter(f"{SVG}text")]
    assert [text_of(figure.find("figcaption/b")) for figure in figures] == ["unit 1", "unit 3"]
    assert {*"ifoh", "c\N{COMBINING TILDE}", "c ±7.5"} <= {*texts}
    assert "i input gate, f forget gate, " in text_of(page)


def test_a_handout_names_no_option():
    """Neither of the units and steps that are shown, nor of how the text was read."""
    view = view_of(STREAM, "the quick brown fox", changes=("model.units=40",))
    facts = ("read as in training; the option run-on reads each token once",)

    html = trace_page(replace(view, steps=range(4), facts=facts))

    assert "option" not in html.replace("rnnlab trace", "")
    assert "simple_rnn_1: the 16 of 40 units whose h varies most. Steps 1 to 4 of 19." in html


def test_a_slide_is_on_the_page():
    """The same lines as on a terminal."""
    shown = text_of(page_of(view_of(STREAM, "the fox"), step=2))

    assert "h[2] = tanh(x W + b + h[1] U)" in shown
    assert "surprise at 'e'" in shown


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

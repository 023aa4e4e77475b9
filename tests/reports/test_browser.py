"""Reports and traces in a browser: on a phone, a desk and a wall, light, dark and on paper.

No text is clipped or faint, and no element scrolls sideways.
"""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rnnlab.reports.contents import contents_of
from rnnlab.reports.page import report_page
from rnnlab.reports.study_contents import study_contents_of
from rnnlab.reports.study_page import study_report_page
from rnnlab.tracing.heat_map import HeatMap
from rnnlab.tracing.influence import influence
from rnnlab.tracing.page import heat_maps_page, influence_page, influence_section, trace_page
from tests.browser import chromium, opened
from tests.needs import needs
from tests.reports.comparisons import comparison_of, page_in
from tests.reports.conftest import TASK_PAGES
from tests.reports.reporting import with_history
from tests.reports.studies import study_of
from tests.tracing.test_page import view_of
from tests.trained import SENTENCE, SONG, STREAM, run_of, trained
from tests.trained_tasks import PARITY

pytestmark = needs("chromium")

LOOKS = Path(__file__).with_name("looks.js").read_text(encoding="utf-8").partition("\n")[2]
WIDTHS = (360, 900, 1600)
MEDIA = {
    "light": {"media": "screen", "color_scheme": "light"},
    "dark": {"media": "screen", "color_scheme": "dark"},
    "print": {"media": "print", "color_scheme": "dark"},
}
NAMES = """
dataset: {kind: text, unit: line, window: 8, inline: "anna\\nbob\\nclara\\ndora\\nemil\\nfranz", \
split: {kind: sequences, validation: 0.3}}
model: {kind: gru, units: 6}
generation: {length: 20, temperature: 1}
"""
PAGES = [
    "song",
    "text",
    "names",
    *TASK_PAGES,
    "comparison",
    "answers",
    "study",
    "gates",
    "units",
    "step",
    "unit",
    "influence",
    "heat",
]
"""Reports, and after the study traces. Another kind of page is added here and in `folder`."""


def reports():
    """Yield the name and the source of each report of a run."""
    yield "names", report_page(contents_of(with_history(run_of(NAMES, name="names"))))
    for name, text in (("song", SONG), ("text", STREAM)):
        contents = contents_of(with_history(run_of(text, name=name)))
        found = influence(contents.trained, "g8 e8 e4" if name == "song" else "the quick", step=2)
        yield name, report_page(contents, counted=influence_section(found, "The last token", top=3))


def traces():
    """Yield the name and the source of each trace."""
    lstm = ("model={kind: lstm, units: 20}",)
    view = view_of(STREAM, "the quick brown fox jumps over the lazy dog", changes=lstm)
    yield "gates", trace_page(view)
    yield "units", trace_page(replace(view, units=(0, 4)))
    yield "step", trace_page(view_of(SONG, "g8 e8 e4 f8"), step=2)
    yield "unit", trace_page(view, unit=3)
    found = influence(trained(SENTENCE, Path.cwd()), "if you w", step=6)
    yield "influence", influence_page((), [found], top=3)
    words = tuple("a long enough sentence with an extraordinarilylongword in it".split())
    no = np.zeros(len(words), np.bool_)
    values = np.linspace(0, 1, 3 * len(words), dtype=np.float32).reshape(3, -1)
    rows = ("Portuguese", "Korean", "an extraordinarily long label")
    heat = HeatMap("probability", "probability, 0 to 1", rows, words, tuple(range(9)), no, no, values, 1.0)
    yield "heat", heat_maps_page("Labels", [(["input: a long enough sentence"], heat)])


@pytest.fixture(scope="module")
def folder(tmp_path_factory, task_pages):
    """A file of each of PAGES."""
    folder = tmp_path_factory.mktemp("browser")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        study = study_report_page(study_contents_of(study_of(Path("study"))))
        tasks = {name: page.source for name, page in task_pages.items()}
        compared = {
            name: page_in(comparison_of(text, folder=Path(name))).source
            for name, text in (("comparison", SONG), ("answers", PARITY))
        }
        pages = {**dict(reports()), **dict(traces()), **tasks, **compared, "study": study}
        for name, page in pages.items():
            Path(f"{name}.html").write_text(page, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def browser():
    """One browser for all tests."""
    with chromium() as started:
        yield started


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_clipped_and_nothing_scrolls_sideways(browser, folder, name):
    """At each width, in each colour scheme and on paper; elements with `overflow: auto` count too."""
    with opened(browser, folder / f"{name}.html") as page:
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            for media, setting in MEDIA.items():
                page.emulate_media(**setting)
                page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")

                found = page.evaluate(LOOKS)

                assert found == {"wide": [], "outside": [], "cut": [], "faint": []}, (width, media)


@pytest.mark.parametrize("name", ["text", "gates"])
def test_the_colours_are_those_of_the_reader(browser, folder, name):
    """Light or dark as the reader wants it; paper is white, and traces have the paper of the reports."""
    grounds = []
    with opened(browser, folder / f"{name}.html") as page:
        for setting in MEDIA.values():
            page.emulate_media(**setting)
            grounds.append(page.evaluate("getComputedStyle(document.documentElement).backgroundColor"))

    assert grounds == ["rgb(253, 252, 249)", "rgb(23, 25, 28)", "rgb(255, 255, 255)"]


def test_a_part_of_a_chart_can_be_drawn_larger(browser, folder):
    """Drawing across a chart shows this part; the button shows all of it again."""
    with opened(browser, folder / "text.html") as page:
        plot, chart = page.locator(".plot").first, page.locator(".chart").first
        chart.scroll_into_view_if_needed()
        box = chart.bounding_box()
        before = plot.get_attribute("viewBox")
        page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 50)
        page.mouse.down()
        page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 50, steps=3)
        page.mouse.up()
        drawn = plot.get_attribute("viewBox")
        page.locator("figure button").first.click()

        assert drawn != before == plot.get_attribute("viewBox")


def test_both_charts_have_the_same_epochs_above_each_other(browser, folder):
    """The marks of the x axes of loss and accuracy stand at the same places."""
    with opened(browser, folder / "text.html") as page:
        places = "each => [...each.querySelectorAll('.marks text')].map((mark) => mark.outerHTML)"
        loss, accuracy = (page.locator(".chart").nth(number).evaluate(places) for number in (0, 1))

    assert loss == accuracy != []


@pytest.mark.parametrize(("width", "columns"), [(360, 1), (900, 2), (1600, 4)])
def test_gates_stand_side_by_side(browser, folder, width, columns):
    """As many as the width allows."""
    lefts_of = "all => all.map((each) => each.getBoundingClientRect().left)"
    with opened(browser, folder / "gates.html", width=width) as page:
        lefts = page.locator(".maps figure").evaluate_all(lefts_of)

    assert len(set(lefts)) == columns


@pytest.mark.parametrize(("name", "most"), [("song", 3), ("names", 4), ("gates", 4)])
def test_a_page_can_be_printed(browser, folder, name, most):
    """On a few sheets of A4."""
    with opened(browser, folder / f"{name}.html") as page:
        pdf = page.pdf(prefer_css_page_size=True)

    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", pdf)) <= most

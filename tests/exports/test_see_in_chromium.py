"""The inside of the network in a real browser: what is drawn, moved and said."""

import re
from pathlib import Path

import pytest

from rnnlab.exports.page_file import page_of
from rnnlab.tracing.slide import slide
from rnnlab.tracing.tracing import trace
from tests.browser import axe_violations, opened
from tests.exports.playing import network, page_network_of
from tests.needs import needs
from tests.trained import STREAM, trained

pytestmark = needs("chromium")

VIEWS = "[...document.querySelectorAll('.see-view')]"
OPEN = f"(places) => {VIEWS}.forEach((view, n) => {{ view.open = places.includes(n); }})"
STEPS = "(count) => { for (let n = 0; n < count; n++) document.querySelector('[data-part=step]').click(); }"
COLOURS = """
() => [...document.querySelectorAll('.see-cells')].map((canvas) => {
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', {willReadFrequently: true});
  copy.drawImage(canvas, 0, 0);
  const {data} = copy.getImageData(0, 0, canvas.width, canvas.height);
  const pixels = new Uint32Array(data.buffer);
  return {size: [canvas.width, canvas.height], last: pixels[canvas.width - 1], kinds: new Set(pixels).size};
})
"""
HALVED = """
() => {
  const {player, engine, description} = rnnlab.pages[0];
  const [snapshot] = description.snapshots;
  const bytes = Uint8Array.from(atob(snapshot.data), (each) => each.charCodeAt(0));
  const halves = new Float32Array(bytes.buffer).map((each) => each / 2);
  const data = btoa(Array.from(new Uint8Array(halves.buffer), (each) => String.fromCharCode(each)).join(''));
  player.useNetwork(engine.networkOf(description, {...snapshot, data}));
}
"""
WIDER = """
[...document.querySelectorAll('html, .see *')].filter((each) => each.scrollWidth > each.clientWidth
  && each.clientWidth && getComputedStyle(each).display !== 'inline' && each.className !== 'see-unseen')
  .map((each) => each.className || each.tagName)
"""
NEXT_FRAMES = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Pages by name: a stream of characters, notes in stateful windows, and an MLP."""
    folder = tmp_path_factory.mktemp("pages")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        model = trained(STREAM, Path.cwd(), "model={kind: lstm, units: [7, 5]}", "generation.seed=the quick ")
        networks = {
            "stream": page_network_of("stream", model),
            "lstm": network("lstm"),
            "mlp": network("mlp"),
        }
        for name, mine in networks.items():
            Path(f"{name}.html").write_text(page_of([mine])[0], encoding="utf-8")
    return {name: (folder / f"{name}.html", mine) for name, mine in networks.items()}


def test_nothing_is_drawn_before_a_view_is_opened(browser, pages):
    """A view that is opened later shows the steps before; one that is closed again stops moving."""
    with opened(browser, pages["stream"][0]) as page:
        page.evaluate(STEPS, 5)
        page.evaluate(NEXT_FRAMES)
        assert page.locator(".see-cells").count() == 0

        page.evaluate(OPEN, [0])
        page.evaluate(NEXT_FRAMES)
        maps = page.evaluate(COLOURS)
        page.evaluate(OPEN, [])
        page.evaluate(STEPS, 5)
        page.evaluate(NEXT_FRAMES)

        assert [each["size"][1] for each in maps] == [5] * 6  # i f c~ o c h of the last layer, 5 units
        assert all(each["kinds"] > 5 for each in maps)
        assert page.evaluate(COLOURS) == maps


def test_the_equation_is_that_of_the_chosen_step_and_unit(browser, pages):
    """With the arrow keys: unit 2, and the step before the last; the numbers are those of `rnnlab trace`."""
    path, mine = pages["stream"]
    with opened(browser, path) as page:
        page.evaluate(OPEN, [0, 2])
        page.evaluate(STEPS, 6)
        page.evaluate(NEXT_FRAMES)
        page.locator(".see-bar input").fill("1")
        page.locator(".see-bar input").press("Enter")
        frame = page.locator(".see-frame").first
        frame.focus()
        frame.press("ArrowDown")
        frame.press("ArrowLeft")
        page.evaluate(NEXT_FRAMES)
        said = page.locator(".see [role=status]").text_content()
        shown = page.locator(".see-line").last.text_content()
        value = page.locator(".see-value").nth(5).text_content()
        written = page.locator("[data-part=written]").text_content()

    model = mine.trained
    text = written.replace("␣", " ")[: len("the quick ") + 5]
    found = trace(model, [text])
    last = len(text) - 1
    traced = found.layers[1]
    lines = slide(traced.cell, found.step(1, last), number=1, inputs=traced.inputs[0, last], unit=1, lane=0)
    assert re.match(rf"Unit 2, step {len(text)}, token \S+: i 0\.\d{{3}}$", said)
    numbers = [float(each) for each in re.findall(r"−?\d+\.\d+", shown.replace("−", "-"))]
    expected = [float(each) for each in re.findall(r"-?\d+\.\d+", lines[-1].numbers)] + [lines[-1].value]
    assert [abs(each) for each in numbers] == pytest.approx([abs(each) for each in expected], abs=2e-4)
    assert value == f"h = {lines[-1].value:+.3f}".replace("-", "−")


def test_a_token_that_is_taken_away_has_an_influence(browser, pages):
    """When the network pauses, the last tokens are coloured, and the strongest are listed."""
    with opened(browser, pages["stream"][0]) as page:
        page.evaluate(OPEN, [4])
        page.evaluate(STEPS, 5)
        tokens = len("the quick ") + 5
        page.wait_for_function(
            "(count) => document.querySelectorAll('.see-text [title$=nats]').length === count", arg=tokens
        )
        page.wait_for_function("() => document.querySelectorAll('.see-strongest li').length === 5")

        assert page.locator(".see-adds-5, .see-takes-5").count() >= 1


def test_another_network_shows_its_own_numbers(browser, pages):
    """As when the epoch is changed: weights of half the size read the seed, and nothing old is shown."""
    with opened(browser, pages["lstm"][0]) as page:
        page.evaluate(OPEN, [0, 2])
        page.evaluate(STEPS, 3)
        page.evaluate(NEXT_FRAMES)
        page.evaluate(HALVED)
        page.wait_for_function("() => rnnlab.pages[0].player.ids.length === 7")
        page.evaluate(NEXT_FRAMES)

        unit, last = page.evaluate("[rnnlab.pages[0].see.unit, rnnlab.pages[0].see.index]")
        shown = page.locator(".see-line b").last.text_content().replace("−", "-")
        h = page.evaluate("[...rnnlab.pages[0].network.layers[0].values.get('h')]")
        assert last == 6
        assert float(shown) == pytest.approx(h[unit], abs=1e-4)


def test_a_page_in_korean_keeps_what_is_open(browser, pages):
    """The language changes all words, and closes nothing."""
    with opened(browser, pages["lstm"][0]) as page:
        page.evaluate(OPEN, [1, 3])
        page.click("[data-language=ko]")
        page.evaluate(NEXT_FRAMES)

        assert page.locator(".see h3").text_content() == "신경망의 속"
        assert page.evaluate(f"{VIEWS}.map((view) => view.open)") == [
            False, True, False, True, False
        ]  # fmt: skip
        assert "유닛" in page.locator(".see-unrolled").locator("xpath=..").text_content()


def test_views_of_another_language_are_let_go(browser, pages):
    """However often the language changes, the page keeps no elements of the views that it had before."""
    with opened(browser, pages["lstm"][0]) as page:
        memory = page.context.new_cdp_session(page)
        counts = []
        for times in (2, 20):
            for language in ["ko", "en"] * times:
                page.locator(f"[data-language={language}]").click()
            page.evaluate(NEXT_FRAMES)
            memory.send("HeapProfiler.collectGarbage")
            counts.append(memory.send("Memory.getDOMCounters")["nodes"])
        assert counts[1] < counts[0] + 500


def test_an_mlp_shows_its_outputs_and_what_counted(browser, pages):
    """It has no gates, so it has no equation of a step and is not unrolled."""
    with opened(browser, pages["mlp"][0]) as page:
        page.evaluate(OPEN, [0, 1, 2])
        page.evaluate(STEPS, 5)
        page.wait_for_function("() => document.querySelectorAll('.see-strongest li').length === 4")

        assert page.locator(".see-view").count() == 3
        assert [each["size"][1] for each in page.evaluate(COLOURS)] == [5]


@pytest.mark.parametrize("width", [360, 900, 1600])
@pytest.mark.parametrize("name", ["stream", "lstm"])
def test_nothing_is_wider_than_the_page(browser, pages, name, width):
    """Neither the page nor an element of it scrolls sideways."""
    with opened(browser, pages[name][0], width=width, color_scheme="dark") as page:
        page.evaluate(OPEN, [0, 1, 2, 3, 4])
        page.evaluate(STEPS, 30)
        page.wait_for_function("() => document.querySelectorAll('.see-strongest li').length > 3")

        assert page.evaluate(WIDER) == []


@needs("axe-core")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["stream", "lstm", "mlp"])
def test_axe_finds_nothing(browser, pages, name, scheme):
    """With all views open, after some steps."""
    with opened(browser, pages[name][0], color_scheme=scheme) as page:
        page.evaluate(STEPS, 5)
        page.evaluate("for (const each of document.querySelectorAll('.see details')) each.open = true")
        page.wait_for_timeout(500)
        found = axe_violations(page)

    assert found == []

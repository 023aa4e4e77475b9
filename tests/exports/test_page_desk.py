"""What a person sees and does on the page that plays, in a real browser."""

import html
import json
import re
from pathlib import Path

import numpy as np
import pytest

from rnnlab.engines.numpy import numpy_model
from rnnlab.exports.page_file import page_of
from rnnlab.generation.decoding import Decoding, decode
from rnnlab.generation.sampling import Sampling
from rnnlab.music.melody import Reading
from rnnlab.music.midi import read_midi
from rnnlab.music.notation import spell
from tests.browser import axe_violations, opened
from tests.exports.playing import network, page_network_of
from tests.needs import needs
from tests.trained import trained

pytestmark = needs("chromium")

NETWORKS = {"notes": "lstm", "text": "simple_rnn"}
LINES = """
dataset: {kind: text, inline: "anna\\nemma\\nada\\n", unit: line, window: 16, target: shifted}
model: {kind: gru, units: 5}
training: {batch_size: 2}
generation: {length: 12, temperature: 1.0}
"""
WIDE = """
[...document.querySelectorAll("body *")].filter((each) => {
  const style = getComputedStyle(each);
  return each.clientWidth && style.display !== "inline" && each.scrollWidth > each.clientWidth + 1;
}).map((each) => `${each.tagName} ${each.className} ${each.scrollWidth} > ${each.clientWidth}`)
"""
CONTROLS = """
[...document.querySelectorAll("button, input, select, textarea")]
  .filter((each) => each.dataset.part && each.checkVisibility() && !each.disabled)
  .map((each) => each.dataset.part)
"""
INDICES = "(notes) => notes.map((note) => note.dataset.index)"
IDS = "rnnlab.pages[0].player.ids"


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """A page with notes and one with text, by kind."""
    folder = tmp_path_factory.mktemp("pages")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        found = {}
        for kind, name in NETWORKS.items():
            found[kind] = folder / f"{kind}.html"
            found[kind].write_text(page_of([network(name)])[0], encoding="utf-8")
    return found


def part(page, name):
    """The element of the page with a name."""
    return page.locator(f"[data-part={name}]")


def settled(page):
    """Wait until the page has drawn what it has written."""
    page.wait_for_function("() => rnnlab.pages[0].player.state !== 'running'")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def run_fast(page, length=50):
    """Write tokens as fast as possible."""
    page.evaluate(f"rnnlab.pages[0].desk.apply({{speed: 'fast', length: {length}}})")
    part(page, "start").click()
    settled(page)


def test_the_first_look(browser, pages):
    """The page opens with the seed read: its notes, the next token, and what to do."""
    with opened(browser, pages["notes"]) as page:
        assert part(page, "seed").input_value() == "g8 e8 e4 f8"
        assert page.locator(".note").count() == 4
        assert page.locator(".written .token").all_inner_texts() == ["g8", "e8", "e4", "f8"]
        assert page.locator(".chances .number").first.inner_text().endswith("%")
        assert "Press Start" in part(page, "try").inner_text()
        assert "LSTM of 6 units" in part(page, "sentence").inner_text()


@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize("width", [360, 900, 1900])
def test_nothing_scrolls_sideways(browser, pages, kind, width):
    """No element is wider inside than outside, in English and in Korean."""
    with opened(browser, pages[kind], width=width) as page:
        run_fast(page)
        for language in ("en", "ko"):
            page.locator(f"[data-language={language}]").click()
            assert page.evaluate(WIDE) == []


def test_start_writes_what_generate_writes(browser, pages, tmp_path):
    """The tokens are those of `decode` with the same settings; a second start goes on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        model = network(NETWORKS["notes"]).trained
    seed = np.array([model.tokens.index(note) for note in "g8 e8 e4 f8".split()])
    how = Decoding("stateful_windows", 4, 80, Sampling(0.8, top_p=0.95), random_seed=5)
    (sample,) = decode(numpy_model(model), seed, how)

    with opened(browser, pages["notes"]) as page:
        page.evaluate("rnnlab.pages[0].desk.apply({temperature: 0.8, top_p: 0.95, random_seed: 5})")
        run_fast(page, 40)
        assert page.evaluate(IDS) == [*seed.tolist(), *sample.ids[:40]]
        part(page, "start").click()
        settled(page)
        assert page.evaluate(IDS) == [*seed.tolist(), *sample.ids]


def test_unknown_notes_are_named_with_the_nearest_known(browser, pages):
    """While a seed has unknown notes, nothing can be started; the rest of the seed is read."""
    with opened(browser, pages["notes"]) as page:
        part(page, "seed").fill("g8 h8 | e4")
        assert re.search("does not know ‘\u2068h8\u2069’ \\(nearest: .*8", part(page, "problem").inner_text())
        assert part(page, "start").is_disabled()
        assert page.evaluate(f"{IDS}.length") == 2
        part(page, "seed").fill("g8 e4")
        assert part(page, "problem").inner_text() == ""
        assert part(page, "start").is_enabled()


def test_texts_that_end_stand_below_each_other(browser, tmp_path, monkeypatch):
    """A network that has read lines writes ten at a start; the next start goes on after the last one."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "lines.html"
    path.write_text(page_of([page_network_of("lines", trained(LINES, tmp_path))])[0], encoding="utf-8")
    with opened(browser, path) as page:
        run_fast(page, 12)
        assert page.locator(".written > div").count() == 10
        texts = page.evaluate("rnnlab.pages[0].desk.writtenText").split("\n")
        shown = page.locator(".written > div").all_inner_texts()
        assert [line.rstrip("■") for line in shown] == texts
        part(page, "start").click()
        settled(page)
        assert page.evaluate("rnnlab.pages[0].desk.writtenText").split("\n")[:9] == texts[:9]


def test_a_bar_and_an_earlier_token_are_clicked(browser, pages):
    """A bar's token comes next, or in the place of a clicked token, and what follows that one is gone."""
    with opened(browser, pages["text"]) as page:
        run_fast(page, 20)
        before = page.evaluate(IDS)
        page.locator(".chances button").nth(2).click()
        taken = page.evaluate(IDS)
        assert taken[:-1] == before
        page.locator(".written .token").nth(10).click()
        assert "What could have come here" in part(page, "next_title").inner_text()
        other = page.locator(".chances button:not(.taken)").first
        wanted = int(other.get_attribute("data-id"))
        other.click()
        settled(page)
        assert page.evaluate(IDS) == [*before[:10], wanted]
        assert page.locator(".written .token").count() == 11


def test_the_keys_write_a_seed(browser, pages):
    """A key of the keyboard on the screen adds its note; keys that the vocabulary lacks are disabled."""
    with opened(browser, pages["notes"], width=1200) as page:
        page.locator(".durations input[value='1']").check()
        page.get_by_role("button", name="g4", exact=True).click()
        assert part(page, "seed").input_value() == "g8 e8 e4 f8 g4"
        part(page, "delete").click()
        assert part(page, "seed").input_value() == "g8 e8 e4 f8"
        assert page.locator(".black-key:disabled").count() == page.locator(".black-key").count()


def test_a_link_holds_the_settings(browser, pages):
    """Opening the link of a page gives the same settings, and the same tokens."""
    with opened(browser, pages["notes"]) as page:
        part(page, "seed").fill("e4 f8 d8 d4")
        page.evaluate("rnnlab.pages[0].desk.apply({temperature: 1.3, top_k: 3, random_seed: 9, tempo: 90})")
        run_fast(page)
        written = page.evaluate(IDS)
        part(page, "copy_link").click()
        page.wait_for_function("() => location.hash.length > 1")
        link = page.evaluate("location.hash")
    with opened(browser, pages["notes"]) as page:
        page.evaluate(f"location.hash = {json.dumps(link)}")
        page.wait_for_function("() => rnnlab.pages[0].player.settings.topK === 3")
        assert part(page, "seed").input_value() == "e4 f8 d8 d4"
        assert part(page, "tempo").input_value() == "90"
        run_fast(page)
        assert page.evaluate(IDS) == written


def test_a_frame_without_an_address_offers_no_link(browser, pages):
    """As in a notebook, where the link would lead nowhere."""
    page = browser.new_page()
    page.set_content(f'<iframe srcdoc="{html.escape(pages["notes"].read_text(encoding="utf-8"))}"></iframe>')
    button = page.frame_locator("iframe").locator("[data-part=copy_link]")
    assert button.evaluate("(button) => button.hidden")
    page.close()


def test_notes_sound_in_time(browser, pages):
    """With the music, the notes of the seed sound first, and the note that sounds is marked."""
    with opened(browser, pages["notes"]) as page:
        page.evaluate("rnnlab.pages[0].desk.apply({tempo: 280, length: 3})")
        part(page, "start").click()
        page.wait_for_selector(".note.playing")
        assert part(page, "start").inner_text() == "Stop"
        page.wait_for_function("() => !rnnlab.pages[0].desk.performer.playing", timeout=15_000)
        assert page.evaluate(f"{IDS}.length") == 7
        assert part(page, "start").inner_text() == "Start"


def test_the_files(browser, pages, tmp_path: Path):
    """The text and the MIDI file have the seed and all that was written."""
    with opened(browser, pages["notes"]) as page:
        page.evaluate("rnnlab.pages[0].desk.apply({temperature: 1})")
        run_fast(page, 30)
        files = {}
        for name in ("save_text", "save_midi"):
            with page.expect_download() as download:
                part(page, name).click()
            files[name] = tmp_path / download.value.suggested_filename
            download.value.save_as(files[name])
        tokens = files["save_text"].read_text(encoding="utf-8").split()
        tune = read_midi(files["save_midi"].read_bytes(), name="midi", reading=Reading())

    assert len(tokens) == 34
    assert [spell(note) for note in tune.notes] == tokens


def test_a_long_run_stays_small(browser, pages):
    """Of 8,000 tokens the document keeps the last few thousand; the text itself stays whole."""
    with opened(browser, pages["text"]) as page:
        page.evaluate("rnnlab.pages[0].desk.apply({temperature: 1})")
        run_fast(page, 8_000)
        assert page.evaluate(f"{IDS}.length") > 8_000
        assert 2_000 < page.locator(".written .token").count() < 4_000
        assert page.evaluate("rnnlab.pages[0].desk.writtenText.length") > 8_000
        assert "are not shown" in part(page, "counts").inner_text()


def test_a_long_roll_keeps_its_last_rows(browser, pages):
    """Rows that leave the document leave nothing behind; a step back into them draws the roll again."""
    with opened(browser, pages["notes"]) as page:
        page.evaluate("rnnlab.pages[0].desk.apply({temperature: 1})")
        run_fast(page, 8_000)
        assert page.locator(".roll svg").count() == 60
        memory = page.context.new_cdp_session(page)
        memory.send("HeapProfiler.collectGarbage")
        assert memory.send("Memory.getDOMCounters")["nodes"] < 30_000
        page.evaluate("rnnlab.pages[0].player.takeAt(9, 0)")
        settled(page)
        assert {int(each) for each in page.locator(".note").evaluate_all(INDICES)} == set(range(10))


@needs("axe-core")
@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser, pages, kind, scheme):
    """axe-core finds no violation, with a text of every surprise and a message beside the seed."""
    with opened(browser, pages[kind], color_scheme=scheme) as page:
        page.evaluate("rnnlab.pages[0].desk.apply({temperature: 2})")
        run_fast(page, 200)
        page.locator(".written .token").nth(50).click()
        found = axe_violations(page)
        assert found == []


def test_every_control_is_reached_by_tab(browser, pages):
    """Tab reaches every enabled control, and the piano roll, the text and the keys, in which arrows move."""
    with opened(browser, pages["notes"], width=1200) as page:
        reached = set()
        for _ in range(60):
            page.keyboard.press("Tab")
            reached.add(
                page.evaluate(
                    "document.activeElement.dataset.part ?? document.activeElement.parentElement.className"
                )
            )
        controls = page.evaluate(CONTROLS)
        assert set(controls) <= reached
        assert {"roll", "written", "octave"} <= reached

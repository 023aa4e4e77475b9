"""A page with several networks: they continue one seed side by side, and play in turn."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rnnlab.engines.numpy import numpy_model
from rnnlab.errors import UsageError
from rnnlab.exports.page_file import page_of
from rnnlab.generation.decoding import Decoding, decode
from rnnlab.generation.sampling import Sampling
from tests.browser import axe_violations, opened
from tests.exports.playing import network
from tests.exports.test_page_desk import WIDE, part
from tests.needs import needs

NOTES, TEXTS = ("mlp", "lstm", "coupled_lstm"), ("simple_rnn", "gru")
SEED = "g8 e8 e4 f8"
ENDED = "() => rnnlab.pages.every(({player}) => !player.running)"
DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
IDS = "rnnlab.pages.map(({player}) => player.ids)"
CURRENT = "[...document.querySelectorAll('.contender')].map((each) => each.getAttribute('aria-current'))"


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    """The networks by name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("networks"))
        return {name: network(name) for name in (*NOTES, *TEXTS)}


@pytest.fixture(scope="module")
def pages(tmp_path_factory, networks):
    """A page with three networks of notes, which know a song, and one with two of text, by kind."""
    folder = tmp_path_factory.mktemp("pages")
    found = {}
    for kind, names in {"notes": NOTES, "text": TEXTS}.items():
        page, _ = page_of([networks[name] for name in names])
        if kind == "notes":  # the song begins with the seed, and then has nothing but its first note
            song = [networks["lstm"].trained.tokens.index(note) for note in (*SEED.split(), *["g8"] * 20)]
            page = page.replace('"song":null', f'"song":{song}')
        found[kind] = folder / f"{kind}.html"
        found[kind].write_text(page, encoding="utf-8")
    return found


def run(page, **settings):
    """Let all networks write as fast as possible, with settings as a link has them."""
    given = "&".join(f"{name}={value}" for name, value in {"speed": "fast", **settings}.items())
    page.evaluate(f"location.hash = '{given}'")
    page.wait_for_function("() => rnnlab.pages.every(({player}) => player.settings.rate === Infinity)")
    part(page, "start").first.click()
    page.wait_for_function(ENDED)
    page.evaluate(DRAWN)


def expected(model, seed, how, **settings):
    """The ids of a seed and of what `rnnlab generate` writes after it."""
    experiment = model.experiment
    decoding = Decoding(experiment.regime, experiment.dataset.window, 30, how, **settings)
    (sample,) = decode(numpy_model(model), np.array(seed), decoding)
    return [*seed, *sample.ids]


@needs("chromium")
@pytest.mark.parametrize("temperature", [0, 0.8])
def test_all_networks_write_what_generate_writes(browser, pages, networks, temperature):
    """Started together, each writes the tokens of the NumPy engine for the same seed and random seed."""
    with opened(browser, pages["notes"]) as page:
        run(page, temperature=temperature, random_seed=5, length=30)
        written = page.evaluate(IDS)

    for name, ids in zip(NOTES, written, strict=True):
        model = networks[name].trained
        seed = [model.tokens.index(note) for note in SEED.split()]
        assert ids == expected(model, seed, Sampling(temperature), random_seed=5), name


@needs("chromium")
def test_equal_networks_write_equal_tokens(browser, networks, tmp_path: Path):
    """The random numbers are the same for all, step by step and after a new random seed."""
    path = tmp_path / "page.html"
    path.write_text(page_of([networks["lstm"]] * 2)[0], encoding="utf-8")
    with opened(browser, path) as page:
        run(page, temperature=1, length=20)
        part(page, "step").click()
        first, second = page.evaluate(IDS)
        assert first == second
        assert len(first) == 4 + 21
        part(page, "another").click()
        assert page.evaluate(IDS) == [first[:4], first[:4]]
        part(page, "start").click()
        page.wait_for_function(ENDED)
        other, same = page.evaluate(IDS)
        assert other == same
        assert other != first[:24]


@needs("chromium")
def test_wrong_notes_are_ringed_and_counted(browser, pages, networks):
    """Each card says how many notes differ from its song, and which is the first; each of them has a ring."""
    with opened(browser, pages["notes"]) as page:
        run(page, temperature=1, length=20)
        cards = page.locator(".contender")
        for card, ids in zip(cards.all(), page.evaluate(IDS), strict=True):
            wrong = [place for place, token in enumerate(ids[4:], 1) if token != ids[0]]
            words = card.locator("[data-part=counts]").inner_text()
            assert words == f"20 notes · {len(wrong)} differ from the song, the first is note {wrong[0]}"
            assert card.locator(".ring").count() >= len(wrong)
            label = card.locator("[data-part=roll]").get_attribute("aria-label")
            assert label.count("(not in the song)") == len(wrong)


@needs("chromium")
def test_a_card_says_what_stopped_its_network(browser, pages):
    """Logits that are no numbers stop one network; the other writes, and going back takes the words away."""
    with opened(browser, pages["text"]) as page:
        page.evaluate("rnnlab.pages[0].player.logits.fill(NaN)")
        part(page, "step").first.click()
        page.evaluate(DRAWN)
        assert page.evaluate("rnnlab.pages.map(({player}) => player.written)") == [0, 1]
        said = page.evaluate("rnnlab.pages.map(({counts}) => counts)")
        assert ["training diverged" in each for each in said] == [True, False]
        part(page, "restart").first.click()
        page.evaluate(DRAWN)
        assert page.evaluate("rnnlab.pages[0].counts") == "nothing written yet"


@needs("chromium")
def test_the_networks_play_in_turn(browser, pages):
    """The card that sounds is marked, in order; one that has written nothing writes with the music."""
    with opened(browser, pages["notes"]) as page:
        page.evaluate("location.hash = 'tempo=280&length=2'")
        page.wait_for_function("() => rnnlab.pages[0].performer.tempo === 280")
        part(page, "turns").click()
        for place in range(3):
            page.wait_for_function(f"() => {CURRENT}[{place}] === 'true'")
            assert page.evaluate(CURRENT) == ["true" if each == place else None for each in range(3)]
            assert page.locator(".contender").nth(place).locator(".now").is_visible()
        page.wait_for_function(f"() => {CURRENT}.every((each) => each === null)")
        assert [len(ids) for ids in page.evaluate(IDS)] == [6, 6, 6]
        assert part(page, "turns").inner_text() == "Play in turn"
        assert page.evaluate("rnnlab.pages.map(({player}) => player.settings.rate)") == [10, 10, 10]


@needs("chromium")
def test_turns_and_one_network_are_stopped(browser, pages):
    """The button that played in turn stops; a card's own button sounds that card alone."""
    with opened(browser, pages["notes"]) as page:
        part(page, "turns").click()
        page.wait_for_selector(".note.playing")
        part(page, "listen").nth(1).click()
        assert page.evaluate(CURRENT) == [None, "true", None]
        assert part(page, "turns").inner_text() == "Play in turn"
        part(page, "listen").nth(1).click()
        assert page.evaluate(CURRENT) == [None, None, None]
        part(page, "turns").click()
        part(page, "turns").click()
        page.wait_for_timeout(900)
        assert page.evaluate(CURRENT) == [None, None, None]


@needs("chromium")
def test_unknown_tokens_are_named_for_each_network(browser, pages):
    """A network that does not know the seed does not write; the others do."""
    with opened(browser, pages["text"]) as page:
        part(page, "seed").fill("if")
        assert part(page, "problem").inner_text() == ""
        part(page, "seed").fill("over")
        said = part(page, "problem").inner_text().replace("\u2068", "").replace("\u2069", "")
        assert "gru: The network does not know ‘v’, ‘e’, ‘r’" in said
        assert "simple_rnn" not in part(page, "problem").inner_text()
        part(page, "start").click()
        page.wait_for_function("() => rnnlab.pages[0].player.written > 0")
        assert page.evaluate("rnnlab.pages[1].player.written") == 0
        part(page, "seed").fill("€")
        assert part(page, "start").is_disabled()


@needs("chromium")
def test_all_of_a_network_is_made_when_it_is_opened(browser, pages):
    """It begins where the card stands; while it is closed there is none of it, or nothing of it moves."""
    with opened(browser, pages["notes"]) as page:
        run(page, temperature=0.8, random_seed=3, length=10)
        assert page.locator(".network").count() == 0
        button = part(page, "whole").nth(1)
        button.click()
        page.wait_for_selector(".network .chances button")
        assert button.get_attribute("aria-expanded") == "true"
        assert page.evaluate("rnnlab.pages[1].page.player.ids") == page.evaluate(IDS)[1]
        part(page, "temperature").first.fill("1.5")
        page.wait_for_function("() => rnnlab.pages[1].page.player.settings.temperature === 1.5")
        assert page.evaluate("rnnlab.pages[1].page.player.ids") == page.evaluate(IDS)[1]
        part(page, "seed").first.fill("g8")
        assert page.evaluate("rnnlab.pages[1].page.player.ids") == page.evaluate(IDS)[1]
        assert part(page, "seed").nth(1).input_value() == "g8"
        whole = page.locator(".network")
        whole.locator("[data-part=start]").click()
        page.wait_for_function("() => rnnlab.pages[1].page.player.written > 0")
        page.locator(".whole summary").nth(1).click()
        page.wait_for_function("() => !rnnlab.pages[1].page.player.running")
        assert button.get_attribute("aria-expanded") == "false"
        assert len(page.evaluate(IDS)[1]) == 1


@needs("chromium")
@pytest.mark.parametrize("kind", ["notes", "text"])
@pytest.mark.parametrize("width", [360, 900, 1900])
def test_nothing_scrolls_sideways(browser, pages, kind, width):
    """No element is wider inside than outside, in English and in Korean, with one network opened."""
    with opened(browser, pages[kind], width=width) as page:
        run(page, temperature=1, length=50)
        part(page, "whole").first.click()
        page.wait_for_selector(".network .chances button")
        for language in ("en", "ko"):
            page.locator(f"[data-language={language}]").click()
            assert page.evaluate(WIDE) == []


@needs("chromium")
@needs("axe-core")
@pytest.mark.parametrize("kind", ["notes", "text"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser, pages, kind, scheme):
    """axe-core finds no violation, while a network sounds and with a message below the seed."""
    with opened(browser, pages[kind], color_scheme=scheme) as page:
        run(page, temperature=1.5, length=60)
        page.evaluate("document.querySelector('.more-settings').open = true")
        if kind == "notes":
            part(page, "turns").click()
        else:
            part(page, "seed").fill("over")
        found = axe_violations(page)
        assert found == []


def test_notes_and_text_are_refused(networks):
    """No seed suits both; the message names a network of each."""
    with pytest.raises(
        UsageError,
        match=r"^lstm and gru: expected models of notes only or of text only, received notes and text",
    ):
        page_of([networks["lstm"], networks["gru"]])


def test_more_than_eight_networks_are_refused(networks):
    """They would not stand side by side."""
    with pytest.raises(UsageError, match=r"^expected at most 8 models, received 9: "):
        page_of([replace(networks["lstm"], name=f"lstm-{number}") for number in range(9)])

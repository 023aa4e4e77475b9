"""The part of the page in which one watches a network learn, in a real browser."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rnnlab.engines.numpy import numpy_model
from rnnlab.exports import page_file
from rnnlab.exports.page_file import page_of
from rnnlab.exports.page_network import PageNetwork, PageSnapshot
from rnnlab.generation.decoding import Decoding, decode
from tests.browser import axe_violations, opened, until
from tests.exports.playing import page_network_of
from tests.needs import needs
from tests.runs.listed import history_of
from tests.trained import SONG, STREAM, trained

pytestmark = needs("chromium")

EPOCHS = (1, 10, 100)
ROWS = '[...document.querySelectorAll(".learn-text")].map((each) => each.textContent)'
EPOCH = "rnnlab.pages[0].network.snapshot.epoch"
CLIPPED = """
[...document.querySelectorAll(".learn *")]
  .filter((each) => each.scrollWidth > each.clientWidth && getComputedStyle(each).display !== "inline")
  .filter((each) => !each.closest(".learn-hidden, .learn-radio"))
  .map((each) => each.className)
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def learned(text: str, *overrides: str) -> PageNetwork:
    """A network of three snapshots, whose weights are drawn, and a history of 100 epochs."""
    network = page_network_of("learned", trained(text, Path.cwd(), *overrides))
    rng = np.random.default_rng(5)
    snapshots = []
    for epoch in EPOCHS:
        weights = {
            name: (each + rng.normal(0, 0.4, each.shape)).astype(np.float32)
            for name, each in network.trained.weights.items()
        }
        snapshots.append(PageSnapshot(epoch, weights, 3.0 / epoch, 3.5 / epoch, kept=epoch == 10))
    losses = [3.0 / epoch for epoch in range(1, 101)]
    model = replace(network.trained, weights=snapshots[1].weights)
    return replace(network, trained=model, snapshots=tuple(snapshots), history=history_of(losses))


@contextmanager
def shown(browser, network: PageNetwork, **settings) -> Iterator:
    """The page of a network, with all its rows written."""
    Path("page.html").write_text(page_of([network])[0], encoding="utf-8")
    with opened(browser, Path("page.html"), **settings) as page:
        until(page, 'document.querySelectorAll(".learn-text, .learn-roll").length === 3')
        yield page


def greedy(network: PageNetwork, snapshot: PageSnapshot, seed: str, length: int) -> str:
    """What the NumPy engine writes with the weights of a snapshot."""
    trained_model = replace(network.trained, weights=snapshot.weights)
    experiment, tokens = trained_model.experiment, trained_model.tokens
    ids = np.array([tokens.index(character) for character in seed])
    how = Decoding(experiment.regime, experiment.dataset.window, length)
    return "".join(tokens[each] for each in decode(numpy_model(trained_model), ids, how)[0].ids)


@pytest.mark.parametrize("bits", [32, 16])
def test_each_row_is_what_its_snapshot_writes(browser, bits, monkeypatch):
    """The first 40 characters of a greedy continuation by the NumPy engine, also with numbers of 16 bits."""
    monkeypatch.setattr(page_file, "MOST_BYTES", 10**9 if bits == 32 else 0)
    network = learned(STREAM, "generation.seed=the quick")
    expected = [greedy(network, each, "the quick", 40) for each in network.snapshots]
    assert len(set(expected)) == 3

    with shown(browser, network) as page:
        assert page.evaluate(ROWS) == expected


def test_the_slider_goes_from_snapshot_to_snapshot(browser):
    """By keys, by rows, and by its button; the player goes on with the network of this epoch."""
    network = learned(STREAM, "generation.seed=the quick")
    with shown(browser, network) as page:
        slider = page.get_by_role("slider", name="Epoch")
        assert page.evaluate(EPOCH) == 10
        assert slider.get_attribute("aria-valuetext") == "epoch 10, loss 0.3"
        assert abs(int(slider.input_value()) - 5000) <= 1  # the middle of the logarithm of 100

        for key, epoch in (
            ("ArrowRight", 100),
            ("ArrowRight", 100),
            ("Home", 1),
            ("ArrowUp", 10),
            ("End", 100),
        ):
            slider.press(key)
            assert page.evaluate(EPOCH) == epoch, key
        page.locator(".learn-row:not(.learn-head)").first.click()
        assert page.evaluate(EPOCH) == 1
        assert page.locator(".learn-now").inner_text().startswith("Epoch 1 of 100 · training loss 3")
        assert page.get_by_role("radio", checked=True).evaluate("(each) => each.value") == "0"

        page.get_by_role("button", name="Play", exact=True).click()
        until(page, f"{EPOCH} === 100")
        page.get_by_role("button", name="Play", exact=True).wait_for()


def test_another_seed_writes_the_rows_anew(browser):
    """Without a seed it is said that one is needed."""
    network = learned(STREAM, "generation.seed=the quick")
    expected = [greedy(network, each, "fox", 40) for each in network.snapshots]
    with shown(browser, network) as page:
        page.locator("textarea").fill("fox")
        until(page, f"JSON.stringify({ROWS}) === JSON.stringify({json.dumps(expected)})")

        page.locator("textarea").fill("")
        page.get_by_text("Write a beginning above; each row continues it.").wait_for()


@pytest.mark.parametrize("width", [360, 900, 1600])
def test_nothing_is_clipped(browser, width):
    """Of rolls and of texts; the thumb stands under the mark of the curve."""
    for text, seed in ((SONG, "g8 e8 e4 f8"), (STREAM, "the")):
        with shown(browser, learned(text, f"generation.seed={seed}"), width=width) as page:
            assert page.evaluate(CLIPPED) == []
            assert page.evaluate("document.documentElement.scrollWidth") == width
            mark = page.locator(".learn-marker line").bounding_box()
            slider = page.locator(".learn-slider").bounding_box()
            thumb = slider["x"] + 11 + (slider["width"] - 22) / 2  # epoch 10 of 100: the middle
            assert abs(mark["x"] + mark["width"] / 2 - thumb) <= 1


def test_a_network_without_snapshots_has_no_such_part(browser):
    """Nor an empty place."""
    network = page_network_of("plain", trained(SONG, Path.cwd()))
    Path("page.html").write_text(page_of([network])[0], encoding="utf-8")
    with opened(browser, Path("page.html")) as page:
        assert page.locator(".learn").is_hidden()


@needs("axe-core")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser, scheme):
    """With the slider, the curve and all rows."""
    with shown(browser, learned(STREAM, "generation.seed=the quick"), color_scheme=scheme) as page:
        assert axe_violations(page) == []

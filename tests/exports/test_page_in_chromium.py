"""The page that plays, in a real browser: it computes, draws and plays what `rnnlab generate` does."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rnnlab.config.reading import parse_experiment
from rnnlab.engines.numpy import numpy_model
from rnnlab.exports.page_file import page_of
from rnnlab.exports.page_network import rounded
from rnnlab.generation.decoding import Decoding, decode
from rnnlab.generation.sampling import Sampling, choose
from rnnlab.generation.sources import source_of
from rnnlab.models.architecture import architecture_of
from rnnlab.models.model_file import TrainedModel
from tests.browser import another, opened, until
from tests.exports.playing import NAMES, network, page_network_of, shipped, shipped_network
from tests.needs import needs

pytestmark = needs("chromium")

STEPS, SEEDS, LARGE = 200, 20, 500_000
LOGITS = """
({seed, ids}) => {
  const {engine, networks: [description]} = rnnlab;
  const source = engine.sourceOf(engine.networkOf(description, description.snapshots[0]));
  return [Array.from(source.start(seed)), ...ids.map((id) => Array.from(source.feed(id)))];
}
"""
WRITTEN = """
({seed, settings, seeds, steps}) => seeds.map((randomSeed) => {
  const {engine, networks: [description]} = rnnlab;
  const source = engine.sourceOf(engine.networkOf(description, description.snapshots[0]));
  const next = engine.uniforms(randomSeed, 0);
  const written = [];
  let logits = source.start(seed);
  for (let step = 0; step < steps; step++) {
    written.push(engine.choose(logits, settings, next()));
    logits = source.feed(written.at(-1));
  }
  return written;
})
"""


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    """A network of every kind, and of every shipped configuration, by name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("networks"))
        found = {name: network(name) for name in NAMES}
        found |= {path.stem: shipped_network(path) for path in shipped()}
    return found


def first_samples(model, seed, regime, window):
    """The first sample of each of 20 random seeds, as lanes of one batch."""
    source = source_of(model, np.tile(seed, (SEEDS, 1)), regime=regime, window=window)
    numbers = [np.random.default_rng([number, 0]).random(STEPS) for number in range(SEEDS)]
    logits, written = source.start(), []
    for uniforms in np.stack(numbers, axis=1):  # (SEEDS,)
        written.append(choose(logits, Sampling(1.0), uniforms))
        logits = source.feed(written[-1])
    return np.stack(written, axis=1).tolist()


@pytest.mark.parametrize("name", [*NAMES, *(path.stem for path in shipped())])
def test_logits_and_drawn_tokens(browser, networks, tmp_path: Path, name):
    """200 steps within 1e-4 of the NumPy engine; greedy, and with 20 random seeds, the same tokens.

    A network of 500,000 weights or more, which would take a minute, draws with 2 random seeds.
    """
    mine = networks[name]
    experiment, vocab_size = mine.trained.experiment, len(mine.trained.tokens)
    regime, window = experiment.regime, experiment.dataset.window
    rng = np.random.default_rng(3)
    seed, ids = rng.integers(0, vocab_size, 7), rng.integers(0, vocab_size, STEPS)
    given = {"seed": seed.tolist(), "ids": ids.tolist(), "steps": STEPS}
    seeds = SEEDS if mine.size < LARGE else 2
    path = tmp_path / "page.html"
    path.write_text(page_of([mine])[0], encoding="utf-8")

    with opened(browser, path) as page:
        bits = page.evaluate("rnnlab.networks[0].float")
        logits = page.evaluate(LOGITS, given)
        most_probable = page.evaluate(WRITTEN, {**given, "settings": {"temperature": 0}, "seeds": [0]})
        drawn = page.evaluate(WRITTEN, {**given, "settings": {"temperature": 1}, "seeds": [*range(seeds)]})

    trained = mine.trained
    model = numpy_model(replace(trained, weights=rounded(trained.weights)) if bits == 16 else trained)
    source = source_of(model, seed[None], regime=regime, window=window)
    expected = [source.start()[0].copy(), *(source.feed(token[None])[0].copy() for token in ids)]
    assert np.abs(np.array(logits) - np.stack(expected)).max() <= 1e-4
    assert most_probable == [list(decode(model, seed, Decoding(regime, window, STEPS))[0].ids)]
    assert drawn == first_samples(model, seed, regime, window)[:seeds]


def requesters(browser, path: Path, log: Path) -> set[str]:
    """Who asked for something while a page was open, by Chromium's own log of the network."""
    with another(browser, f"--log-net-log={log}") as started:
        page = started.new_page()
        page.goto(path.absolute().as_uri())
        if page.get_by_role("button", name="Start", exact=True).count():
            page.get_by_role("button", name="Start", exact=True).click()
            until(page, "rnnlab.pages[0].player.written >= 9")
        page.wait_for_timeout(300)
    return set(re.findall(r'"initiator":"([^"]*)"', log.read_text(encoding="utf-8")))


def test_no_request_is_attempted(browser, networks, tmp_path: Path):
    """Chromium itself asks its maker for updates; the page asks nobody, and another page is caught."""
    path, other = tmp_path / "page.html", tmp_path / "other.html"
    path.write_text(page_of([networks["lstm"]])[0], encoding="utf-8")
    other.write_text('<img src="http://127.0.0.1:9/picture.png">', encoding="utf-8")

    assert requesters(browser, path, tmp_path / "page.json") <= {"not an origin"}
    assert requesters(browser, other, tmp_path / "other.json") > {"not an origin"}


def test_hostile_tokens_are_text(browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Of 10,000 tokens: markup, ends of scripts, direction marks and emoji are shown, and nothing runs."""
    monkeypatch.chdir(tmp_path)
    hostile = (
        "<img src=x onerror='document.title=1'>",
        "</script><script>document.title=2</script>",
        "<b>&lt;",
        "\u202e",
        "\U0001f600",
    )
    text = "dataset: {kind: text, inline: abc}\nmodel: {kind: gru, units: 8}\n"
    experiment = parse_experiment(text, name="x", folder=tmp_path)
    tokens = (*hostile, *(f"token {number}" for number in range(10_000 - len(hostile))))
    rng = np.random.default_rng(0)
    shapes = architecture_of(experiment, len(tokens)).weight_shapes()
    weights = {key: (rng.normal(size=shape) / 10).astype(np.float32) for key, shape in shapes.items()}
    weights["head/bias"][: len(hostile)] += 12  # so that these are written
    network = page_network_of("<i>name</i>", TrainedModel(experiment, tokens, weights, ""))
    path = tmp_path / "page.html"
    path.write_text(page_of([network])[0], encoding="utf-8")

    with opened(browser, path) as page:
        page.evaluate("rnnlab.pages[0].player.begin([0, 1, 2, 3, 4])")
        page.evaluate("for (let step = 0; step < 30; step++) rnnlab.pages[0].player.step()")
        page.wait_for_timeout(500)
        until(page, "rnnlab.pages[0].player.written === 30")
        title, heading = page.title(), page.get_by_role("heading", level=1).text_content()
        elements = page.evaluate("document.querySelectorAll('img, #root script, #root b > b').length")
        shown = page.locator('[data-part="written"]').text_content() or ""
        chances = page.locator('[data-part="chances"]').text_content() or ""

    assert (title, heading) == ("<i>name</i> – rnnlab", "<i>name</i>")
    assert elements == 0
    assert "<img src=x" in shown + chances
    assert "</script>" in shown + chances
    assert "\u202e" not in shown + chances

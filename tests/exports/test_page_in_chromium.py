"""The page that plays, in a real browser: it computes, draws and plays what `rnnlab generate` does."""

from pathlib import Path

import numpy as np
import pytest

from rnnlab.config.reading import read_any
from rnnlab.config.schema import Experiment
from rnnlab.engines.numpy import numpy_model
from rnnlab.exports.page_file import page_of
from rnnlab.generation.decoding import Decoding, decode
from rnnlab.generation.sampling import Sampling
from rnnlab.generation.sources import source_of
from tests.browser import chromium, opened
from tests.exports.playing import NAMES, network, page_network_of
from tests.needs import ROOT, needs
from tests.trained import trained

pytestmark = needs("chromium")

STEPS, SEEDS = 200, 20
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


def shipped():
    """The shipped configurations that predict the next token, by name."""
    for path in sorted((ROOT / "configs").glob("*.yaml")):
        if path.stem.startswith(("compare_", "sweep_")):
            continue
        experiment = read_any(path)
        if isinstance(experiment, Experiment):
            yield path


@pytest.fixture(scope="module")
def browser():
    """One browser for all tests."""
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    """A network of every kind, and of every shipped configuration, by name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("networks"))
        found = {name: network(name) for name in NAMES}
        for path in shipped():
            model = trained(path.read_text(encoding="utf-8"), path.parent)
            found[path.stem] = page_network_of(path.stem, model)
    return found


@pytest.mark.parametrize("name", [*NAMES, *(path.stem for path in shipped())])
def test_logits_and_drawn_tokens(browser, networks, tmp_path: Path, name):
    """200 steps within 1e-4 of the NumPy engine; greedy, and with 20 random seeds, the same tokens."""
    mine = networks[name]
    experiment, vocab_size = mine.trained.experiment, len(mine.trained.tokens)
    rng = np.random.default_rng(3)
    seed, ids = rng.integers(0, vocab_size, 7), rng.integers(0, vocab_size, STEPS)
    regime, window = experiment.regime, experiment.dataset.window
    model = numpy_model(mine.trained)
    source = source_of(model, seed[None], regime=regime, window=window)
    expected = [source.start()[0].copy(), *(source.feed(token[None])[0].copy() for token in ids)]
    greedy = decode(model, seed, Decoding(regime, window, STEPS))[0].ids
    drawn = [
        decode(model, seed, Decoding(regime, window, STEPS, Sampling(1.0), random_seed=number))[0].ids
        for number in range(SEEDS)
    ]
    path = tmp_path / "page.html"
    path.write_text(page_of([mine])[0], encoding="utf-8")

    with opened(browser, path) as page:
        logits = page.evaluate(LOGITS, {"seed": seed.tolist(), "ids": ids.tolist()})
        given = {"seed": seed.tolist(), "steps": STEPS}
        most_probable = page.evaluate(WRITTEN, {**given, "settings": {"temperature": 0}, "seeds": [0]})
        written = page.evaluate(
            WRITTEN, {**given, "settings": {"temperature": 1}, "seeds": list(range(SEEDS))}
        )

    assert np.abs(np.array(logits) - np.stack(expected)).max() <= 1e-4
    assert most_probable == [list(greedy)]
    assert written == [list(each) for each in drawn]

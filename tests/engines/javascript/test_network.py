"""The network in JavaScript computes what the NumPy engine computes, and draws the same tokens."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rnnlab.engines.numpy import numpy_model
from rnnlab.exports.page_network import rounded
from rnnlab.generation.decoding import Decoding, decode
from rnnlab.generation.sampling import Sampling
from rnnlab.generation.sources import source_of
from tests.exports.playing import NAMES, in_node, network
from tests.needs import needs

pytestmark = needs("node")

STEPS = 60
SAMPLINGS = {
    "greedy": Sampling(0.0),
    "drawn": Sampling(1.0),
    "hot, of five": Sampling(1.3, top_k=5),
    "the nucleus": Sampling(0.8, top_p=0.7),
    "likely ones": Sampling(1.0, min_p=0.1),
    "all of them": Sampling(1.1, top_k=6, top_p=0.9, min_p=0.02),
}
SEEDS = [0, 1, 7, 2**40 + 3]

LOGITS = """
return networks.map((description, place) => {
  const source = sourceOf(networkOf(description, description.snapshots[0]));
  const {seed, ids} = given[place];
  return [Array.from(source.start(seed)), ...ids.map((id) => Array.from(source.feed(id)))];
});
"""
DRAWN = """
return networks.map((description, place) => given[place].map(({seed, settings, randomSeed, lane}) => {
  const source = sourceOf(networkOf(description, description.snapshots[0]));
  const next = uniforms(randomSeed, lane);
  const written = [];
  let logits = source.start(seed);
  for (let step = 0; step < 60; step++) {
    written.push(choose(logits, settings, next()));
    logits = source.feed(written.at(-1));
  }
  return written;
}));
"""


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    """A network of every kind."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("networks"))
        return [network(name) for name in NAMES]


@pytest.mark.parametrize(("bits", "most"), [(32, 1e-5), (16, 1e-3)])
def test_logits(networks, tmp_path: Path, bits, most):
    """After a seed that is longer than a window, and after each of 60 tokens.

    With 16 bits a fixed encoding is rounded too.
    """
    rng = np.random.default_rng(1)
    given, expected = [], []
    for each in networks:
        experiment, vocab_size = each.trained.experiment, len(each.trained.tokens)
        seed, ids = rng.integers(0, vocab_size, 7), rng.integers(0, vocab_size, STEPS)
        given.append({"seed": seed.tolist(), "ids": ids.tolist()})
        model = each.trained
        if bits == 16:
            model = replace(model, weights=rounded(model.weights))
        source = source_of(
            numpy_model(model),
            seed[None],
            regime=experiment.regime,
            window=experiment.dataset.window,
        )
        logits = [source.start()[0].copy()]
        logits += [source.feed(token[None])[0].copy() for token in ids]
        expected.append(np.stack(logits))

    found = in_node(networks, LOGITS, given, tmp_path, bits=bits)

    off = {
        each.name: np.abs(np.array(mine) - theirs).max()
        for each, mine, theirs in zip(networks, found, expected, strict=True)
    }
    spread = {each.name: theirs.std() for each, theirs in zip(networks, expected, strict=True)}
    assert min(spread.values()) > 0.05, spread
    assert max(off.values()) < most, off


def test_drawn_tokens(networks, tmp_path: Path):
    """Equal settings and an equal random seed give the tokens of `rnnlab generate`, whatever the sampling."""
    given, expected = [], []
    for each in networks:
        experiment, vocab_size = each.trained.experiment, len(each.trained.tokens)
        asked, written = [], []
        for sampling in SAMPLINGS.values():
            for random_seed in SEEDS:
                seed = np.arange(5) % vocab_size
                how = Decoding(
                    experiment.regime,
                    experiment.dataset.window,
                    60,
                    sampling,
                    samples=2,
                    random_seed=random_seed,
                )
                samples = decode(numpy_model(each.trained), seed, how)
                for lane, sample in enumerate(samples):
                    asked.append(
                        {
                            "seed": seed.tolist(),
                            "settings": {
                                "temperature": sampling.temperature,
                                "topK": sampling.top_k,
                                "topP": sampling.top_p,
                                "minP": sampling.min_p,
                            },
                            "randomSeed": random_seed,
                            "lane": lane,
                        }
                    )
                    written.append(list(sample.ids))
        given.append(asked)
        expected.append(written)

    found = in_node(networks, DRAWN, given, tmp_path)

    names = [each.name for each in networks]
    assert dict(zip(names, found, strict=True)) == dict(zip(names, expected, strict=True))
    assert len({tuple(ids) for ids in expected[0]}) > len(SEEDS)  # the settings matter

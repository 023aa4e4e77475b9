"""What is drawn comes as often as the softmax says, by χ² tests with fixed random seeds."""

import json
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from rnnlab.config.reading import parse_experiment
from rnnlab.config.schema import Generation
from rnnlab.generation.sampling import Sampling, choose, uniform_streams
from rnnlab.generation.writing import write_samples
from rnnlab.models.architecture import architecture_of
from rnnlab.models.model_file import TrainedModel
from tests.independent.plain_network import PlainNetwork

DRAWS = 10_000
LEAST_P = 1e-3
"""A right sampler comes below it once in a thousand random seeds; those here are fixed, and do not."""

SETTINGS: list[dict[str, Any]] = [
    {"temperature": 1.0},
    {"temperature": 0.6},
    {"temperature": 1.7},
    {"temperature": 1.0, "top_k": 4},
    {"temperature": 1.3, "top_p": 0.7},
    {"temperature": 0.8, "top_k": 6, "top_p": 0.85},
]
settings = pytest.mark.parametrize("settings", SETTINGS, ids=lambda each: "_".join(map(str, each.values())))


def softmax_of(
    logits: NDArray[Any], *, temperature: float, top_k: int | None = None, top_p: float | None = None
) -> NDArray[np.float64]:
    """The probability of each token: softmax of logits / temperature, then the K most probable, then P."""
    weights = np.exp(np.asarray(logits, np.float64) / temperature)
    order = sorted(range(len(weights)), key=lambda token: -weights[token])
    kept = order[:top_k]
    if top_p is not None:
        reached, nucleus = 0.0, []
        for token in kept:
            if reached < top_p:
                nucleus.append(token)
            reached += weights[token] / weights[kept].sum()
        kept = nucleus
    shares = np.zeros(len(weights))
    shares[kept] = weights[kept] / weights[kept].sum()
    return shares


def chi_squared(counts: NDArray[Any], shares: NDArray[np.float64]) -> tuple[float, int]:
    """Pearson's statistic and its degrees of freedom; tokens expected less than five times are one."""
    expected = shares * counts.sum()
    assert counts[expected == 0].sum() == 0, "a token was drawn that cannot be"
    rare = expected < 5
    seen = np.append(counts[~rare], counts[rare].sum())
    wanted = np.append(expected[~rare], expected[rare].sum())
    seen, wanted = seen[wanted > 0], wanted[wanted > 0]
    return float(((seen - wanted) ** 2 / wanted).sum()), len(wanted) - 1


def p_of(tests: list[tuple[float, int]]) -> float:
    """The p-value of independent χ² tests together: their statistics are added, and their degrees."""
    statistic, degrees = (sum(each) for each in zip(*tests, strict=True))
    return float(stats.chi2.sf(statistic, degrees))


@settings
@pytest.mark.parametrize("lanes", [1, 7])
def test_a_token_is_drawn_as_often_as_the_softmax_says(settings: dict[str, Any], lanes: int) -> None:
    """Ten thousand draws in a lane, and in seven with logits of their own."""
    logits = np.random.default_rng(0).normal(0, 1.5, (lanes, 12)).astype(np.float32)
    streams, counts = uniform_streams(11, lanes), np.zeros((lanes, 12))
    for _ in range(DRAWS):
        counts[np.arange(lanes), choose(logits, Sampling(**settings), next(streams))] += 1

    tests = [
        chi_squared(*each)
        for each in zip(counts, [softmax_of(row, **settings) for row in logits], strict=True)
    ]
    assert p_of(tests) > LEAST_P


def model_of_pairs() -> tuple[TrainedModel, PlainNetwork]:
    """A network that sees a single token: what it writes is a Markov chain."""
    page = {
        "dataset": {
            "kind": "text",
            "inline": "abcdefgh",
            "encoding": "one_hot",
            "window": 1,
            "target": "next",
        },
        "model": {"kind": "mlp", "units": [6], "activation": "tanh"},
        "training": {"batching": "windows"},
    }
    experiment = parse_experiment(json.dumps(page), name="page.yaml", folder=Path.cwd())
    rng, tokens = np.random.default_rng(2), tuple("abcdefgh")
    shapes = architecture_of(experiment, len(tokens)).weight_shapes()
    weights = {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    return TrainedModel(experiment, tokens, weights, ""), PlainNetwork(page, tokens, weights)


def transitions(model: TrainedModel, settings: dict[str, Any], random_seed: int) -> dict[int, NDArray[Any]]:
    """How often each token, (V,), was written after each."""
    options = {"seed": "a", "length": DRAWS, "random_seed": random_seed, **settings}
    (sample,) = write_samples(model, Generation(**options)).samples
    ids = [0, *map(model.tokens.index, sample.sequence)]
    found: dict[int, NDArray[Any]] = defaultdict(lambda: np.zeros(len(model.tokens)))
    for (before, after), times in Counter(pairwise(ids)).items():
        found[before][after] = times
    return found


@settings
def test_a_text_is_written_as_the_softmax_says(settings: dict[str, Any]) -> None:
    """What `generate` writes after each token, against a plain network's logits."""
    model, plain = model_of_pairs()

    written = transitions(model, settings, random_seed=5)

    tests = [
        chi_squared(row, softmax_of(plain.window([token]), **settings)) for token, row in written.items()
    ]
    assert p_of(tests) > LEAST_P


def test_a_sampler_that_is_a_little_wrong_would_be_seen() -> None:
    """Of ten thousand tokens at temperature 0.9, or with a nucleus of 0.95, that were to be at 1."""
    model, plain = model_of_pairs()

    for wrong in ({"temperature": 0.9}, {"temperature": 1.0, "top_p": 0.95}):
        written = transitions(model, wrong, random_seed=5)

        shares = {token: softmax_of(plain.window([token]), temperature=1.0) for token in written}
        assert p_of([chi_squared(row, shares[token]) for token, row in written.items()]) < 1e-6


def test_samples_are_drawn_apart() -> None:
    """First tokens of four thousand samples are as the softmax says, and tell nothing of the next sample."""
    model, plain = model_of_pairs()
    options = Generation(seed="a", length=2, temperature=1.0, samples=4000, random_seed=3)
    pairs = [sample.sequence for sample in write_samples(model, options).samples]

    firsts = np.array([sum(pair[0] == token for pair in pairs) for token in model.tokens])
    assert p_of([chi_squared(firsts, softmax_of(plain.window([0]), temperature=1.0))]) > LEAST_P
    neighbours = Counter((one[0], other[0]) for one, other in zip(pairs[::2], pairs[1::2], strict=True))
    table = np.array([[neighbours[a, b] for b in model.tokens] for a in model.tokens])
    seen = table[firsts > 300][:, firsts > 300]
    assert stats.chi2_contingency(seen).pvalue > LEAST_P

"""What `generate` writes, and what `trace` shows, is what the plain float64 network expects."""

import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from rnnlab.config.schema import Generation
from rnnlab.generation.writing import write_samples
from rnnlab.tracing.tracing import trace
from tests.independent.drawing import CELLS, REGIMES, Drawn, Regime, draw
from tests.independent.plain_network import PlainNetwork, Vector, cost

LENGTH = 12


def drawn_without_lines(cell: str, regime: Regime, folder: Path) -> tuple[Drawn, np.random.Generator]:
    """A random experiment whose files are a sequence each."""
    for number in range(100):
        rng = np.random.default_rng([zlib.crc32(f"{cell} {regime}".encode()), number])
        drawn = draw(rng, folder, cell=cell, regime=regime)
        if drawn.page["dataset"]["unit"] != "line":
            break
    return drawn, rng


def expectations(plain: PlainNetwork, ids: list[int], seed: int) -> Iterator[Vector]:
    """The logits (V,) after `seed` tokens and after each that follows, as the regime reads them."""
    window, state = plain.page["dataset"]["window"], plain.zero_state()
    regime = plain.page["training"]["batching"]
    carries = plain.model.get("stateful", False)
    if regime == "stream":
        for place, token in enumerate(ids, start=1):
            logits, state = plain.step(token, state)
            if place >= seed:
                yield logits
        return
    for end in range(min(window, seed), len(ids) + 1):
        state = state if carries else plain.zero_state()
        for token in ids[max(end - window, 0) : end]:
            logits, state = plain.step(token, state)
        if end >= seed:
            yield logits


@pytest.mark.parametrize("temperature", [0.0, 1.0])
@pytest.mark.parametrize("regime", REGIMES)
@pytest.mark.parametrize("cell", CELLS)
def test_what_is_written_is_what_the_plain_network_expects(
    tmp_path: Path, cell: str, regime: Regime, temperature: float
) -> None:
    """The log-probability of each token to 1e-5; at temperature 0 each is the most probable one."""
    drawn, rng = drawn_without_lines(cell, regime, tmp_path)
    model = drawn.model(rng)
    plain = PlainNetwork(drawn.page, model.tokens, model.weights)
    seed = rng.integers(0, len(model.tokens), rng.integers(1, 12)).tolist()
    text = ("" if drawn.page["dataset"]["kind"] == "text" else " ").join(model.tokens[i] for i in seed)

    settings = Generation(seed=text, length=LENGTH, temperature=temperature, samples=2)
    samples = write_samples(model, settings).samples

    for sample in samples:
        written = [model.tokens.index(token) for token in sample.sequence]
        expected = [*expectations(plain, [*seed, *written[:-1]], len(seed))]
        costs = [cost(logits, token) for logits, token in zip(expected, written, strict=True)]
        assert sample.log_probabilities == pytest.approx([-each for each in costs], abs=1e-5)
        assert sample.log_probability == pytest.approx(-sum(costs), abs=1e-4)
        if temperature == 0:
            assert written == [int(logits.argmax()) for logits in expected]


@pytest.mark.parametrize("regime", REGIMES)
@pytest.mark.parametrize("cell", CELLS)
def test_a_trace_shows_what_the_plain_network_expects(tmp_path: Path, cell: str, regime: Regime) -> None:
    """Every prediction of a trace to 1e-5: windows one after another, or each one token further."""
    drawn, rng = drawn_without_lines(cell, regime, tmp_path)
    model = drawn.model(rng)
    plain, window = PlainNetwork(drawn.page, model.tokens, model.weights), drawn.page["dataset"]["window"]
    ids = rng.integers(0, len(model.tokens), window + 5).tolist()
    text = ("" if drawn.page["dataset"]["kind"] == "text" else " ").join(model.tokens[i] for i in ids)

    shown = trace(model, [text])

    state, found = plain.zero_state(), list[Vector]()
    if regime == "stateful_windows":
        reads = [ids[begin : begin + window] for begin in range(len(ids) - window + 1)]
    else:
        length = len(ids) if regime == "stream" else window
        reads = [ids[begin : begin + length] for begin in range(0, len(ids), length)]
    for piece in reads:
        state = plain.zero_state() if regime == "windows" else state
        for token in piece:
            logits, state = plain.step(token, state)
            found.append(-np.array([cost(logits, target) for target in range(len(logits))]))
    np.testing.assert_allclose(shown.log_probabilities[0], found, atol=1e-5)

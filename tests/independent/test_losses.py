"""The losses are those of a plain float64 network in one lane, whatever the batch size."""

import zlib
from pathlib import Path
from statistics import fmean

import numpy as np
import pytest

from rnnlab.evaluation.evaluating import evaluate
from rnnlab.evaluation.surprise import surprises
from tests.independent.drawing import BATCH_SIZES, CELLS, REGIMES, Regime, draw
from tests.independent.plain_measuring import costs_per_token, loss, targets_of
from tests.independent.plain_network import PlainNetwork
from tests.independent.training import batched

CASES = [(cell, regime) for cell in CELLS for regime in REGIMES] + [("mlp", "windows")]


@pytest.mark.parametrize("part", ["validation", "train"])
@pytest.mark.parametrize(("cell", "regime"), CASES)
def test_every_loss_is_that_of_the_plain_network(
    tmp_path: Path, cell: str, regime: Regime, part: str
) -> None:
    """`evaluate`, `--per-token` and each of its costs, to 1e-5, on random data of one file, or of several."""
    rng = np.random.default_rng(zlib.crc32(f"{cell} {regime} {part}".encode()))
    drawn = draw(rng, tmp_path, cell=cell, regime=regime)
    model = drawn.model(rng)
    plain = PlainNetwork(drawn.page, model.tokens, model.weights)
    sequences = drawn.sequences(part, model.tokens)
    expected, costs = loss(plain, sequences), costs_per_token(plain, sequences)

    for batch_size in BATCH_SIZES:
        own = batched(model, batch_size)
        measured = evaluate(own, split=part).metrics
        each = [token.nats for token in surprises(own, split=part).tokens]

        assert measured.tokens == targets_of(drawn.page, sequences)
        assert measured.loss == pytest.approx(expected, abs=1e-5), (batch_size, drawn.page)
        assert each == pytest.approx(costs, abs=1e-5), (batch_size, drawn.page)
        if drawn.page["dataset"]["target"] == "next" or regime == "stream":
            assert fmean(each) == pytest.approx(measured.loss, abs=1e-5)

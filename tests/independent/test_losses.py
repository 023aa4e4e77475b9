"""The losses are those of a plain float64 network in one lane, whatever the batch size."""

import zlib
from itertools import pairwise
from pathlib import Path
from statistics import fmean

import numpy as np
import pytest

from rnnlab.datasets.loading import load_data
from rnnlab.evaluation.measurement import evaluate
from rnnlab.evaluation.surprise import surprises
from tests.independent.drawing import BATCH_SIZES, CELLS, REGIMES, Regime, draw, draw_windows
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
    rng = rng_of(cell, regime, part)
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


@pytest.mark.parametrize("target", ["next", "shifted"])
def test_windows_that_are_drawn_cost_what_the_plain_network_says(tmp_path: Path, target: str) -> None:
    """A token that several windows share is shown once, after as many tokens as any of them has."""
    rng = np.random.default_rng(5)
    drawn = draw_windows(rng, tmp_path, cell="lstm", target=target)
    model = drawn.model(rng)
    plain = PlainNetwork(drawn.page, model.tokens, model.weights)
    ids = [model.tokens.index(letter) for letter in drawn.page["dataset"]["inline"]]
    starts = load_data(drawn.experiment()).splits.parts["validation"].window_starts.tolist()
    windows = [(0, begin) for begin in starts]
    touching = sum(1 < after - begin < 3 for begin, after in pairwise(starts))

    each = [token.nats for token in surprises(model, split="validation").tokens]

    assert touching
    assert evaluate(model).metrics.loss == pytest.approx(loss(plain, [ids], windows), abs=1e-5)
    assert each == pytest.approx(costs_per_token(plain, [ids], windows), abs=1e-5)


def test_the_draws_hold_every_encoding_unit_and_kind_of_network(tmp_path: Path) -> None:
    """So that no random seed leaves one out."""
    seen = set()
    for cell, regime in CASES:
        for part in ("validation", "train"):
            page = draw(rng_of(cell, regime, part), tmp_path, cell=cell, regime=regime).page
            dataset, model = page["dataset"], page["model"]
            seen |= {dataset[key] for key in ("kind", "unit", "encoding", "target")}
            seen |= {f"split {dataset['split']['kind']}", f"{len(dataset['path'])} files"}
            seen |= {
                f"{len(model['units'])} layers",
                *(key for key in ("tie_weights", "residual") if model.get(key)),
            }
            seen |= {f"head {model['head']}"} if "head" in model else set()

    assert seen == {
        *("text", "notes", "character", "note", "line", "next", "shifted"),
        *("one_hot", "scalar", "embedding", "pitch_duration"),
        *("split files", "split contiguous", "1 files", "2 files", "3 files"),
        *("1 layers", "2 layers", "3 layers", "tie_weights", "residual", "head dense", "head none"),
    }


def rng_of(cell: str, regime: Regime, part: str) -> np.random.Generator:
    """What draws a case."""
    return np.random.default_rng(zlib.crc32(f"{cell} {regime} {part}".encode()))

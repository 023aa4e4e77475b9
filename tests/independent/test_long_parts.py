"""A long part, which several lanes read side by side, costs what the plain network says in one lane."""

from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import pytest

from rnnlab.datasets.loading import load_data
from rnnlab.evaluation.measurement import evaluate
from rnnlab.evaluation.surprise import surprises
from rnnlab.models.model_file import TrainedModel
from rnnlab.models.network import named_weights
from rnnlab.training.token_problem import TokenProblem
from rnnlab.training.trainer import Trainer
from tests.independent.drawing import CELLS, Drawn, Regime
from tests.independent.plain_measuring import costs_per_token, loss
from tests.independent.plain_network import PlainNetwork

UNITS = 6
LETTERS, SHARES = list("abcdefgh"), [0.3, 0.3, 0.2, 0.1, 0.05, 0.03, 0.015, 0.005]
WINDOWS = {"stream": 16, "stateful_windows": 3}

CASES: list[tuple[str, Regime, str]] = [
    ("simple_rnn", "stream", "quick"),
    ("lstm", "stream", "slow"),
    ("gru_reset_after", "stream", "never"),
    ("gru_reset_before", "stateful_windows", "quick"),
    ("normalized_lstm", "stateful_windows", "slow"),
    ("peephole", "stateful_windows", "never"),
]
"""A cell, a regime, and how soon the network forgets."""


def drawn_text(cell: str, regime: Regime, folder: Path) -> Drawn:
    """An experiment that is measured on two files, of 1,500 and 600 letters, of which some are rare."""
    rng = np.random.default_rng(len(cell))
    sizes = {"train": 200, "first": 1500, "second": 600}
    for name, size in sizes.items():
        text = "".join(rng.choice(LETTERS, size, p=SHARES)) + "".join(LETTERS)
        (folder / name).write_text(text, encoding="utf-8")
    model: dict[str, Any] = {**CELLS[cell], "units": [UNITS], "head": "dense"}
    return Drawn(
        {
            "dataset": {
                "kind": "text",
                "path": ["train"],
                "split": {"kind": "files", "validation": ["first", "second"]},
                "unit": "character",
                "encoding": "one_hot",
                "window": WINDOWS[regime],
                "target": "shifted",
            },
            "model": {**model, "stateful": regime == "stateful_windows"},
            "training": {
                "batching": "stream" if regime == "stream" else "windows",
                "batch_size": 4,
                "epochs": 1,
            },
        },
        folder,
    )


def forgetting(model: TrainedModel, how: str) -> TrainedModel:
    """The network with a bias of the gate that keeps the old state: nearly nothing of that is lost a step."""
    bias = {"quick": 0.0, "slow": 3.0, "never": 9.0}[how]
    (name,) = (name for name in model.weights if name.endswith("_1/bias"))
    gate = slice(UNITS, 2 * UNITS) if name.startswith("lstm") else slice(0, UNITS)
    weights = {key: array.copy() for key, array in model.weights.items()}
    weights[name][..., gate] += np.float32(bias if "simple" not in name else 0.0)
    return TrainedModel(model.experiment, model.tokens, weights, model.data_sha256)


@pytest.mark.parametrize(("cell", "regime", "how"), CASES)
def test_a_long_part_costs_what_one_lane_says(tmp_path: Path, cell: str, regime: Regime, how: str) -> None:
    """The loss to 1e-5, and each token's cost to 1e-4, however long the network remembers."""
    drawn = drawn_text(cell, regime, tmp_path)
    model = forgetting(drawn.model(np.random.default_rng(1)), how)
    plain = PlainNetwork(drawn.page, model.tokens, model.weights)
    sequences = drawn.sequences("validation", model.tokens)
    costs = costs_per_token(plain, sequences)

    each = [token.nats for token in surprises(model, split="validation").tokens]

    assert evaluate(model, split="validation").metrics.loss == pytest.approx(loss(plain, sequences), abs=1e-5)
    assert fmean(each) == pytest.approx(fmean(costs), abs=1e-5)
    assert each == pytest.approx(costs, abs=1e-4)


@pytest.mark.parametrize(("cell", "regime", "how"), [CASES[1], CASES[3], CASES[5]])
def test_validation_of_a_long_part_is_that_of_one_lane(
    tmp_path: Path, cell: str, regime: Regime, how: str
) -> None:
    """What training says of weights that it has not trained, to 1e-5."""
    drawn = drawn_text(cell, regime, tmp_path)
    data = load_data(drawn.experiment())
    trainer = Trainer(TokenProblem(data.experiment, data.corpus, data.splits))
    model = forgetting(trainer.current_model(), how)
    for name, variable in named_weights(trainer.network).items():
        variable.assign(model.weights[name])

    measured = trainer.validate(0)["val_loss"]

    plain = PlainNetwork(drawn.page, model.tokens, model.weights)
    assert measured == pytest.approx(loss(plain, drawn.sequences("validation", model.tokens)), abs=1e-5)

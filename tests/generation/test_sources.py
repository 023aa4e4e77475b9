"""A lane that goes on as a copy of another: the same logits as its whole history, read from the beginning."""

from pathlib import Path

import numpy as np
import pytest

from rnnlab.config.schema import Regime
from rnnlab.engines.numpy import numpy_model
from rnnlab.generation.sources import source_of
from tests.trained import STREAM, trained

MODELS = {
    "simple_rnn": "{kind: simple_rnn, units: 6}",
    "lstm": "{kind: lstm, units: 6}",
    "gru": "{kind: gru, units: 6}",
    "stack": "{kind: lstm, units: [6, 5]}",
    "residual": "{kind: gru, units: [6, 6, 6], residual: true}",
}


@pytest.mark.parametrize("regime", ["stream", "windows", "stateful_windows"])
@pytest.mark.parametrize("name", MODELS)
def test_selected_lanes_go_on_as_if_they_had_read_the_history_of_another(
    name: str, regime: Regime, tmp_path: Path
) -> None:
    """Five lanes, copied at drawn steps: a lane's logits are those of its tokens, read without any copy."""
    model = numpy_model(trained(STREAM, tmp_path, f"model={MODELS[name]}"))
    rng = np.random.default_rng(0)
    history = rng.integers(20, size=(5, 4))
    source = source_of(model, history, regime=regime, window=3)
    source.start()
    for _ in range(6):
        lanes, ids = rng.integers(5, size=5), rng.integers(20, size=5)
        source.select(lanes)
        logits = source.feed(ids).copy()
        history = np.append(history[lanes], ids[:, None], axis=1)

        plain = source_of(model, history[:, :-1], regime=regime, window=3)
        plain.start()
        assert logits == pytest.approx(plain.feed(history[:, -1]), abs=1e-5)


def test_an_mlp_has_no_state_to_select(tmp_path: Path) -> None:
    """Its windows are copied all the same."""
    text = STREAM.replace("simple_rnn", "mlp").replace("training: {", "training: {batching: windows, ")
    text = text.replace("window: 5", "window: 5\n  target: next")
    model = numpy_model(trained(text, tmp_path))
    history = np.array([[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]])
    source = source_of(model, history, regime="windows", window=5)
    before = source.start().copy()
    source.select(np.array([1, 1]))

    assert source.start() == pytest.approx(before[[1, 1]], abs=1e-6)

"""Training goes down the slopes of a plain float64 network, found by moving one weight at a time."""

import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from rnnlab.engines.tensorflow.forward import ForwardPass
from rnnlab.engines.tensorflow.objective import Costs
from rnnlab.engines.tensorflow.start import tf
from rnnlab.models.architecture import architecture_of, encoding_table
from rnnlab.models.model_file import TrainedModel
from tests.independent.drawing import CELLS, draw
from tests.independent.plain_network import Page, PlainNetwork, Vector, cost

LANES, STEPS = 2, 4
MOST_ENTRIES = 20
"""Of each weight; more are drawn at random."""


class Case:
    """Random tokens in lanes, of which some begin a sequence and some are no targets."""

    def __init__(self, page: Page, vocab_size: int, rng: np.random.Generator) -> None:
        steps = page["dataset"]["window"] if page["model"]["kind"] == "mlp" else STEPS
        self.last_only = page["dataset"]["target"] == "next"
        self.ids = rng.integers(0, vocab_size, (LANES, steps + 1))
        self.keep = rng.integers(0, 4, (LANES, steps)) > 0
        self.counted = rng.integers(0, 4, (LANES, steps)) > 0
        self.counted[0, -1] = True
        if self.last_only:
            self.counted[:, :-1] = False


def engine_gradients(model: TrainedModel, case: Case, smoothing: float) -> dict[str, NDArray[np.float32]]:
    """What the compiled training lowers, differentiated by each weight."""
    dataset = model.experiment.dataset
    forward = ForwardPass(
        architecture_of(model.experiment, len(model.tokens)),
        encoding_table(dataset.encoding, model.tokens),
        last_only=case.last_only,
    )
    steps = slice(-1, None) if case.last_only else slice(None)
    weights = {name: tf.constant(array) for name, array in model.weights.items()}
    with tf.GradientTape() as tape:
        tape.watch(weights)
        ids = tf.constant(case.ids.astype(np.int32))
        keep = tf.constant(case.keep.astype(np.float32))
        logits, _ = forward(weights, ids[:, :-1], keep, forward.zero_state(LANES))
        targets = tf.transpose(ids[:, 1:][:, steps])
        counted = tf.constant(case.counted[:, steps].T.astype(np.float32))
        lowered = Costs(logits, targets, counted).lowered(smoothing)
    return {
        name: tf.convert_to_tensor(each).numpy() for name, each in tape.gradient(lowered, weights).items()
    }


def plain_loss(plain: PlainNetwork, case: Case, smoothing: float) -> float:
    """The same sum: a share of each target is spread evenly over all tokens (Szegedy et al., 2016)."""
    total = 0.0
    for ids, keep, counted in zip(case.ids.tolist(), case.keep, case.counted, strict=True):
        for logits, target in _answers(plain, ids, keep, counted):
            even = np.mean([cost(logits, token) for token in range(len(logits))])
            total += (1 - smoothing) * cost(logits, target) + smoothing * float(even)
    return total


def _answers(
    plain: PlainNetwork, ids: list[int], keep: NDArray[np.bool_], counted: NDArray[np.bool_]
) -> list[tuple[Vector, int]]:
    """The logits and the target of each step of a lane that counts."""
    if plain.model["kind"] == "mlp":
        return [(plain.window(ids[:-1]), ids[-1])] if counted[-1] else []
    state, found = plain.zero_state(), []
    for step, token in enumerate(ids[:-1]):
        logits, state = plain.step(token, state if keep[step] else plain.zero_state())
        if counted[step]:
            found.append((logits, ids[step + 1]))
    return found


def slope(
    loss: Callable[[dict[str, Vector]], float], weights: dict[str, Vector], name: str, place: int
) -> float:
    """The derivative by one number of one weight, as a central difference."""
    ends = []
    for change in (1e-5, -1e-5):
        moved = weights[name].copy()
        moved.flat[place] += change
        ends.append(loss({**weights, name: moved}))
    return (ends[0] - ends[1]) / 2e-5


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("cell", [*CELLS, "mlp"])
def test_a_gradient_is_the_slope_of_the_plain_network(tmp_path: Path, cell: str, smoothing: float) -> None:
    """Of every weight, embeddings and gains included, with sequences that begin within a lane."""
    rng = np.random.default_rng(zlib.crc32(f"{cell} {smoothing}".encode()))
    drawn = draw(rng, tmp_path, cell=cell, regime="windows")
    model = drawn.model(rng)
    case = Case(drawn.page, len(model.tokens), rng)
    weights = {name: array.astype(np.float64) for name, array in model.weights.items()}

    received = engine_gradients(model, case, smoothing)

    assert set(received) == set(weights)
    for name, array in weights.items():
        places = rng.permutation(array.size)[:MOST_ENTRIES]
        expected = [
            slope(
                lambda moved: plain_loss(PlainNetwork(drawn.page, model.tokens, moved), case, smoothing),
                weights,
                name,
                int(place),
            )
            for place in places
        ]
        np.testing.assert_allclose(
            received[name].ravel()[places], expected, rtol=1e-4, atol=2e-5, err_msg=name
        )

"""The weights that training begins with, in NumPy: those that `models.network` draws with Keras.

Glorot uniform for inputs (Glorot and Bengio, 2010), orthogonal for the recurrence (Saxe et al., 2014), biases
0 but 1 for a forget gate (Jozefowicz et al., 2015), gains 1, embeddings unit normal. The same random seed
gives the same numbers as Keras on TensorFlow: uniform ones to the bit, the others up to rounding in float32.
"""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from rnnlab.models.architecture import Architecture, RecurrentLayer
from rnnlab.models.cells import Cell
from rnnlab.models.model_file import Weights
from rnnlab.models.philox import normal, uniform

Floats = NDArray[np.float32]


def initial_weights(architecture: Architecture, random_seed: int) -> Weights:
    """Every weight of a network before its first step, by its name in a model file.

    Args:
        architecture: the layers.
        random_seed: `training.random_seed`, which alone decides them.
    """
    seeds, weights = weight_seeds(random_seed), Weights()
    for layer in architecture.layers:
        cell = layer.cell if isinstance(layer, RecurrentLayer) else None
        for name, shape in layer.weights.items():
            draw = _DRAWN.get(name)
            weights[f"{layer.name}/{name}"] = draw(next(seeds), shape) if draw else _fixed(name, shape, cell)
    return weights


def weight_seeds(random_seed: int) -> Iterator[int]:
    """A seed for each weight that is drawn, in the order of the layers."""
    rng = np.random.default_rng(random_seed)
    while True:
        yield int(rng.integers(2**31 - 1))


def initial_bias(cell: Cell, units: int) -> Floats | None:
    """The (G·H,) bias of a cell with a forget gate, whose share is 1; None where all is 0."""
    if "f" not in cell.gates:
        return None
    bias = np.zeros(len(cell.gates) * units, np.float32)
    forget = cell.gates.index("f") * units
    bias[forget : forget + units] = 1.0
    return bias


def _fixed(name: str, shape: tuple[int, ...], cell: Cell | None) -> Floats:
    """A weight that nothing random is in."""
    if name.endswith("_gain"):
        return np.ones(shape, np.float32)
    bias = initial_bias(cell, shape[0] // len(cell.gates)) if cell and name == "bias" else None
    return np.zeros(shape, np.float32) if bias is None else bias


def _glorot_uniform(seed: int, shape: tuple[int, ...]) -> Floats:
    return uniform(seed, shape, float(np.sqrt(6 / sum(shape))))


def _orthogonal(seed: int, shape: tuple[int, ...]) -> Floats:
    """A matrix (H, G·H) with orthogonal rows of length 1."""
    rows, columns = shape
    q, r = np.linalg.qr(normal(seed, (max(shape), min(shape))))
    q *= np.sign(np.diag(r))
    return np.ascontiguousarray(q.T if rows < columns else q)


_DRAWN: dict[str, Callable[[int, tuple[int, ...]], Floats]] = {
    "embeddings": normal,
    "kernel": _glorot_uniform,
    "recurrent_kernel": _orthogonal,
}

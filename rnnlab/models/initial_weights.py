"""The initial weights of a network in NumPy, equal to those that `models.network` draws with Keras.

Glorot uniform for each `kernel` (Glorot and Bengio, 2010), orthogonal for each `recurrent_kernel` (Saxe et
al., 2014), normal with variance 1 for embeddings, 1 for gains, 1 for the bias of a forget gate (Jozefowicz et
al., 2015), and 0 for all other biases and weights, such as peepholes. The same random seed gives the same
weights as Keras on TensorFlow: uniform weights have the same bits, normal and orthogonal weights are equal up
to rounding in float32.

For that, the random numbers of `keras.random` on TensorFlow's CPU kernels are computed here in NumPy. The
generator is Philox4x32-10, a function of a key and a counter (Salmon, Moraes, Dror and Shaw, 2011, "Parallel
random numbers: as easy as 1, 2, 3"). Key and counter follow from the seed as in TensorFlow
(`stateless_random_ops`).
"""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from rnnlab.models.architecture import Architecture, RecurrentLayer
from rnnlab.models.cells import Cell
from rnnlab.models.model_file import Weights

Floats = NDArray[np.float32]
Words = NDArray[np.uint32]

_MULTIPLIERS = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_KEY_STEPS = np.uint32(0x9E3779B9), np.uint32(0xBB67AE85)
_SEED_KEY = np.array([0x3EC8F720, 0x02461E29], np.uint32)
_ROUNDS = 10
_LARGEST_SEED = 2**31 - 2


def initial_weights(architecture: Architecture, random_seed: int) -> Weights:
    """Return every weight of a network before its first training step, by its name in a model file.

    Args:
        architecture: the layers.
        random_seed: `training.random_seed`; all random numbers depend on this seed only.
    """
    seeds, weights = weight_seeds(random_seed), Weights()
    for layer in architecture.layers:
        cell = layer.cell if isinstance(layer, RecurrentLayer) else None
        for name, shape in layer.weights.items():
            draw = _DRAWN.get(name)
            weights[f"{layer.name}/{name}"] = draw(next(seeds), shape) if draw else _fixed(name, shape, cell)
    return weights


def weight_seeds(random_seed: int) -> Iterator[int]:
    """Yield random seeds without end: one for each random weight, in the order of the layers."""
    rng = np.random.default_rng(random_seed)
    while True:
        yield int(rng.integers(2**31 - 1))


def initial_bias(cell: Cell, units: int) -> Floats | None:
    """Return the initial bias (G·H,) of a cell, 1 for the gate f and else 0; None if there is no gate f."""
    if "f" not in cell.gates:
        return None
    bias = np.zeros(len(cell.gates) * units, np.float32)
    forget = cell.gates.index("f") * units
    bias[forget : forget + units] = 1.0
    return bias


def uniform(seed: int, shape: tuple[int, ...], limit: float) -> Floats:
    """Return uniform numbers in [−limit, limit), the same as `keras.random.uniform` with this seed."""
    low, high = np.float32(-limit), np.float32(limit)
    numbers = _unit(_words(seed, _size(shape))) * (high - low) + low
    return numbers.reshape(shape)


def normal(seed: int, shape: tuple[int, ...]) -> Floats:
    """Return normal numbers of mean 0 and variance 1, the same as `keras.random.normal` with this seed.

    The method is that of Box and Muller (1958). Sine and logarithm may differ from TensorFlow's in the last
    bit.
    """
    size = _size(shape)
    pairs = _unit(_words(seed, size + size % 2)).reshape(-1, 2)  # (P, 2) uniform, P = ⌈size / 2⌉
    radius = np.sqrt(np.float32(-2) * np.log(np.maximum(pairs[:, 0], np.float32(1e-7))))  # (P,)
    angle = np.float32(2 * np.pi) * pairs[:, 1]  # (P,)
    both = np.stack([np.sin(angle) * radius, np.cos(angle) * radius], axis=1)  # (P, 2) normal
    return both.ravel()[:size].reshape(shape)


def _fixed(name: str, shape: tuple[int, ...], cell: Cell | None) -> Floats:
    """Return the initial value of a weight that is not random; each row of a bias (2, G·H) is the same."""
    if name.endswith("_gain"):
        return np.ones(shape, np.float32)
    bias = initial_bias(cell, shape[-1] // len(cell.gates)) if cell and name == "bias" else None
    return np.zeros(shape, np.float32) if bias is None else np.broadcast_to(bias, shape).copy()


def _glorot_uniform(seed: int, shape: tuple[int, ...]) -> Floats:
    return uniform(seed, shape, float(np.sqrt(6 / sum(shape))))


def _orthogonal(seed: int, shape: tuple[int, ...]) -> Floats:
    """Return a matrix (H, G·H) whose rows are orthogonal and have length 1."""
    rows, columns = shape
    q, r = np.linalg.qr(normal(seed, (max(shape), min(shape))))
    q *= np.sign(np.diag(r))
    return np.ascontiguousarray(q.T if rows < columns else q)


def _size(shape: tuple[int, ...]) -> int:
    return int(np.prod(shape))


def _unit(words: Words) -> Floats:
    """Return numbers in [0, 1): the lower 23 bits of each word, divided by 2²³."""
    return ((words & np.uint32(0x7FFFFF)) | np.uint32(127 << 23)).view(np.float32) - np.float32(1)


def _words(seed: int, size: int) -> Words:
    """Return the first random words of a seed, (size,)."""
    first = np.zeros((1, 4), np.uint32)
    first[0, 0] = seed % _LARGEST_SEED
    mixed = _philox(first, _SEED_KEY)[0]  # (4,): the key, and the upper half of the counter
    blocks = -(-size // 4)
    counters = np.zeros((blocks, 4), np.uint32)
    counters[:, 0] = np.arange(blocks)
    counters[:, 2:] = mixed[2:]
    return _philox(counters, mixed[:2]).ravel()[:size]


def _philox(counters: Words, key: Words) -> Words:
    """Return the four random words (B, 4) of each counter, which has four words; the key has two, (2,)."""
    a, b, c, d = (counters[:, column].copy() for column in range(4))
    keys = key.copy()
    for _ in range(_ROUNDS):
        first, second = _MULTIPLIERS[0] * a, _MULTIPLIERS[1] * c
        a, b, c, d = (
            (second >> np.uint64(32)).astype(np.uint32) ^ b ^ keys[0],
            second.astype(np.uint32),
            (first >> np.uint64(32)).astype(np.uint32) ^ d ^ keys[1],
            first.astype(np.uint32),
        )
        with np.errstate(over="ignore"):
            keys = keys + np.array(_KEY_STEPS, np.uint32)
    return np.stack([a, b, c, d], axis=1)


_DRAWN: dict[str, Callable[[int, tuple[int, ...]], Floats]] = {
    "embeddings": normal,
    "kernel": _glorot_uniform,
    "recurrent_kernel": _orthogonal,
}

"""The random numbers of `keras.random` with TensorFlow's CPU kernels, in NumPy: a seed gives the same ones.

They are those of Philox4x32-10, a function of a key and a counter (Salmon, Moraes, Dror and Shaw, 2011,
"Parallel random numbers: as easy as 1, 2, 3"); how a seed becomes key and counter is TensorFlow's
(`stateless_random_ops`).
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Words = NDArray[np.uint32]

_MULTIPLIERS = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_KEY_STEPS = np.uint32(0x9E3779B9), np.uint32(0xBB67AE85)
_SEED_KEY = np.array([0x3EC8F720, 0x02461E29], np.uint32)
_ROUNDS = 10
_LARGEST_SEED = 2**31 - 2


def uniform(seed: int, shape: tuple[int, ...], limit: float) -> Floats:
    """Numbers from −limit to less than limit, as `keras.random.uniform(shape, -limit, limit, seed=seed)`."""
    low, high = np.float32(-limit), np.float32(limit)
    numbers = _unit(_words(seed, _size(shape))) * (high - low) + low
    return numbers.reshape(shape)


def normal(seed: int, shape: tuple[int, ...]) -> Floats:
    """Numbers of mean 0 and variance 1, as `keras.random.normal(shape, seed=seed)` (Box and Muller, 1958).

    Sine and logarithm may differ from TensorFlow's in the last bit.
    """
    size = _size(shape)
    pairs = _unit(_words(seed, size + size % 2)).reshape(-1, 2)
    radius = np.sqrt(np.float32(-2) * np.log(np.maximum(pairs[:, 0], np.float32(1e-7))))
    angle = np.float32(2 * np.pi) * pairs[:, 1]
    both = np.stack([np.sin(angle) * radius, np.cos(angle) * radius], axis=1)
    return both.ravel()[:size].reshape(shape)


def _size(shape: tuple[int, ...]) -> int:
    return int(np.prod(shape))


def _unit(words: Words) -> Floats:
    """Numbers from 0 to less than 1, of the lower 23 bits of each word."""
    return ((words & np.uint32(0x7FFFFF)) | np.uint32(127 << 23)).view(np.float32) - np.float32(1)


def _words(seed: int, size: int) -> Words:
    """The first words that a seed gives, (size,)."""
    first = np.zeros((1, 4), np.uint32)
    first[0, 0] = seed % _LARGEST_SEED
    mixed = _philox(first, _SEED_KEY)[0]
    blocks = -(-size // 4)
    counters = np.zeros((blocks, 4), np.uint32)
    counters[:, 0] = np.arange(blocks)
    counters[:, 2:] = mixed[2:]
    return _philox(counters, mixed[:2]).ravel()[:size]


def _philox(counters: Words, key: Words) -> Words:
    """Four words for each counter of four, (B, 4)."""
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

"""Functions of the equations that NumPy lacks; each writes its last argument, and gives it back."""

import numpy as np
from numpy.typing import NDArray

from rnnlab.models.normalized_cells import EPSILON

Floats = NDArray[np.float32]

HALF = np.array(0.5, np.float32)

flags_ignored = np.errstate(invalid="ignore")
"""Around products of matrices: BLAS may also compute with the padding of its buffers, where anything stands.
No result depends on that, but now and then it raises the processor's flag for an invalid value."""


def sigmoid(x: Floats, out: Floats) -> Floats:
    """1 / (1 + exp(−x)) as (tanh(x / 2) + 1) / 2, which cannot overflow."""
    np.multiply(x, HALF, out)
    np.tanh(out, out)
    np.multiply(out, HALF, out)
    return np.add(out, HALF, out)


def normalized(x: Floats, out: Floats) -> Floats:
    """The rows of each lane with mean 0 and variance 1, in float32."""
    np.subtract(x, x.mean(axis=0), out)
    np.multiply(out, 1 / np.sqrt(np.square(out).mean(axis=0) + np.float32(EPSILON)), out)
    return out

"""Dense layers in NumPy, and the MLP, a model of dense layers only."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnlab.engines.numpy.equation import Floats, flags_ignored, sigmoid
from rnnlab.engines.stepper import Ids, Logits, State
from rnnlab.models.architecture import Architecture, Layer
from rnnlab.models.model_file import Weights


class Dense:
    """A dense layer: values (…, D) in, (…, K) out.

    Args:
        layer: the layer.
        weights: the model's weights, by their names in a model file.
        kernel: the kernel (D, K), if it is another layer's weight; None for the layer's own.
    """

    def __init__(self, layer: Layer, weights: Weights, kernel: Floats | None = None) -> None:
        self.kernel = weights[f"{layer.name}/kernel"] if kernel is None else kernel
        self.bias = weights[f"{layer.name}/bias"]

    def __call__(self, values: Floats) -> Floats:
        result: Floats = values @ self.kernel + self.bias  # (…, D) (D, K) + (K,) = (…, K)
        return result


class NumpyMlp:
    """Dense layers over a window of T tokens; a shorter window is filled up with zeros on the left.

    Args:
        architecture: the layers.
        weights: the model's weights, by their names in a model file.
        table: the encoding of each token, (V, D).
        window: T.
    """

    def __init__(self, architecture: Architecture, weights: Weights, table: Floats, *, window: int) -> None:
        self._table, self._window = table, window
        self._layers = [Dense(layer, weights) for layer in architecture.hidden]
        self._activation = _ACTIVATIONS[architecture.activation or ""]
        self._head = Dense(architecture.layers[-1], weights)

    def zero_state(self, lanes: int) -> State:
        """The empty state: an MLP has none."""
        del lanes
        return ()

    @flags_ignored
    def forward(
        self, ids: Ids, resets: NDArray[np.bool_] | None, state: State, *, last_only: bool = True
    ) -> tuple[Logits, State]:
        """Logits of the token after the window, (N, 1, V), and the empty state."""
        del resets, last_only
        encoded = self._table[ids[:, -self._window :]].reshape(len(ids), -1)  # (N, at most T·D)
        hidden = np.zeros((len(ids), self._window * self._table.shape[1]), np.float32)  # (N, T·D)
        hidden[:, hidden.shape[1] - encoded.shape[1] :] = encoded  # zeros stay on the left
        for layer in self._layers:
            hidden = self._activation(layer(hidden))  # (N, H)
        return self._head(hidden)[:, None], state  # (N, 1, V)

    def stream(self, state: State) -> "_MlpStream":
        """Lanes that are fed one token after another, each token as a window of its own."""
        del state
        return _MlpStream(self)


class _MlpStream:
    """Lanes of an MLP: each token is a window of its own, since an MLP has no state."""

    def __init__(self, model: NumpyMlp) -> None:
        self._model = model

    def feed(self, ids: Ids) -> Logits:
        """Logits (N, V) after a window of one token for each lane, (N,)."""
        return self._model.forward(ids[:, None], None, ())[0][:, 0]


_ACTIVATIONS: dict[str, Callable[[Floats], Any]] = {
    "relu": lambda x: np.maximum(x, 0),
    "tanh": np.tanh,
    "sigmoid": lambda x: sigmoid(x, np.empty_like(x)),
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
}

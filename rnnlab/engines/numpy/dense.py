"""Dense layers in NumPy, and the model that consists of nothing else."""

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
        layer: its name.
        weights: by their names in a model file.
        kernel: (D, K), where it is another layer's weight.
    """

    def __init__(self, layer: Layer, weights: Weights, kernel: Floats | None = None) -> None:
        self.kernel = weights[f"{layer.name}/kernel"] if kernel is None else kernel
        self.bias = weights[f"{layer.name}/bias"]

    def __call__(self, values: Floats) -> Floats:
        result: Floats = values @ self.kernel + self.bias
        return result


class NumpyMlp:
    """Dense layers over a window of T tokens; of a shorter one, what is missing on the left is zeros.

    Args:
        architecture: the layers.
        weights: by their names in a model file.
        table: what the network sees of each token, (V, D).
        window: T.
    """

    def __init__(self, architecture: Architecture, weights: Weights, table: Floats, *, window: int) -> None:
        self._table, self._window = table, window
        self._layers = [Dense(layer, weights) for layer in architecture.hidden]
        self._activation = _ACTIVATIONS[architecture.activation or ""]
        self._head = Dense(architecture.layers[-1], weights)

    def zero_state(self, lanes: int) -> State:
        """Nothing: it has no state."""
        del lanes
        return ()

    @flags_ignored
    def forward(
        self, ids: Ids, resets: NDArray[np.bool_] | None, state: State, *, last_only: bool = True
    ) -> tuple[Logits, State]:
        """Logits of what follows the window, (N, 1, V)."""
        del resets, last_only
        seen = self._table[ids[:, -self._window :]].reshape(len(ids), -1)
        hidden = np.zeros((len(ids), self._window * self._table.shape[1]), np.float32)
        hidden[:, hidden.shape[1] - seen.shape[1] :] = seen
        for layer in self._layers:
            hidden = self._activation(layer(hidden))
        return self._head(hidden)[:, None], state

    def stream(self, state: State) -> "_MlpStream":
        """Windows of one token each."""
        del state
        return _MlpStream(self)


class _MlpStream:
    """Windows of one token each, as what is fed has nothing to do with what was."""

    def __init__(self, model: NumpyMlp) -> None:
        self._model = model

    def feed(self, ids: Ids) -> Logits:
        """Logits (N, V) of what follows a token alone."""
        return self._model.forward(ids[:, None], None, ())[0][:, 0]


_ACTIVATIONS: dict[str, Callable[[Floats], Any]] = {
    "relu": lambda x: np.maximum(x, 0),
    "tanh": np.tanh,
    "sigmoid": lambda x: sigmoid(x, np.empty_like(x)),
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
}

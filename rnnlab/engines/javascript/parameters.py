"""The numbers that `network.js` reads, computed from the weights of a model, and its layers."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from rnnlab.engines.javascript.equation import equation_name
from rnnlab.engines.numpy.equation import Floats
from rnnlab.models.architecture import ENCODING, HEAD, Architecture, encoding_table
from rnnlab.models.model_file import Weights
from rnnlab.models.terms import Equation

TABLE = "table"
"""Name of the encoding of each token, (V, D); one-hot vectors need no table."""


def layers_of(architecture: Architecture) -> list[dict[str, Any]]:
    """Return what `network.js` must know of each hidden layer, first to last.

    name and units of every layer; for a recurrent layer also `equation`, the name of its equation; `gates`;
    `state`, the names of the parts of the state; and `products`, the first gate and the number of gates of
    each recurrent product.
    """
    if architecture.activation:
        return [{"name": layer.name, "units": layer.units} for layer in architecture.hidden]
    return [
        {
            "name": layer.name,
            "units": layer.units,
            "equation": equation_name(layer.cell),
            "gates": layer.cell.gates,
            "state": layer.cell.state,
            "products": [(each.begin, each.blocks) for each in Equation(layer.cell).products],
        }
        for layer in architecture.recurrent
    ]


def network_numbers(
    architecture: Architecture, weights: Weights, *, encoding: str, tokens: Sequence[str]
) -> dict[str, Floats]:
    """Return the arrays that `network.js` reads, by name.

    `table` (V, D); of each recurrent layer `kernel` (D, G·H), `recurrent_kernel` (H, G·H), `bias` (G·H), and
    `parameter_0`, … as `Cell.parameters` returns them; of each dense layer and of the head `kernel` (D, K),
    which a tied head lacks, and `bias` (K).

    Args:
        architecture: the layers.
        weights: the model's weights, by their names in a model file.
        encoding: the encoding of tokens (`dataset.encoding`).
        tokens: the V tokens of the vocabulary, by id.
    """
    found = dict[str, Floats]()
    if encoding != "one_hot":
        table = encoding_table(encoding, tokens)
        found[TABLE] = weights[f"{ENCODING}/embeddings"] if table is None else table
    for layer in architecture.recurrent:
        own = {name: weights[f"{layer.name}/{name}"] for name in layer.weights}
        found[f"{layer.name}/kernel"] = own["kernel"]
        found[f"{layer.name}/recurrent_kernel"] = own["recurrent_kernel"]
        found[f"{layer.name}/bias"] = np.asarray(layer.cell.input_bias(own))
        for place, vector in enumerate(layer.cell.parameters(own)):
            found[f"{layer.name}/parameter_{place}"] = np.asarray(vector)
    dense = architecture.hidden if architecture.activation else ()
    for name in [*(layer.name for layer in dense), *([HEAD] if architecture.head else [])]:
        if name != HEAD or not architecture.tied:
            found[f"{name}/kernel"] = weights[f"{name}/kernel"]
        found[f"{name}/bias"] = weights[f"{name}/bias"]
    return found

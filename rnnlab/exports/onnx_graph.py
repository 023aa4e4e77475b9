"""An ONNX graph that is built node by node."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

OPSET = 17
"""Version of the operators; onnxruntime reads it from version 1.12 on."""

IR_VERSION = 8
"""Version of the file format, from the same release of onnx as the operators."""


class OnnxGraph:
    """An ONNX graph that is built node by node; each value in the graph is named by a string.

    Args:
        onnx: the module `onnx`.
    """

    def __init__(self, onnx: Any) -> None:
        self.onnx = onnx
        self._nodes, self._inputs, self._outputs, self._constants = [], [], [], []  # type: ignore[var-annotated]

    def input(self, name: str, kind: int, shape: list[Any]) -> None:
        """Add an input of this name, element type of ONNX and shape; letters are sizes that are free."""
        self._inputs.append(self.onnx.helper.make_tensor_value_info(name, kind, shape))

    def output(self, name: str, value: str, shape: list[Any]) -> None:
        """Make a value, float32 of this shape, an output of the graph with this name."""
        if value != name:
            self._nodes.append(self.onnx.helper.make_node("Identity", [value], [name]))
        kind = self.onnx.TensorProto.FLOAT
        self._outputs.append(self.onnx.helper.make_tensor_value_info(name, kind, shape))

    def constant(self, name: str, value: NDArray[Any]) -> str:
        """Add an array as a constant, and return its name, which no other value of the graph may have."""
        array = np.array(value, order="C")  # `ascontiguousarray` would make a scalar an array of one axis
        self._constants.append(self.onnx.numpy_helper.from_array(array, name))
        return name

    def axes(self, *axes: int) -> str:
        """Add a list of axes or indices as a constant, and return its name."""
        return self.constant(f"axes_{len(self._constants)}", np.array(axes, np.int64))

    def number(self, value: int) -> str:
        """Add a number as a constant, and return its name."""
        return self.constant(f"number_{len(self._constants)}", np.array(value, np.int64))

    def node(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add an operator with one output; return the name of that output."""
        return self.nodes(operator, inputs, 1, **attributes)[0]

    def nodes(self, operator: str, inputs: tuple[str, ...], outputs: int, **attributes: Any) -> list[str]:
        """Add an operator; return the names of its outputs. The name "" stands for an omitted input."""
        number = len(self._nodes)
        names = [f"{operator.lower()}_{number}_{place}" for place in range(outputs)]
        self._nodes.append(self.onnx.helper.make_node(operator, list(inputs), names, **attributes))
        return names

    def named(self, value: str, name: str) -> None:
        """Add a second name for a value."""
        self._nodes.append(self.onnx.helper.make_node("Identity", [value], [name]))

    def model(self, metadata: Mapping[str, str]) -> Any:
        """Return the graph as a `ModelProto`, with the metadata beside it."""
        helper = self.onnx.helper
        graph = helper.make_graph(self._nodes, "network", self._inputs, self._outputs, self._constants)
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
        )
        model.producer_name = "rnnlab"
        helper.set_model_props(model, dict(metadata))
        return model

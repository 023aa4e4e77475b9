"""The products and functions of a cell's equation in TensorFlow, for the forward and for the backward pass.

In the forward pass, each function records its outputs. In the backward pass, these outputs are returned again
in the same order, so that nothing is computed twice: the derivatives of tanh, sigmoid and normalisation
follow from their outputs.
"""

from collections.abc import Sequence
from copy import copy
from typing import Any

from rnnlab.engines.tensorflow.start import tf
from rnnlab.models.cells import EPSILON

Tensor = Any


class Multiply:
    """The product of the forward pass, Uᵀ times an operand; the object records the results.

    With several lanes, Uᵀ is computed once for all steps: if XLA transposes within the product, the product
    of a matrix and a few columns takes seven times as long. With one lane, transposing within the product
    costs nothing, and a transposition beforehand would cost more than the product.

    Args:
        blocks: the columns of U in each product, (H, width).
        lanes: N.

    Attributes:
        products: the results so far, (width, N) each.
    """

    def __init__(self, blocks: Sequence[Tensor], lanes: int) -> None:
        self._turned = lanes > 1
        self.blocks = [tf.transpose(block) for block in blocks] if self._turned else blocks
        self.products: list[Tensor] = []

    def step(self) -> "Multiply":
        """Return a copy for another time step, without results."""
        again = copy(self)
        again.products = []
        return again

    def __call__(self, operand: Tensor, gates: str = "", /) -> Tensor:
        block = self.blocks[len(self.products)]
        self.products.append(tf.matmul(block, operand, transpose_a=not self._turned))
        return self.products[-1]


class ReplayedProducts:
    """The product of the backward pass: it returns the recorded results of the forward pass in their order.

    Attributes:
        operands: the operand of each product so far, (H, N).
    """

    def __init__(self, products: Sequence[Tensor]) -> None:
        self.products, self.operands = products, list[Tensor]()

    def __call__(self, operand: Tensor, gates: str = "", /) -> Tensor:
        self.operands.append(operand)
        return self.products[len(self.operands) - 1]


class Operations:
    """The functions `xp` of an equation in the forward pass; a gate is a block of rows.

    Attributes:
        outputs: the outputs of tanh, sigmoid and normalisation so far, (width, N) each; the scale of a
            normalisation, the factor 1/√(variance + ε) of each lane (1, N), comes before its output.
    """

    def __init__(self) -> None:
        self.outputs: list[Tensor] = []

    def tanh(self, x: Tensor) -> Tensor:
        """Return tanh(x), and record it."""
        self.outputs.append(tf.tanh(x))
        return self.outputs[-1]

    def sigmoid(self, x: Tensor) -> Tensor:
        """Return σ(x), and record it."""
        self.outputs.append(tf.sigmoid(x))
        return self.outputs[-1]

    def normalized(self, x: Tensor) -> Tensor:
        """Return x with mean 0 and variance 1 in each lane; record 1/√(variance + ε) and the result."""
        centred = x - tf.reduce_mean(x, axis=0, keepdims=True)  # (width, N)
        scale = tf.math.rsqrt(tf.reduce_mean(centred * centred, axis=0, keepdims=True) + EPSILON)  # (1, N)
        self.outputs += [scale, centred * scale]
        return self.outputs[-1]

    @staticmethod
    def split(x: Tensor, parts: int) -> list[Tensor]:
        return list(tf.split(x, parts, axis=0))


class ReplayedOperations:
    """The functions `xp` in the backward pass: they return the recorded outputs, with their derivatives."""

    def __init__(self, outputs: Sequence[Tensor]) -> None:
        self._outputs = iter(outputs)

    def tanh(self, x: Tensor) -> Tensor:
        """Return the recorded tanh(x); its derivative is 1 − tanh²(x)."""
        y = next(self._outputs)
        return _replayed(x, y, 1 - y * y)

    def sigmoid(self, x: Tensor) -> Tensor:
        """Return the recorded σ(x); its derivative is σ(x) · (1 − σ(x))."""
        y = next(self._outputs)
        return _replayed(x, y, y * (1 - y))

    def normalized(self, x: Tensor) -> Tensor:
        """Return the recorded normalised x, with the derivative of the normalisation."""
        scale = next(self._outputs)
        return _normalized_again(x, next(self._outputs), scale)

    @staticmethod
    def split(x: Tensor, parts: int) -> list[Tensor]:
        return list(_split(x, parts))


@tf.custom_gradient  # type: ignore[untyped-decorator]
def _replayed(x: Tensor, output: Tensor, slope: Tensor) -> Any:
    """Return the known output of a function of x; its derivative is the known slope, (width, N) each."""
    del x
    return tf.identity(output), lambda upstream: (upstream * slope, None, None)


@tf.custom_gradient  # type: ignore[untyped-decorator]
def _normalized_again(x: Tensor, output: Tensor, scale: Tensor) -> Any:
    """Return the known output of the normalisation of x (width, N), with its derivative; scale: (1, N)."""
    del x

    def gradient(upstream: Tensor) -> tuple[Tensor, None, None]:
        mean = tf.reduce_mean(upstream, axis=0, keepdims=True)
        along = tf.reduce_mean(upstream * output, axis=0, keepdims=True)
        return scale * (upstream - mean - output * along), None, None

    return tf.identity(output), gradient


def _split(x: Tensor, parts: int) -> Any:
    """Return equal blocks of rows of x (K, N); with several lanes, the gradient is stacked block by block.

    The gradient of `tf.split` is a concatenation. XLA fuses it with the code that computes the blocks; the
    fused loop asks for every element which block it is in, and takes four times as long. With one lane,
    the concatenation is fast.
    """
    if x.shape[1] == 1:
        return tf.split(x, parts, axis=0)

    def joined(*upstream: Tensor) -> Tensor:
        blocks = tf.TensorArray(tf.float32, parts, element_shape=upstream[0].shape)
        for number, block in enumerate(upstream):
            blocks = blocks.write(number, block)
        return tf.reshape(blocks.stack(), x.shape)

    return tf.custom_gradient(lambda x: (tuple(tf.split(x, parts, axis=0)), joined))(x)

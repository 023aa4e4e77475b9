"""What a cell's equation is given in TensorFlow: products and activations, forward and in the backward pass.

Forward, each notes what it gave. In the backward pass the same is given again, in the same order, and nothing
is computed twice: tanh, sigmoid and normalisation have their derivatives from their outputs.
"""

from collections.abc import Sequence
from copy import copy
from typing import Any

from rnnlab.engines.tensorflow.start import tf
from rnnlab.models.cells import EPSILON

Tensor = Any


class Multiply:
    """The product of the forward pass, Uᵀ times an operand; remembers what it gave.

    Uᵀ is made once for all steps, where there are several lanes: with the transposition left to it, XLA's
    product of a matrix and a few columns takes seven times as long. With one column it takes as long as
    without, and a transposition would cost more than the product.

    Args:
        blocks: the columns of U that each product takes.
        lanes: N.
    """

    def __init__(self, blocks: Sequence[Tensor], lanes: int) -> None:
        self._turned = lanes > 1
        self.blocks = [tf.transpose(block) for block in blocks] if self._turned else blocks
        self.products: list[Tensor] = []

    def step(self) -> "Multiply":
        """The same for one more step, with nothing to remember yet."""
        again = copy(self)
        again.products = []
        return again

    def __call__(self, operand: Tensor, gates: str = "", /) -> Tensor:
        block = self.blocks[len(self.products)]
        self.products.append(tf.matmul(block, operand, transpose_a=not self._turned))
        return self.products[-1]


class ReplayedProducts:
    """The product of the backward pass: gives the products of the forward pass again, in the same order."""

    def __init__(self, products: Sequence[Tensor]) -> None:
        self.products, self.operands = products, list[Tensor]()

    def __call__(self, operand: Tensor, gates: str = "", /) -> Tensor:
        self.operands.append(operand)
        return self.products[len(self.operands) - 1]


class Operations:
    """What the equations use in the forward pass, gates one below the other; remembers each activation."""

    def __init__(self) -> None:
        self.outputs: list[Tensor] = []

    def tanh(self, x: Tensor) -> Tensor:
        self.outputs.append(tf.tanh(x))
        return self.outputs[-1]

    def sigmoid(self, x: Tensor) -> Tensor:
        self.outputs.append(tf.sigmoid(x))
        return self.outputs[-1]

    def normalized(self, x: Tensor) -> Tensor:
        centred = x - tf.reduce_mean(x, axis=0, keepdims=True)
        scale = tf.math.rsqrt(tf.reduce_mean(centred * centred, axis=0, keepdims=True) + EPSILON)
        self.outputs += [scale, centred * scale]
        return self.outputs[-1]

    @staticmethod
    def split(x: Tensor, parts: int) -> list[Tensor]:
        return list(tf.split(x, parts, axis=0))


class ReplayedOperations:
    """The same in the backward pass: activations are given again, and their derivatives follow from them."""

    def __init__(self, outputs: Sequence[Tensor]) -> None:
        self._outputs = iter(outputs)

    def tanh(self, x: Tensor) -> Tensor:
        y = next(self._outputs)
        return _replayed(x, y, 1 - y * y)

    def sigmoid(self, x: Tensor) -> Tensor:
        y = next(self._outputs)
        return _replayed(x, y, y * (1 - y))

    def normalized(self, x: Tensor) -> Tensor:
        scale = next(self._outputs)
        return _normalized_again(x, next(self._outputs), scale)

    @staticmethod
    def split(x: Tensor, parts: int) -> list[Tensor]:
        return list(_split(x, parts))


@tf.custom_gradient  # type: ignore[untyped-decorator]
def _replayed(x: Tensor, output: Tensor, slope: Tensor) -> Any:
    """A value that is known already, as a function of x."""
    del x
    return tf.identity(output), lambda upstream: (upstream * slope, None, None)


@tf.custom_gradient  # type: ignore[untyped-decorator]
def _normalized_again(x: Tensor, output: Tensor, scale: Tensor) -> Any:
    """What normalising x gave, as a function of x: mean and size of the output do not move with it."""
    del x

    def gradient(upstream: Tensor) -> tuple[Tensor, None, None]:
        mean = tf.reduce_mean(upstream, axis=0, keepdims=True)
        along = tf.reduce_mean(upstream * output, axis=0, keepdims=True)
        return scale * (upstream - mean - output * along), None, None

    return tf.identity(output), gradient


def _split(x: Tensor, parts: int) -> Any:
    """Equal blocks of rows, whose gradients are written into place one by one.

    The gradient of `tf.split` is a concatenation, into which XLA fuses what computes the blocks; the fused
    loop asks at every element which block it is in, and takes four times as long. Of one lane it is short.
    """
    if x.shape[1] == 1:
        return tf.split(x, parts, axis=0)

    def joined(*upstream: Tensor) -> Tensor:
        blocks = tf.TensorArray(tf.float32, parts, element_shape=upstream[0].shape)
        for number, block in enumerate(upstream):
            blocks = blocks.write(number, block)
        return tf.reshape(blocks.stack(), x.shape)

    return tf.custom_gradient(lambda x: (tuple(tf.split(x, parts, axis=0)), joined))(x)

"""The gradients of one time step of a cell's equation; the products' weights are left out of them."""

from collections.abc import Sequence
from typing import Any, Protocol

from rnnlab.engines.tensorflow_equation import ReplayedOperations, ReplayedProducts
from rnnlab.engines.tensorflow_start import tf
from rnnlab.models.cells import Product, State

Tensor = Any


class Layer(Protocol):
    """What a step is a part of.

    Attributes:
        wide: the parameters, (width, N) each.
        blocks: the columns of U that each product takes, (H, width).
    """

    wide: State
    blocks: list[Tensor]

    def step(self, operations: Any, x: Tensor, product: Product, state: State) -> State:
        """The state after one step of the equation."""


class StepGradients:
    """The gradients of one step, the last product first: what reaches it goes through U to its operand.

    Attributes:
        dx: by the input pre-activations.
        dproducts: by each product.
        dstate: by each part of the state before the step.
        dwide: by each parameter, (width, N): one column for each lane.
        operands: what each product multiplied.
    """

    def __init__(
        self,
        layer: Layer,
        x: Tensor,
        products: Sequence[Tensor],
        outputs: Sequence[Tensor],
        state: Sequence[Tensor],
        dafter: Sequence[Tensor],
    ) -> None:
        replay = ReplayedProducts(products)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch([x, *products, *state, *layer.wide])
            operations = ReplayedOperations(outputs)
            reached = list(layer.step(operations, x, replay, tuple(state)))
        self.operands, self.dproducts = replay.operands, list[Tensor]()
        arriving = list(dafter)
        for product, operand, block in reversed(
            list(zip(products, self.operands, layer.blocks, strict=True))
        ):
            dproduct = tape.gradient(
                reached, product, arriving, unconnected_gradients=tf.UnconnectedGradients.ZERO
            )
            reached.append(operand)
            arriving.append(tf.matmul(block, dproduct))
            self.dproducts.insert(0, dproduct)
        self.dx, *rest = tape.gradient(
            reached,
            [x, *state, *layer.wide],
            arriving,
            unconnected_gradients=tf.UnconnectedGradients.ZERO,
        )
        self.dstate, self.dwide = rest[: len(state)], rest[len(state) :]

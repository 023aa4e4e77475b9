"""The recurrence of one layer over T time steps, with the gradient of its weights put off to the end.

Plain automatic differentiation of a loop multiplies and sums into dU, an (H, G·H) array, at every step.
Here the backward loop differentiates the cell's element-wise equation alone and sends the result through Uᵀ;
what the loop leaves behind is then one product over all steps:

    forward   for t = 0 … T−1:  p[t] = h[t−1] U;    state[t] = cell(x[t], p[t], state[t−1])
    backward  for t = T−1 … 0:  dx[t], dp[t], dstate[t−1] = gradients of the equation;    dh[t−1] += dp[t] Uᵀ
    after     dU = reshape(h[−1 … T−2], (T·N, H))ᵀ · reshape(dp, (T·N, G·H))

Arrays are time-major. A cell with a product between two element-wise parts (the GRU that resets before it)
has one p for each of its products, and the same holds for each.
"""

from collections.abc import Sequence
from typing import Any

from rnnlab.engines.tensorflow_scan import scan
from rnnlab.engines.tensorflow_start import keras, tf
from rnnlab.models.cells import Cell, State

Tensor = Any


def run_recurrence(
    cell: Cell, x: Tensor, kernel: Tensor, *, parameters: State, keep: Tensor | None, state: State
) -> tuple[Tensor, State]:
    """The outputs h of every step, (T, N, H), and the state after the last.

    Args:
        cell: the equation.
        x: input pre-activations, (T, N, G·H).
        kernel: the recurrent weights U, (H, G·H).
        parameters: what else the equation uses, each a vector.
        keep: (T, N, 1), 0 where a lane's state is zeroed before the step, else 1; None where it never is.
        state: the state before the first step, (N, H) each.
    """
    lanes, count = x.shape[1], len(state)
    wide = [tf.broadcast_to(vector, (lanes, vector.shape[0])) for vector in parameters]

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def recurrence(x: Tensor, kernel: Tensor, *rest: Tensor) -> Any:
        layer = _Recurrence(cell, x, kernel, wide=rest[count:], keep=keep, initial=rest[:count])
        return layer.forward(), layer.gradient

    results = recurrence(x, kernel, *state, *wide)
    return results[0], tuple(results[count:])


class _Recurrence:
    """One layer over T steps: the forward loop, and the backward loop over what it left.

    Attributes:
        states: each part of the state after every step, (T, N, H).
        products: each recurrent product of every step, (T, N, width).
        columns: the columns of U that each product takes.
        blocks: these columns, cut out once before the loops.
    """

    def __init__(
        self, cell: Cell, x: Tensor, kernel: Tensor, *, wide: State, keep: Tensor | None, initial: State
    ) -> None:
        self.cell, self.x, self.kernel = cell, x, kernel
        self.wide, self.keep, self.initial = tuple(wide), keep, tuple(initial)
        self.states: tuple[Tensor, ...] = ()
        self.products: tuple[Tensor, ...] = ()
        self.columns = self._traced_columns()
        self.blocks = [kernel if _width(c) == kernel.shape[1] else kernel[:, c] for c in self.columns]

    def forward(self) -> tuple[Tensor, ...]:
        """Each part of the state after every step, and then each after the last step."""
        count, units = len(self.initial), self.kernel.shape[0]

        def step(state: State, inputs: tuple[Tensor, ...]) -> tuple[State, State]:
            multiply = _Multiply(self.blocks)
            before = _kept(state, inputs[1:])
            after = self.cell.step(keras.ops, inputs[0], multiply, before, self.wide)
            return after, (*after, *multiply.products)

        widths = [units] * count + [_width(span) for span in self.columns]
        last, sequences = scan(step, self.initial, (self.x, *self._keeps()), widths)
        self.states, self.products = sequences[:count], sequences[count:]
        return (*self.states, *last)

    def gradient(self, *upstream: Tensor) -> tuple[Tensor, ...]:
        """The gradients by x, U, the initial state and the parameters, in this order."""
        count, products = len(self.initial), len(self.products)
        before = self._states_before()

        def step(carry: State, inputs: tuple[Tensor, ...]) -> tuple[State, State]:
            arriving, (x, *rest) = inputs[:count], inputs[count:]
            dafter = [d + out for d, out in zip(carry[:count], arriving, strict=True)]
            state, played, keep = rest[:count], rest[count : count + products], rest[count + products :]
            at = _StepGradients(self, x, played, state, dafter)
            sums = [total + d for total, d in zip(carry[count:], at.dwide, strict=True)]
            leaves = at.dproducts if self.cell.additive else [at.dx, *at.dproducts]
            return (*_kept(at.dstate, keep), *sums), (*leaves, *at.operands[1:])

        sequences = (*upstream[:count], self.x, *before, *self.products, *self._keeps())
        carry = (*upstream[count:], *(tf.zeros_like(vector) for vector in self.wide))
        last, leaves = scan(step, carry, sequences, self._leaf_widths(), reverse=True)
        dproducts = leaves[0 if self.cell.additive else 1 :][:products]
        operands = (before[0], *leaves[len(leaves) - products + 1 :])
        return (leaves[0], self._kernel_gradient(operands, dproducts), *last)

    def _keeps(self) -> tuple[Tensor, ...]:
        return () if self.keep is None else (self.keep,)

    def _states_before(self) -> tuple[Tensor, ...]:
        """Each part of the state as every step found it, (T, N, H)."""
        shifted = (
            tf.concat([first[None], after[:-1]], axis=0)
            for first, after in zip(self.initial, self.states, strict=True)
        )
        return tuple(part if self.keep is None else part * self.keep for part in shifted)

    def _leaf_widths(self) -> list[int]:
        """Widths of what a backward step leaves: dx where it is not dp, each dp, and the later operands."""
        own = [] if self.cell.additive else [self.x.shape[-1]]
        return [*own, *map(_width, self.columns), *[self.kernel.shape[0]] * (len(self.columns) - 1)]

    def _traced_columns(self) -> list[slice]:
        """The columns of U that the cell's products take, found by tracing one step."""
        columns: list[slice] = []

        def product(operand: Tensor, gates: str = self.cell.gates, /) -> Tensor:
            units = self.kernel.shape[0]
            first = self.cell.gates.index(gates) * units
            columns.append(slice(first, first + len(gates) * units))
            return tf.matmul(operand, self.kernel[:, columns[-1]])

        self.cell.step(keras.ops, self.x[0], product, self.initial, self.wide)
        return columns

    def _kernel_gradient(self, operands: Sequence[Tensor], dproducts: Sequence[Tensor]) -> Tensor:
        """dU (H, G·H): for each product, one matrix product over all T·N rows; the columns are disjoint."""
        blocks = []
        for span, operand, dproduct in zip(self.columns, operands, dproducts, strict=True):
            rows = tf.reshape(operand, (-1, self.kernel.shape[0]))
            blocks.append(tf.matmul(rows, tf.reshape(dproduct, (-1, _width(span))), transpose_a=True))
        return blocks[0] if len(blocks) == 1 else tf.concat(blocks, axis=1)


class _StepGradients:
    """The gradients of one step, the last product first: what reaches it goes through Uᵀ to its operand.

    Attributes:
        dx: by the input pre-activations.
        dproducts: by each product.
        dstate: by each part of the state before the step.
        dwide: by each parameter, (N, width): one row for each lane.
        operands: what each product multiplied.
    """

    def __init__(
        self,
        layer: _Recurrence,
        x: Tensor,
        products: Sequence[Tensor],
        state: Sequence[Tensor],
        dafter: Sequence[Tensor],
    ) -> None:
        replay = _Replay(products)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch([x, *products, *state, *layer.wide])
            reached = list(layer.cell.step(keras.ops, x, replay, tuple(state), layer.wide))
        self.operands, self.dproducts = replay.operands, list[Tensor]()
        arriving = list(dafter)
        for product, operand, block in reversed(
            list(zip(products, self.operands, layer.blocks, strict=True))
        ):
            dproduct = tape.gradient(reached, product, arriving)
            reached.append(operand)
            arriving.append(tf.matmul(dproduct, block, transpose_b=True))
            self.dproducts.insert(0, dproduct)
        self.dx, *rest = tape.gradient(
            reached,
            [x, *state, *layer.wide],
            arriving,
            unconnected_gradients=tf.UnconnectedGradients.ZERO,
        )
        self.dstate, self.dwide = rest[: len(state)], rest[len(state) :]


class _Multiply:
    """The product of the forward pass; remembers what it gave."""

    def __init__(self, blocks: Sequence[Tensor]) -> None:
        self.blocks, self.products = blocks, list[Tensor]()

    def __call__(self, operand: Tensor, gates: str = "", /) -> Tensor:
        self.products.append(tf.matmul(operand, self.blocks[len(self.products)]))
        return self.products[-1]


class _Replay:
    """The product of the backward pass: gives the products of the forward pass again, in the same order."""

    def __init__(self, products: Sequence[Tensor]) -> None:
        self.products, self.operands = products, list[Tensor]()

    def __call__(self, operand: Tensor, gates: str = "", /) -> Tensor:
        self.operands.append(operand)
        return self.products[len(self.operands) - 1]


def _width(span: slice) -> int:
    return int(span.stop - span.start)


def _kept(state: Sequence[Tensor], keep: Sequence[Tensor]) -> State:
    """The state, zeroed in the lanes that start anew."""
    return tuple(part * keep[0] for part in state) if keep else tuple(state)

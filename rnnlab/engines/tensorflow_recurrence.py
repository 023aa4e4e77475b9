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

from collections.abc import Callable, Sequence
from typing import Any

from rnnlab.engines.tensorflow_start import keras, tf
from rnnlab.models.cells import Cell, State

Tensor = Any
Body = Callable[[tuple[Tensor, ...], tuple[Tensor, ...]], tuple[tuple[Tensor, ...], tuple[Tensor, ...]]]

UNROLLED_STEPS = 4
"""Loops up to this long are written out: a fourth less time per step; longer ones take too long to compile."""


def run_recurrence(
    cell: Cell, x: Tensor, kernel: Tensor, parameters: State, keep: Tensor | None, state: State
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
    lanes = x.shape[1]
    wide = [tf.broadcast_to(vector, (lanes, vector.shape[0])) for vector in parameters]
    count = len(state)

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def recurrence(x: Tensor, kernel: Tensor, *rest: Tensor) -> Any:
        initial, wide = rest[:count], rest[count:]
        forward = _Forward(cell, x, kernel, wide, keep, initial)

        def gradient(*upstream: Tensor) -> tuple[Tensor, ...]:
            return _gradients(cell, x, kernel, wide, keep, initial, forward, upstream)

        return (*forward.states, *forward.last), gradient

    results = recurrence(x, kernel, *state, *wide)
    return results[0], tuple(results[count:])


class _Forward:
    """What the forward loop leaves for the backward one.

    Attributes:
        states: each part of the state after every step, (T, N, H).
        products: each recurrent product of every step, (T, N, width).
        columns: the columns of U that each product takes.
        last: the state after the last step.
    """

    def __init__(
        self, cell: Cell, x: Tensor, kernel: Tensor, wide: State, keep: Tensor | None, state: State
    ) -> None:
        self.columns = _product_columns(cell, x, kernel, wide, state)

        def step(state: State, inputs: tuple[Tensor, ...]) -> tuple[State, State]:
            multiply = _Multiply(cell, kernel)
            after = cell.step(keras.ops, inputs[0], multiply, _kept(state, inputs[1:]), wide)
            return after, (*after, *multiply.products)

        widths = [kernel.shape[0]] * len(state) + [c.stop - c.start for c in self.columns]
        inputs = (x,) if keep is None else (x, keep)
        self.last, sequences = _scan(step, state, inputs, widths)
        self.states, self.products = sequences[: len(state)], sequences[len(state) :]


class _Multiply:
    """The product of the forward pass; remembers what it gave."""

    def __init__(self, cell: Cell, kernel: Tensor) -> None:
        self.gates, self.kernel = cell.gates, kernel
        self.products: list[Tensor] = []
        self.columns: list[slice] = []

    def __call__(self, operand: Tensor, gates: str = "", /) -> Tensor:
        units = self.kernel.shape[0]
        first = self.gates.index(gates) if gates else 0
        columns = slice(first * units, (first + len(gates or self.gates)) * units)
        self.columns.append(columns)
        self.products.append(tf.matmul(operand, self.kernel[:, columns]))
        return self.products[-1]


class _Replay:
    """The product of the backward pass: gives the products of the forward pass again, in the same order."""

    def __init__(self, products: Sequence[Tensor]) -> None:
        self.products, self.operands = products, list[Tensor]()

    def __call__(self, operand: Tensor, gates: str = "", /) -> Tensor:
        self.operands.append(operand)
        return self.products[len(self.operands) - 1]


def _product_columns(cell: Cell, x: Tensor, kernel: Tensor, wide: State, state: State) -> list[slice]:
    """The columns of U that the cell's products take, found by tracing one step whose result is dropped."""
    multiply = _Multiply(cell, kernel)
    cell.step(keras.ops, x[0], multiply, state, wide)
    return multiply.columns


def _gradients(
    cell: Cell,
    x: Tensor,
    kernel: Tensor,
    wide: State,
    keep: Tensor | None,
    initial: State,
    forward: _Forward,
    upstream: Sequence[Tensor],
) -> tuple[Tensor, ...]:
    """The gradients by x, U, the initial state and the parameters, in this order."""
    count, products = len(initial), len(forward.products)
    before = tuple(
        tf.concat([first[None], sequence[:-1]], axis=0)
        for first, sequence in zip(initial, forward.states, strict=True)
    )
    before = before if keep is None else tuple(part * keep for part in before)

    def step(carry: State, inputs: tuple[Tensor, ...]) -> tuple[State, State]:
        arriving, (x_t, *rest) = inputs[:count], inputs[count:]
        dafter = [d + out for d, out in zip(carry[:count], arriving, strict=True)]
        state, played, kept = rest[:count], rest[count : count + products], rest[count + products :]
        dx, dproducts, dstate, dwide, operands = _step_gradients(
            cell, kernel, forward.columns, x_t, played, state, wide, dafter
        )
        sums = [total + d for total, d in zip(carry[count:], dwide, strict=True)]
        leaves = dproducts if cell.additive else [dx, *dproducts]
        return (*_kept(dstate, kept), *sums), (*leaves, *operands[1:])

    sequences = (*upstream[:count], x, *before, *forward.products, *(() if keep is None else (keep,)))
    carry = (*upstream[count:], *(tf.zeros_like(vector) for vector in wide))
    spans = [columns.stop - columns.start for columns in forward.columns]
    widths = [*([] if cell.additive else [x.shape[-1]]), *spans, *[kernel.shape[0]] * (products - 1)]
    last, leaves = _scan(step, carry, sequences, widths, reverse=True)
    dproducts = leaves[0 if cell.additive else 1 :][:products]
    operands = (before[0], *leaves[len(leaves) - products + 1 :])
    dkernel = _kernel_gradient(kernel, forward.columns, operands, dproducts)
    return (leaves[0], dkernel, *last)


def _step_gradients(
    cell: Cell,
    kernel: Tensor,
    columns: Sequence[slice],
    x: Tensor,
    products: Sequence[Tensor],
    state: Sequence[Tensor],
    wide: State,
    dafter: list[Tensor],
) -> tuple[Tensor, list[Tensor], list[Tensor], list[Tensor], list[Tensor]]:
    """Gradients of one step by x, the products, the state and the parameters; and the products' operands.

    The last product is met first; what reaches it goes through Uᵀ to its operand, and on from there.
    """
    replay = _Replay(products)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([x, *products, *state, *wide])
        after = cell.step(keras.ops, x, replay, tuple(state), wide)
    reached, arriving = list(after), list(dafter)
    dproducts: list[Tensor] = []
    for product, operand, span in reversed(list(zip(products, replay.operands, columns, strict=True))):
        dproducts.insert(0, tape.gradient(reached, product, arriving))
        reached.append(operand)
        arriving.append(tf.matmul(dproducts[0], kernel[:, span], transpose_b=True))
    gradients = tape.gradient(
        reached, [x, *state, *wide], arriving, unconnected_gradients=tf.UnconnectedGradients.ZERO
    )
    split = 1 + len(state)
    return gradients[0], dproducts, gradients[1:split], gradients[split:], replay.operands


def _kernel_gradient(
    kernel: Tensor, columns: Sequence[slice], operands: Sequence[Tensor], dproducts: Sequence[Tensor]
) -> Tensor:
    """dU (H, G·H): for each product, one matrix product over all T·N rows; the columns are disjoint."""
    blocks = []
    for span, operand, dproduct in zip(columns, operands, dproducts, strict=True):
        rows = tf.reshape(operand, (-1, kernel.shape[0]))
        width = span.stop - span.start
        blocks.append(tf.matmul(rows, tf.reshape(dproduct, (-1, width)), transpose_a=True))
    return blocks[0] if len(blocks) == 1 else tf.concat(blocks, axis=1)


def _kept(state: Sequence[Tensor], keep: Sequence[Tensor]) -> State:
    """The state, zeroed in the lanes that start anew."""
    return tuple(part * keep[0] for part in state) if keep else tuple(state)


def _scan(
    body: Body,
    carry: tuple[Tensor, ...],
    inputs: tuple[Tensor, ...],
    widths: Sequence[int],
    *,
    reverse: bool = False,
) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """Run a body over time: the last carry, and each of its outputs stacked to (T, N, width)."""
    steps, lanes = inputs[0].shape[:2]
    if steps <= UNROLLED_STEPS:
        return _unrolled(body, carry, inputs, reverse=reverse)
    arrays = tuple(
        tf.TensorArray(tf.float32, size=steps, element_shape=(lanes, width), clear_after_read=False)
        for width in widths
    )

    def loop(k: Tensor, carry: Any, arrays: Any) -> Any:
        t = steps - 1 - k if reverse else k
        carry, outputs = body(carry, tuple(sequence[t] for sequence in inputs))
        return k + 1, carry, tuple(a.write(t, out) for a, out in zip(arrays, outputs, strict=True))

    _, carry, arrays = tf.while_loop(
        lambda k, *_: k < steps, loop, (tf.constant(0), carry, arrays), maximum_iterations=steps
    )
    return carry, tuple(array.stack() for array in arrays)


def _unrolled(
    body: Body, carry: tuple[Tensor, ...], inputs: tuple[Tensor, ...], *, reverse: bool
) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    order = list(range(inputs[0].shape[0]))
    collected: list[tuple[Tensor, ...]] = []
    for t in reversed(order) if reverse else order:
        carry, outputs = body(carry, tuple(sequence[t] for sequence in inputs))
        collected.append(outputs)
    if reverse:
        collected.reverse()
    return carry, tuple(tf.stack(sequence) for sequence in zip(*collected, strict=True))

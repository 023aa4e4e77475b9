"""The recurrence of one layer over T time steps, with the gradient of its weights put off to the end.

Plain automatic differentiation of a loop multiplies and sums into dU, an (H, G·H) array, at every step.
Here the backward loop differentiates the cell's element-wise equation alone and sends the result through U;
what the loop leaves behind is then one product over all steps:

    forward   for t = 0 … T−1:  p[t] = Uᵀ h[t−1];   state[t] = cell(x[t], p[t], state[t−1])
    backward  for t = T−1 … 0:  dx[t], dp[t], dstate[t−1] = gradients of the equation;    dh[t−1] += U dp[t]
    after     dU = Σ_t h[t−1] dp[t]ᵀ, one product over all T·N columns

Arrays are time-major, and features come before lanes: (T, H, N). A gate is then one contiguous block, and the
weights are the left factor of each product, which Eigen and YNNPACK, XLA's matrix products, read in place;
as the right one they are packed anew at every step, which costs as much as a third of the product.

The backward loop computes no tanh and no sigmoid: their outputs are kept, and give their derivatives.
A cell with a product between two element-wise parts (the GRU that resets before it) has one p for each of
its products, and the same holds for each.

The gradients of one time step of a cell's equation; the products' weights are left out of them.

A loop over time in TensorFlow, written out where it is short.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from rnnlab.engines.tensorflow.equation import Multiply, Operations, ReplayedOperations, ReplayedProducts
from rnnlab.engines.tensorflow.start import tf
from rnnlab.models.cells import Cell, Product, State
from rnnlab.models.terms import ACTIVATIONS, Equation, Term

Tensor = Any

FEW_COLUMNS = 4
"""Up to so many columns, T·N, the gradient of U is a sum of outer products, worked into the optimizer."""


def run_recurrence(
    cell: Cell,
    x: Tensor,
    kernel: Tensor,
    *,
    parameters: State,
    keep: Tensor | None,
    state: State,
    mask: Tensor | None = None,
) -> tuple[Tensor, State]:
    """The outputs h of every step, (H, T, N), and the state after the last.

    Args:
        cell: the equation.
        x: input pre-activations, (T, G·H, N).
        kernel: the recurrent weights U, (H, G·H).
        parameters: what else the equation uses, each a vector.
        keep: (T, 1, N), 0 where a lane's state is zeroed before the step, else 1; None where it never is.
        state: the state before the first step, (H, N) each.
        mask: (H, N), what the operand of every product is multiplied by, at every step; None changes none.
    """
    lanes, count = x.shape[2], len(state)
    wide = [tf.broadcast_to(vector[:, None], (vector.shape[0], lanes)) for vector in parameters]

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def recurrence(x: Tensor, kernel: Tensor, *rest: Tensor) -> Any:
        layer = _Recurrence(cell, x, kernel, wide=rest[count:], keep=keep, initial=rest[:count], mask=mask)
        return layer.forward(), layer.gradient

    hidden, *last = recurrence(x, kernel, *state, *wide)
    return hidden, tuple(last)


class _Recurrence:
    """One layer over T steps: the forward loop, and the backward loop over what it left.

    Attributes:
        columns: the columns of U that each of the cell's products takes, in the order of the products.
        of_h: whether each product multiplies the state h as the step found it.
        blocks: these columns, (H, width), cut out once before the loops.
        hidden: the outputs h of every step, (H, T, N).
        states: each part of the state after every step, (T, H, N).
        products: each recurrent product of every step, (T, width, N); none if the cell only adds them.
        outputs: what each tanh and sigmoid gave at every step, (T, width, N).
    """

    def __init__(
        self,
        cell: Cell,
        x: Tensor,
        kernel: Tensor,
        *,
        wide: State,
        keep: Tensor | None,
        initial: State,
        mask: Tensor | None,
    ) -> None:
        self.cell, self.x, self.kernel = cell, x, kernel
        self.wide, self.keep, self.initial, self.mask = tuple(wide), keep, tuple(initial), mask
        equation, units = Equation(cell), kernel.shape[0]
        spans = ((product.begin, product.begin + product.blocks) for product in equation.products)
        self.columns = [slice(begin * units, end * units) for begin, end in spans]
        self.of_h = [product.inputs[0] is equation.before[0] for product in equation.products]
        self._widths = list(self._activation_widths(equation.terms))
        self.blocks = [kernel if _width(c) == kernel.shape[1] else kernel[:, c] for c in self.columns]
        self.hidden: Tensor = None
        self.states: tuple[Tensor, ...] = ()
        self.products: tuple[Tensor, ...] = ()
        self.outputs: tuple[Tensor, ...] = ()

    def forward(self) -> tuple[Tensor, ...]:
        """The outputs h of every step, and then each part of the state after the last."""
        count, (units, lanes) = len(self.initial), self.initial[0].shape
        products_of = Multiply(self.blocks, lanes)

        def step(state: State, inputs: tuple[Tensor, ...]) -> tuple[State, State]:
            multiply, operations = products_of.step(), Operations()
            before = _kept(state, inputs[1:])
            after = self.step(operations, inputs[0], multiply, before)
            products = () if self.cell.additive else multiply.products
            return after, (*after, *products, *operations.outputs)

        products = [] if self.cell.additive else [_width(span) for span in self.columns]
        shapes = [(width, lanes) for width in (*[units] * count, *products, *self._widths)]
        last, sequences = scan(step, self.initial, (self.x, *self._keeps()), shapes)
        first = count + len(products)
        self.states, self.products = sequences[:count], sequences[count:first]
        self.outputs = sequences[first:]
        self.hidden = tf.transpose(self.states[0], (1, 0, 2))
        return (self.hidden, *last)

    def gradient(self, upstream: Tensor, *dlast: Tensor) -> tuple[Tensor, ...]:
        """The gradients by x, U, the initial state and the parameters, in this order."""
        count, number = len(self.initial), len(self.columns)
        before = self._states_before()

        def step(carry: State, inputs: tuple[Tensor, ...]) -> tuple[State, State]:
            taken = iter(inputs)
            dafter = [carry[0] + next(taken), *carry[1:count]]
            x, state = next(taken), [next(taken) for _ in before]
            products = [next(taken) for _ in self.products] or [tf.zeros_like(x)]
            outputs = [next(taken) for _ in self.outputs]
            at = StepGradients(self, x, products, outputs, state, dafter)
            sums = [total + d for total, d in zip(carry[count:], at.dwide, strict=True)]
            leaves = at.dproducts if self.cell.additive else [at.dx, *at.dproducts]
            operands = [operand for operand, of_h in zip(at.operands, self.of_h, strict=True) if not of_h]
            return (*_kept(at.dstate, tuple(taken)), *sums), (*leaves, *operands)

        arriving = tf.transpose(upstream, (1, 0, 2))
        sequences = (arriving, self.x, *before, *self.products, *self.outputs, *self._keeps())
        carry = (*dlast, *(tf.zeros_like(vector) for vector in self.wide))
        last, leaves = scan(step, carry, sequences, self._leaf_shapes(), reverse=True)
        first = 0 if self.cell.additive else 1
        dproducts, others = leaves[first : first + number], iter(leaves[first + number :])
        h = self._h_before() if any(self.of_h) else None
        operands = [h if of_h else as_columns(next(others)) for of_h in self.of_h]
        return (leaves[0], self._kernel_gradient(operands, dproducts), *last)

    def step(self, operations: Any, x: Tensor, product: Product, state: State) -> State:
        """The state after one step of the equation, whose products multiply what the mask leaves."""
        if self.mask is None:
            return self.cell.step(operations, x, product, state, self.wide)

        def masked(operand: Tensor, *gates: str) -> Tensor:
            return product(operand * self.mask, *gates)

        return self.cell.step(operations, x, masked, state, self.wide)

    def _keeps(self) -> tuple[Tensor, ...]:
        return () if self.keep is None else (self.keep,)

    def _states_before(self) -> tuple[Tensor, ...]:
        """Each part of the state as every step found it, (T, H, N)."""
        shifted = (
            tf.concat([first[None], after[:-1]], axis=0)
            for first, after in zip(self.initial, self.states, strict=True)
        )
        return tuple(part if self.keep is None else part * self.keep for part in shifted)

    def _h_before(self) -> Tensor:
        """The state h as every step found it, where the mask leaves it, (H, T·N)."""
        units, steps, lanes = self.hidden.shape
        after = tf.reshape(self.hidden, (units, steps * lanes))
        before = tf.concat([self.initial[0], after[:, :-lanes]], axis=1)
        if self.keep is not None:
            before *= tf.reshape(self.keep, (1, steps * lanes))
        return before if self.mask is None else before * tf.tile(self.mask, (1, steps))

    def _leaf_shapes(self) -> list[tuple[int, int]]:
        """Shapes of what a backward step leaves: dx where it is not dp, each dp, and the operands but h."""
        units, lanes = self.initial[0].shape
        own = [] if self.cell.additive else [self.x.shape[1]]
        widths = [*own, *map(_width, self.columns), *[units] * self.of_h.count(False)]
        return [(width, lanes) for width in widths]

    def _activation_widths(self, terms: Sequence[Term]) -> Iterator[int]:
        """Rows of each output that `Operations` keeps, in the order of the equation."""
        for term in terms:
            if term.operation == "normalized":
                yield 1  # the scale of each lane
            if term.operation in {*ACTIVATIONS, "normalized"}:
                yield term.blocks * self.kernel.shape[0]

    def _kernel_gradient(self, operands: Sequence[Tensor], dproducts: Sequence[Tensor]) -> Tensor:
        """dU (H, G·H): for each product, one matrix product over all T·N columns, in its columns' place."""
        blocks = [
            _outer_products(operand, as_columns(dproduct))
            for operand, dproduct in zip(operands, dproducts, strict=True)
        ]
        placed = sorted(zip(self.columns, blocks, strict=True), key=lambda each: each[0].start)
        ends = [0, *(span.stop for span, _ in placed)]
        total = self.kernel.shape[1]
        if ends == [*(span.start for span, _ in placed), total]:  # each column is in one product
            return placed[0][1] if len(placed) == 1 else tf.concat([block for _, block in placed], axis=1)
        return tf.add_n([tf.pad(block, [[0, 0], [span.start, total - span.stop]]) for span, block in placed])


def as_columns(sequence: Tensor) -> Tensor:
    """(T, K, N) as (K, T·N): every step of every lane is a column."""
    steps, width, lanes = sequence.shape
    return tf.reshape(tf.transpose(sequence, (1, 0, 2)), (width, steps * lanes))


def _outer_products(left: Tensor, right: Tensor) -> Tensor:
    """left (K, C) times rightᵀ (C, M); of a few columns as a sum, which XLA works into what takes it."""
    if left.shape[1] > FEW_COLUMNS:
        return tf.matmul(left, right, transpose_b=True)
    return tf.add_n([left[:, k, None] * right[None, :, k] for k in range(left.shape[1])])


def _width(span: slice) -> int:
    return int(span.stop - span.start)


def _kept(state: Sequence[Tensor], keep: Sequence[Tensor]) -> State:
    """The state, zeroed in the lanes that start anew."""
    return tuple(part * keep[0] for part in state) if keep else tuple(state)


class LayerStep(Protocol):
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
        layer: LayerStep,
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


Tensors = tuple[Tensor, ...]
Body = Callable[[Tensors, Tensors], tuple[Tensors, Tensors]]

UNROLLED_STEPS = 4
"""Loops of one lane are written out up to this length: a fourth less time per step. Longer ones take long to
compile; with more lanes, XLA would fold the transpositions before a loop into every product of it.
"""


def scan(
    body: Body,
    carry: Tensors,
    inputs: Tensors,
    shapes: Sequence[tuple[int, int]],
    *,
    reverse: bool = False,
) -> tuple[Tensors, Tensors]:
    """Run a body over time: the last carry, and each of its outputs, of these shapes, stacked along time."""
    steps = inputs[0].shape[0]
    if steps <= UNROLLED_STEPS and shapes[0][1] == 1:
        return _unrolled(body, carry, inputs, reverse=reverse)
    arrays = tuple(
        tf.TensorArray(tf.float32, size=steps, element_shape=shape, clear_after_read=False)
        for shape in shapes
    )

    def loop(k: Tensor, carry: Any, arrays: Any) -> Any:
        t = steps - 1 - k if reverse else k
        carry, outputs = body(carry, tuple(sequence[t] for sequence in inputs))
        return k + 1, carry, tuple(a.write(t, out) for a, out in zip(arrays, outputs, strict=True))

    _, carry, arrays = tf.while_loop(
        lambda k, *_: k < steps, loop, (tf.constant(0), carry, arrays), maximum_iterations=steps
    )
    return carry, tuple(array.stack() for array in arrays)


def _unrolled(body: Body, carry: Tensors, inputs: Tensors, *, reverse: bool) -> tuple[Tensors, Tensors]:
    order = list(range(inputs[0].shape[0]))
    collected: list[Tensors] = []
    for t in reversed(order) if reverse else order:
        carry, outputs = body(carry, tuple(sequence[t] for sequence in inputs))
        collected.append(outputs)
    if reverse:
        collected.reverse()
    return carry, tuple(tf.stack(sequence) for sequence in zip(*collected, strict=True))

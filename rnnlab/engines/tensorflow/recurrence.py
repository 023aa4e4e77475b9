"""The recurrence of one layer over T time steps; the gradient of its weights is computed after the loop.

Plain automatic differentiation of a loop adds a product of shape (H, G·H) to dU at every step.
Here the backward loop differentiates only the cell's element-wise equation and sends the result through U.
The gradient of U is then one product over all steps:

    forward   for t = 0 … T−1:  p[t] = Uᵀ h[t−1];   state[t] = cell(x[t], p[t], state[t−1])
    backward  for t = T−1 … 0:  dx[t], dp[t], dstate[t−1] = gradients of the equation;    dh[t−1] += U dp[t]
    after     dU = Σ_t h[t−1] dp[t]ᵀ, one product over all T·N columns

Arrays have time first, and features before lanes: (T, H, N). So each gate is one contiguous block, and the
weights are the left factor of each product. XLA's matrix products (Eigen and YNNPACK) read the left factor in
place; they copy a right factor into packed form at every step, which takes up to a third of the time.

The backward loop computes no tanh and no sigmoid: the forward loop keeps their outputs, and the derivatives
follow from the outputs. A cell may have several products, for example the GRU that resets before the product.
Each product has its own p.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from rnnlab.engines.tensorflow.equation import Multiply, Operations, ReplayedOperations, ReplayedProducts
from rnnlab.engines.tensorflow.start import tf
from rnnlab.models.cells import Cell, Product, State
from rnnlab.models.terms import ACTIVATIONS, Equation, Term

Tensor = Any
Tensors = tuple[Tensor, ...]
Body = Callable[[Tensors, Tensors], tuple[Tensors, Tensors]]

FEW_COLUMNS = 4
"""Up to this many columns T·N, dU is a sum of outer products, which XLA fuses with the optimizer."""

UNROLLED_STEPS = 4
"""A loop of one lane and up to this many steps is written out step by step, which takes a fourth less time.
Longer loops would take long to compile; with several lanes, XLA would fold the transpositions before the loop
into every product in it.
"""


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
    """Return the outputs h of every time step, (H, T, N), and the state after the last, (H, N) each.

    Args:
        cell: the equation.
        x: input pre-activations, (T, G·H, N).
        kernel: the recurrent weights U, (H, G·H).
        parameters: the cell's other vectors, (H,) or (G·H,) each.
        keep: (T, 1, N), 0 where a lane's state is zeroed before the step, else 1; None if no state is zeroed.
        state: the state before the first step, (H, N) each.
        mask: (H, N), a factor for the operand of every product, the same at every step; None for 1.
    """
    lanes, count = x.shape[2], len(state)
    wide = [tf.broadcast_to(vector[:, None], (vector.shape[0], lanes)) for vector in parameters]

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def recurrence(x: Tensor, kernel: Tensor, *rest: Tensor) -> Any:
        layer = _Recurrence(cell, x, kernel, wide=rest[count:], keep=keep, initial=rest[:count], mask=mask)
        return layer.forward(), layer.gradient

    hidden, *last = recurrence(x, kernel, *state, *wide)
    return hidden, tuple(last)


def scan(
    body: Body,
    carry: Tensors,
    inputs: Tensors,
    shapes: Sequence[tuple[int, int]],
    *,
    reverse: bool = False,
) -> tuple[Tensors, Tensors]:
    """Call `body` for each time step; return the last carry, and each output of `body`, stacked over time.

    Args:
        body: takes the carry and one time step of the inputs; returns the next carry and the step's outputs.
        carry: the first carry.
        inputs: sequences with time first, (T, …).
        shapes: the shape of each output of one step, (width, N).
        reverse: whether to begin with the last time step.
    """
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


def as_columns(sequence: Tensor) -> Tensor:
    """Return a sequence (T, K, N) as (K, T·N): every time step of every lane is a column."""
    steps, width, lanes = sequence.shape
    return tf.reshape(tf.transpose(sequence, (1, 0, 2)), (width, steps * lanes))


class _Recurrence:
    """One layer over T time steps: the forward loop keeps values, and the backward loop reads them.

    Attributes:
        columns: the slice of the columns of U that each product uses, in the order of the products.
        of_h: for each product, whether its operand is the old state h itself.
        blocks: the columns of U that each slice selects, (H, width).
        hidden: the outputs h of every step, (H, T, N).
        states: each part of the state after every step, (T, H, N).
        products: each recurrent product of every step, (T, width, N); none for an additive cell.
        outputs: the output of each tanh, sigmoid and normalisation at every step, (T, width, N); the scale of
            a normalisation, (T, 1, N), comes before its output.
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
        """Run the forward loop; return the outputs h (H, T, N), and each part of the last state (H, N)."""
        count, (units, lanes) = len(self.initial), self.initial[0].shape
        products_of = Multiply(self.blocks, lanes)

        def step(state: State, inputs: tuple[Tensor, ...]) -> tuple[State, State]:
            multiply, operations = products_of.step(), Operations()
            before = _kept(state, inputs[1:])  # (H, N) each, zeroed in the lanes that start anew
            after = self.step(operations, inputs[0], multiply, before)  # (H, N) each
            products = () if self.cell.additive else multiply.products  # (width, N) each
            return after, (*after, *products, *operations.outputs)

        # What one step keeps for the backward loop: the state, the products, the activations.
        products = [] if self.cell.additive else [_width(span) for span in self.columns]
        shapes = [(width, lanes) for width in (*[units] * count, *products, *self._widths)]
        last, sequences = scan(step, self.initial, (self.x, *self._keeps()), shapes)
        first = count + len(products)
        self.states, self.products = sequences[:count], sequences[count:first]  # (T, H, N), (T, width, N)
        self.outputs = sequences[first:]  # (T, width, N)
        self.hidden = tf.transpose(self.states[0], (1, 0, 2))  # (T, H, N) -> (H, T, N)
        return (self.hidden, *last)

    def gradient(self, upstream: Tensor, *dlast: Tensor) -> tuple[Tensor, ...]:
        """Run the backward loop; return the gradients of x, U, the initial state and the parameters.

        Args:
            upstream: the gradient of the outputs h, (H, T, N).
            dlast: the gradient of each part of the last state, (H, N).
        """
        count, number = len(self.initial), len(self.columns)
        before = self._states_before()

        def step(carry: State, inputs: tuple[Tensor, ...]) -> tuple[State, State]:
            taken = iter(inputs)
            # The gradient of h comes from the outputs and from the step after this one.
            dafter = [carry[0] + next(taken), *carry[1:count]]  # (H, N) each
            # Values of the forward loop at this step.
            x, state = next(taken), [next(taken) for _ in before]  # (G·H, N), (H, N) each
            products = [next(taken) for _ in self.products] or [tf.zeros_like(x)]  # (width, N) each
            outputs = [next(taken) for _ in self.outputs]  # (width, N) each
            at = _StepGradients(self, x, products, outputs, state, dafter)
            # The parameters' gradients are summed over the steps; dx, dp and operands are kept for each step.
            sums = [total + d for total, d in zip(carry[count:], at.dwide, strict=True)]  # (width, N) each
            kept = at.dproducts if self.cell.additive else [at.dx, *at.dproducts]  # (width, N) each
            operands = [operand for operand, of_h in zip(at.operands, self.of_h, strict=True) if not of_h]
            return (*_kept(at.dstate, tuple(taken)), *sums), (*kept, *operands)

        arriving = tf.transpose(upstream, (1, 0, 2))  # (H, T, N) -> (T, H, N)
        sequences = (arriving, self.x, *before, *self.products, *self.outputs, *self._keeps())
        carry = (*dlast, *(tf.zeros_like(vector) for vector in self.wide))
        last, kept = scan(step, carry, sequences, self._kept_shapes(), reverse=True)
        first = 0 if self.cell.additive else 1  # an additive cell's dx is its dp
        dproducts, others = kept[first : first + number], iter(kept[first + number :])  # (T, width, N) each
        h = self._h_before() if any(self.of_h) else None  # (H, T·N)
        operands = [h if of_h else as_columns(next(others)) for of_h in self.of_h]  # (H, T·N) each
        return (kept[0], self._kernel_gradient(operands, dproducts), *last)

    def step(self, operations: Any, x: Tensor, product: Product, state: State) -> State:
        """Return the state after one time step; the mask is multiplied into the operand of every product."""
        if self.mask is None:
            return self.cell.step(operations, x, product, state, self.wide)

        def masked(operand: Tensor, *gates: str) -> Tensor:
            return product(operand * self.mask, *gates)

        return self.cell.step(operations, x, masked, state, self.wide)

    def _keeps(self) -> tuple[Tensor, ...]:
        return () if self.keep is None else (self.keep,)

    def _states_before(self) -> tuple[Tensor, ...]:
        """Return each part of the state before every step, (T, H, N)."""
        shifted = (
            tf.concat([first[None], after[:-1]], axis=0)
            for first, after in zip(self.initial, self.states, strict=True)
        )
        return tuple(part if self.keep is None else part * self.keep for part in shifted)

    def _h_before(self) -> Tensor:
        """Return the operand of the product with h, (H, T·N): h before every step, times the mask."""
        units, steps, lanes = self.hidden.shape
        after = tf.reshape(self.hidden, (units, steps * lanes))  # (H, T·N)
        before = tf.concat([self.initial[0], after[:, :-lanes]], axis=1)  # (H, T·N), one step later
        if self.keep is not None:
            before *= tf.reshape(self.keep, (1, steps * lanes))  # zero where a lane starts anew
        return before if self.mask is None else before * tf.tile(self.mask, (1, steps))

    def _kept_shapes(self) -> list[tuple[int, int]]:
        """Return the shapes that a backward step keeps: dx unless it is dp, each dp, each operand but h."""
        units, lanes = self.initial[0].shape
        own = [] if self.cell.additive else [self.x.shape[1]]
        widths = [*own, *map(_width, self.columns), *[units] * self.of_h.count(False)]
        return [(width, lanes) for width in widths]

    def _activation_widths(self, terms: Sequence[Term]) -> Iterator[int]:
        """Yield the number of rows of each output that `Operations` keeps, in the order of the equation."""
        for term in terms:
            if term.operation == "normalized":
                yield 1  # the scale of each lane
            if term.operation in {*ACTIVATIONS, "normalized"}:
                yield term.blocks * self.kernel.shape[0]

    def _kernel_gradient(self, operands: Sequence[Tensor], dproducts: Sequence[Tensor]) -> Tensor:
        """Return dU (H, G·H), from one matrix product over all T·N columns for each recurrent product.

        Args:
            operands: the operand of each recurrent product, (H, T·N).
            dproducts: the gradient of each recurrent product, (T, width, N).
        """
        blocks = [
            _outer_products(operand, as_columns(dproduct))  # (H, T·N) (T·N, width) = (H, width)
            for operand, dproduct in zip(operands, dproducts, strict=True)
        ]
        # The cell may call its products in any order: each block goes to the columns of its gates.
        placed = sorted(zip(self.columns, blocks, strict=True), key=lambda each: each[0].start)
        ends = [0, *(span.stop for span, _ in placed)]
        total = self.kernel.shape[1]  # G·H
        if ends == [*(span.start for span, _ in placed), total]:  # each column is in exactly one product
            return placed[0][1] if len(placed) == 1 else tf.concat([block for _, block in placed], axis=1)
        # Some columns are in no product or in several: the blocks are padded to (H, G·H) and added.
        return tf.add_n([tf.pad(block, [[0, 0], [span.start, total - span.stop]]) for span, block in placed])


class _StepGradients:
    """The gradients of one time step.

    The last product comes first: the gradient of a product goes through U to its operand, which may depend on
    an earlier product.

    Args:
        layer: the layer.
        x: the input pre-activations, (G·H, N).
        products: each product of the forward loop, (width, N).
        outputs: the outputs of the forward loop at this step, as in `_Recurrence.outputs`, (width, N).
        state: each part of the state before the step, (H, N).
        dafter: the gradient of each part of the state after the step, (H, N).

    Attributes:
        dx: the gradient of x, (G·H, N).
        dproducts: the gradient of each product, (width, N).
        dstate: the gradient of each part of the state before the step, (H, N).
        dwide: the gradient of each parameter, (width, N): one column for each lane.
        operands: the operand of each product, (H, N).
    """

    def __init__(
        self,
        layer: _Recurrence,
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
            reached = list(layer.step(operations, x, replay, tuple(state)))  # (H, N) each
        self.operands, self.dproducts = replay.operands, list[Tensor]()
        arriving = list(dafter)  # the gradients of `reached`
        for product, operand, block in reversed(
            list(zip(products, self.operands, layer.blocks, strict=True))
        ):
            dproduct = tape.gradient(
                reached, product, arriving, unconnected_gradients=tf.UnconnectedGradients.ZERO
            )
            reached.append(operand)
            arriving.append(tf.matmul(block, dproduct))  # (H, width) (width, N) = (H, N)
            self.dproducts.insert(0, dproduct)
        self.dx, *rest = tape.gradient(
            reached,
            [x, *state, *layer.wide],
            arriving,
            unconnected_gradients=tf.UnconnectedGradients.ZERO,
        )
        self.dstate, self.dwide = rest[: len(state)], rest[len(state) :]


def _outer_products(left: Tensor, right: Tensor) -> Tensor:
    """Return left (K, C) times rightᵀ (C, M); for few columns as a sum, which XLA fuses with its use."""
    if left.shape[1] > FEW_COLUMNS:
        return tf.matmul(left, right, transpose_b=True)
    return tf.add_n([left[:, k, None] * right[None, :, k] for k in range(left.shape[1])])


def _width(span: slice) -> int:
    """Return the number of columns of a slice."""
    return int(span.stop - span.start)


def _kept(state: Sequence[Tensor], keep: Sequence[Tensor]) -> State:
    """Return the state, (H, N) each, with zeros in the lanes that start anew."""
    return tuple(part * keep[0] for part in state) if keep else tuple(state)


def _unrolled(body: Body, carry: Tensors, inputs: Tensors, *, reverse: bool) -> tuple[Tensors, Tensors]:
    """Return the same as `scan`, without a loop in the compiled program."""
    order = list(range(inputs[0].shape[0]))
    collected: list[Tensors] = []
    for t in reversed(order) if reverse else order:
        carry, outputs = body(carry, tuple(sequence[t] for sequence in inputs))
        collected.append(outputs)
    if reverse:
        collected.reverse()
    return carry, tuple(tf.stack(sequence) for sequence in zip(*collected, strict=True))

"""A loop over time in TensorFlow, written out where it is short."""

from collections.abc import Callable, Sequence
from typing import Any

from rnnlab.engines.tensorflow_start import tf

Tensor = Any
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

"""Layers without a state in TensorFlow: lookups in tables, dense layers, and products over all time steps."""

from collections.abc import Mapping
from typing import Any

from rnnlab.engines.tensorflow.recurrence import as_columns, scan
from rnnlab.engines.tensorflow.start import tf
from rnnlab.models.architecture import Layer

Tensor = Any

DENSE_LOOKUP_ROWS = 1024
"""Most rows of a table whose gradient is a matrix product with one-hot columns; for more, sums are faster."""


def dense(weights: Mapping[str, Tensor], layer: Layer, values: Tensor) -> Tensor:
    """Return the outputs (…, N, K) of a dense layer for values (…, N, D)."""
    return values @ weights[f"{layer.name}/kernel"] + weights[f"{layer.name}/bias"]


def product(values: Tensor, kernel: Tensor) -> Tensor:
    """Return kernelᵀ (K, D) times values (D, T, N), one matrix product over T·N columns, as (K, T, N)."""
    size, steps, lanes = values.shape
    columns = tf.matmul(kernel, tf.reshape(values, (size, steps * lanes)), transpose_a=True)  # (K, T·N)
    return tf.reshape(columns, (-1, steps, lanes))


def steps_of(values: Tensor, kernel: Tensor, bias: Tensor) -> Tensor:
    """Return a layer's input pre-activations (T, G·H, N) for values (D, T, N)."""
    return tf.transpose(product(values, kernel), (1, 0, 2)) + bias[:, None]


@tf.custom_gradient  # type: ignore[untyped-decorator]
def lookup(table: Tensor, ids: Tensor) -> Any:
    """Return the rows of a table (V, K) for ids (T, N), (T, N, K)."""

    def gradient(upstream: Tensor) -> tuple[Tensor, None]:
        columns = tf.reshape(tf.transpose(upstream, (2, 0, 1)), (table.shape[1], -1))  # (K, T·N)
        return _row_sums(columns, ids, table), None

    return tf.gather(table, ids), gradient


@tf.custom_gradient  # type: ignore[untyped-decorator]
def columns_of(table: Tensor, ids: Tensor) -> Any:
    """Return the rows of a table (V, K) for ids (T, N), each as a column, (T, K, N).

    With several lanes, columns are gathered step by step from the transposed table. If all are gathered at
    once, XLA gathers rows and then transposes them element by element, which takes twice as long.
    """

    def gradient(upstream: Tensor) -> tuple[Tensor, None]:
        return _row_sums(as_columns(upstream), ids, table), None

    if ids.shape[1] == 1:
        return tf.transpose(tf.gather(table, ids), (0, 2, 1)), gradient
    transposed = tf.transpose(table)  # (K, V)
    _, (columns,) = scan(
        lambda _, taken: ((), (tf.gather(transposed, taken[0], axis=1),)),
        (),
        (ids,),
        [(table.shape[1], ids.shape[1])],
    )
    return columns, gradient


def _row_sums(columns: Tensor, ids: Tensor, table: Tensor) -> Tensor:
    """Return the gradient of a table (V, K): row v is the sum of the columns (K, T·N) with id v."""
    flat = tf.reshape(ids, (-1,))  # (T·N,)
    if table.shape[0] > DENSE_LOOKUP_ROWS:
        return tf.math.unsorted_segment_sum(tf.transpose(columns), flat, table.shape[0])
    return tf.matmul(tf.one_hot(flat, table.shape[0], axis=0), columns, transpose_b=True)

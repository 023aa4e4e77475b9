"""The forward pass of a network in TensorFlow: token ids and a state in, logits and the next state out.

In a recurrent network, arrays have features first, (K, T, N): every time step of every lane is a column, and
one product computes the input pre-activations of a layer. In an MLP, features come last, (1, N, K). The seed
of the training step decides what dropout drops.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnlab.engines.tensorflow.layers import columns_of, dense, lookup, product, steps_of
from rnnlab.engines.tensorflow.recurrence import run_recurrence
from rnnlab.engines.tensorflow.start import keras, tf
from rnnlab.models.architecture import Architecture, Dropout
from rnnlab.models.cells import State

Tensor = Any


NetworkState = tuple[State, ...]


class DropoutMasks:
    """Dropout (Srivastava et al., 2014): random values become 0, the others are divided by 1 − share.

    Each call draws new random numbers.

    Args:
        shares: the fractions of inputs, outputs and operands of recurrent products that are dropped, and
            whether the same units are dropped at every time step (Gal and Ghahramani, 2016).
        seed: two integers (2,) that decide the random numbers; None drops nothing.
    """

    def __init__(self, shares: Dropout, seed: Tensor | None) -> None:
        self._shares, self._seed, self._uses = shares, seed, 0

    def outputs(self, values: Tensor) -> Tensor:
        """Return a hidden layer's outputs after dropout, (K, T, N) or (K, 1, N); (1, N, K) of an MLP."""
        return self._dropped(values, self._shares.outputs)

    def inputs(self, values: Tensor) -> Tensor:
        """Return the encoded inputs after dropout, (K, T, N); (N, T, K) of an MLP."""
        return self._dropped(values, self._shares.inputs)

    def of_other_layers(self, shares: Dropout) -> "DropoutMasks":
        """Return the masks of further layers of the same step, which have fractions of their own.

        Their random numbers follow those that were drawn so far. From then on, only they may be used.
        """
        others = DropoutMasks(shares, self._seed)
        others._uses = self._uses
        return others

    @property
    def drops_inputs(self) -> bool:
        """Whether dropout changes the inputs."""
        return self._drops(self._shares.inputs)

    def tokens(self, ids: Tensor, vocab_size: int) -> Tensor:
        """Return the factor of each one-hot row, (T, N): 0 where the token is dropped, else 1 / (1 − share).

        Args:
            ids: token ids, (T, N).
            vocab_size: V.
        """
        steps, lanes = ids.shape
        if not self._shares.variational:
            return self._factors((steps, lanes), self._shares.inputs)
        # One draw for each token of the vocabulary, the same at every time step of a lane.
        factors = self._factors((lanes, vocab_size), self._shares.inputs)  # (N, V)
        return tf.transpose(tf.gather(factors, tf.transpose(ids), batch_dims=1))  # (N, T) -> (T, N)

    def recurrent(self, units: int, lanes: int) -> Tensor | None:
        """Return the factors of the operand of each recurrent product, (H, N); None if nothing is dropped."""
        if not self._drops(self._shares.recurrent):
            return None
        return self._factors((units, lanes), self._shares.recurrent)

    def _dropped(self, values: Tensor, share: float) -> Tensor:
        """Return values (K, T, N), each 0 with probability `share`, else divided by 1 − share.

        Without a seed, and with a share of 0, the values are returned unchanged.
        """
        if not self._drops(share):
            return values
        features, steps, lanes = values.shape
        shape = (features, 1 if self._shares.variational else steps, lanes)
        return tf.where(self._uniform(shape) >= share, values / (1 - share), 0.0)

    def _factors(self, shape: tuple[int, ...], share: float) -> Tensor:
        """Return random factors: 0 with probability `share`, else 1 / (1 − share)."""
        return tf.where(self._uniform(shape) >= share, 1 / (1 - share), 0.0)

    def _drops(self, share: float) -> bool:
        return self._seed is not None and share > 0

    def _uniform(self, shape: tuple[int, ...]) -> Tensor:
        """Return uniform random numbers in [0, 1), different at each call."""
        self._uses += 1
        seed = self._seed + tf.constant([self._uses << 24, 0])
        # Threefry (Salmon et al., 2011): the generator that XLA chooses takes 180 times as long on a CPU.
        return tf.random.stateless_uniform(shape, seed=seed, alg="threefry")


@dataclass(frozen=True)
class ForwardPass:
    """A network's equations, without its weights.

    Attributes:
        architecture: the layers.
        table: (V, D) rows of a fixed encoding; None for an encoding that is learnt.
        last_only: whether to return only the logits of the last time step, as an MLP always does.
    """

    architecture: Architecture
    table: Tensor | None
    last_only: bool

    def zero_state(self, lanes: int) -> NetworkState:
        """Return the zero state of every recurrent layer, (H, N) each."""
        return tuple(
            tuple(tf.zeros((layer.units, lanes)) for _ in layer.cell.state)
            for layer in self.architecture.recurrent
        )

    def __call__(
        self,
        weights: Mapping[str, Tensor],
        ids: Tensor,
        keep: Tensor | None,
        state: NetworkState,
        dropout_seed: Tensor | None = None,
    ) -> tuple[Tensor, NetworkState]:
        """Return the logits (T, N, V), or (1, N, V) if `last_only` or for an MLP, and the last state.

        Args:
            weights: the weights by their names in a model file.
            ids: token ids, (N, T) int32.
            keep: (N, T), 0 where a lane's state is zeroed before the step, else 1; None if no state is
                zeroed.
            state: the state before the first step.
            dropout_seed: two integers (2,) that decide what dropout drops; None drops nothing.
        """
        ids = tf.transpose(ids)  # (T, N)
        dropout = DropoutMasks(self.architecture.dropout, dropout_seed)
        if self.architecture.activation:
            return self._dense(weights, ids, dropout), ()
        hidden, state = self._recurrent(weights, ids, keep, state, dropout)  # (H, T, N)
        head = self.architecture.head
        if head:
            bias = weights[f"{head.name}/bias"][:, None, None]  # (V, 1, 1)
            hidden = product(hidden, self._head_kernel(weights)) + bias  # (V, T, N)
        return tf.transpose(hidden, (1, 2, 0)), state  # (T, N, V)

    def _recurrent(
        self,
        weights: Mapping[str, Tensor],
        ids: Tensor,
        keep: Tensor | None,
        state: NetworkState,
        dropout: DropoutMasks,
    ) -> tuple[Tensor, NetworkState]:
        """Return the last layer's outputs, (H, T, N) or (H, 1, N), and the last state of each layer."""
        if keep is not None:
            keep = tf.transpose(keep)[:, None]  # (T, 1, N)
        hidden: Tensor = None
        after = []
        for layer, before in zip(self.architecture.recurrent, state, strict=True):
            mine = {name: weights[f"{layer.name}/{name}"] for name in layer.weights}
            kernel, bias = mine["kernel"], layer.cell.input_bias(mine)
            below = hidden
            # Input pre-activations of all time steps at once, (T, G·H, N).
            if below is None:
                x = self._encoded(weights, ids, kernel, bias, dropout)
            else:
                x = steps_of(below, kernel, bias)
            # The loop over time: outputs (H, T, N), state (H, N) each.
            hidden, last = run_recurrence(
                layer.cell,
                x,
                mine["recurrent_kernel"],
                parameters=layer.cell.parameters(mine),
                keep=keep,
                state=before,
                mask=dropout.recurrent(layer.units, ids.shape[1]),
            )
            after.append(last)
            if self.last_only and layer is self.architecture.recurrent[-1]:
                hidden = hidden[:, -1:]  # (H, 1, N)
            hidden = dropout.outputs(hidden)
            if self.architecture.residual and below is not None:
                hidden += below[:, -hidden.shape[1] :]
        return hidden, tuple(after)

    def _dense(self, weights: Mapping[str, Tensor], ids: Tensor, dropout: DropoutMasks) -> Tensor:
        """Return logits (1, N, V) of an MLP, which reads the whole window at once."""
        encoded = dropout.inputs(tf.transpose(self._rows(weights, ids), (1, 0, 2)))  # (N, T, D)
        hidden = tf.reshape(encoded, (1, encoded.shape[0], -1))  # (1, N, T·D)
        activation = keras.activations.get(self.architecture.activation)
        for layer in self.architecture.hidden:
            hidden = dropout.outputs(activation(dense(weights, layer, hidden)))  # (1, N, H)
        return dense(weights, self.architecture.layers[-1], hidden)

    def _encoded(
        self, weights: Mapping[str, Tensor], ids: Tensor, kernel: Tensor, bias: Tensor, dropout: DropoutMasks
    ) -> Tensor:
        """Return input pre-activations of the tokens (T, N) for the first layer, (T, G·H, N).

        With `one_hot`, each token looks up its row of the kernel. Another table with at most as many rows as
        the batch has tokens is multiplied by the kernel once, and each token looks up its row of the product.
        A larger table, or any other table with input dropout, is looked up first and then multiplied.
        """
        if self.table is not None and _is_identity(self.table):  # one-hot
            if dropout.drops_inputs:
                scale = dropout.tokens(ids, self.table.shape[0])
                return columns_of(kernel, ids) * scale[:, None] + bias[:, None]
            return columns_of(kernel + bias, ids)
        table = self._table(weights)
        if table.shape[0] <= ids.shape[0] * ids.shape[1] and not dropout.drops_inputs:
            return columns_of(tf.matmul(table, kernel) + bias, ids)  # (V, G·H) -> (T, G·H, N)
        rows = tf.transpose(self._rows(weights, ids), (2, 0, 1))  # (D, T, N)
        return steps_of(dropout.inputs(rows), kernel, bias)

    def _head_kernel(self, weights: Mapping[str, Tensor]) -> Tensor:
        """Return the kernel of the head, (H, V)."""
        if self.architecture.tied:
            return tf.transpose(self._table(weights))
        return weights[f"{self.architecture.layers[-1].name}/kernel"]

    def _rows(self, weights: Mapping[str, Tensor], ids: Tensor) -> Tensor:
        """Return the encoded tokens (T, N, D) of ids (T, N)."""
        table = self._table(weights)
        return tf.gather(table, ids) if table is self.table else lookup(table, ids)

    def _table(self, weights: Mapping[str, Tensor]) -> Tensor:
        """Return the row of each token, (V, D): the fixed table, or the learnt embeddings."""
        return weights[f"{self.architecture.encoding.name}/embeddings"] if self.table is None else self.table


def _is_identity(table: Tensor) -> bool:
    """Whether a fixed table (V, D) is that of `one_hot`; with two tokens, `pitch_duration` has D = V too."""
    rows, columns = table.shape
    return bool(rows == columns and (np.diagonal(table) == 1).all() and np.count_nonzero(table) == rows)

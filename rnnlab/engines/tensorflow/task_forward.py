"""The forward pass of a network for examples in TensorFlow: a batch in, the logits of its targets out.

Arrays have features first, (K, T, N), as in `forward.py`. Inputs are aligned at the right: a layer that reads
forwards begins each lane with a zero state at its first token, and a layer that reads backwards begins all
lanes at their last token.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rnnlab.engines.tensorflow.examples import Lanes
from rnnlab.engines.tensorflow.forward import DropoutMasks
from rnnlab.engines.tensorflow.layers import columns_of, lookup, product, steps_of
from rnnlab.engines.tensorflow.recurrence import run_recurrence
from rnnlab.engines.tensorflow.start import tf
from rnnlab.models.architecture import Layer, RecurrentLayer
from rnnlab.models.cells import State
from rnnlab.models.task_architecture import Stack, TaskArchitecture

Tensor = Any
Weights = Mapping[str, Tensor]

LOWEST = -1e9
"""What stands in place of an output, or is added to a score, that does not count: the maximum is another, and
the softmax is 0."""


@dataclass(frozen=True)
class Read:
    """What a stack has read.

    Attributes:
        outputs: the outputs of the last layer, (H, T, N), or (2·H, T, N) in both directions.
        states: the last state of each layer that reads forwards, (H, N) each.
    """

    outputs: Tensor
    states: Sequence[State]


@dataclass(frozen=True)
class TaskForward:
    """A network's equations, without its weights.

    Attributes:
        architecture: the layers.
    """

    architecture: TaskArchitecture

    def __call__(self, weights: Weights, lanes: Lanes, seed: Tensor | None) -> Tensor:
        """Return the logits: of labels (1, N, L), of tags (T, N, G), or of target tokens (U + 1, N, V).

        Args:
            weights: the weights by their names in a model file.
            lanes: the batch.
            seed: two integers (2,) that decide what dropout drops; None drops nothing.
        """
        architecture, dropout = self.architecture, DropoutMasks(self.architecture.dropout, seed)
        read = hidden = None
        if architecture.encoder and architecture.encoding:
            read = self._encoded(weights, architecture.encoder, architecture.encoding, lanes, dropout)
            hidden = read.outputs
            if architecture.task == "label":
                hidden = self._pooled(architecture.encoder, hidden, lanes.valid)[:, None]  # (H, 1, N)
        if architecture.decoder and architecture.decoder_encoding:
            dropout = dropout.of_other_layers(architecture.decoder_dropout)
            hidden = self._decoded(
                weights, architecture.decoder, architecture.decoder_encoding, lanes, read, dropout
            )
        return tf.transpose(_dense(weights, architecture.head, hidden), (1, 2, 0))

    def _encoded(
        self, weights: Weights, encoder: Stack, encoding: Layer, lanes: Lanes, dropout: DropoutMasks
    ) -> Read:
        """Return what the encoder reads."""
        ids = lanes.inputs
        if self.architecture.reverse_source:
            ids = _turned(ids, lanes.valid)
        if self.architecture.characters is None:
            return run_stack(weights, encoder, _inputs(weights, encoding, ids, dropout), lanes.valid, dropout)
        rows = Inputs(weights, encoding, ids).values()  # (D, T, N)
        spelled = self._spelled(weights, *self.architecture.characters, lanes)  # (2·C, T, N)
        values = dropout.inputs(tf.concat([rows, spelled], axis=0))
        return run_stack(weights, encoder, values, lanes.valid, dropout)

    def _spelled(self, weights: Weights, encoding: Layer, stack: Stack, lanes: Lanes) -> Tensor:
        """Return a vector of the characters of each token, (2·C, T, N)."""
        longest, steps, count = lanes.spelled.shape
        columns = (longest, steps * count)  # every token of every lane is a lane of its own
        ids, valid = tf.reshape(lanes.characters, columns), tf.reshape(lanes.spelled, columns)
        nothing = DropoutMasks(self.architecture.dropout, None)
        read = run_stack(weights, stack, _inputs(weights, encoding, ids, nothing), valid, nothing)
        return tf.reshape(_last(read.outputs, valid, stack), (-1, steps, count))

    def _pooled(self, encoder: Stack, hidden: Tensor, valid: Tensor) -> Tensor:
        """Return one vector for each lane, (H, N), of outputs (H, T, N); zeros for a lane without tokens."""
        if self.architecture.pooling == "mean":
            return tf.reduce_sum(hidden * valid, axis=1) / tf.maximum(tf.reduce_sum(valid, axis=0), 1)
        if self.architecture.pooling == "max":
            return tf.reduce_max(tf.where(valid > 0, hidden, LOWEST), axis=1) * valid[-1]
        return _last(hidden, valid, encoder)

    def _decoded(
        self,
        weights: Weights,
        decoder: Stack,
        encoding: Layer,
        lanes: Lanes,
        read: Read | None,
        dropout: DropoutMasks,
    ) -> Tensor:
        """Return the outputs of the decoder, (H, U + 1, N), after the attention if there is one."""
        # the row of the label is the first input, and may be added to every other one
        added = lanes.before[:1] if self.architecture.every_input else None  # (1, N)
        inputs = _inputs(weights, encoding, lanes.before, dropout, added)
        states = None
        if read:  # a lane without tokens begins with zeros
            states = [tuple(part * lanes.valid[-1] for part in state) for state in read.states]
        hidden = run_stack(weights, decoder, inputs, None, dropout, states).outputs  # (H, U + 1, N)
        if read is None or self.architecture.attention is None:
            return hidden
        context = attend(read.outputs, lanes.valid, hidden)
        return tf.tanh(_dense(weights, self.architecture.attention, tf.concat([context, hidden], axis=0)))


class Inputs:
    """Token ids as the input of a layer, which looks up the product of a token's vector with its kernel.

    Args:
        weights: the weights by their names in a model file.
        encoding: the layer that encodes the ids.
        ids: (T, N).
        added: ids whose vectors are added to those of every time step but the first, (1, N); None for none.
    """

    def __init__(self, weights: Weights, encoding: Layer, ids: Tensor, added: Tensor | None = None) -> None:
        self._encoding, self._ids, self._added = encoding, ids, added
        self._rows = weights[f"{encoding.name}/embeddings"] if encoding.weights else None

    def values(self) -> Tensor:
        """Return the vectors of the tokens, (D, T, N)."""
        values = self._vectors(self._ids)
        return values if self._added is None else values + self._later(self._vectors(self._added))

    def pre_activations(self, kernel: Tensor, bias: Tensor, *, backwards: bool) -> Tensor:
        """Return the input pre-activations of a layer, (T, G·H, N), the last step first if `backwards`."""
        ids = tf.reverse(self._ids, [0]) if backwards else self._ids
        table = kernel if self._rows is None else tf.matmul(self._rows, kernel)  # (V, G·H)
        x = columns_of(table + bias, ids)  # (T, G·H, N)
        if self._added is None:
            return x
        added = tf.transpose(columns_of(table, self._added), (1, 0, 2))  # (G·H, 1, N)
        return x + tf.transpose(self._later(added), (1, 0, 2))

    def _vectors(self, ids: Tensor) -> Tensor:
        """Return the vectors of ids (T, N), (D, T, N)."""
        if self._rows is None:
            return tf.transpose(tf.one_hot(ids, self._encoding.units), (2, 0, 1))
        return tf.transpose(lookup(self._rows, ids), (2, 0, 1))

    def _later(self, values: Tensor) -> Tensor:
        """Return values (K, 1, N) at every time step but the first, which has zeros, (K, T, N)."""
        return values * tf.cast(tf.range(self._ids.shape[0]) > 0, tf.float32)[:, None]


def _inputs(
    weights: Weights, encoding: Layer, ids: Tensor, dropout: DropoutMasks, added: Tensor | None = None
) -> Inputs | Tensor:
    """Return token ids as the input of a stack: as ids, or as their vectors (D, T, N) after dropout.

    They stay ids if nothing is dropped, and if the table has at most as many rows as the batch has tokens:
    then it is less work to multiply the table by the kernel. Both directions get the same values.

    Args:
        weights: the weights by their names in a model file.
        encoding: the layer that encodes the ids.
        ids: (T, N).
        dropout: drops inputs.
        added: as in `Inputs`.
    """
    inputs = Inputs(weights, encoding, ids, added)
    rows = encoding.weights["embeddings"][0] if encoding.weights else 0
    if rows <= ids.shape[0] * ids.shape[1] and not dropout.drops_inputs:
        return inputs
    return dropout.inputs(inputs.values())


def run_stack(
    weights: Weights,
    stack: Stack,
    values: Inputs | Tensor,
    valid: Tensor | None,
    dropout: DropoutMasks,
    states: Sequence[State] | None = None,
) -> Read:
    """Run recurrent layers over inputs.

    Args:
        weights: the weights by their names in a model file.
        stack: the layers.
        values: the inputs: ids, or values (D, T, N).
        valid: 1 where there is a token, else 0, (T, N), aligned at the right; None if every lane is read from
            its first time step.
        dropout: drops outputs and states.
        states: the state of each layer before the first step, (H, N) each; None for zeros.
    """
    # Where a lane begins with a zero state: at its first token, and where there is no token before it.
    keep = None if valid is None else (valid * tf.pad(valid[:-1], ((1, 0), (0, 0))))[:, None]  # (T, 1, N)
    last = []
    for number, layer in enumerate(stack.layers):
        state = None if states is None else states[number]
        below = values
        hidden, after = _run(weights, layer, values, keep, state, dropout, backwards=False)
        last.append(after)
        if stack.backward:
            back, _ = _run(weights, stack.backward[number], values, None, None, dropout, backwards=True)
            hidden = tf.concat([hidden, tf.reverse(back, [1])], axis=0)  # (2·H, T, N)
        hidden = dropout.outputs(hidden)
        values = hidden + below if stack.residual and number else hidden
    return Read(values, last)


def attend(memory: Tensor, valid: Tensor, queries: Tensor) -> Tensor:
    """Return for each query a mean of the memory, weighted by the softmax of their products.

    Luong et al. (2015), the score `dot`.

    Args:
        memory: (H, T, N).
        valid: 1 where the memory counts, else 0, (T, N).
        queries: (H, U, N).

    Returns:
        (H, U, N); zeros for a lane without memory.
    """
    keys = tf.transpose(memory, (2, 1, 0))  # (N, T, H)
    asked = tf.transpose(queries, (2, 1, 0))  # (N, U, H)
    scores = tf.matmul(asked, keys, transpose_b=True)  # (N, U, T)
    scores += (1 - tf.transpose(valid)[:, None]) * LOWEST
    context = tf.matmul(tf.nn.softmax(scores, axis=-1), keys)  # (N, U, H)
    return tf.transpose(context, (2, 1, 0)) * valid[-1]


def _run(
    weights: Weights,
    layer: RecurrentLayer,
    values: Inputs | Tensor,
    keep: Tensor | None,
    state: State | None,
    dropout: DropoutMasks,
    *,
    backwards: bool,
) -> tuple[Tensor, State]:
    """Return the outputs of one layer, (H, T, N), in the order in which it reads, and its last state."""
    mine = {name: weights[f"{layer.name}/{name}"] for name in layer.weights}
    kernel, bias = mine["kernel"], layer.cell.input_bias(mine)
    if isinstance(values, Inputs):
        x = values.pre_activations(kernel, bias, backwards=backwards)
    else:
        x = steps_of(tf.reverse(values, [1]) if backwards else values, kernel, bias)
    lanes = x.shape[2]
    if state is None:
        state = tuple(tf.zeros((layer.units, lanes)) for _ in layer.cell.state)
    return run_recurrence(
        layer.cell,
        x,
        mine["recurrent_kernel"],
        parameters=layer.cell.parameters(mine),
        keep=keep,
        state=state,
        mask=dropout.recurrent(layer.units, lanes),
    )


def _last(hidden: Tensor, valid: Tensor, stack: Stack) -> Tensor:
    """Return the outputs after each direction has read all tokens, (H, N) or (2·H, N), of (…, T, N).

    The layer that reads forwards ends at the last time step, the one that reads backwards at the first token.
    A lane without tokens has zeros.
    """
    last = hidden[:, -1] * valid[-1]
    if not stack.backward:
        return last
    units = stack.layers[-1].units
    is_first = valid * (1 - tf.pad(valid[:-1], ((1, 0), (0, 0))))  # (T, N)
    return tf.concat([last[:units], tf.reduce_sum(hidden[units:] * is_first, axis=1)], axis=0)


def _dense(weights: Weights, layer: Layer, values: Tensor) -> Tensor:
    """Return the outputs (K, T, N) of a dense layer for values (D, T, N)."""
    return product(values, weights[f"{layer.name}/kernel"]) + weights[f"{layer.name}/bias"][:, None, None]


def _turned(ids: Tensor, valid: Tensor) -> Tensor:
    """Return ids (T, N), aligned at the right, with the tokens of each lane in the opposite order."""
    lengths = tf.cast(tf.reduce_sum(valid, axis=0), tf.int32)  # (N,)
    steps = ids.shape[0]
    # The lane's tokens begin at step T − length; step t gets that of step 2T − 1 − length − t.
    places = 2 * steps - 1 - lengths - tf.range(steps)[:, None]  # (T, N)
    places = tf.clip_by_value(places, 0, steps - 1)
    return tf.transpose(tf.gather(tf.transpose(ids), tf.transpose(places), batch_dims=1))

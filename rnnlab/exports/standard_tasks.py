"""The trained networks for examples in standard layers.

    label       ids (N, T)                                → logits (N, L)
    tags        ids (N, T)                                → logits (N, T, G)
    pairs       source (N, T), before (N, U)              → logits (N, U, V)
    from_label  before (N, U)                             → logits (N, U, V)

With the state as an input and an output, a network writes token by token. It then has these parts:

    pairs       source (N, T)                             → memory (N, T, H), state
                before (N, U), memory with attention, state → logits (N, U, V), state
    from_label  before (N, U), state                      → logits (N, U, V), state

`before` has the ids that the decoder reads: the first input, then the tokens of the target. For from_label,
the first input is the label, whose id is V + its number. With `model.label_input: every`, the label is also
an input of the network with a state, `label` (N, 1).
"""

from dataclasses import replace

from rnnlab.errors import Argument, UsageError
from rnnlab.exports.standard import (
    Encoding,
    Network,
    StandardStack,
    check_expressible,
    dense_of,
    notes_on_cells,
    recurrent_layer,
)
from rnnlab.models.architecture import Layer
from rnnlab.models.model_file import TrainedTask
from rnnlab.models.task_architecture import Stack, TaskArchitecture, task_architecture_of

_KINDS = ("simple_rnn", "lstm", "gru")
"""Kinds of model for which other programs have layers."""


def task_networks(trained: TrainedTask, *, target: str, peepholes: bool, state: bool) -> tuple[Network, ...]:
    """Return a trained model in standard layers: one network; for pairs with a state, encoder and decoder.

    Args:
        trained: the model.
        target: the name of the format in error messages.
        peepholes: whether the LSTM of the format can have peepholes.
        state: whether the recurrent state is an input and an output.

    Raises:
        UsageError: the format has no layer for the model, and the message names the setting; or `state` is
            true, and the task reads whole sequences.
    """
    experiment = trained.experiment
    check_expressible(experiment.model, _KINDS, target=target, peepholes=peepholes)
    if experiment.model.characters:
        raise UsageError(
            f"model.characters: true: words have different numbers of characters, and in {target} a recurrent"
            f" layer reads sequences of one length; to export a model, train it with characters: false"
        )
    architecture = task_architecture_of(experiment, trained.sizes)
    if state and architecture.decoder is None:
        raise UsageError(
            Argument("state"),
            f": a model of task {experiment.task} reads whole sequences; export it without state",
        )
    whole = _whole(trained, architecture)
    return _with_state(whole) if state else (whole,)


def _whole(trained: TrainedTask, architecture: TaskArchitecture) -> Network:
    """Return the network that reads whole sequences, each from a state of zeros."""
    head, notes = dense_of(architecture.head.name, trained.weights), notes_on_cells(trained.experiment.model)
    encoder = decoder = attention = None
    if architecture.encoder and architecture.encoding:
        name = "source" if architecture.decoder else "ids"
        encoder = _stack(name, architecture.encoding, architecture.encoder, trained)
        encoder = replace(encoder, turned=architecture.reverse_source)
    if architecture.decoder and architecture.decoder_encoding:
        decoder = _stack("before", architecture.decoder_encoding, architecture.decoder, trained)
        if architecture.every_input:
            decoder = replace(decoder, first_label=len(trained.targets))
    if architecture.attention:
        attention = dense_of(architecture.attention.name, trained.weights)
    if decoder:
        return Network(decoder, head, encoder=encoder, attention=attention, notes=notes)
    if encoder is None:
        raise ValueError(f"the task {architecture.task} has neither encoder nor decoder")
    pooling = architecture.pooling if architecture.task == "label" else "each"
    return Network(encoder, head, pooling=pooling, notes=notes)


def _with_state(whole: Network) -> tuple[Network, ...]:
    """Return the decoder with its state as an input and an output, after the encoder if there is one."""
    names = whole.stack.state_names
    decoder = replace(whole, encoder=None, takes_state=True, gives_state=names)
    if whole.encoder is None:
        return (decoder,)
    return Network(whole.encoder, None, output="memory", gives_state=names, notes=whole.notes), decoder


def _stack(ids: str, encoding: Layer, stack: Stack, trained: TrainedTask) -> StandardStack:
    """Return recurrent layers with their weights, over an encoding of the input `ids`."""
    table = trained.weights[f"{encoding.name}/embeddings"] if encoding.weights else None
    rows = encoding.units if table is None else len(table)
    return StandardStack(
        ids,
        Encoding(encoding.name, rows, table, is_learnt=table is not None),
        tuple(recurrent_layer(layer, trained) for layer in stack.layers),
        tuple(recurrent_layer(layer, trained) for layer in stack.backward),
        residual=stack.residual,
    )

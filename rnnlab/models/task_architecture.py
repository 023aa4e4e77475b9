"""The layers of a network for examples, with the shapes of outputs and weights, derived without Keras.

    label       encoder → pooling → head           logits of the labels (N, L)
    tags        encoder → head                     logits of the tags (N, T, G)
    pairs       encoder → decoder → attention → head   logits of the target tokens (N, U, V)
    from_label  decoder → head                     logits of the tokens (N, U, V)

With `model.bidirectional`, a second layer beside each layer of the encoder reads the sequence backwards; the
outputs of both stand side by side, (N, T, 2·H).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rnnlab.config.contradictions import MOST_WEIGHTS
from rnnlab.config.tasks import TaskExperiment
from rnnlab.errors import ConfigError
from rnnlab.models.architecture import Dropout, Layer, RecurrentLayer, cell_of
from rnnlab.models.cells import Shapes

CHARACTER_SIZE = 32
"""Size of the vector of a character, and units of each direction of the layer that reads characters."""


@dataclass(frozen=True)
class Vocabularies:
    """Numbers of tokens.

    Attributes:
        inputs: tokens of the inputs; for from_label the labels.
        targets: labels, tags, or tokens of the targets, with `END`.
        characters: characters of the words, for `model.characters`; else 0.
    """

    inputs: int
    targets: int
    characters: int = 0


@dataclass(frozen=True)
class Stack:
    """Recurrent layers, first to last.

    Attributes:
        layers: the layers that read forwards.
        backward: the layers that read backwards, one beside each of `layers`; empty if there are none.
        residual: whether each layer but the first adds its input to its output.
    """

    layers: tuple[RecurrentLayer, ...]
    backward: tuple[RecurrentLayer, ...] = ()
    residual: bool = False

    @property
    def units(self) -> int:
        """Width of the outputs: H, or 2·H in both directions."""
        return self.layers[-1].units * (2 if self.backward else 1)

    @property
    def in_order(self) -> Iterator[RecurrentLayer]:
        """The layers from the first on, each with the one that reads backwards after it."""
        for number, layer in enumerate(self.layers):
            yield layer
            yield from self.backward[number : number + 1]


@dataclass(frozen=True)
class TaskArchitecture:
    """The layers of a network for examples.

    Attributes:
        task: label, tags, pairs or from_label.
        encoding: input ids → vectors; it has no weight if the encoding is one_hot. None for from_label.
        characters: the encoding of characters, and the stack that reads a word; None unless
            `model.characters`.
        encoder: reads the input; None for from_label.
        pooling: how the outputs of the encoder become one vector: last, mean or max.
        decoder_encoding: ids of the tokens before → vectors; None for label and tags. For from_label, the
            labels stand after the tokens.
        decoder: writes the target; None for label and tags.
        attention: a dense layer (H + H → H) over a mean of the encoder's outputs and the decoder's output;
            None without attention.
        head: the layer whose output is the logits.
        dropout: the fractions that dropout sets to zero in training; of pairs, those of the encoder.
        decoder_dropout: the same of the decoder.
        reverse_source: whether the encoder reads the source from its end.
        every_input: whether the label's vector is added to every input of the decoder.
    """

    task: str
    encoding: Layer | None
    characters: tuple[Layer, Stack] | None
    encoder: Stack | None
    pooling: str
    decoder_encoding: Layer | None
    decoder: Stack | None
    attention: Layer | None
    head: Layer
    dropout: Dropout
    decoder_dropout: Dropout
    reverse_source: bool = False
    every_input: bool = False

    @property
    def layers(self) -> tuple[Layer, ...]:
        """All layers, in the order in which their weights are drawn."""
        spelled = self.characters
        return (
            *([self.encoding] if self.encoding else []),
            *([spelled[0], *spelled[1].in_order] if spelled else []),
            *(self.encoder.in_order if self.encoder else []),
            *([self.decoder_encoding] if self.decoder_encoding else []),
            *(self.decoder.in_order if self.decoder else []),
            *([self.attention] if self.attention else []),
            self.head,
        )

    @property
    def parameters(self) -> int:
        """Number of parameters of the network."""
        return sum(layer.parameters for layer in self.layers)

    def weight_shapes(self) -> Shapes:
        """Return the shape of every weight by its name in a model file, `layer/weight`."""
        return {
            f"{layer.name}/{name}": shape for layer in self.layers for name, shape in layer.weights.items()
        }


def task_architecture_of(experiment: TaskExperiment, sizes: Vocabularies) -> TaskArchitecture:
    """Return the architecture that an experiment describes.

    Args:
        experiment: the configuration.
        sizes: numbers of tokens.

    Raises:
        ConfigError: the network has too many weights, or a cell of another package cannot be used.
    """
    model, task = experiment.model, experiment.task
    has_encoder, has_decoder = task != "from_label", task in ("pairs", "from_label")
    encoding = _encoding(experiment, "encoding", sizes.inputs) if has_encoder else None
    characters = _characters(experiment, sizes.characters) if model.characters else None
    width = encoding.units if encoding else 0
    width += characters[1].units if characters else 0
    encoder = _stack(experiment, width, bidirectional=model.bidirectional) if has_encoder else None
    rows = sizes.targets + (0 if has_encoder else sizes.inputs)
    decoder_encoding = _encoding(experiment, "decoder_encoding", rows) if has_decoder else None
    decoder = _stack(experiment, decoder_encoding.units, prefix="decoder_") if decoder_encoding else None
    last = decoder or encoder
    units = last.units if last else 0
    attention = _dense("attention", 2 * units, units) if model.attention == "dot" else None
    architecture = TaskArchitecture(
        task=task,
        encoding=encoding,
        characters=characters,
        encoder=encoder,
        pooling=model.pooling,
        decoder_encoding=decoder_encoding,
        decoder=decoder,
        attention=attention,
        head=_dense("head", units, sizes.targets, sequence=task != "label"),
        dropout=_dropout(experiment),
        decoder_dropout=_dropout(experiment, of_decoder=True),
        reverse_source=model.reverse_source,
        every_input=model.label_input == "every",
    )
    if architecture.parameters > MOST_WEIGHTS:
        raise ConfigError(
            f"model.units: the network has {architecture.parameters:,} weights, expected at most"
            f" {MOST_WEIGHTS:,}; use fewer units, or a smaller dataset.embedding_size"
        )
    return architecture


def _dropout(experiment: TaskExperiment, *, of_decoder: bool = False) -> Dropout:
    """Return the fractions that dropout sets to zero in the encoder or in the decoder."""
    model = experiment.model
    outputs, inputs, recurrent = (
        _own(experiment, name, getattr(model, name)) if of_decoder else getattr(model, name)
        for name in ("dropout", "input_dropout", "recurrent_dropout")
    )
    return Dropout(outputs, inputs, recurrent, model.variational_dropout)


def _own(experiment: TaskExperiment, name: str, otherwise: Any) -> Any:
    """Return a setting of the decoder; that of the encoder if the decoder has none."""
    own = getattr(experiment.decoder, name, None)
    return otherwise if own is None else own


def _encoding(experiment: TaskExperiment, name: str, rows: int) -> Layer:
    """Return the layer that encodes ids (N, T) as (N, T, D)."""
    dataset = experiment.dataset
    if dataset.encoding == "one_hot":
        return Layer(name, (None, None, rows))
    size = dataset.embedding_size
    if name == "decoder_encoding":
        size = _own(experiment, "embedding_size", size)
    return Layer(name, (None, None, size), {"embeddings": (rows, size)})


def _characters(experiment: TaskExperiment, count: int) -> tuple[Layer, Stack]:
    """Return the encoding of characters, and the bidirectional layer that reads a word."""
    size = CHARACTER_SIZE
    encoding = Layer("character_encoding", (None, None, size), {"embeddings": (count, size)})
    cell = cell_of(experiment.model)
    forward, backward = (
        RecurrentLayer(
            f"character_{experiment.model.kind}{end}", (None, size), cell.weight_shapes(size, size), cell=cell
        )
        for end in ("", "_backward")
    )
    return encoding, Stack((forward,), (backward,))


def _stack(
    experiment: TaskExperiment, input_size: int, *, prefix: str = "", bidirectional: bool = False
) -> Stack:
    """Return the recurrent layers of `model.units` over inputs (N, T, D)."""
    model, cell = experiment.model, cell_of(experiment.model)
    layers: dict[str, list[RecurrentLayer]] = {"": [], "_backward": []}
    for number, units in enumerate(model.units, start=1):
        for end in ("", "_backward") if bidirectional else ("",):
            name = f"{prefix}{model.kind}_{number}{end}"
            shapes = cell.weight_shapes(input_size, units)
            layers[end].append(RecurrentLayer(name, (None, None, units), shapes, cell=cell))
        input_size = units * (2 if bidirectional else 1)
    return Stack(tuple(layers[""]), tuple(layers["_backward"]), residual=model.residual)


def _dense(name: str, input_size: int, units: int, *, sequence: bool = True) -> Layer:
    shape = (None, None, units) if sequence else (None, units)
    return Layer(name, shape, {"kernel": (input_size, units), "bias": (units,)})

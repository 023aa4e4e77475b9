"""What the page that plays knows of a network: layers, weights, vocabulary, settings and history, as JSON."""

import base64
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rnnlab.config.schema import Generation, NotesDataset
from rnnlab.datasets.training_tokens import TrainingTokens
from rnnlab.datasets.vocabulary import Vocabulary
from rnnlab.engines.javascript.parameters import layers_of, network_numbers
from rnnlab.engines.numpy.equation import Floats
from rnnlab.errors import RunError, UsageError, count_of
from rnnlab.exports.page_equations import page_equation
from rnnlab.generation.writing import decoding_with
from rnnlab.models.architecture import Architecture, architecture_of
from rnnlab.models.model_file import Trained, TrainedModel, TrainedTask, Weights
from rnnlab.music.notation import parse_token
from rnnlab.runs.folder import RunFolder
from rnnlab.runs.history import History, read_history
from rnnlab.runs.kept_tokens import kept_tokens
from rnnlab.runs.snapshots import read_snapshot, snapshots_of

_SURROGATE = re.compile("[\ud800-\udfff]")
"""A byte of a file name that is not UTF-8, as Python has it in a text."""

MOST_OF_SONG = 4_000
"""Largest number of tokens of a training piece that the page keeps, to mark wrong notes."""


@dataclass(frozen=True)
class PageSnapshot:
    """The weights of a network at the end of an epoch.

    Attributes:
        epoch: number of the epoch, from 1; None if it is not known.
        weights: the weights, by their names in a model file.
        loss: training loss of the epoch, nats; None if it is not known.
        validation_loss: validation loss of the epoch, nats; None if there is none.
        kept: whether these are the weights of the model itself.
    """

    epoch: int | None
    weights: Weights
    loss: float | None = None
    validation_loss: float | None = None
    kept: bool = False


@dataclass(frozen=True)
class PageNetwork:
    """One network of a page.

    Attributes:
        name: the name of the run or of the model file.
        trained: the model.
        snapshots: its weights at some epochs, in order; one of them is the model's own.
        history: the history of the run; None for a model file.
        tokens: the training tokens that the run keeps; None if it keeps none.
    """

    name: str
    trained: TrainedModel
    snapshots: tuple[PageSnapshot, ...]
    history: History | None = None
    tokens: TrainingTokens | None = None

    @property
    def architecture(self) -> Architecture:
        """The layers of the network."""
        return architecture_of(self.trained.experiment, len(self.trained.tokens))

    def numbers(self, snapshot: PageSnapshot) -> dict[str, Floats]:
        """Return the arrays that the page reads, by name.

        Raises:
            RunError: a weight is NaN or infinite.
        """
        encoding = self.trained.experiment.dataset.encoding
        found = network_numbers(
            self.architecture, snapshot.weights, encoding=encoding, tokens=self.trained.tokens
        )
        if not all(np.isfinite(each).all() for each in found.values()):
            raise RunError(
                f"{self.name}: expected finite weights, received NaN or infinite ones: its training diverged;"
                " train again with a smaller training.optimizer.learning_rate"
            )
        return found

    @property
    def not_in_the_page(self) -> list[str]:
        """The configured ways to generate that the page does not have, in words."""
        generation = self.trained.experiment.generation
        named = {
            "constraints": generation.constraints.are_set,
            "beam search": generation.beam is not None,
            "the control of repetition (dry)": generation.dry is not None,
        }
        return [name for name, is_set in named.items() if is_set]

    @property
    def size(self) -> int:
        """Number of weights of all snapshots together."""
        each = sum(array.size for array in self.numbers(self.snapshots[0]).values())
        return each * len(self.snapshots)

    def described(self, *, bits: int) -> dict[str, Any]:
        """Return the description that the page reads, ready for JSON; network.js says what it means.

        Args:
            bits: size of a number of the weights, 32 or 16 bits.
        """
        experiment, tokens = self.trained.experiment, self.trained.tokens
        dataset, architecture = experiment.dataset, self.architecture
        vocabulary = Vocabulary.of(tokens, dataset)
        arrays, song = self.numbers(self.snapshots[0]), self._song(vocabulary)
        meter = dataset.reading.meter if isinstance(dataset, NotesDataset) else None
        return {
            "name": self.name,
            "sentence": sentences(self, architecture),
            "kind": dataset.kind,
            "unit": dataset.unit,
            "tokens": tokens,
            "sounds": [_sound(token, vocabulary) for token in tokens] if dataset.kind == "notes" else None,
            "boundary": vocabulary.boundary_id,
            "regime": experiment.regime,
            "window": dataset.window,
            "encoding": dataset.encoding,
            "activation": architecture.activation,
            "residual": architecture.residual,
            "tied": architecture.tied,
            "head": architecture.head is not None,
            "layers": _layers(architecture),
            "tensors": [{"name": name, "shape": array.shape} for name, array in arrays.items()],
            "float": bits,
            "snapshots": [self._snapshot(each, bits) for each in self.snapshots],
            "settings": self._settings(experiment.generation, vocabulary),
            "song": song if song is None else song[:MOST_OF_SONG],
            "song_is_cut": song is not None and len(song) > MOST_OF_SONG,
            "frequencies": self._frequencies(),
            "history": _history(self.history if self.snapshots[1:] else None),
            "meter": meter,
        }

    def _snapshot(self, snapshot: PageSnapshot, bits: int) -> dict[str, Any]:
        numbers = np.concatenate([each.ravel() for each in self.numbers(snapshot).values()])
        data = numbers.astype("<f4" if bits == 32 else "<f2").tobytes()
        return {
            "epoch": snapshot.epoch,
            "loss": _finite(snapshot.loss),
            "validation_loss": _finite(snapshot.validation_loss),
            "kept": snapshot.kept,
            "data": base64.b64encode(data).decode(),
        }

    def _settings(self, generation: Generation, vocabulary: Vocabulary) -> dict[str, Any]:
        how = decoding_with(self.trained, generation, vocabulary)
        return {
            "seed": generation.seed,
            "length": generation.length,
            "temperature": how.sampling.temperature,
            "top_k": how.sampling.top_k,
            "top_p": how.sampling.top_p,
            "min_p": how.sampling.min_p,
            "random_seed": generation.random_seed,
            "stop": how.stop,
        }

    def _song(self, vocabulary: Vocabulary) -> list[int] | None:
        """Return the ids of the only piece that the network learnt; None if it learnt several, or text."""
        if vocabulary.kind != "notes" or self.tokens is None or len(self.tokens.train) != 1:
            return None
        return [int(each) for each in self.tokens.train[0]]

    def _frequencies(self) -> list[int] | None:
        """Return how often each token occurs in the training data, (V,); None if it is not known."""
        if self.tokens is None:
            return None
        return [int(n) for n in np.bincount(self.tokens.train.ids, minlength=len(self.trained.tokens))]


def page_network(trained: Trained, run: RunFolder | None, path: Path) -> PageNetwork:
    """Return a trained model as the page needs it.

    Args:
        trained: the model.
        run: its run folder; None for a model file.
        path: the run or the model file.

    Raises:
        UsageError: the model does not predict the next token.
    """
    name = _printable(path.resolve().name)
    if isinstance(trained, TrainedTask):
        raise UsageError(
            f"{path}: the page plays models of task next_token, and this one has task"
            f" {trained.experiment.task}; use rnnlab predict, or export it for Keras or ONNX"
        )
    kept = kept_tokens(trained, run, path)
    history = read_history(run.path, with_steps=False, lenient=True) if run else None
    snapshots = _snapshots(trained, run, history)
    return PageNetwork(name, trained, snapshots, history, None if isinstance(kept, str) else kept)


def sentences(network: PageNetwork, architecture: Architecture) -> dict[str, str]:
    """Return one sentence that says what a network is, in English and in Korean."""
    model, dataset = network.trained.experiment.model, network.trained.experiment.dataset
    kind, data = _KINDS.get(model.kind, model.kind), _data_name(network)
    units = " + ".join(f"{layer.units:,}" for layer in architecture.hidden)
    notes = dataset.kind == "notes"
    noun, korean_noun, what = ("note", "음", "음을") if notes else ("character", "글자", "글자를")
    read, korean_read = data, data
    if network.tokens is not None:
        count = len(network.tokens.train.ids)
        read, korean_read = f"{count_of(count, noun)} of {data}", f"{data}, {korean_noun} {count:,}개"
    begin = f"{_article(kind)} {kind} of {count_of(architecture.hidden[0].units, 'unit')}"
    begin += "".join(f", then {layer.units:,}" for layer in architecture.hidden[1:])
    return {
        "en": f"{begin}: it has read {read}, and says which {noun} comes next.",
        "ko": f"유닛 {units}개의 {kind}. 읽은 것: {korean_read}. 다음에 올 {what} 맞힙니다.",
    }


_KINDS = {"simple_rnn": "SimpleRNN", "lstm": "LSTM", "gru": "GRU", "mlp": "MLP"}


def _snapshots(
    trained: TrainedModel, run: RunFolder | None, history: History | None
) -> tuple[PageSnapshot, ...]:
    """Return the snapshots of a run, and the weights of the model unless one of the snapshots has them."""
    found = [] if run is None else snapshots_of(run.path, history)
    snapshots = [
        PageSnapshot(
            each.epoch,
            weights := read_snapshot(each.path, trained.weights),
            each.loss,
            each.validation_loss,
            kept=all((weights[name] == array).all() for name, array in trained.weights.items()),
        )
        for each in found
    ]
    if not any(each.kept for each in snapshots):
        snapshots.append(_kept(trained, history))
    return tuple(sorted(snapshots, key=lambda each: math.inf if each.epoch is None else each.epoch))


def _kept(trained: TrainedModel, history: History | None) -> PageSnapshot:
    """Return the weights of the model, with the losses of the epoch whose weights they are."""
    epoch = history.progress(trained.epoch).best_epoch if history else None
    if history is None or epoch is None:
        return PageSnapshot(None, trained.weights, kept=True)
    loss, held = float(history.loss[epoch - 1]), float(history.validation_loss[epoch - 1])
    return PageSnapshot(epoch, trained.weights, loss, _finite(held), kept=True)


def _article(kind: str) -> str:
    return "An" if kind[:1] in "AEIOUaeiou" or kind in {"LSTM", "MLP"} else "A"


def _data_name(network: PageNetwork) -> str:
    """Return the names of the data files in short, or the name of the configuration."""
    paths = getattr(network.trained.experiment.dataset, "path", None) or ()
    if not paths:
        return network.name
    return _printable(paths[0].name) + (f" and {len(paths) - 1} more" if paths[1:] else "")


def _printable(name: str) -> str:
    """Return the name of a file with U+FFFD for each byte that is not UTF-8."""
    return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", name)


def _layers(architecture: Architecture) -> list[dict[str, Any]]:
    """Return what the page knows of each hidden layer; `shown` is what it shows of a cell."""
    layers = layers_of(architecture)
    for written, layer in zip(layers, architecture.recurrent, strict=False):  # an MLP has no cell
        written["shown"] = page_equation(layer.cell)
    return layers


def _sound(token: str, vocabulary: Vocabulary) -> dict[str, Any] | None:
    """Return MIDI numbers, length in quarter notes and tie of a note; None for a boundary token."""
    if vocabulary.boundary_id is not None and token == vocabulary.tokens[vocabulary.boundary_id]:
        return None
    note = parse_token(token)
    pitches = [pitch.midi for pitch in note.pitches]
    return {"pitches": pitches, "quarters": float(4 * note.duration), "tied": note.tied}


def _history(history: History | None) -> dict[str, list[Any]]:
    """Return the curves of the history: a list for each of epochs, loss and validation_loss.

    The losses have 5 significant digits; only the slider over the snapshots shows them.
    """
    if history is None:
        return {"epochs": [], "loss": [], "validation_loss": []}
    return {
        "epochs": [int(epoch) for epoch in history.epoch],
        "loss": [_finite(float(f"{each:.5g}")) for each in history.loss],
        "validation_loss": [_finite(float(f"{each:.5g}")) for each in history.validation_loss],
    }


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else value


def rounded(weights: Mapping[str, Floats]) -> Weights:
    """Return weights rounded to 16 bits, as a page has them that would be too large."""
    return {name: each.astype(np.float16).astype(np.float32) for name, each in weights.items()}

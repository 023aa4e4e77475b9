"""What the sections of an experiment may not say together.

What the section `training` may not say beside itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rnnlab.config.dataset import (
    MOST_EMBEDDING_SIZE,
    SOURCES,
    ContiguousSplit,
    FilesSplit,
    NotesDataset,
    SequencesSplit,
    StratifiedShuffleSplit,
)
from rnnlab.config.model import GruModel, LstmModel, MlpModel, RecurrentModel
from rnnlab.config.optimizer import PlateauSchedule
from rnnlab.config.report import Contradiction
from rnnlab.errors import ConfigError

if TYPE_CHECKING:
    from rnnlab.config.schema import Experiment

MOST_WEIGHTS = 500_000_000
MOST_ACTIVATIONS = 2**28
"""Bounds on what a network allocates: its weights, and the outputs of its widest layer over one batch."""


def contradictions(experiment: Experiment) -> Iterator[Contradiction]:
    """Everything in an experiment that cannot be together."""
    yield from _about_data(experiment)
    yield from _about_split(experiment)
    yield from about_training(experiment)
    if isinstance(experiment.model, MlpModel):
        yield from _about_mlp(experiment)
    else:
        yield from _about_state(experiment)
        yield from _about_layers(experiment)
    yield from _about_size(experiment)


def refuse_contradictions(experiment: Experiment) -> None:
    """Refuse an experiment whose settings were replaced one by one, without the checks of a new one.

    Raises:
        ConfigError: everything in it that cannot be together, one line each.
    """
    if found := list(contradictions(experiment)):
        raise ConfigError(*(f"{each.keys[0]}: {each.message}" for each in found))


def _about_data(experiment: Experiment) -> Iterator[Contradiction]:
    dataset = experiment.dataset
    received = [source for source in SOURCES if getattr(dataset, source) is not None]
    if len(received) != 1:
        yield Contradiction(
            ("dataset", *(f"dataset.{source}" for source in SOURCES)),
            f"expected one of path, inline and url, received {' and '.join(received) or 'none'}",
        )
    if dataset.url is not None and dataset.sha256 is None:
        yield Contradiction(
            ("dataset.sha256", "dataset.url"),
            "missing; a url needs the digest of its file, as `sha256sum FILE` prints it",
        )
    if dataset.sha256 is not None and dataset.url is None:
        yield Contradiction(
            ("dataset.sha256", "dataset.url"), "belongs to a url, and there is none; leave it out"
        )
    if (
        isinstance(dataset, NotesDataset)
        and dataset.reading.model_fields_set - {"meter"}
        and dataset.path is None
    ):
        yield Contradiction(
            ("dataset.reading", "dataset.inline", "dataset.url"),
            "is for MIDI files and scores, which path names, and there is none; leave it out",
        )
    if dataset.embedding_size is not None and dataset.encoding != "embedding":
        yield Contradiction(
            ("dataset.embedding_size", "dataset.encoding"),
            f"needs encoding: embedding, received {dataset.encoding}; leave it out",
        )


def _about_split(experiment: Experiment) -> Iterator[Contradiction]:
    split = experiment.dataset.split
    if isinstance(split, ContiguousSplit | SequencesSplit) and split.validation + split.test >= 1:
        yield Contradiction(
            ("dataset.split", "dataset.split.validation", "dataset.split.test"),
            f"validation and test take {split.validation + split.test:g} of the data; leave some to train on",
        )
    files = experiment.dataset.files
    if isinstance(split, FilesSplit) and ("train" not in files or len(files) < 2):
        yield Contradiction(
            ("dataset.split", "dataset.split.validation", "dataset.split.test", "dataset.path"),
            "expected dataset.path with the files to train on, and validation or test, or both, with others",
        )
    if isinstance(split, StratifiedShuffleSplit) and split.use >= split.splits:
        yield Contradiction(
            ("dataset.split.use", "dataset.split.splits"),
            f"expected less than splits, which is {split.splits}, received {split.use}",
        )
    if isinstance(split, StratifiedShuffleSplit) and experiment.regime != "windows":
        yield Contradiction(
            ("dataset.split.kind", "training.batching", "model.stateful"),
            "windows drawn at random cannot carry a state; set kind: contiguous",
        )
    yield from _about_measured_part(experiment)


def _about_measured_part(experiment: Experiment) -> Iterator[Contradiction]:
    split, measured = experiment.dataset.split, experiment.evaluation.split
    if measured == "validation" and not getattr(split, "validation", None):
        yield Contradiction(
            ("evaluation.split", "dataset.split.kind", "dataset.split.validation"),
            "the data has no validation part; leave it out, or set dataset.split",
        )
    if measured == "test" and not getattr(split, "test", None):
        yield Contradiction(
            ("evaluation.split", "dataset.split.kind", "dataset.split.test"),
            "the data has no test part; leave it out, or set dataset.split: {kind: contiguous, test: 0.1}",
        )


def _about_mlp(experiment: Experiment) -> Iterator[Contradiction]:
    if experiment.training.batching == "stream":
        yield Contradiction(
            ("training.batching", "model.kind"),
            "an mlp has no state and reads whole windows; set batching: windows",
        )
    if experiment.dataset.target == "shifted":
        yield Contradiction(
            ("dataset.target", "model.kind"),
            "an mlp predicts one token for a whole window; set target: next",
        )


def _about_state(experiment: Experiment) -> Iterator[Contradiction]:
    training, regime = experiment.training, experiment.regime
    if regime == "stream" and experiment.dataset.target == "next":
        yield Contradiction(
            ("dataset.target", "training.batching", "model.kind"),
            "a stream predicts the token after each step; set target: shifted, or batching: windows",
        )
    if regime == "stream" and training.shuffle:
        yield Contradiction(
            ("training.shuffle", "training.batching", "model.kind"),
            "a stream is read in order; set shuffle: false, or batching: windows",
        )
    if regime == "stateful_windows" and training.shuffle:
        yield Contradiction(
            ("training.shuffle", "training.batching", "model.stateful", "model.kind"),
            "with model.stateful windows come in order; set shuffle: false, or stateful: false",
        )


def _about_layers(experiment: Experiment) -> Iterator[Contradiction]:
    model = experiment.model
    if isinstance(model, MlpModel):
        return
    if model.variational_dropout and not (model.dropout or model.input_dropout):
        yield Contradiction(
            ("model.variational_dropout", "model.dropout", "model.input_dropout"),
            "nothing is dropped that could stay the same; set dropout or input_dropout, or leave it out",
        )
    if model.residual and (len(model.units) == 1 or len(set(model.units)) > 1):
        units = ", ".join(map(str, model.units))
        yield Contradiction(
            ("model.residual", "model.units"),
            f"expected several layers of the same units, received [{units}]; make them so, or leave it out",
        )
    if isinstance(model, LstmModel) and model.layer_norm and (model.peephole or model.coupled_gates):
        yield Contradiction(
            ("model.layer_norm", "model.peephole", "model.coupled_gates"),
            "only the plain LSTM has it; leave out peephole and coupled_gates, or layer_norm",
        )
    if isinstance(model, GruModel) and model.layer_norm and not model.reset_after:
        yield Contradiction(
            ("model.layer_norm", "model.reset_after"),
            "only the GRU that resets after the product has it; set reset_after: true, or leave it out",
        )
    if model.tie_weights:
        yield from _about_tied_weights(experiment, model)


def _about_tied_weights(experiment: Experiment, model: RecurrentModel) -> Iterator[Contradiction]:
    dataset, units = experiment.dataset, model.units[-1]
    if dataset.encoding != "embedding":
        yield Contradiction(
            ("model.tie_weights", "dataset.encoding"),
            f"needs dataset.encoding: embedding, received {dataset.encoding}; choose that, or leave it out",
        )
    elif model.head == "none":
        yield Contradiction(
            ("model.tie_weights", "model.head"),
            "there is no head to share the embedding with; set head: dense, or leave it out",
        )
    elif dataset.embedding_size not in (None, units):
        yield Contradiction(
            ("dataset.embedding_size", "model.tie_weights", "model.units"),
            f"expected the last layer's units, {units:,}, as its weights are the head's,"
            f" received {dataset.embedding_size:,}; leave it out, or model.tie_weights",
        )
    elif units > MOST_EMBEDDING_SIZE:
        yield Contradiction(
            ("model.tie_weights", "model.units"),
            f"expected at most {MOST_EMBEDDING_SIZE:,} units in the last layer, the largest embedding,"
            f" received {units:,}; use fewer, or leave it out",
        )


def _about_size(experiment: Experiment) -> Iterator[Contradiction]:
    """What could not be held in memory; the vocabulary, which is not known yet, comes on top."""
    units, dense = experiment.model.units, isinstance(experiment.model, MlpModel)
    layers = zip((_least_inputs(experiment), *units), units, strict=False)
    weights = sum(_most_weights(before, width, dense=dense) for before, width in layers)
    if weights > MOST_WEIGHTS:
        yield Contradiction(
            ("model.units", "model.kind", "dataset.window", "dataset.encoding", "dataset.embedding_size"),
            f"expected at most {MOST_WEIGHTS:,} weights, received about {weights:,}; use fewer units"
            + (", or a smaller dataset.window" if dense else ""),
        )
    batch_size, window = experiment.training.batch_size, experiment.dataset.window
    if (activations := batch_size * window * max(units)) > MOST_ACTIVATIONS:
        yield Contradiction(
            ("training.batch_size", "dataset.window", "model.units"),
            f"batch_size × window × units is {activations:,}, expected at most {MOST_ACTIVATIONS:,};"
            " make one smaller",
        )


def _least_inputs(experiment: Experiment) -> int:
    """Inputs of the first layer, as far as they are known without the data; an mlp reads the whole window."""
    dataset = experiment.dataset
    sizes = {"one_hot": len(dataset.vocabulary or "?"), "scalar": 1, "pitch_duration": 2}
    size = dataset.embedding_size or sizes[dataset.encoding]
    return size * dataset.window if isinstance(experiment.model, MlpModel) else size


def _most_weights(before: int, width: int, *, dense: bool) -> int:
    """Weights of a dense layer, or of the LSTM, the largest cell: four gates, on the inputs and on itself."""
    return before * width if dense else 4 * width * (before + width)


def about_training(experiment: Experiment) -> Iterator[Contradiction]:
    """Everything about the course of training that cannot be together."""
    yield from _about_checkpoints(experiment)
    yield from _about_validations(experiment)
    yield from _about_patience(experiment)
    yield from _about_samples(experiment)


def _about_checkpoints(experiment: Experiment) -> Iterator[Contradiction]:
    checkpoint = experiment.training.checkpoint
    if checkpoint.every_seconds is not None and checkpoint.every_epochs is not None:
        yield Contradiction(
            ("training.checkpoint.every_seconds", "training.checkpoint.every_epochs"),
            "cannot stand beside every_epochs; leave one of them out",
        )


def _about_validations(experiment: Experiment) -> Iterator[Contradiction]:
    """Training that ends before its first validation, so that no validation loss chooses the best weights.

    Epochs that a stream leaves open are not known before its data is read.
    """
    training, every = experiment.training, experiment.evaluation.every
    is_open = experiment.regime == "stream" and "epochs" not in training.model_fields_set
    validates = bool(getattr(experiment.dataset.split, "validation", None))
    if validates and not is_open and every > training.epochs:
        yield Contradiction(
            ("evaluation.every", "training.epochs", "dataset.split"),
            f"expected at most training.epochs, which is {training.epochs:,}, received {every:,}: training"
            " would end before its first validation; make it smaller, or training.epochs larger",
        )


def _about_patience(experiment: Experiment) -> Iterator[Contradiction]:
    """Training that always ends before its learning rate falls: both wait for the same loss."""
    stopping, schedule = experiment.training.early_stopping, experiment.training.schedule
    if not stopping or not isinstance(schedule, PlateauSchedule):
        return
    if stopping.patience <= schedule.patience and stopping.min_delta >= schedule.min_delta:
        yield Contradiction(
            ("training.early_stopping.patience", "training.schedule.patience"),
            f"expected more than schedule.patience, which is {schedule.patience:,}, received"
            f" {stopping.patience:,}: training would end before the rate falls; make it a few times as much",
        )


def _about_samples(experiment: Experiment) -> Iterator[Contradiction]:
    samples = experiment.training.samples
    if samples and not (samples.seed or experiment.generation.seed or experiment.dataset.boundary):
        yield Contradiction(
            ("training.samples", "generation.seed", "dataset.unit"),
            "no seed to start from; set training.samples.seed, or generation.seed",
        )

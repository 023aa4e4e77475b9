"""The rules on settings that contradict each other, within a section and across sections.

The rules are no pydantic validators of the sections: if a validator refused a section, the rules across
sections could not be checked. Here all rules are checked, and one report names every contradiction. One rule
is a validator all the same: an optimizer has at most one clip (`config/optimizer.py`).
"""

from collections.abc import Iterator
from typing import Any

from rnnlab.config.dataset import (
    MOST_EMBEDDING_SIZE,
    SOURCES,
    ContiguousSplit,
    FilesSplit,
    NotesDataset,
    SequencesSplit,
    StratifiedShuffleSplit,
    StratifiedSplit,
    TextDataset,
)
from rnnlab.config.generation import Generation
from rnnlab.config.model import GruModel, LstmModel, MlpModel, RecurrentModel
from rnnlab.config.optimizer import PlateauSchedule
from rnnlab.config.report import Contradiction
from rnnlab.config.training import EvaluationSettings, Regime, Training, regime_of

MOST_WEIGHTS = 500_000_000
"""Largest number of weights of a network."""

MOST_ACTIVATIONS = 2**28
"""Largest batch size × window × units of the widest layer."""

Dataset = TextDataset | NotesDataset
Model = RecurrentModel | MlpModel


def contradictions(
    dataset: Dataset, model: Model, training: Training, evaluation: EvaluationSettings, generation: Generation
) -> Iterator[Contradiction]:
    """Yield each group of settings that contradict each other, or that together exceed a limit."""
    regime = regime_of(training, model)
    yield from _about_data(dataset)
    yield from _about_split(dataset, regime)
    yield from about_measured_part(dataset, evaluation)
    yield from about_checkpoints(training)
    yield from _about_validations(dataset, training, evaluation, regime)
    yield from about_patience(training)
    yield from _about_samples(dataset, training, generation)
    if isinstance(model, MlpModel):
        yield from _about_mlp(dataset, training)
    else:
        yield from _about_order(dataset, training, regime)
        yield from about_layers(model)
        yield from _about_tied_weights(dataset, model)
    yield from _about_size(dataset, model, training)


def about_source(dataset: Any) -> Iterator[Contradiction]:
    """Yield the contradictions of the source of the data: path, inline or url, and sha256."""
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
            ("dataset.sha256", "dataset.url"),
            "belongs to dataset.url, which is missing; leave dataset.sha256 out",
        )


def _about_data(dataset: Dataset) -> Iterator[Contradiction]:
    """Yield the contradictions of the source of the data, and of settings that need another setting."""
    yield from about_source(dataset)
    if (
        isinstance(dataset, NotesDataset)
        and dataset.reading.model_fields_set - {"meter"}
        and dataset.path is None
    ):
        yield Contradiction(
            ("dataset.reading", "dataset.inline", "dataset.url"),
            "is for the MIDI files and scores of dataset.path, which is missing; leave dataset.reading out",
        )
    if dataset.embedding_size is not None and dataset.encoding != "embedding":
        yield Contradiction(
            ("dataset.embedding_size", "dataset.encoding"),
            f"needs encoding: embedding, received {dataset.encoding}; leave embedding_size out",
        )


def about_parts(dataset: Any) -> Iterator[Contradiction]:
    """Yield the contradictions of the parts: data must be left to train on; a files split needs files."""
    split = dataset.split
    if (
        isinstance(split, ContiguousSplit | SequencesSplit | StratifiedSplit)
        and split.validation + split.test >= 1
    ):
        yield Contradiction(
            ("dataset.split", "dataset.split.validation", "dataset.split.test"),
            f"validation and test take {split.validation + split.test:g} of the data, expected less than 1;"
            " make one of them smaller",
        )
    files = dataset.files
    if isinstance(split, FilesSplit) and ("train" not in files or len(files) < 2):
        yield Contradiction(
            ("dataset.split", "dataset.split.validation", "dataset.split.test", "dataset.path"),
            "expected dataset.path with the training files, and other files in validation or test, or both",
        )


def _about_split(dataset: Dataset, regime: Regime) -> Iterator[Contradiction]:
    """Yield the contradictions of the split: its parts, `use` and `splits`, and a carried state."""
    yield from about_parts(dataset)
    split = dataset.split
    if isinstance(split, StratifiedShuffleSplit) and split.use >= split.splits:
        yield Contradiction(
            ("dataset.split.use", "dataset.split.splits"),
            f"expected less than splits, which is {split.splits}, received {split.use}",
        )
    if isinstance(split, StratifiedShuffleSplit) and regime != "windows":
        yield Contradiction(
            ("dataset.split.kind", "training.batching", "model.stateful"),
            "windows drawn at random cannot carry a state; set kind: contiguous",
        )


def about_measured_part(
    dataset: Any, evaluation: EvaluationSettings, *, remedy: str = "{kind: contiguous, test: 0.1}"
) -> Iterator[Contradiction]:
    """Yield a contradiction if `evaluation.split` names a part that the split does not make.

    Args:
        dataset: the section `dataset`.
        evaluation: the section `evaluation`.
        remedy: a split that makes a test part.
    """
    split, measured = dataset.split, evaluation.split
    if measured == "validation" and not getattr(split, "validation", None):
        yield Contradiction(
            ("evaluation.split", "dataset.split.kind", "dataset.split.validation"),
            "the data has no validation part; leave evaluation.split out, or set dataset.split",
        )
    if measured == "test" and not getattr(split, "test", None):
        yield Contradiction(
            ("evaluation.split", "dataset.split.kind", "dataset.split.test"),
            f"the data has no test part; leave evaluation.split out, or set dataset.split: {remedy}",
        )


def about_checkpoints(training: Training) -> Iterator[Contradiction]:
    """Yield a contradiction if both intervals between checkpoints are set."""
    checkpoint = training.checkpoint
    if checkpoint.every_seconds is not None and checkpoint.every_epochs is not None:
        yield Contradiction(
            ("training.checkpoint.every_seconds", "training.checkpoint.every_epochs"),
            "cannot be set together with every_epochs; leave one of them out",
        )


def _about_validations(
    dataset: Dataset, training: Training, evaluation: EvaluationSettings, regime: Regime
) -> Iterator[Contradiction]:
    """Yield a contradiction if training ends before the first validation.

    No loss would then choose the best weights. A stream without `epochs` is not checked: the number of epochs
    is chosen when the data is read.
    """
    every = evaluation.every
    is_open = regime == "stream" and "epochs" not in training.model_fields_set
    validates = bool(getattr(dataset.split, "validation", None))
    if validates and not is_open and every > training.epochs:
        yield Contradiction(
            ("evaluation.every", "training.epochs", "dataset.split"),
            f"expected at most training.epochs, which is {training.epochs:,}, received {every:,}: training"
            " would end before its first validation; set a smaller evaluation.every, or more epochs",
        )


def about_patience(training: Training) -> Iterator[Contradiction]:
    """Yield a contradiction if early stopping always ends training before the plateau schedule acts.

    Early stopping and the schedule read the same loss.
    """
    stopping, schedule = training.early_stopping, training.schedule
    if not stopping or not isinstance(schedule, PlateauSchedule):
        return
    if stopping.patience <= schedule.patience and stopping.min_delta >= schedule.min_delta:
        yield Contradiction(
            ("training.early_stopping.patience", "training.schedule.patience"),
            f"expected more than schedule.patience, which is {schedule.patience:,}, received"
            f" {stopping.patience:,}: training would end before the rate falls; set a larger patience",
        )


def _about_samples(dataset: Dataset, training: Training, generation: Generation) -> Iterator[Contradiction]:
    """Yield a contradiction if samples have no seed: no setting gives one, and there is no boundary token."""
    samples = training.samples
    if samples and not (samples.seed or generation.seed or dataset.boundary):
        yield Contradiction(
            ("training.samples", "generation.seed", "dataset.unit"),
            "no seed to start from; set training.samples.seed, or generation.seed",
        )


def _about_mlp(dataset: Dataset, training: Training) -> Iterator[Contradiction]:
    """Yield the contradictions of an mlp: it has no state, and predicts one token for a window."""
    if training.batching == "stream":
        yield Contradiction(
            ("training.batching", "model.kind"),
            "an mlp has no state and reads whole windows; set batching: windows",
        )
    if dataset.target == "shifted":
        yield Contradiction(
            ("dataset.target", "model.kind"),
            "an mlp predicts one token for a whole window; set target: next",
        )


def _about_order(dataset: Dataset, training: Training, regime: Regime) -> Iterator[Contradiction]:
    """Yield the contradictions of a carried state: data is read in order; a stream predicts at each step."""
    if regime == "stream" and dataset.target == "next":
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
            "with model.stateful, windows are read in order; set shuffle: false, or stateful: false",
        )


def about_layers(model: RecurrentModel) -> Iterator[Contradiction]:
    """Yield the contradictions of variational dropout, residual connections and layer normalisation."""
    if model.variational_dropout and not (model.dropout or model.input_dropout):
        yield Contradiction(
            ("model.variational_dropout", "model.dropout", "model.input_dropout"),
            "has no effect without dropout; set dropout or input_dropout, or leave this setting out",
        )
    if model.residual and (len(model.units) == 1 or len(set(model.units)) > 1):
        units = ", ".join(map(str, model.units))
        yield Contradiction(
            ("model.residual", "model.units"),
            f"expected several layers of the same units, received [{units}]; change model.units,"
            " or leave model.residual out",
        )
    if isinstance(model, LstmModel) and model.layer_norm and (model.peephole or model.coupled_gates):
        yield Contradiction(
            ("model.layer_norm", "model.peephole", "model.coupled_gates"),
            "works only in the plain LSTM; leave out peephole and coupled_gates, or layer_norm",
        )
    if isinstance(model, GruModel) and model.layer_norm and not model.reset_after:
        yield Contradiction(
            ("model.layer_norm", "model.reset_after"),
            "works only with reset_after: true; set reset_after: true, or leave layer_norm out",
        )


def _about_tied_weights(dataset: Dataset, model: RecurrentModel) -> Iterator[Contradiction]:
    """Yield the contradictions of a head that shares its weights with the embedding."""
    if not model.tie_weights:
        return
    units = model.units[-1]
    if dataset.encoding != "embedding":
        yield Contradiction(
            ("model.tie_weights", "dataset.encoding"),
            f"needs dataset.encoding: embedding, received {dataset.encoding}; set encoding: embedding,"
            " or leave tie_weights out",
        )
    elif model.head == "none":
        yield Contradiction(
            ("model.tie_weights", "model.head"),
            "there is no head to share the embedding with; set head: dense, or leave tie_weights out",
        )
    elif dataset.embedding_size not in (None, units):
        yield Contradiction(
            ("dataset.embedding_size", "model.tie_weights", "model.units"),
            f"expected {units:,}, the units of the last layer, because the embedding is also the head,"
            f" received {dataset.embedding_size:,}; leave embedding_size or model.tie_weights out",
        )
    elif units > MOST_EMBEDDING_SIZE:
        yield Contradiction(
            ("model.tie_weights", "model.units"),
            f"expected at most {MOST_EMBEDDING_SIZE:,} units in the last layer, the largest embedding,"
            f" received {units:,}; use fewer units, or leave tie_weights out",
        )


def _about_size(dataset: Dataset, model: Model, training: Training) -> Iterator[Contradiction]:
    """Yield a contradiction if the network has too many weights, or a batch too many outputs of a layer.

    Only the matrices of the hidden layers are counted. The data is not read yet: a vocabulary that is not
    declared counts as one token.
    """
    units, dense = model.units, isinstance(model, MlpModel)
    layers = zip((_least_inputs(dataset, dense=dense), *units), units, strict=False)
    weights = sum(_least_weights(before, width, model) for before, width in layers)
    if weights > MOST_WEIGHTS:
        yield Contradiction(
            ("model.units", "model.kind", "dataset.window", "dataset.encoding", "dataset.embedding_size"),
            f"expected at most {MOST_WEIGHTS:,} weights, received about {weights:,}; use fewer units"
            + (", or a smaller dataset.window" if dense else ""),
        )
    batch_size, window = training.batch_size, dataset.window
    if (activations := batch_size * window * max(units)) > MOST_ACTIVATIONS:
        yield Contradiction(
            ("training.batch_size", "dataset.window", "model.units"),
            f"batch_size × window × units is {activations:,}, expected at most {MOST_ACTIVATIONS:,};"
            " make one smaller",
        )


def _least_inputs(dataset: Dataset, *, dense: bool) -> int:
    """Return the number of inputs of the first layer: of a time step, or of a whole window if `dense`.

    A vocabulary that is not declared counts as one token; the data may have more.
    """
    sizes = {"one_hot": len(dataset.vocabulary or "?"), "scalar": 1, "pitch_duration": 2}
    size = dataset.embedding_size or sizes[dataset.encoding]
    return size * dataset.window if dense else size


def _least_weights(before: int, width: int, model: Model) -> int:
    """Return the number of weights in the matrices of a layer; an unknown cell counts as a simple one."""
    if isinstance(model, MlpModel):
        return before * width
    gates = {"lstm": 4, "gru": 3}.get(model.kind, 1)
    if isinstance(model, LstmModel) and model.coupled_gates:
        gates = 3
    return gates * width * (before + width)

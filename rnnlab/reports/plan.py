"""An experiment in a few lines: what `train` says before it begins, and `describe` begins with."""

from collections.abc import Iterator

import numpy as np

from rnnlab.config.schema import Experiment, MlpModel
from rnnlab.datasets.batching import Batches
from rnnlab.datasets.corpus import Corpus
from rnnlab.datasets.splits import Splits
from rnnlab.errors import count_of
from rnnlab.models.architecture import Architecture

Rows = list[tuple[str, str]]


def plan(
    experiment: Experiment, corpus: Corpus, splits: Splits, batches: Batches, architecture: Architecture
) -> Rows:
    """Rows of (what, how): data, vocabulary, parts, batches, model and training."""
    return [
        ("data", _data(experiment, corpus)),
        ("vocabulary", f"{count_of(len(corpus.vocabulary), 'token')}: {corpus.vocabulary.summary}"),
        ("parts", ", ".join(_parts(experiment, splits))),
        *(("", note) for note in splits.notes),
        ("batches", _batches(experiment, batches)),
        ("model", _model(experiment, architecture)),
        ("training", _training(experiment, splits, batches)),
    ]


def _data(experiment: Experiment, corpus: Corpus) -> str:
    noun = "note" if experiment.dataset.kind == "notes" else "character"
    first, *others = corpus.names
    more = f" and {count_of(len(others), 'more file')}" if others else ""
    return f"{count_of(len(corpus.ids), noun)}{_sequences(experiment, corpus)} from {first}{more}"


def _sequences(experiment: Experiment, corpus: Corpus) -> str:
    """How many sequences there are and how long, where boundaries separate them."""
    if not corpus.has_boundaries:
        return ""
    lengths = np.sort(corpus.ends - corpus.starts) - 2
    unit = count_of(len(lengths), experiment.dataset.unit)
    return f" in {unit} of {lengths[0]:,} to {lengths[-1]:,}, median {lengths[len(lengths) // 2]:,},"


def _parts(experiment: Experiment, splits: Splits) -> Iterator[str]:
    for part in splits.parts.values():
        if experiment.regime == "stream":
            yield f"{part.name} {count_of(part.end - part.begin, 'token')}"
        else:
            yield f"{part.name} {count_of(part.window_count, 'window')}"


def _batches(experiment: Experiment, batches: Batches) -> str:
    window = experiment.dataset.window
    if experiment.regime == "stream":
        lanes = count_of(batches.lanes, "lane")
        shape = f"{lanes} of a stream, cut every {count_of(window, 'step')}; the state runs on"
    elif batches.carries_state and batches.lanes > 1:
        block = f"{count_of(batches.steps, 'window')}{' or one fewer' if batches.leftover else ''}"
        shape = (
            f"{batches.lanes} lanes, each with a block of {block}, read one window of"
            f" {count_of(window, 'step')} at a time; the state runs on"
        )
    else:
        order = "shuffled" if experiment.training.shuffle else "in order"
        state = "the state runs on" if batches.carries_state else "each from a zero state"
        shape = f"{count_of(batches.lanes, 'window')} of {count_of(window, 'step')}, {order}, {state}"
    leftover = f"; {batches.leftover}" if batches.leftover else ""
    return f"{shape}; {batches.steps:,} an epoch{leftover}"


def _model(experiment: Experiment, architecture: Architecture) -> str:
    model = experiment.model
    names = ("peephole", "coupled_gates", "layer_norm", "residual", "tie_weights")
    variants = [name for name in names if getattr(model, name, False)]
    if not getattr(model, "reset_after", True):
        variants.append("reset before the product")
    if isinstance(model, MlpModel):
        variants.append(model.activation)
    kind = model.kind + (f" ({', '.join(variants)})" if variants else "")
    layers = " → ".join(str(layer.units) for layer in architecture.layers)
    return (
        f"{kind} {layers} on {experiment.dataset.encoding}; {count_of(architecture.parameters, 'parameter')}"
    )


def _training(experiment: Experiment, splits: Splits, batches: Batches) -> str:
    training = experiment.training
    optimizer, steps = training.optimizer, training.epochs * batches.steps
    schedule = "" if training.schedule.kind == "constant" else f", {training.schedule.kind} schedule"
    most = "at most " if _may_stop_early(experiment, splits) else ""
    return (
        f"{most}{count_of(training.epochs, 'epoch')}, {count_of(steps, 'step')} of {optimizer.name},"
        f" learning rate {optimizer.learning_rate:g}{schedule}, random seed {training.random_seed}"
    )


def _may_stop_early(experiment: Experiment, splits: Splits) -> bool:
    """Whether early stopping can wait out its patience before the last epoch."""
    stopping, epochs = experiment.training.early_stopping, experiment.training.epochs
    every = experiment.evaluation.every if "validation" in splits.parts else 1
    return stopping is not None and stopping.patience * every < epochs

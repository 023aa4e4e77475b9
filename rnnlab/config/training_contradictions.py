"""What the section `training` may not say beside itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rnnlab.config.contradiction import Contradiction
from rnnlab.config.schedule import PlateauSchedule

if TYPE_CHECKING:
    from rnnlab.config.schema import Experiment


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

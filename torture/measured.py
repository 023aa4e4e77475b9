"""Compare what the commands measure of a trained run with the compiled TensorFlow program."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from rnnlab.models.model_file import TrainedModel
from rnnlab.runs.history import read_history
from torture.stages import done, said

CLOSE = 1e-4
"""Allowed difference between NumPy's and TensorFlow's loss: nats per token, or a share of a loss above 1."""


def evaluated(run: Path, trained: TrainedModel) -> Iterator[str]:
    """Evaluate every part and a file, with every token and with free runs; yield the errors."""
    yield from done(["evaluate", str(run)])
    for part in _parts(run):
        yield from done(["evaluate", str(run), "--split", part, "--json"])
    yield from done(["evaluate", str(run), "--per-token"])
    yield from _tokens_otherwise(run, trained)
    yield from done(["evaluate", str(run), "--seeds", "2"])
    path = trained.experiment.dataset.path
    if path and path[0].is_file():
        yield from done(["evaluate", str(run), "--data", str(path[0])])


def _tokens_otherwise(run: Path, trained: TrainedModel) -> Iterator[str]:
    """Check that the mean of the surprises is the loss; windows that share targets are exempt."""
    experiment = trained.experiment
    if experiment.regime != "stream" and experiment.dataset.target == "shifted":
        return
    answers = [said("evaluate", str(run), "--json", *more) for more in ([], ["--per-token"])]
    if any(answer.exit_code for answer in answers):
        return
    whole, each = (json.loads(answer.stdout) for answer in answers)
    mean = float(np.mean([token["nats"] for token in each["per_token"]]))
    if len(each["per_token"]) != whole["tokens"] or not _is_close(mean, whole["loss"]):
        yield f"evaluate: loss {whole['loss']!r} of {whole['tokens']} tokens, --per-token {mean!r}"


def measured_otherwise(run: Path, trained: TrainedModel) -> Iterator[str]:
    """Check that the loss of `evaluate` is that of the compiled program, and that of the history."""
    from torture.compiled import compiled_loss  # noqa: PLC0415 (loads TensorFlow)

    part = "validation" if "validation" in _parts(run) else "train"
    answer = said("evaluate", str(run), "--split", part, "--json")
    if answer.exit_code:
        return
    loss, compiled = json.loads(answer.stdout)["loss"], compiled_loss(run, trained, part)
    if compiled is not None and not _is_close(loss, compiled):
        yield f"evaluate --split {part}: loss {loss!r}, TensorFlow {compiled!r}"
    history = read_history(run).validation_loss
    measured = history[np.isfinite(history)]
    if part == "validation" and len(measured) and not _is_close(loss, measured.min()):
        yield f"evaluate --split validation: loss {loss!r}, history.csv {measured.min()!r}"


def _parts(run: Path) -> list[str]:
    """Return the names of the parts of a run's data."""
    return list(json.loads((run / "split.json").read_text())["parts"])


def _is_close(one: float | None, other: float) -> bool:
    return one is not None and abs(one - other) <= CLOSE * max(1.0, abs(other))

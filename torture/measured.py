"""What the commands measure of a trained run, beside the compiled TensorFlow program."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from rnnlab.history import read_history
from rnnlab.models.model_file import TrainedModel
from torture.compiled import compiled_loss
from torture.stages import done, fault, said

CLOSE = 1e-4
"""Between NumPy's loss and TensorFlow's: nats per token, or a share of the loss where that is more."""


def evaluated(run: Path, trained: TrainedModel) -> Iterator[str]:
    """Every part is measured, and the loss is that of the compiled engine."""
    yield from done(["evaluate", str(run)])
    parts = json.loads((run / "split.json").read_text())["parts"]
    losses = {}
    for part in parts:
        arguments = ["evaluate", str(run), "--split", part, "--json"]
        answer = said(*arguments)
        if found := fault(arguments, answer):
            yield found
        else:
            losses[part] = json.loads(answer.stdout)["loss"]
    yield from done(["evaluate", str(run), "--per-token"])
    yield from done(["evaluate", str(run), "--seeds", "2"])
    dataset = trained.experiment.dataset
    if dataset.path and dataset.path[0].is_file():
        yield from done(["evaluate", str(run), "--data", str(dataset.path[0])])
    for part in losses.keys() & {"validation" if "validation" in parts else "train"}:
        compiled = compiled_loss(run, trained, part)
        if compiled is not None and not _is_close(losses[part], compiled):
            yield f"evaluate --split {part}: loss {losses[part]!r}, TensorFlow {compiled!r}"
    measured = [loss for loss in read_history(run).validation_loss if loss is not None and np.isfinite(loss)]
    if measured and "validation" in losses and not _is_close(losses["validation"], min(measured)):
        yield f"evaluate --split validation: loss {losses['validation']!r}, history.csv {min(measured)!r}"


def _is_close(one: float | None, other: float) -> bool:
    return one is not None and abs(one - other) <= CLOSE * max(1.0, abs(other))


def compared(run: Path, other: Path) -> Iterator[str]:
    """Two runs that are equal stand beside each other, in a table and in a picture."""
    yield from done(["compare", str(run), str(other)])
    yield from done(["plot", str(run), str(other), "--output", str(run / "plot.svg")])

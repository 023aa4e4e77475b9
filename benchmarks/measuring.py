"""Time to measure a long part: lanes that read it side by side, and lanes that each start from a zero state.

Run `python -m benchmarks.measuring RUN [--repeats N] [--json]` with a run of a stream, for example of
configs/shakespeare_lstm.yaml. Earlier versions of rnnlab measured in lanes from a zero state, and their loss
depends on the number of lanes. Lanes side by side give the loss of a single lane.
"""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

import click
import numpy as np

from benchmarks.report import Column, Report, json_option, repeats_option
from benchmarks.timing import in_turns
from rnnlab.config.reading import read_experiment
from rnnlab.datasets import side_by_side
from rnnlab.datasets.batches import Batches, stream_batches
from rnnlab.datasets.loading import Data, load_data
from rnnlab.datasets.side_by_side import LanePiece, Parts, dealt, read_side_by_side
from rnnlab.engines.numpy import numpy_model
from rnnlab.engines.tensorflow.data import MeasuredSteps
from rnnlab.evaluation import scoring
from rnnlab.evaluation.scoring import Reader
from rnnlab.models.model_file import TrainedModel
from rnnlab.models.network import named_weights
from rnnlab.runs.folder import RunFolder
from rnnlab.runs.layout import CONFIG
from rnnlab.training.token_problem import TokenProblem
from rnnlab.training.trainer import Trainer

COLUMNS = (
    Column("from zero", "nats", digits=6),
    Column("side by side", "nats", digits=6),
    Column("one lane", "nats", digits=6),
    Column("from zero ", "s", digits=2),
    Column("side by side ", "s", digits=2),
    Column("ratio", digits=2),
)


Read = Callable[[LanePiece, Parts | None], tuple[float, Parts]]
"""Reads a piece from a state; returns the cost of its targets in nats, and the state after it."""


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@repeats_option
@json_option
def main(run: Path, repeats: int, as_json: bool) -> None:
    """Time validation with the compiled program, and evaluation with NumPy."""
    experiment, trained = read_experiment(run / CONFIG), RunFolder(run).load_model()
    data = load_data(experiment)
    part, corpus, window = data.splits.parts["validation"], data.corpus, experiment.dataset.window
    order = stream_batches(part, corpus, lanes=1, window=window)
    starts, counts = stream_batches(part, corpus, lanes=experiment.training.batch_size, window=window).epoch(
        0
    )
    from_zero = LanePiece(starts, counts, anew=False)

    targets = part.end - part.begin - 1
    report = Report(f"Measuring {targets:,} targets of {run.name}", COLUMNS, repeats)
    reads = {"validation, compiled": _compiled(data, trained), "evaluate, NumPy": _interpreted(data, trained)}
    most = {"validation, compiled": side_by_side.MOST_LANES, "evaluate, NumPy": scoring.MOST_LANES}
    for name, read in reads.items():
        before = partial(read, from_zero, None)
        now = partial(read_side_by_side, order, read, most_lanes=most[name])
        losses = (
            before()[0] / targets,
            sum(now()[0]) / targets,
            _cost_of_one_lane(order, read) / targets,
        )
        seconds = [median(own) for own in in_turns([_timed(before), _timed(now)], repeats=repeats)]
        report.add(name, *losses, *seconds, seconds[0] / seconds[1])
    report.show(as_json=as_json)


def _compiled(data: Data, trained: TrainedModel) -> Read:
    """Return a reader that uses the compiled program of training and validation."""
    trainer = Trainer(TokenProblem(data.experiment, data.corpus, data.splits))
    for name, variable in named_weights(trainer.network).items():
        variable.assign(trained.weights[name])

    def read(piece: LanePiece, before: Parts | None) -> tuple[float, Parts]:
        steps = MeasuredSteps((piece.starts, piece.counts), anew=piece.anew)
        records, after = trainer.program.measure(steps, before)
        return float(records.losses.astype(np.float64) @ records.counted), after

    return read


def _interpreted(data: Data, trained: TrainedModel) -> Read:
    """Return a reader that uses NumPy, as `evaluate` does."""
    dataset = data.experiment.dataset
    reader = Reader(numpy_model(trained), data.corpus, dataset.window, dataset.target)

    def read(piece: LanePiece, before: Parts | None) -> tuple[float, Parts]:
        scores, after = reader.read(piece, before)
        return float(sum(each.costs.sum() for each in scores)), after

    return read


def _cost_of_one_lane(order: Batches, read: Read) -> float:
    """Return the cost of all targets, in nats, read in one lane."""
    total, state = 0.0, None
    for piece in dealt(order, 0, order.steps, lanes=1):
        cost, state = read(piece, state)
        total += cost
    return total


def _timed(call: Callable[[], object]) -> Callable[[], float]:
    """Return a function that calls another function and returns its seconds."""

    def timed() -> float:
        begun = time.perf_counter()
        call()
        return time.perf_counter() - begun

    return timed


if __name__ == "__main__":
    main()

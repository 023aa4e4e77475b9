"""The history of a run as an event file for TensorBoard, written without TensorFlow.

by step     loss/step, accuracy/step
by epoch    loss/train, accuracy/train, loss/validation, accuracy/validation
either      learning_rate: by step from the schedule, if the schedule gives the rate that the history has for
            every epoch; else by epoch from the history (a plateau schedule, or a callback changed the rate).
            A history of an early rnnlab has no rates: then by step, or no curve for a plateau schedule

The step of an event is the number of training steps up to the event, so all curves have the same axis.
"""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from rnnlab.config.optimizer import learning_rate
from rnnlab.config.schema import Training
from rnnlab.errors import RunError
from rnnlab.extras import load_extra
from rnnlab.files import write_durably
from rnnlab.runs.history import History

MOST_STEPS = 10_000
"""Largest number of steps that are written, evenly spread over all steps; TensorBoard draws a thousand."""

Curve = tuple[str, NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]
"""Name of a curve; then the step, the seconds since the beginning and the value of each of P points, (P,)."""


def write_events(history: History, training: Training, folder: Path, *, run: str, ended: float) -> Path:
    """Write the event file of a run, and remove earlier exports of the same run from the folder.

    Args:
        history: the history of the run.
        training: the section `training` of its configuration.
        folder: the folder for TensorBoard; it is created if it does not exist.
        run: name of the run, which becomes a part of the name of the file.
        ended: the time at which the last epoch ended, in seconds since 1970 (`time.time()`).

    Returns:
        The file `events.out.tfevents.<time of beginning>.<run>.rnnlab`.

    Raises:
        DataError: TensorBoard is not installed.
        RunError: no epoch is finished, the file cannot be written, or an earlier file cannot be removed.
    """
    if not len(history):
        raise RunError("no epoch has been finished and saved in this run; train at least one epoch")
    begun = ended - float(history.seconds[-1])
    earlier = _exports_of(run, folder)
    data = io.BytesIO()
    events = EventFile(data, begun=int(begun))
    if earlier:  # a TensorBoard that runs already has their points
        events.restart(int(begun))
    for name, steps, seconds, values in _curves(history, training):
        events.add(name, steps, begun + seconds, values)
    path = folder / f"events.out.tfevents.{int(begun)}.{run}.rnnlab"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(
            f"{folder}: cannot be created ({error.strerror or error}); name another folder"
        ) from error
    write_durably(path, data.getvalue())
    for old in earlier:
        if old != path:
            _remove(old)
    return path


def _exports_of(run: str, folder: Path) -> list[Path]:
    """Return the event files that `write_events` wrote for a run; none if there is no such folder."""
    name = re.compile(rf"events\.out\.tfevents\.-?\d+\.{re.escape(run)}\.rnnlab")
    return [path for path in folder.glob("events.out.tfevents.*") if name.fullmatch(path.name)]


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise RunError(
            f"{path}: an earlier export of this run, which cannot be removed ({error.strerror or error});"
            " remove it, or TensorBoard draws each curve twice"
        ) from error


def _curves(history: History, training: Training) -> Iterator[Curve]:
    """Yield the curves of a history; a curve by epoch lacks the epochs whose value is not finite."""
    steps, last_steps = history.steps, np.searchsorted(history.steps.epoch, history.epoch, side="right")
    some = np.unique(np.linspace(0, len(steps) - 1, min(MOST_STEPS, len(steps))).astype(np.int64))
    times = np.interp(steps.step[some], np.append(0, last_steps), np.append(0.0, history.seconds))
    by_step = {"loss/step": steps.loss, "accuracy/step": steps.accuracy}
    if (rates := _scheduled(history, training)) is not None:
        by_step["learning_rate"] = rates
    for name, values in by_step.items():
        yield name, steps.step[some], times, values[some]
    by_epoch = {
        "loss/train": history.loss,
        "accuracy/train": history.accuracy,
        "loss/validation": history.validation_loss,
        "accuracy/validation": history.validation_accuracy,
        **({} if "learning_rate" in by_step else {"learning_rate": history.learning_rate}),
    }
    for name, values in by_epoch.items():
        known = np.isfinite(values)
        yield name, last_steps[known], history.seconds[known], values[known]


def _scheduled(history: History, training: Training) -> NDArray[np.float64] | None:
    """Return the learning rate of each step by the schedule, (S,).

    Return None if the history lacks the rate of an epoch, or has a rate that is not the schedule's. If the
    history has no rates at all, return the schedule's rates, but None for a plateau schedule.
    """
    steps, schedule = history.steps, training.schedule
    rates = learning_rate(
        np,
        steps.step - 1.0,
        peak=training.optimizer.learning_rate,
        schedule=schedule.model_dump(),
        total=float(training.epochs * int((steps.epoch == 1).sum())),
    )
    rates = np.broadcast_to(rates, len(steps))
    last = np.searchsorted(steps.epoch, history.epoch, side="right") - 1
    known = np.isfinite(history.learning_rate)
    if not known.any():  # an early version of rnnlab stored no rates
        return None if schedule.kind == "plateau" else rates
    agrees = np.isclose(rates[last[known]], history.learning_rate[known], rtol=1e-4, atol=0.0)
    return rates if known.all() and agrees.all() else None


class EventFile:
    """An event file to which points are added.

    Args:
        file: the file to write to.
        begun: the time of the first event, in seconds since 1970 (`time.time()`).

    Raises:
        DataError: TensorBoard is not installed.
    """

    def __init__(self, file: BinaryIO, *, begun: float) -> None:
        self._event_pb2 = load_extra("tensorboard.compat.proto.event_pb2")
        self._summary_pb2 = load_extra("tensorboard.compat.proto.summary_pb2")
        self._writer = load_extra("tensorboard.summary.writer.record_writer").RecordWriter(file)
        self._write(wall_time=begun, file_version="brain.Event:2")

    def restart(self, begun: float) -> None:
        """Write an event that makes TensorBoard drop the points of an earlier file of the same run."""
        start = self._event_pb2.SessionLog(status=self._event_pb2.SessionLog.START)
        self._write(wall_time=begun, step=0, session_log=start)

    def add(
        self,
        name: str,
        steps: NDArray[np.int64],
        times: NDArray[np.float64],
        values: NDArray[np.floating[Any]],
    ) -> None:
        """Add P points to the curve `name`; steps, times (seconds since 1970) and values are (P,) each."""
        for step, time, value in zip(steps.tolist(), times.tolist(), values.tolist(), strict=True):
            point = self._summary_pb2.Summary.Value(tag=name, simple_value=value)
            self._write(wall_time=time, step=step, summary=self._summary_pb2.Summary(value=[point]))

    def flush(self) -> None:
        """Flush the file, so that TensorBoard can read all points."""
        self._writer.flush()

    def _write(self, **content: Any) -> None:
        self._writer.write(self._event_pb2.Event(**content).SerializeToString())

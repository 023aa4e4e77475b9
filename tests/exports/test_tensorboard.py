"""TensorBoard reads what a run wrote down, without TensorFlow."""

import subprocess
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from rnnlab.config.schema import Training
from rnnlab.errors import RunError
from rnnlab.exports.tensorboard import write_events
from rnnlab.runs.history import History, Steps, read_history
from tests.experiments import SONG, experiment

READ = """
import sys, types
sys.modules["tensorboard.compat.notf"] = types.ModuleType("notf")  # it would load TensorFlow to open a file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
events = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0})
events.Reload()
for tag in sorted(events.Tags()["scalars"]):
    points = ((each.step, round(each.wall_time, 3), round(each.value, 6)) for each in events.Scalars(tag))
    print(tag, *points, sep=";")
"""


def history_of(epochs: int, steps: int, *, rates: Sequence[float] = ()) -> History:
    """So many epochs of so many steps, a second each; validated after every second one.

    Without rates it is a history of an earlier rnnlab.
    """
    epoch, step = np.arange(1, epochs + 1), np.arange(1, epochs * steps + 1)
    held_out = np.where(epoch % 2 == 0, 2.0 / epoch, np.nan)
    by_step = Steps(step, (step - 1) // steps + 1, 1.0 / step, 0.0 * step)
    known = np.array([*rates, *[np.nan] * (epochs - len(rates))])
    return History(epoch, 1.0 / epoch, 0.0 * epoch, held_out, held_out, known, epoch * 1.0, by_step)


def curves_in(folder: Path) -> dict[str, list[tuple[int, float, float]]]:
    """What TensorBoard's own reader finds: for each name steps, times and values."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", READ, str(folder)], capture_output=True, text=True, check=True
    )
    lines = (line.split(";") for line in done.stdout.splitlines())
    return {name: [eval(point) for point in points] for name, *points in lines}


def test_every_curve_is_read_back(tmp_path):
    """Losses and accuracies by step and by epoch, over steps; what was not measured is no point."""
    training = experiment(SONG, "training.epochs=4", "training.schedule={kind: linear, final: 0.0}").training

    path = write_events(history_of(4, 3), training, tmp_path / "logs", run="song-1", ended=1000.0)
    curves = curves_in(tmp_path / "logs")

    assert path.name == "events.out.tfevents.996.song-1.rnnlab"
    assert sorted(curves) == [
        *("accuracy/step", "accuracy/train", "accuracy/validation", "learning_rate"),
        *("loss/step", "loss/train", "loss/validation"),
    ]
    assert curves["loss/train"] == [
        (3, 997.0, 1.0),
        (6, 998.0, 0.5),
        (9, 999.0, 0.333333),
        (12, 1000.0, 0.25),
    ]
    assert curves["loss/validation"] == [(6, 998.0, 1.0), (12, 1000.0, 0.5)]
    assert [step for step, _, _ in curves["loss/step"]] == list(range(1, 13))
    assert curves["loss/step"][2] == (3, 997.0, 0.333333)
    rates = [value for _, _, value in curves["learning_rate"]]
    assert rates == pytest.approx([0.01 * (1 - step / 12) for step in range(12)], abs=1e-6)


def test_an_export_replaces_earlier_ones_of_the_same_run(tmp_path):
    """A pause between interruption and resuming moves the computed beginning; still no curve shows twice."""
    first = write_events(history_of(2, 3), Training(), tmp_path, run="song-1", ended=102.0)
    write_events(history_of(3, 3), Training(), tmp_path, run="song-1", ended=103.0)
    last = write_events(history_of(4, 3), Training(), tmp_path, run="song-1", ended=504.0)

    assert (first.name, last.name) == (
        "events.out.tfevents.100.song-1.rnnlab",
        "events.out.tfevents.500.song-1.rnnlab",
    )
    assert list(tmp_path.iterdir()) == [last]
    assert [step for step, _, _ in curves_in(tmp_path)["loss/train"]] == [3, 6, 9, 12]


def test_an_export_keeps_the_files_of_others(tmp_path):
    """Those of other runs, and the file that a training itself writes."""
    others = [
        write_events(history_of(2, 3), Training(), tmp_path, run="song-11", ended=102.0),
        tmp_path / "events.out.tfevents.100.rnnlab",
        tmp_path / "notes.txt",
    ]
    for path in others[1:]:
        path.write_text("mine")

    path = write_events(history_of(2, 3), Training(), tmp_path, run="song-1", ended=504.0)

    assert sorted(tmp_path.iterdir()) == sorted([*others, path])


def test_of_very_many_steps_some_are_written(tmp_path, monkeypatch):
    """Evenly spread; the first and the last are among them, and every epoch is there."""
    monkeypatch.setattr("rnnlab.exports.tensorboard.MOST_STEPS", 50)
    write_events(history_of(10, 100), Training(), tmp_path, run="song-1", ended=100.0)

    curves = curves_in(tmp_path)
    steps = [step for step, _, _ in curves["loss/step"]]
    assert (steps[0], steps[-1], len(steps)) == (1, 1000, 50)
    assert {after - before for before, after in pairwise(steps)} <= {20, 21}
    assert [step for step, _, _ in curves["loss/train"]] == list(range(100, 1001, 100))


def test_a_run_without_an_epoch_has_nothing_to_show(tmp_path):
    """That is said, and no file is made."""
    with pytest.raises(RunError, match="no epoch has been finished"):
        write_events(read_history(tmp_path), Training(), tmp_path, run="song-1", ended=0.0)

    assert list(tmp_path.iterdir()) == []


def test_tensorflow_is_not_loaded_for_it(tmp_path):
    """It takes seconds, and a file of figures needs none of it."""
    script = (
        "import sys\nfrom tests.exports.test_tensorboard import *\n"
        "write_events(history_of(2, 3), Training(), Path(sys.argv[1]), run='song-1', ended=9.0)\n"
        "print({'tensorflow', 'keras'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True
    )

    assert done.stdout == "set()\n"


@pytest.mark.parametrize(
    ("rates", "shown"),
    [
        (
            [0.01 * (1 - 2 / 6), 0.01 * (1 - 5 / 6)],
            range(1, 7),
        ),  # of the last steps, as the schedule has them
        ([0.01, 0.002], (3, 6)),
        ([0.004], (3,)),
    ],
)
def test_the_rate_is_what_the_history_says(tmp_path, rates, shown):
    """By step where the schedule agrees with every epoch; else by epoch, as when a callback changed it."""
    training = experiment(SONG, "training.epochs=2", "training.schedule={kind: linear, final: 0.0}").training

    write_events(history_of(2, 3, rates=rates), training, tmp_path, run="song-1", ended=9.0)

    found = {step: value for step, _, value in curves_in(tmp_path)["learning_rate"]}
    assert list(found) == list(shown)
    assert [found[3 * (epoch + 1)] for epoch in range(len(rates))] == pytest.approx(rates, abs=1e-6)


def test_the_rate_of_a_plateau_is_that_of_each_epoch(tmp_path):
    """The losses decide it, and the history has it."""
    training = experiment(SONG, "training.schedule={kind: plateau}").training

    write_events(history_of(2, 3, rates=[0.01, 0.005]), training, tmp_path, run="song-1", ended=9.0)

    assert curves_in(tmp_path)["learning_rate"] == [(3, 8.0, 0.01), (6, 9.0, 0.005)]


def test_a_rate_that_the_losses_decide_is_not_made_up(tmp_path):
    """The configuration alone does not say what a plateau has left of it, nor does an older history."""
    training = experiment(SONG, "training.schedule={kind: plateau}").training

    write_events(history_of(2, 3), training, tmp_path, run="song-1", ended=9.0)

    assert "learning_rate" not in curves_in(tmp_path)

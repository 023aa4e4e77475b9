"""`training.tensorboard`: event files that are written while the training goes on."""

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rnnlab.config.schema import Experiment
from rnnlab.datasets.loading import load_data
from rnnlab.errors import DataError, Interrupted, RunError
from rnnlab.runs.folder import RunFolder
from rnnlab.runs.history import read_history
from rnnlab.runs.progress import Progress
from rnnlab.training import live_events
from rnnlab.training.history import LossHistory
from rnnlab.training.live_events import LiveEvents
from rnnlab.training.session import Session
from tests.experiments import STREAM, experiment
from tests.exports.test_tensorboard import curves_in

Points = dict[str, list[tuple[int, float]]]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGTERM, before)


def wanted(*overrides: str, tensorboard: bool = True) -> Experiment:
    return experiment(
        STREAM,
        "training.epochs=6",
        "training.schedule={kind: cosine}",
        f"training.tensorboard={'true' if tensorboard else 'false'}",
        *overrides,
    )


def session_of(asked_for: Experiment, *, resumed: RunFolder | None = None) -> Session:
    return Session(load_data(asked_for), name="test", resumed=resumed)


def points_of(run: Path) -> Points:
    """The points of every curve, without their times."""
    curves = curves_in(run / "tensorboard")
    return {name: [(step, value) for step, _, value in points] for name, points in curves.items()}


def filled(epochs: int, steps: int = 3) -> LossHistory:
    """A history of so many epochs of so many steps."""
    history = LossHistory()
    for epoch in range(epochs):
        add_epoch(history, epoch, steps)
    return history


def add_epoch(history: LossHistory, epoch: int, steps: int = 3) -> None:
    history.add_steps(np.full(steps, 1.0, np.float32), np.full(steps, 0.5, np.float32))
    history.rate = 0.5**epoch
    history.on_epoch_end(epoch, {"loss": 2.0, "accuracy": 0.25} | ({"val_loss": 3.0} if epoch else {}))


def silent(_: str) -> None:
    """Nothing."""


def test_the_events_are_those_of_the_history() -> None:
    """Each step once and each epoch once, in order, with the figures of the tables."""
    run = session_of(wanted()).train().run
    history, points = read_history(run.path), points_of(run.path)

    assert points["loss/step"] == [
        (step, pytest.approx(loss, rel=1e-4))
        for step, loss in zip(history.steps.step.tolist(), history.steps.loss.tolist(), strict=True)
    ]
    ends = [history.steps.step[history.steps.epoch == epoch].max() for epoch in history.epoch]
    for name, figures in (
        ("loss/train", history.loss),
        ("loss/validation", history.validation_loss),
        ("learning_rate", history.learning_rate),
    ):
        expected = zip(ends, figures.tolist(), strict=True)
        assert points[name] == [(step, pytest.approx(value, abs=2e-6)) for step, value in expected], name


def test_a_training_is_the_same_with_it_and_without() -> None:
    """To the bit."""
    watched = session_of(wanted()).train().run
    alone = session_of(wanted(tensorboard=False)).train().run

    assert not (alone.path / "tensorboard").exists()
    assert (watched.path / "losses.csv").read_bytes() == (alone.path / "losses.csv").read_bytes()
    one, other = watched.load_model().weights, alone.load_model().weights
    assert all(one[name].tobytes() == other[name].tobytes() for name in one)


def interrupted_after(steps: int) -> Callable[[Progress], None]:
    return lambda progress: os.kill(os.getpid(), signal.SIGTERM) if progress.step >= steps else None


def test_a_resumed_training_has_the_events_of_one_that_nothing_disturbed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After a signal; and after a kill, which leaves events that no checkpoint has and half a record."""
    monkeypatch.setattr("rnnlab.training.chunks.FASTEST_GROWTH", 1)
    whole = points_of(session_of(wanted()).train().run.path)
    session = session_of(wanted("training.checkpoint.every_epochs=1"))
    with pytest.raises(Interrupted):
        session.train(interrupted_after(8))
    folder = session.run.path / "tensorboard"
    assert 8 <= len(points_of(session.run.path)["loss/step"]) < len(whole["loss/step"])

    (events,) = folder.iterdir()
    events.write_bytes(events.read_bytes() * 2 + b"half a rec")
    shutil.copy(events, folder / "events.out.tfevents.1.rnnlab")
    (folder / "notes.txt").write_text("of the user")
    resumed = session_of(wanted("training.checkpoint.every_epochs=1"), resumed=session.run).train().run

    assert points_of(resumed.path) == whole
    assert (folder / "notes.txt").exists()


def test_it_may_begin_when_the_run_is_resumed() -> None:
    """Then all is there, from the first step on; and it may be left out again."""
    whole = points_of(session_of(wanted()).train().run.path)
    run = session_of(wanted(tensorboard=False)).train().run

    session_of(wanted(), resumed=run).train()

    assert points_of(run.path) == whole


def test_each_epoch_is_there_when_it_ends(tmp_path: Path) -> None:
    """The file is appended to, so that a TensorBoard that has it open sees what is new."""
    history, sizes = LossHistory(), []
    with LiveEvents(tmp_path, history, steps=9, say=silent) as events:
        (path,) = (tmp_path / "tensorboard").iterdir()
        inode = path.stat().st_ino
        for epoch in range(3):
            add_epoch(history, epoch)
            events.write()
            events.write()
            sizes.append(path.stat().st_size)
            assert len(points_of(tmp_path)["loss/train"]) == epoch + 1

    assert sizes == sorted(set(sizes))
    assert path.stat().st_ino == inode
    assert points_of(tmp_path)["learning_rate"] == [(3, 1.0), (6, 0.5), (9, 0.25)]
    assert points_of(tmp_path)["loss/validation"] == [(6, 3.0), (9, 3.0)]


def test_of_very_many_steps_the_same_are_written_however_often_it_is_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Evenly spread over the whole training."""
    monkeypatch.setattr(live_events, "MOST_STEPS", 4)
    history = filled(2)
    with LiveEvents(tmp_path, history, steps=12, say=silent):
        pass
    assert [step for step, _ in points_of(tmp_path)["loss/step"]] == [1, 4]

    with LiveEvents(tmp_path, history, steps=12, say=silent) as events:
        events.write()
        for epoch in (2, 3):
            add_epoch(history, epoch)
            events.write()

    assert [step for step, _ in points_of(tmp_path)["loss/step"]] == [1, 4, 7, 10]


def test_the_times_of_points_do_not_run_back(tmp_path: Path) -> None:
    """They lie between the begin of the training and now."""
    with LiveEvents(tmp_path, filled(3), steps=9, say=silent):
        pass

    times = [time for _, time, _ in curves_in(tmp_path / "tensorboard")["loss/step"]]
    assert times == sorted(times)


def test_where_it_cannot_be_written_training_goes_on(tmp_path: Path) -> None:
    """A line says so once."""
    (tmp_path / "tensorboard").write_text("a file")
    told: list[str] = []

    with LiveEvents(tmp_path, filled(1), steps=3, say=told.append) as events:
        events.write()

    assert len(told) == 1
    assert told[0].startswith(f"{tmp_path / 'tensorboard'}: cannot be written (")
    assert "training goes on without it" in told[0]


def test_a_link_to_elsewhere_is_not_followed(tmp_path: Path) -> None:
    """Nothing is removed there, and nothing written."""
    (tmp_path / "run").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/events.out.tfevents.1.rnnlab").write_text("mine")
    (tmp_path / "run/tensorboard").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(RunError, match="leads outside its folder"):
        LiveEvents(tmp_path / "run", filled(1), steps=3, say=silent)

    assert (tmp_path / "elsewhere/events.out.tfevents.1.rnnlab").read_text() == "mine"


def test_without_the_library_nothing_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line names the setting and how to install it; no run folder is made."""

    def missing(name: str) -> Any:
        raise ModuleNotFoundError(name=name)

    monkeypatch.setattr("rnnlab.extras.importlib.import_module", missing)

    with pytest.raises(DataError) as caught:
        session_of(wanted())

    assert str(caught.value) == (
        "training.tensorboard: a log for TensorBoard needs tensorboard, which is not installed:"
        " pip install 'rnnlab[tensorboard]'; or set it to false"
    )
    assert not Path("runs").exists()

"""The trainings of many trials: how long, in which process, and what becomes of those that fail."""

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rnnlab.errors import ConfigError, TrainingError
from rnnlab.runs.folder import RunFolder
from rnnlab.trials import runner, timing, trainings
from rnnlab.trials.timing import epochs_in
from rnnlab.trials.trainings import train_run, train_runs, with_training
from tests.experiments import SENTENCE, SONG, experiment
from tests.task_experiments import task_experiment
from tests.trained_tasks import PARITY, TASKS

DENSE = "model={kind: mlp, units: 8}"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in; how many threads the process has stays as it is."""
    monkeypatch.chdir(tmp_path)
    for kind in ("INTRA", "INTER"):
        monkeypatch.setenv(f"TF_NUM_{kind}OP_THREADS", "1")
    return tmp_path


def test_a_budget_that_ends_before_the_first_validation_is_refused() -> None:
    """Before anything is trained, with the setting that stands against it."""
    held_out = experiment(SENTENCE, "dataset.split={kind: contiguous}", "evaluation.every=3")

    with pytest.raises(ConfigError, match=r"^evaluation.every: expected at most training.epochs, which is 2"):
        with_training(held_out, epochs=2)


def test_a_budget_in_seconds_is_the_epochs_that_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """At least one; each is timed alone."""
    told: list[tuple[int, int]] = []

    def timed(work: Any, tasks: Any, *, jobs: int) -> Iterator[tuple[int, float]]:
        assert (work, len(tasks), jobs) == (timing._epoch_seconds, 3, 1)
        yield from enumerate([0.3, 100.0, 1e-9])

    monkeypatch.setattr(timing, "in_processes", timed)

    assert epochs_in([experiment(SONG)] * 3, 2.0, report=lambda *args: told.append(args)) == [
        6,
        1,
        10_000_000,
    ]
    assert told == [(0, 6), (1, 1), (2, 10_000_000)]


def test_an_epoch_takes_some_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the configuration's own steps, whatever epochs it has; what cannot be trained says why."""
    monkeypatch.setattr(timing, "LOOK_SECONDS", 0.01)

    assert 1e-6 < timing._epoch_seconds(experiment(SONG, DENSE)) < 10  # type: ignore[operator]
    assert "is too short" in str(timing._epoch_seconds(experiment(SONG, DENSE, "dataset.window=50")))


@pytest.mark.parametrize("page", [*TASKS.values(), PARITY])
@pytest.mark.parametrize("kind", ["simple_rnn", "gru", "lstm"])
def test_a_configuration_reaches_the_process_that_trains_it(page: str, kind: str) -> None:
    """As it is: it is pickled on the way."""
    wanted = task_experiment(page, f"model.kind={kind}")

    assert pickle.loads(pickle.dumps(wanted)) == wanted


def test_examples_are_timed_and_trained_like_any_data(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also if each epoch draws new ones; a run is made."""
    monkeypatch.setattr(timing, "LOOK_SECONDS", 0.01)
    wanted = task_experiment(PARITY, "training.epochs=1")

    seconds = timing._epoch_seconds(wanted)

    assert isinstance(seconds, float)
    assert 1e-6 < seconds < 10
    assert train_run(wanted, folder / "run") == ""
    assert RunFolder(folder / "run").load_any_model().experiment == wanted


def test_a_failure_to_time_names_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is trained then."""
    monkeypatch.setattr(timing, "in_processes", lambda *_, **__: iter([(0, "the loss is no number")]))

    with pytest.raises(TrainingError, match="the loss is no number"):
        epochs_in([experiment(SONG)], 1.0, report=lambda *_: None)


def test_a_process_that_is_killed_does_not_take_the_others_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not done is trained one at a time; the one that is killed again is named by what killed it."""
    asked: list[tuple[list[Any], int]] = []

    def processes(work: Any, tasks: Any, *, jobs: int, heard: Any) -> Iterator[tuple[int, str]]:
        asked.append(([folder for _, folder in tasks], jobs))
        for number, (_, folder) in enumerate(tasks):
            if folder == "deadly":
                raise TrainingError("a process that trained was killed")
            yield number, ""

    monkeypatch.setattr(runner, "in_processes", processes)
    monkeypatch.setattr(trainings, "in_processes", processes)
    tasks: Any = [(None, folder) for folder in ("a", "deadly", "b")]

    found = dict(train_runs(tasks, jobs=2))

    assert found == {0: "", 1: "a process that trained was killed", 2: ""}
    assert asked == [(["a", "deadly", "b"], 2), (["deadly"], 1), (["b"], 1)]


def test_a_training_that_was_begun_is_gone_on_with(folder: Path) -> None:
    """Its folder is there already; and a second time there is nothing left to do."""
    run = folder / "run"
    wanted = experiment(SONG, DENSE)

    assert train_run(wanted, run) == ""
    before = (run / "model.safetensors").read_bytes()
    assert train_run(wanted, run) == ""

    assert (run / "model.safetensors").read_bytes() == before
    assert "training is resumed after step" in (run / "events.log").read_text()

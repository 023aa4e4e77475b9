"""One training leaves a whole run folder behind, however it ends."""

import csv
import json
import os
import resource
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import keras
import numpy as np
import pytest

from rnnlab.config.schema import Experiment
from rnnlab.datasets.loading import load_data
from rnnlab.errors import DataError, Interrupted, RunError, TrainingError
from rnnlab.evaluation.measurement import evaluate
from rnnlab.runs.folder import RunFolder, find_run
from rnnlab.runs.kept_tokens import TRAINING_TOKENS, read_training_tokens
from rnnlab.runs.listing import read_entry
from rnnlab.runs.progress import Progress
from rnnlab.training.checkpoints import newest_checkpoint
from rnnlab.training.interruption import noted_signals
from rnnlab.training.session import Session
from tests.experiments import SENTENCE, SONG, STREAM, experiment

FILES = {
    *("config.yaml", "environment.json", "model.safetensors", "history.csv", "losses.csv", "events.log"),
    *("split.json", "training_tokens.npz", "signature.json", "checkpoints", ".lock"),
}


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def session_of(wanted: Experiment, *, run_dir: Path | None = None) -> Session:
    return Session(load_data(wanted), name="test", run_dir=run_dir)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


def test_a_run_folder_holds_all_that_was_learnt() -> None:
    """A row for each epoch and for each step, and a model that measures as the history says."""
    session = session_of(experiment(SONG, "training.epochs=30"))
    outcome = session.train()
    folder = outcome.run.path

    assert folder == Path("runs/test-1")
    assert {path.name for path in folder.iterdir()} == FILES
    assert [row["epoch"] for row in rows(folder / "history.csv")] == [str(n) for n in range(1, 31)]
    steps = rows(folder / "losses.csv")
    assert [row["step"] for row in steps] == [str(n) for n in range(1, 30 * 9 + 1)]
    assert [row["epoch"] for row in steps] == [str(1 + n // 9) for n in range(30 * 9)]
    assert outcome.epochs == 30
    entry = read_entry(folder)
    assert (entry.state, entry.progress.epochs, entry.problems) == ("done", 30, ())
    best, saved = session.trainer.best().weights, find_run().load_model().weights
    assert all((saved[name] == array).all() for name, array in best.items())


def test_the_training_data_is_kept_unless_it_is_refused() -> None:
    """The run folder has its token ids when the training begins; `dataset.keep: false` leaves them out."""
    kept, refused = (session_of(experiment(STREAM, f"dataset.keep={keep}")) for keep in ("true", "false"))

    problem = kept.trainer.problem
    found = read_training_tokens(kept.run.path, data_sha256=problem.data_sha256, vocab_size=50)
    assert found is not None
    text = experiment(STREAM).dataset.inline
    tokens = problem.model({}).tokens
    assert "".join(tokens[token] for token in found.train.ids) == text[: len(found.train.ids)]
    assert (len(found.train), found.part) == (1, "validation")
    assert not (refused.run.path / TRAINING_TOKENS).exists()


def test_the_numpy_engine_measures_what_the_compiled_one_did() -> None:
    """With weights that do not move, `evaluate` gives the epoch's training loss."""
    frozen = experiment(SENTENCE, "training.optimizer.learning_rate=1e-30", "training.epochs=1")

    outcome = session_of(frozen).train()

    assert evaluate(outcome.run.load_model()).metrics.loss == pytest.approx(outcome.best.loss, abs=1e-5)


def test_copies_are_trained_on_and_nothing_else_changes() -> None:
    """The parts are those of the data; what is held out is measured as `evaluate` measures it."""
    split = "dataset.split={kind: contiguous, validation: 0.3, gap: 0}"
    settings = ("dataset.window=2", "training.epochs=1", "training.optimizer.learning_rate=1e-30", split)
    plain = session_of(experiment(SONG, *settings))
    copied = session_of(experiment(SONG, *settings, "dataset.augment={semitones: [-1, 1]}"))

    outcome = copied.train()

    assert (plain.trainer.batches.steps, copied.trainer.batches.steps) == (7, 3 * 7)
    records = [json.loads((session.run.path / "split.json").read_text()) for session in (plain, copied)]
    assert records[0] == records[1]
    assert evaluate(outcome.run.load_model()).metrics.loss == pytest.approx(outcome.best.loss, abs=1e-5)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_saves_everything_and_says_so(
    request: pytest.FixtureRequest, number: signal.Signals, code: int
) -> None:
    """Ctrl-C and a polite kill end training between two chunks; the run can be used."""
    before = signal.signal(number, signal.default_int_handler)
    request.addfinalizer(lambda: signal.signal(number, before))
    session = session_of(experiment(SONG, "training.epochs=100000"))

    with pytest.raises(Interrupted, match=r"interrupted after \d+ epochs, all .*runs/test-1") as caught:
        session.train(lambda _: os.kill(os.getpid(), number))

    assert caught.value.exit_code == code
    assert read_entry(session.run.path).state == "interrupted"
    assert {path.name for path in session.run.path.iterdir()} == FILES
    assert np.isfinite(evaluate(session.run.load_model()).metrics.loss)
    assert signal.getsignal(number) is signal.default_int_handler


def test_a_diverging_run_keeps_its_best_weights() -> None:
    """The loss is no number, the weights that are saved are."""
    diverging = experiment(
        SONG, "training.optimizer={name: sgd, learning_rate: 1e37, momentum: 0.99}", "training.epochs=50"
    )
    session = session_of(diverging)

    with pytest.raises(TrainingError, match="the loss became"):
        session.train()

    assert "training failed" in (session.run.path / "events.log").read_text()
    assert read_entry(session.run.path).state == "failed"
    assert len(rows(session.run.path / "losses.csv")) >= 1


def test_steps_that_are_not_finite_are_skipped_if_asked() -> None:
    """The first step throws the weights far off; after a hundred that cannot be taken, there is no hope.

    An epoch begins in a zero state, also if its first step is skipped.
    """
    wild = "training.optimizer={name: sgd, learning_rate: 1e37, momentum: 0.99}"
    session = session_of(experiment(SONG, wild, "training.on_non_finite=skip_step", "training.epochs=20"))

    with pytest.raises(TrainingError, match=r"the last \d{3} steps were skipped, to step \d+"):
        session.train()

    held = session.trainer.program.snapshot()
    assert all(np.isfinite(array).all() for name, array in held.items() if not name.startswith("best/"))
    assert not any(array.any() for name, array in held.items() if name.startswith("state/"))
    assert session.run.load_model().weights.keys() == session.trainer.best().weights.keys()
    accuracies = [row["accuracy"] for row in rows(session.run.path / "losses.csv")]
    assert accuracies[0] != "nan"
    assert "nan" in accuracies


def test_a_stream_begins_an_epoch_in_a_zero_state_though_its_first_step_is_skipped() -> None:
    """The first step leaves a state; all others are skipped, and the next epoch begins without it."""
    wild = "training.optimizer={name: sgd, learning_rate: 1e37, momentum: 0.99}"
    session = session_of(experiment(STREAM, wild, "training.on_non_finite=skip_step", "training.epochs=60"))

    with pytest.raises(TrainingError, match="steps were skipped"):
        session.train()

    states = [
        array for name, array in session.trainer.program.snapshot().items() if name.startswith("state/")
    ]
    assert states
    assert not any(array.any() for array in states)


def test_what_is_refused_leaves_no_folder() -> None:
    """Too little data, an unknown callback: said before a run folder is made."""
    with pytest.raises(DataError, match="batch_size"):
        session_of(experiment(SONG, "training.batch_size=50"))
    with pytest.raises(TrainingError, match="cannot be imported"):
        session_of(experiment(SONG, "training.callbacks=['no_such_module:Class']"))

    assert not Path("runs").exists()


def test_a_folder_with_files_in_it_is_not_written_to() -> None:
    """--run-dir names a new or an empty folder."""
    Path("mine").mkdir()
    Path("mine/thesis.txt").write_text("years of work")

    with pytest.raises(RunError, match="mine: run_dir must name a new or an empty folder"):
        session_of(experiment(SONG), run_dir=Path("mine"))


class EpochCounter(keras.callbacks.Callback):
    """A callback of the user's."""

    seen: ClassVar[list[tuple[int, dict[str, float]]]] = []

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self.seen.append((epoch, dict(logs or {})))


def test_users_callbacks_are_loaded_and_fired(monkeypatch: pytest.MonkeyPatch) -> None:
    """`training.callbacks` names classes in the user's own code."""
    module: Any = type(os)("my_callbacks")
    module.EpochCounter = EpochCounter
    monkeypatch.setitem(__import__("sys").modules, "my_callbacks", module)

    session_of(experiment(SONG, "training.callbacks=['my_callbacks:EpochCounter']")).train()

    assert [epoch for epoch, _ in EpochCounter.seen] == [0, 1, 2]
    assert set(EpochCounter.seen[0][1]) == {"loss", "accuracy"}


def test_an_ignored_signal_stays_ignored(request: pytest.FixtureRequest) -> None:
    """Under `nohup`, or behind `&`, the process was told to ignore a signal before it began."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    request.addfinalizer(lambda: signal.signal(signal.SIGHUP, before))

    with noted_signals() as interruption:
        os.kill(os.getpid(), signal.SIGHUP)

    assert interruption.signal_number == 0


EVERY_EPOCH = "training.checkpoint={every_epochs: 1, keep: 2}"
SMALL = 1000


@pytest.fixture
def full_disk() -> Iterator[Callable[[], None]]:
    """Makes the system refuse what is longer than a kilobyte, until it is called again."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    def turn() -> None:
        is_full = resource.getrlimit(resource.RLIMIT_FSIZE)[0] == SMALL
        resource.setrlimit(resource.RLIMIT_FSIZE, (limits[0] if is_full else SMALL, limits[1]))

    yield turn
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    signal.signal(signal.SIGXFSZ, handler)


def saving_session(*, resumed: RunFolder | None = None) -> Session:
    wanted = experiment(SONG, "training.epochs=6", EVERY_EPOCH)
    return Session(load_data(wanted), name="test", resumed=resumed)


def at_epoch(number: int, act: Callable[[], object]) -> Callable[[Progress], None]:
    """Does something once that many epochs are done and saved."""
    todo = [act]
    return lambda progress: todo.pop()() if todo and progress.step == 9 * number + 9 else None


def test_a_full_disk_costs_nothing_that_was_saved(full_disk: Callable[[], None]) -> None:
    """Training stops with the path, the cause and the remedy; resumed, it ends as if nothing had been."""
    whole = saving_session().train().run
    session = saving_session()
    run = session.run

    with pytest.raises(RunError) as caught:
        session.train(at_epoch(3, full_disk))
    full_disk()
    kept, passed = newest_checkpoint(run.path)

    assert str(caught.value) == (
        f"{run.path}/checkpoints/step-000000036.safetensors: cannot write (File too large); training stops"
        f" after step 36, all up to step 27 is kept: free some space, then: rnnlab.resume('{run.path}')"
    )
    assert (kept.facts.step, passed) == (27, [])
    assert read_entry(run.path).state == "failed"
    assert run.load_model().weights
    assert not list(run.path.rglob("*.partial"))
    del session, caught
    saving_session(resumed=run).train()
    for name in ("model.safetensors", "losses.csv"):
        assert (run.path / name).read_bytes() == (whole.path / name).read_bytes()


def test_a_disk_that_is_full_from_the_first_save_says_that_nothing_is_kept(
    full_disk: Callable[[], None],
) -> None:
    """It can be resumed all the same, from the first step."""
    session = saving_session()

    with pytest.raises(RunError, match=r"after step 9, nothing was saved before: free some space, then: "):
        session.train(lambda progress: full_disk() if progress.step == 9 else None)

    full_disk()
    assert newest_checkpoint(session.run.path) == (None, [])


def test_a_log_that_takes_no_more_hides_nothing(full_disk: Callable[[], None]) -> None:
    """The log is a folder, the disk is full: what is said is the disk; a log alone stops no training."""

    def spoil() -> None:
        (session.run.path / "events.log").unlink()
        (session.run.path / "events.log").mkdir()

    session = saving_session()
    assert session.train(at_epoch(1, spoil)).epochs == 6
    session = saving_session()
    with pytest.raises(RunError, match=r"cannot write \(File too large\); training stops"):
        session.train(at_epoch(1, lambda: (spoil(), full_disk())))


def to_a_file(run: Path) -> None:
    shutil.rmtree(run)
    run.write_text("mine")


def to_another_run(run: Path) -> None:
    moved = run.rename(run.with_name("moved"))
    shutil.copytree(moved, run)


@pytest.mark.parametrize("act", [shutil.rmtree, to_a_file, to_another_run])
def test_a_folder_that_is_removed_or_replaced_is_not_made_again(act: Callable[[Path], object]) -> None:
    """Training says what happened and writes nothing to what now stands there."""
    session = saving_session()
    path = session.run.path

    def replace() -> None:
        act(path)
        left.extend(sorted(path.rglob("*")) if path.is_dir() else [])

    left: list[Path] = []
    with pytest.raises(RunError) as caught:
        session.train(at_epoch(2, replace))

    assert str(caught.value) == (
        f"{path}: the run folder was removed, moved or replaced during training; resume it where it is now,"
        " or train anew"
    )
    assert (sorted(path.rglob("*")) if path.is_dir() else []) == left
    assert [each.name for each in Path("runs").iterdir() if each.name.startswith("test")] == (
        [path.name] if act is not shutil.rmtree else []
    )


def test_a_lock_that_is_removed_alone_stops_nothing() -> None:
    """Some take it for a leftover."""
    session = saving_session()

    assert session.train(at_epoch(2, (session.run.path / ".lock").unlink)).epochs == 6

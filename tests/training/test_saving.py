"""A save that fails: nothing that is durable is lost, and one line says what to do."""

import resource
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rnnlab.datasets.loading import load_data
from rnnlab.errors import RunError
from rnnlab.run_folders.entries import read_entry
from rnnlab.runs import Run
from rnnlab.training.checkpoints import newest_checkpoint
from rnnlab.training.loop import Progress
from rnnlab.training.session import Session
from tests.experiments import SONG, experiment

EVERY_EPOCH = "training.checkpoint={every_epochs: 1, keep: 2}"
SMALL = 1000


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


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


def session_of(*, resumed: Run | None = None) -> Session:
    wanted = experiment(SONG, "training.epochs=6", EVERY_EPOCH)
    return Session(load_data(wanted), name="test", resumed=resumed)


def at_epoch(number: int, act: Callable[[], object]) -> Callable[[Progress], None]:
    """Does something once that many epochs are done and saved."""
    todo = [act]
    return lambda progress: todo.pop()() if todo and progress.step == 9 * number + 9 else None


def test_a_full_disk_costs_nothing_that_was_saved(full_disk: Callable[[], None]) -> None:
    """Training stops with the path, the cause and the remedy; resumed, it ends as if nothing had been."""
    whole = session_of().train().run
    session = session_of()
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
    session_of(resumed=run).train()
    for name in ("model.safetensors", "losses.csv"):
        assert (run.path / name).read_bytes() == (whole.path / name).read_bytes()


def test_a_disk_that_is_full_from_the_first_save_says_that_nothing_is_kept(
    full_disk: Callable[[], None],
) -> None:
    """It can be resumed all the same, from the first step."""
    session = session_of()

    with pytest.raises(RunError, match=r"after step 9, nothing was saved before: free some space, then: "):
        session.train(lambda progress: full_disk() if progress.step == 9 else None)

    full_disk()
    assert newest_checkpoint(session.run.path) == (None, [])


def test_a_log_that_takes_no_more_hides_nothing(full_disk: Callable[[], None]) -> None:
    """The log is a folder, the disk is full: what is said is the disk; a log alone stops no training."""

    def spoil() -> None:
        (session.run.path / "events.log").unlink()
        (session.run.path / "events.log").mkdir()

    session = session_of()
    assert session.train(at_epoch(1, spoil)).epochs == 6
    session = session_of()
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
    session = session_of()
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
    session = session_of()

    assert session.train(at_epoch(2, (session.run.path / ".lock").unlink)).epochs == 6

"""Removing runs: nothing but runs, no link followed, and `runs/latest` goes on."""

import os
from pathlib import Path

import pytest

from rnnlab.errors import RunError
from rnnlab.runs.folder import find_run
from rnnlab.runs.lock import locked
from rnnlab.runs.removal import REMOVED, remove_leftovers, remove_run
from tests.runs.listed import finished


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def names() -> set[str]:
    return set(os.listdir("runs"))


def test_the_newest_that_remains_is_the_latest():
    """By when it began, not by what was touched last; with the last of them the link goes too."""
    finished("a", at="2026-03-03T10:00:00+00:00")
    older, newest = finished("b", at="2026-03-01T10:00:00+00:00"), finished("c")
    os.utime(older.path)

    remove_run(newest.path)
    assert (names(), find_run().path) == ({"a-1", "b-1", "latest"}, Path("runs/a-1"))
    remove_run(older.path)
    assert find_run().path == Path("runs/a-1")
    remove_run(Path("runs/a-1"))
    assert names() == set()


def test_a_link_in_a_run_is_removed_and_not_what_it_leads_to():
    """Neither a folder nor a file outside is touched."""
    run = finished()
    Path("kept").mkdir()
    Path("kept/file").write_text("kept")
    (run.path / "folder").symlink_to(Path("kept").absolute())
    (run.path / "file").symlink_to(Path("kept/file").absolute())

    remove_run(run.path)

    assert not run.path.exists()
    assert Path("kept/file").read_text() == "kept"


def test_a_run_that_is_being_trained_is_not_removed():
    """It is whole afterwards."""
    run = finished()
    before = sorted(os.listdir(run.path))

    with locked(run.path), pytest.raises(RunError, match=r"^runs/song-1: is being trained by process "):
        remove_run(run.path)

    assert sorted({*os.listdir(run.path)} - {".lock"}) == before


def foreign(name: str) -> Path:
    """Something that is no run of `runs/`."""
    finished()
    Path("runs/empty").mkdir()
    Path("elsewhere").mkdir()
    finished("away").path.rename("elsewhere/away")
    Path("runs/out").symlink_to(Path("elsewhere/away").absolute())
    return Path(name)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("runs/gone-1", "runs/gone-1: no such run; expected a run folder in runs/"),
        ("runs/empty", "runs/empty: not a run folder (it holds no config.yaml); delete it yourself"),
        ("runs", "runs: not in runs/, where rnnlab makes runs; delete it yourself"),
        ("runs/song-1/..", "runs/song-1/..: not in runs/, where rnnlab makes runs; delete it yourself"),
        (".", ".: not in runs/, where rnnlab makes runs; delete it yourself"),
        ("elsewhere/away", "elsewhere/away: not in runs/, where rnnlab makes runs; delete it yourself"),
        ("runs/out", "runs/out: a link, to {here}/elsewhere/away; name the run itself, or delete the link"),
        ("runs/latest", "runs/latest: a link, to {here}/runs/away-1; name the run itself, or delete the"),
    ],
)
def test_what_is_no_run_of_here_is_refused(name, message):
    """And stays."""
    path = foreign(name)
    before = names()

    with pytest.raises(RunError) as caught:
        remove_run(path)

    assert str(caught.value).startswith(message.format(here=Path.cwd()))
    assert names() == before
    assert Path("elsewhere/away/config.yaml").exists()


def test_a_removal_that_breaks_off_has_hidden_the_run(monkeypatch):
    """No command sees half a run; the next removal deletes the rest."""
    run, other = finished(), finished("other", at="2026-01-01T00:00:00+00:00")

    def killed(*_arguments, **_options):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("rnnlab.runs.removal.shutil.rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            remove_run(run.path)
    (hidden,) = names() - {"other-1", "latest"}
    assert hidden.startswith(".song-1-")
    assert find_run().path == other.path
    Path("runs/latest").unlink()
    assert find_run().path == other.path

    Path("runs", f".link{REMOVED}").symlink_to(Path.cwd())
    remove_leftovers()
    assert names() == {"other-1", f".link{REMOVED}"}


def test_a_folder_that_cannot_be_changed_is_one_line(monkeypatch):
    """With what the system says."""
    run = finished()

    def refused(*_arguments):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("rnnlab.runs.removal.os.rename", refused)
    with pytest.raises(RunError, match=r"^runs/song-1: cannot be removed \(Permission denied\); check its"):
        remove_run(run.path)
    assert (run.path / "config.yaml").exists()

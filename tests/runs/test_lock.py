"""The lock of a run folder: one holder, named to others, and let go of by the system."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from rnnlab.errors import RunError
from rnnlab.runs.lock import LOCK, holder, locked

HOLD = """
import sys, time
from pathlib import Path
from rnnlab.runs.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def msvcrt() -> SimpleNamespace:
    """A stand-in for Windows' module: a file has one holder, and only a byte behind its end is locked."""

    def locking(descriptor: int, mode: int, count: int) -> None:
        assert os.lseek(descriptor, 0, os.SEEK_CUR) > os.fstat(descriptor).st_size
        assert (mode, count) == (2, 1)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise PermissionError(13, "Permission denied") from None

    return SimpleNamespace(locking=locking, LK_NBLCK=2)


@pytest.fixture(params=[sys.platform, "win32"])
def system(request, monkeypatch):
    """This system, and one that has the means of Windows alone."""
    if request.param != sys.platform:
        monkeypatch.setitem(sys.modules, "msvcrt", msvcrt())
        for name in ("pread", "pwrite", "O_NOFOLLOW", "O_NONBLOCK"):
            monkeypatch.delattr(os, name)
        monkeypatch.setattr("rnnlab.runs.lock.sys", SimpleNamespace(platform=request.param))


@pytest.mark.usefixtures("system")
def test_a_folder_has_one_holder_at_a_time(tmp_path):
    """A second one is told who holds it; both can take it afterwards, and nobody holds it then."""
    for _ in range(2):
        with locked(tmp_path):
            owner = holder(tmp_path)
            with (
                pytest.raises(RunError, match=rf"is being trained by process {os.getpid()} on "),
                locked(tmp_path),
            ):
                pass
            assert owner
            assert owner.startswith(f"process {os.getpid()} on ")

        assert holder(tmp_path) is None


@pytest.mark.usefixtures("system")
def test_asking_writes_nothing(tmp_path):
    """Neither in a folder that nobody has locked yet nor in a note."""
    assert holder(tmp_path) is None
    assert list(tmp_path.iterdir()) == []
    with locked(tmp_path) as lock:
        note = (tmp_path / LOCK).read_bytes()
        holder(tmp_path)
        lock.check()

    assert (tmp_path / LOCK).read_bytes() == note


def test_who_asks_is_not_taken_for_the_holder(tmp_path):
    """Two processes may ask at the same time."""
    with locked(tmp_path):
        pass
    asking = os.open(tmp_path / LOCK, os.O_RDONLY)
    fcntl.flock(asking, fcntl.LOCK_SH)

    assert holder(tmp_path) is None

    os.close(asking)


def test_a_killed_process_holds_nothing(tmp_path):
    """Its note is still there."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, env=environment, text=True
    )
    assert process.stdout
    with process.stdout:
        assert process.stdout.readline() == "held\n"
        held = holder(tmp_path)
        process.kill()
        process.wait()

    assert held
    assert held.startswith(f"process {process.pid} on ")
    assert holder(tmp_path) is None
    with locked(tmp_path):
        pass


def test_a_folder_that_is_gone_is_not_made_anew(tmp_path):
    """The message names the lock's file."""
    with pytest.raises(RunError, match="cannot write"), locked(tmp_path / "gone"):
        pass

    assert not (tmp_path / "gone").exists()

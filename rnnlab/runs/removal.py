"""Removing run folders: out of sight at once, then deleted; no link is followed."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

from rnnlab.errors import RunError
from rnnlab.runs.layout import CONFIG, LATEST, RUNS, is_directly_in_runs, point_latest, run_paths
from rnnlab.runs.listing import begun
from rnnlab.runs.lock import holder, locked

REMOVED = ".removed"
"""How the hidden names of folders end that are being deleted."""


def check_removable(path: Path) -> None:
    """Refuse what is not a run folder of `runs/` itself, or is being trained.

    Raises:
        RunError: what it is instead.
    """
    if path.is_symlink():
        raise RunError(
            f"{path}: a link, to {os.path.realpath(path)}; name the run itself, or delete the link"
        )
    if not path.is_dir():
        raise RunError(f"{path}: no such run; rnnlab runs lists those there are")
    if not is_directly_in_runs(path):
        raise RunError(f"{path}: not in {RUNS}/, where rnnlab makes runs; delete it yourself")
    if not os.path.lexists(path / CONFIG):
        raise RunError(f"{path}: not a run folder (it holds no {CONFIG}); delete it yourself")
    if owner := holder(path):
        raise RunError(f"{path}: is being trained by {owner}; wait until that ends, or stop it")


def remove_run(path: Path) -> None:
    """Remove a run folder, and let `runs/latest` name the newest that remains.

    Whatever ends it, the folder is there whole under its name, or not there under any that a command sees.

    Raises:
        RunError: it is none, it is being trained, or it cannot be removed.
    """
    check_removable(path)
    hidden = RUNS / f".{path.name}-{os.getpid()}{REMOVED}"
    try:
        with locked(path):
            os.rename(path, hidden)
            _follow_latest()
            shutil.rmtree(hidden)
    except OSError as error:
        raise RunError(
            f"{path}: cannot be removed ({error.strerror or error}); check its permissions"
        ) from error


def remove_leftovers() -> None:
    """Delete what a process that was killed while it deleted has left."""
    with suppress(OSError):
        for name in os.listdir(RUNS):
            if name.startswith(".") and name.endswith(REMOVED):
                shutil.rmtree(RUNS / name, ignore_errors=True)  # which refuses a link


def _follow_latest() -> None:
    """Let the link name the newest run that remains, if it names none any more."""
    latest = RUNS / LATEST
    if not latest.is_symlink() or latest.exists():
        return
    if remaining := run_paths():
        point_latest(max(remaining, key=begun))
    else:
        with suppress(OSError):
            latest.unlink()

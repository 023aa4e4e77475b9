"""Removal of run folders: a folder is renamed to a hidden name, then deleted. No link is followed."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

from rnnlab.errors import RunError
from rnnlab.runs.layout import (
    CONFIG,
    LATEST,
    RUNS,
    is_directly_in_runs,
    is_study_folder,
    point_latest,
    run_paths,
)
from rnnlab.runs.listing import begun
from rnnlab.runs.lock import holder, locked

REMOVED = ".removed"
"""End of the hidden names of folders that are being deleted."""


def check_removable(path: Path) -> None:
    """Raise if a path is not a run folder directly in `runs/`, or if a process is training the run.

    Raises:
        RunError: why the path cannot be removed.
    """
    if path.is_symlink():
        raise RunError(
            f"{path}: a link, to {os.path.realpath(path)}; name the run itself, or delete the link"
        )
    if not path.is_dir():
        raise RunError(f"{path}: no such run; expected a run folder in {RUNS}/")
    if not is_directly_in_runs(path):
        raise RunError(f"{path}: not in {RUNS}/, where rnnlab makes runs; delete it yourself")
    if is_study_folder(path):
        raise RunError(f"{path}: the study of a sweep, not a run; delete the folder yourself")
    if not os.path.lexists(path / CONFIG):
        raise RunError(f"{path}: not a run folder (it holds no {CONFIG}); delete it yourself")
    if owner := holder(path):
        raise RunError(f"{path}: is being trained by {owner}; wait until the training ends, or stop it")


def remove_run(path: Path) -> None:
    """Remove a run folder. If `runs/latest` named it, the link then names the newest run that remains.

    If no run remains, the link is removed.

    If the process is killed during the removal, the folder is either complete or hidden; `remove_leftovers`
    deletes a hidden one.

    Raises:
        RunError: the path is not a run, is being trained, or cannot be removed.
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
    """Delete hidden folders of runs whose removal was killed."""
    with suppress(OSError):
        for name in os.listdir(RUNS):
            if name.startswith(".") and name.endswith(REMOVED):
                shutil.rmtree(RUNS / name, ignore_errors=True)  # rmtree refuses a link


def _follow_latest() -> None:
    """Point `runs/latest` at the newest run if its run is gone; if no run remains, remove the link."""
    latest = RUNS / LATEST
    if not latest.is_symlink() or latest.exists():
        return
    if remaining := run_paths():
        point_latest(max(remaining, key=begun))
    else:
        with suppress(OSError):
            latest.unlink()

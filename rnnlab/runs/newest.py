"""The newest comparison in `runs/`, for a command that is called without the name of a folder."""

import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from rnnlab.runs.layout import RUNS, is_comparison_folder, newest_path, run_paths, runs_of_comparison
from rnnlab.runs.listing import begun


def newest_comparison() -> Path | None:
    """Return the comparison in `runs/` that began last; None if there is none, or the newest run is newer.

    The newest run is the one that `newest_path` returns.

    Raises:
        RunError: as `newest_path`, if there is a run.
    """
    with suppress(OSError):
        names = [each.name for each in os.scandir(RUNS) if each.is_dir(follow_symlinks=False)]
        paths = [RUNS / name for name in names if name[0] != "."]
        found = [(_begun_first(path), path) for path in paths if is_comparison_folder(path)]
        if found:
            latest, path = max(found)
            return path if not run_paths() or begun(newest_path()) < latest else None
    return None


def _begun_first(folder: Path) -> datetime:
    """Return the time at which the first training of a comparison began, in UTC."""
    return min(map(begun, runs_of_comparison(folder)))

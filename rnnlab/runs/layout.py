"""The files of a run folder by name, where run folders lie, and how a small file of one is read.

This module loads no configuration and no weight: shell completion and a list of thousands of runs stay fast.
"""

import os
import stat
from contextlib import suppress
from pathlib import Path

from rnnlab.errors import Call, RunError
from rnnlab.files import check_inside
from rnnlab.signals import half_written

RUNS = Path("runs")
LATEST = "latest"
CONFIG = "config.yaml"
MODEL = "model.safetensors"
EVENTS = "events.log"
METRICS = "metrics.json"
FOLDS = "folds.json"
HISTORY = "history.csv"
LOSSES = "losses.csv"
CHECKPOINTS = "checkpoints"


def is_of_here(run: Path) -> bool:
    """Whether a run lies where `rnnlab train` makes runs, and is no link to another place."""
    return run.resolve().parent == RUNS.resolve()


def run_paths() -> list[Path]:
    """The run folders of `runs/`, but those that are hidden or lead elsewhere."""
    paths = (path.parent for path in RUNS.glob(f"*/{CONFIG}"))
    return [path for path in paths if path.name != LATEST and path.name[0] != "." and is_of_here(path)]


def point_latest(path: Path) -> None:
    """Make the link `runs/latest` name a run; where links cannot be made, the newest is found by its time."""
    temporary = RUNS / f".{LATEST}-{os.getpid()}"
    with suppress(OSError, NotImplementedError), half_written(str(temporary)):
        temporary.symlink_to(path.name, target_is_directory=True)
        temporary.replace(RUNS / LATEST)


def newest_path() -> Path:
    """The run that `runs/latest` names, or else the one that was written to last.

    Raises:
        RunError: there is none, or the link leads outside of `runs/`.
    """
    latest = RUNS / LATEST
    if (latest / CONFIG).is_file():
        if not is_of_here(latest):
            raise RunError(
                f"{latest}: leads outside {RUNS}/, to {latest.resolve()}; remove it, or name the run you mean"
            )
        return RUNS / latest.resolve().name
    if not (runs := run_paths()):
        train = Call("train", "CONFIG")
        raise RunError(f"no run yet in {RUNS}/; train one first: ", train, ", or name a model file")
    return max(runs, key=lambda path: path.stat().st_mtime_ns)


def small_text(path: Path, *, most_bytes: int) -> str | None:
    """The text of a file, with what is not UTF-8 replaced; None where there is none.

    Raises:
        RunError: as for `small_bytes`.
    """
    data = small_bytes(path, most_bytes=most_bytes)
    return None if data is None else data.decode(errors="replace")


def small_bytes(path: Path, *, most_bytes: int) -> bytes | None:
    """The bytes of a file; None where there is none.

    Raises:
        RunError: it is a pipe or a device, leads outside its folder, is too large or cannot be read.
    """
    try:
        if stat.S_ISLNK(os.lstat(path).st_mode):
            check_inside(path)
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))  # a pipe is not waited for
        with open(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise RunError(f"{path}: expected a file")
            data = file.read(most_bytes + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RunError(f"{path}: cannot be read ({error.strerror or error}); check its permissions") from None
    if len(data) > most_bytes:
        raise RunError(f"{path}: expected at most {most_bytes:,} bytes, and it has more")
    return data

"""Names and paths: the files of a run folder, the folder `runs/`, its newest run, comparisons, studies.

The module also reads small files of a run. It loads neither a configuration nor a model, so that shell
completion and a list of thousands of runs stay fast.
"""

import os
import re
import stat
from collections.abc import Iterator
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
SNAPSHOTS = "snapshots"
COMPARISON = "comparison.json"
"""The results of a comparison, in the folder that holds its runs."""

STUDY = "study.json"
"""The results of a sweep, in the folder that holds its runs."""


def snapshot_name(epoch: int | str) -> str:
    """Return the name of the file in `snapshots/` that has the weights after an epoch, counted from 1."""
    return f"epoch-{epoch:0>8}.safetensors"


def snapshot_paths(run: Path) -> dict[int, Path]:
    """Return the path of each snapshot of a run by its epoch, in ascending order; empty if there is none.

    Raises:
        RunError: the folder of the snapshots cannot be read, or leads outside the run.
    """
    folder = run / SNAPSHOTS
    check_inside(folder)
    try:
        names = sorted(os.listdir(folder))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise RunError(
            f"{folder}: cannot be read ({error.strerror or error}); expected the folder of the snapshots"
        ) from None
    found = ((re.fullmatch(r"epoch-([0-9]{8})\.safetensors", name), folder / name) for name in names)
    return {int(match[1]): path for match, path in found if match and int(match[1])}


def is_directly_in_runs(path: Path) -> bool:
    """Return whether a folder, or a link's target, lies directly in `runs/`, as the runs of `train` do."""
    return path.resolve().parent == RUNS.resolve()


def is_below_runs(path: Path) -> bool:
    """Return whether a folder, or the target of a link, lies in `runs/` or in a folder of `runs/`.

    `rnnlab compare` makes its runs in a folder of `runs/`.
    """
    return RUNS.resolve() in path.resolve().parents[:2]


def in_runs(path: Path) -> Path:
    """Return the path of a run, a comparison or a study, which may be given without its folder `runs/`."""
    listed = RUNS / path
    return listed if len(path.parts) == 1 and not path.exists() and listed.exists() else path


def run_paths() -> list[Path]:
    """Return the run folders in `runs/`, without hidden ones, `latest`, and links that lead elsewhere."""
    paths = (path.parent for path in RUNS.glob(f"*/{CONFIG}"))
    return [
        path for path in paths if path.name != LATEST and path.name[0] != "." and is_directly_in_runs(path)
    ]


def runs_of_comparison(folder: Path) -> Iterator[Path]:
    """Yield the run folders `<configuration>-seed-<seed>` in a folder, sorted by name; links are left out."""
    with suppress(OSError):
        for each in sorted(os.scandir(folder), key=lambda entry: entry.name):
            is_run = each.is_dir(follow_symlinks=False) and "-seed-" in each.name
            if is_run and os.path.isfile(os.path.join(each.path, CONFIG)):
                yield Path(each.path)


def is_comparison_folder(path: Path) -> bool:
    """Return whether a folder holds runs of a comparison and is no run itself."""
    return not os.path.lexists(path / CONFIG) and any(runs_of_comparison(path))


def is_study_folder(path: Path) -> bool:
    """Return whether a folder holds the study of a sweep and is no run itself."""
    return not os.path.lexists(path / CONFIG) and os.path.lexists(path / STUDY)


def point_latest(path: Path) -> None:
    """Make the link `runs/latest` point to a run.

    If the link cannot be made, no error is raised; `newest_path` then returns the run that changed last.
    """
    temporary = RUNS / f".{LATEST}-{os.getpid()}"
    with suppress(OSError, NotImplementedError), half_written(str(temporary)):
        temporary.symlink_to(path.name, target_is_directory=True)
        temporary.replace(RUNS / LATEST)


def newest_path() -> Path:
    """Return the run that `runs/latest` names; if that link leads to no run, the run that was changed last.

    Raises:
        RunError: there is no run, or the link leads outside `runs/`.
    """
    latest = RUNS / LATEST
    if (latest / CONFIG).is_file():
        if not is_directly_in_runs(latest):
            raise RunError(
                f"{latest}: leads outside {RUNS}/, to {latest.resolve()}; remove it, or name the run you mean"
            )
        return RUNS / latest.resolve().name
    if not (runs := run_paths()):
        train = Call("train", "CONFIG")
        raise RunError(f"no run yet in {RUNS}/; train one first: ", train, ", or name a model file")
    return max(runs, key=lambda path: path.stat().st_mtime_ns)


def small_text(path: Path, *, most_bytes: int) -> str | None:
    """Return the text of a file, with U+FFFD for bytes that are not UTF-8; None if there is no file.

    Raises:
        RunError: as for `small_bytes`.
    """
    data = small_bytes(path, most_bytes=most_bytes)
    return None if data is None else data.decode(errors="replace")


def small_bytes(path: Path, *, most_bytes: int) -> bytes | None:
    """Return the bytes of a file; None if there is no file.

    Raises:
        RunError: the file is a folder, a pipe or a device, leads outside its folder, is larger than
            `most_bytes`, or cannot be read.
    """
    try:
        if stat.S_ISLNK(os.lstat(path).st_mode):
            check_inside(path)
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))  # a pipe is not waited for
        with open(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise RunError(f"{path}: expected a file, received a folder, a pipe or a device")
            data = file.read(most_bytes + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RunError(f"{path}: cannot be read ({error.strerror or error}); check its permissions") from None
    if len(data) > most_bytes:
        raise RunError(f"{path}: expected at most {most_bytes:,} bytes, and it has more")
    return data

"""The environment of a training, kept in `environment.json` of its run; `environment` returns its facts.

Two trainings of the same configuration are sure to give the same bits only in the same environment.
"""

import json
import os
import platform
from importlib.metadata import version
from pathlib import Path

from rnnlab import __version__
from rnnlab.engines.tensorflow.start import cpu_cores, device_name
from rnnlab.errors import DataError
from rnnlab.files import read_text, write_durably
from rnnlab.processes import processor

ENVIRONMENT = "environment.json"
_MOST_BYTES = 10_000
PACKAGES = ("tensorflow", "keras", "numpy")


def environment(*, workers: int = 1) -> dict[str, str]:
    """Return versions, system, processor, device, cores and thread settings of this process, by name.

    Args:
        workers: number of processes that train together; it is left out if there is one.
    """
    return {
        "rnnlab": __version__,
        "python": platform.python_version(),
        **{package: version(package) for package in PACKAGES},
        "system": f"{platform.system()} {platform.machine()}",
        "processor": processor(),
        "device": device_name(),
        "cores": str(cpu_cores()),
        "thread settings": " ".join(
            f"{name}={os.environ[name]}"
            for name in sorted(os.environ)
            if name.startswith(("OMP_NUM", "TF_NUM"))
        ),
        **({"workers": str(workers)} if workers > 1 else {}),
    }


def write_environment(run: Path, *, workers: int = 1) -> None:
    """Write `environment.json` of a run folder.

    Raises:
        RunError: the file cannot be written.
    """
    write_durably(run / ENVIRONMENT, (json.dumps(environment(workers=workers), indent=2) + "\n").encode())


def changes_since(run: Path, *, workers: int = 1) -> str:
    """Return the facts that differ from a run's `environment.json`, as `name before → now, …`; empty if none.

    Raises:
        DataError: `environment.json` is missing, is a link, cannot be read, or is damaged.
    """
    path = run / ENVIRONMENT
    if not path.is_file() or path.is_symlink():  # opening a pipe would wait for a writer
        raise DataError(f"{path}: missing, or not a regular file")
    try:
        before = json.loads(read_text(path, most_bytes=_MOST_BYTES))
        now = {**environment(), "workers": str(workers)}
        if isinstance(before, dict):
            before.setdefault("workers", "1")
        if not (isinstance(before, dict) and all(isinstance(before.get(name), str) for name in now)):
            raise DataError(f"{path}: not what rnnlab wrote")
    except (ValueError, RecursionError):
        raise DataError(f"{path}: not what rnnlab wrote") from None
    return ", ".join(f"{name} {before[name]} → {now[name]}" for name in now if before[name] != now[name])

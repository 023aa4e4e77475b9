"""What the arguments of `compare` and `plot` name: runs, and folders of runs."""

import os
import re
from pathlib import Path

from rnnlab.runs import CONFIG


def is_trained(path: Path) -> bool:
    """Whether an argument names something trained, there or not, rather than a configuration."""
    if os.path.isdir(path) or path.suffix.lower() == ".safetensors":
        return True
    return not os.path.exists(path) and path.suffix.lower() not in {".yaml", ".yml"}


def runs_in(path: Path, *, having: str) -> list[Path]:
    """The runs of a comparison's folder, in the order of their names and numbers; else the path itself.

    Args:
        path: what was named.
        having: a file that a run in the folder has, or it is passed over.
    """
    if not os.path.isdir(path) or (path / CONFIG).exists():
        return [path]
    names = (CONFIG, having)
    found = [
        each
        for each in path.iterdir()
        if not each.is_symlink() and all((each / name).is_file() for name in names)
    ]
    return sorted(found, key=_by_number) or [path]


def _by_number(path: Path) -> tuple[str, int]:
    found = re.fullmatch(r"(.*?)(\d{1,18})", path.name)
    return (found[1], int(found[2])) if found else (path.name, 0)

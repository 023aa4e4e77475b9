"""What a newcomer has: a fresh copy of the project, an environment without rnnlab, a shell without both."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from tests.documentation import ROOT


def copy_project(copy: Path) -> None:
    """Copy the project, but what a clone would not have."""
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    ignored = [".git", *(line.rstrip("/") for line in lines)]
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*ignored))


def make_environment(folder: Path) -> None:
    """Make an environment that lacks rnnlab alone.

    Nothing is downloaded: a file in it leads to the libraries of the environment that runs the tests, but for
    editable installs, which are files of the same kind and not followed from one to the next.
    """
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    names = {"base": str(folder), "platbase": str(folder)}
    libraries = sysconfig.get_path("purelib")
    (Path(sysconfig.get_path("purelib", vars=names)) / "libraries.pth").write_text(f"{libraries}\n")


def shell_variables() -> dict[str, str]:
    """Return the variables of a shell that knows neither this environment nor this copy of the project."""
    names = {"PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "RNNLAB_STATE"}
    kept = {name: value for name, value in os.environ.items() if name in names}
    own = Path(sys.executable).parent
    paths = [path for path in kept["PATH"].split(os.pathsep) if Path(path) != own]
    return {**kept, "PATH": os.pathsep.join(paths)}

"""What some tests need and not every machine has: the only place that lists it and says how it is installed.

A test that needs a program or a system is marked, `@needs("chromium")`, and is skipped where that is missing.
A test that imports one of MODULES needs no mark. `.ci/run` installs what `missing` returns.
"""

import os
import shutil
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.postgres import program

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Need:
    """Something that a test needs: whether it is here, and what installs it.

    Args:
        is_here: Returns whether it is here.
        installer: `debian`, `pip` or `npm`, or "" for what cannot be installed: a system, a user.
        package: What the installer calls it.
    """

    is_here: Callable[[], bool]
    installer: str = ""
    package: str = ""


def _program(name: str, package: str) -> Need:
    return Need(lambda: shutil.which(name) is not None, "debian", package)


def _requirement(extra: str) -> str:
    """Return the only requirement of an extra in pyproject.toml, with its version."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (requirement,) = project["optional-dependencies"][extra]
    return str(requirement)


def _has_no_gpu() -> bool:
    import tensorflow

    return not tensorflow.config.list_physical_devices("GPU")


NPM = ROOT / ".venv" / "npm"
"""Where packages of npm are installed."""

NEEDS = {
    "abc2midi": _program("abc2midi", "abcmidi"),
    "axe-core": Need((NPM / "node_modules/axe-core/axe.min.js").is_file, "npm", "axe-core@4.14.1"),
    "bash": _program("bash", "bash"),
    "chromium": _program("chromium", "chromium"),
    "fish": _program("fish", "fish"),
    "node": _program("node", "nodejs"),
    "openssl": _program("openssl", "openssl"),
    "PostgreSQL": Need(lambda: program("initdb") is not None, "debian", "postgresql"),
    "zsh": _program("zsh", "zsh"),
    "PyTorch": Need(lambda: find_spec("torch") is not None, "pip", _requirement("bench")),
    "Unix": Need(lambda: os.name == "posix"),  # signals, limits, terminals, named pipes, fork
    "Linux": Need(lambda: sys.platform == "linux"),  # /dev/full, and file names of any bytes
    "a user other than root": Need(
        lambda: os.name == "posix" and os.geteuid() != 0
    ),  # root may write anywhere
    "a machine without a GPU": Need(_has_no_gpu),  # a GPU has a memory of its own
}
"""What tests need, by the name that a skipped test says."""

MODULES = {"torch": "PyTorch", "fcntl": "Unix", "pty": "Unix", "resource": "Unix"}
"""What a test that imports a module needs."""


def reason_of(name: str) -> str:
    """Return the reason of a test that is skipped for want of something."""
    return f"needs {name}"


SYSTEM_REASONS = {reason_of(name) for name, need in NEEDS.items() if not need.installer}
"""The only reasons for which CI may skip a test: nothing that is installed would help."""


def needs(name: str) -> pytest.MarkDecorator:
    """Return the mark that skips a test where something of NEEDS is missing."""
    return pytest.mark.skipif(not NEEDS[name].is_here(), reason=reason_of(name))


def missing(installer: str) -> list[str]:
    """Return the packages that an installer would have to install for all tests to run, sorted."""
    return sorted(
        need.package for need in NEEDS.values() if need.installer == installer and not need.is_here()
    )

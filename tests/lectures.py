"""The lectures' experiments, trained once by the command line for all tests that look at them."""

import fcntl
import os
import shutil
from contextlib import chdir, redirect_stdout
from pathlib import Path

import pytest

from rnnlab.commands import run
from tests.documentation import ROOT

PRINTED = "printed.txt"
"""The file beside `runs/` that holds the stdout of a training."""


def bring_run(name: str, folder: Path, factory: pytest.TempPathFactory, epochs: int | None = None) -> Path:
    """What `rnnlab train configs/NAME.yaml` leaves in a folder that has `data/`: its newest run.

    The first test that asks for a run, in whichever process, trains it; others wait for it and copy it. All
    tests ask for a run with the same number of epochs, or all leave it out.
    """
    trained = _trained(name, factory, epochs)
    there = folder / "runs" / trained.name
    shutil.copytree(trained, there)
    latest = folder / "runs" / "latest"
    latest.unlink(missing_ok=True)
    latest.symlink_to(there.name, target_is_directory=True)
    return there


def printed_by_training(name: str, factory: pytest.TempPathFactory) -> str:
    """What `rnnlab train configs/NAME.yaml` prints to stdout."""
    return (_trained(name, factory).parents[1] / PRINTED).read_text(encoding="utf-8")


def copy_inputs(folder: Path) -> None:
    """Give a folder the configs and the data that ship."""
    for name in ("configs", "data"):
        shutil.copytree(ROOT / name, folder / name)


def _trained(name: str, factory: pytest.TempPathFactory, epochs: int | None = None) -> Path:
    """The run, in a folder of its own that the processes of one call of pytest share."""
    base = factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "lectures"
    folder = shared / name
    shared.mkdir(exist_ok=True)
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            copy_inputs(folder)
            printed = (folder / PRINTED).open("w", encoding="utf-8")
            fewer = [] if epochs is None else ["--set", f"training.epochs={epochs}"]
            with printed, chdir(folder), redirect_stdout(printed):
                assert run(["train", f"configs/{name}.yaml", "--quiet", *fewer]) == 0
            (folder / "done").touch()
    return folder / "runs" / f"{name}-1"

"""The process of the command line: how it ends."""

import subprocess
import sys

import pytest

from tests.needs import needs

INTERRUPTED = """
import importlib.abc, os, signal, sys

name, module, how = sys.argv[1:]

def kill():
    os.kill(os.getpid(), getattr(signal, name))

class Dropping:
    def __del__(self):
        kill()

class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, found, path, target=None):
        if found != module:
            return
        if how == "dropped by a destructor":
            Dropping()
        elif how == "turned into an ImportError":
            try:
                kill()
            except BaseException as error:
                raise ImportError("numpy failed to import") from error
        else:
            kill()

sys.meta_path.insert(0, Finder())
from rnnlab.__main__ import main
sys.argv[1:] = ["describe", "page.yaml"]
main()
"""

IMPORTS = ["rnnlab.signals", "rnnlab.commands", "rnnlab.terminal.text", "rnnlab.config.reading", "numpy"]


@needs("Unix")
@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
@pytest.mark.parametrize("how", ["alone", "turned into an ImportError", "dropped by a destructor"])
@pytest.mark.parametrize("module", IMPORTS)
def test_a_signal_during_an_import_is_no_crash(name: str, code: int, how: str, module: str) -> None:
    """The exit status says which signal it was, whatever the import makes of exceptions."""
    ended = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, name, module, how], capture_output=True, text=True, check=False
    )

    early = module == "rnnlab.signals"  # the system ends the process, before there is a handler
    expected = (128 - code, "") if early else (code, "interrupted\n")
    assert (ended.returncode, ended.stderr) == expected

"""The process of the command line: how it ends."""

import subprocess
import sys

import pytest

from tests.needs import needs

INTERRUPTED_IMPORT = """
import importlib.abc, os, signal, sys

class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == sys.argv[2]:
            os.kill(os.getpid(), getattr(signal, sys.argv[1]))

sys.meta_path.insert(0, Finder())
from rnnlab.__main__ import main
sys.argv[1:] = [*sys.argv[1:3], "train"]
main()
"""


@needs("Unix")
@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
@pytest.mark.parametrize("module", ["rnnlab.commands", "rnnlab.commands.terminal"])
def test_a_signal_during_the_first_imports_is_no_crash(name: str, code: int, module: str) -> None:
    """Nothing has begun: the exit code says so, and there is no traceback."""
    ended = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_IMPORT, name, module], capture_output=True, text=True, check=False
    )

    assert (ended.returncode, ended.stderr) == (code, "")

"""What holds for every test: its options, and that the user's own state folder is left alone."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest_plugins = ["pytester", "tests.skipping", "tests.quick"]


@pytest.fixture(scope="session", autouse=True)
def _state_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The key that signs runs is made in a folder of the tests, also by the processes that they start."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RNNLAB_STATE", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A temporary folder with a short name: a long path would be broken in the lines that pages show."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)

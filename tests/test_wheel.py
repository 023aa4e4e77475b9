"""Someone who has only the installed package can start: the wheel has the experiments and their data."""

import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.documentation import ROOT
from tests.fresh import copy_project, make_environment, shell_variables

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of a fresh copy of the project, built without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    copy_project(folder / "project")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    building = [*pip, "--wheel-dir", folder, folder / "project"]
    subprocess.run(building, check=True, env=shell_variables(), cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture
def installed(wheel: Path, tmp_path: Path) -> Callable[..., str]:
    """A function that runs a program of an environment with the wheel, in an empty folder."""
    environment, folder = tmp_path / "environment", tmp_path / "folder"
    make_environment(environment)
    folder.mkdir()

    def call(program: str, *arguments: str) -> str:
        done = subprocess.run(
            [environment / "bin" / program, *arguments],
            cwd=folder,
            env=shell_variables(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    call(
        "python",
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--force-reinstall",
        str(wheel),
    )
    return call


def test_the_wheel_has_every_config_and_all_data_as_they_are(wheel: Path) -> None:
    """Byte for byte what stands beside the package, and no second copy of any."""
    with zipfile.ZipFile(wheel) as archive:
        held = {
            name.removeprefix("rnnlab/examples/"): archive.read(name)
            for name in archive.namelist()
            if name.startswith("rnnlab/examples/")
        }

    files = [path for folder in ("configs", "data") for path in (ROOT / folder).iterdir()]
    assert held == {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in files}


def test_an_example_is_trained_from_an_installed_package(
    installed: Callable[..., str], tmp_path: Path
) -> None:
    """In an empty folder, by the package of the wheel: list, write, train, generate."""
    home = installed("python", "-c", "import rnnlab; print(rnnlab.__file__)").strip()

    listed = installed("rnnlab", "new", "--list")
    installed("rnnlab", "new", "--example", "nabiya_stateful_lstm")
    installed("rnnlab", "train", "nabiya_stateful_lstm.yaml", "--set", "training.epochs=2", "--quiet")
    song = installed("rnnlab", "generate", "--length", "3")

    assert Path(home).is_relative_to(tmp_path / "environment")
    assert "\nnabiya_stateful_lstm " in listed
    assert song.startswith("g8 e8 e4 f8 ")
    assert sorted(path.name for path in (tmp_path / "folder").iterdir()) == [
        *("data", "nabiya_stateful_lstm.yaml", "runs")
    ]

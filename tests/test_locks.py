"""`make install` installs what the commands of the README need, by locks with hashes and no addresses."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LOCKS = ["requirements.lock", "requirements-dev.lock"]


def normalized(requirement: str) -> str:
    """The name of a requirement such as `ruamel.yaml>=0.18`, as a lock spells it."""
    (name,) = re.findall(r"^[\w.-]+", requirement)
    return re.sub(r"[-_.]+", "-", name).lower()


def extras() -> list[str]:
    """Those that the Makefile locks for `make install`."""
    (line,) = re.findall(r"^EXTRAS := (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    return line.split()


def test_make_install_brings_what_the_readme_shows():
    """MIDI files, engraved notes, pictures of histories and ONNX files: each with all of its requirements."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = list(project["dependencies"])
    for extra in extras():
        wanted += project["optional-dependencies"][extra]
    locked = set(re.findall(r"^([\w.-]+)==", (ROOT / "requirements.lock").read_text(), re.MULTILINE))

    assert {"midi", "score", "plot", "export"} <= set(extras())
    assert {normalized(each) for each in wanted} - locked == set()


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_has_hashes_and_no_address(name):
    """Every file is known before it is installed, from whichever index."""
    text = (ROOT / name).read_text()
    pinned = re.split(r"^(?=\S+==)", text, flags=re.MULTILINE)[1:]

    assert len(pinned) > 20
    assert [each.split()[0] for each in pinned if "--hash=sha256:" not in each] == []
    assert re.findall(r"://|--index|--find-links", text) == []

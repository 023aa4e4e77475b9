"""Libraries that only some formats need."""

import tomllib
from pathlib import Path

import pytest

from rnnlab.errors import DataError
from rnnlab.extras import EXTRAS, load_extra

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("library", EXTRAS)
def test_the_extra_that_a_message_names_installs_the_library(library):
    """No other extra of pyproject.toml that requires the library requires fewer."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    requirements = project["optional-dependencies"].items()

    sizes = {extra: len(wanted) for extra, wanted in requirements if library.replace("_", "-") in str(wanted)}

    assert min(sizes, key=sizes.__getitem__) == EXTRAS[library][0]


@pytest.mark.parametrize("library", EXTRAS)
def test_a_library_that_is_not_installed_is_named_with_its_extra(library, monkeypatch):
    """Also where a module within the library is wanted."""
    monkeypatch.setattr("importlib.import_module", lambda name: __import__("no_such_library"))

    with pytest.raises(DataError) as error:
        load_extra(f"{library}.part")

    extra, formats = EXTRAS[library]
    assert str(error.value) == (
        f"{formats} needs {library}, which is not installed: pip install 'rnnlab[{extra}]'"
    )

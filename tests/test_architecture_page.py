"""docs/architecture.md names modules and functions that are there, and tells its stories in few steps."""

import ast
import re
from pathlib import Path

import pytest

from tests.architecture import PACKAGE

PAGE = (PACKAGE.parent / "docs" / "architecture.md").read_text(encoding="utf-8")
MOST_STEPS = 12
STEP = re.compile(r"^\d+\. `([\w/.]+\.py)`, `(\w+)`:", re.MULTILINE)


def sections() -> dict[str, str]:
    """The text of each section by its heading."""
    headings = re.split(r"^## (.*)$", PAGE, flags=re.MULTILINE)
    return dict(zip(headings[1::2], headings[2::2], strict=True))


@pytest.mark.parametrize("heading", [heading for heading in sections() if heading.startswith("A ")])
def test_a_story_names_a_function_in_each_step(heading: str) -> None:
    """Every numbered step has a module and a function or class of it, and there are at most twelve."""
    text = sections()[heading]
    steps = STEP.findall(text)

    assert 0 < len(steps) == len(re.findall(r"^\d+\. ", text, re.MULTILINE)) <= MOST_STEPS
    for path, name in steps:
        defined = ast.parse((PACKAGE / path).read_text(encoding="utf-8")).body
        assert name in {getattr(node, "name", None) for node in defined}, f"{path} has no {name}"


def test_every_module_of_the_page_is_there() -> None:
    """In the stories, in the answers and in the text."""
    paths = {Path(path) for path in re.findall(r"`([a-z_]+(?:/[a-z_]+)*(?:/__init__)?\.py)`", PAGE)}

    assert len(paths) > 20
    missing = [
        path for path in paths if not (PACKAGE / path).exists() and not (PACKAGE.parent / path).exists()
    ]
    assert missing == []


def test_every_room_is_on_the_page() -> None:
    """The table names each folder of the package, and no other."""
    named = re.findall(r"^\| `(\w+)/` \|", sections()["The rooms"], re.MULTILINE)
    rooms = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}

    assert set(named) == rooms
    assert len(named) == len(rooms)

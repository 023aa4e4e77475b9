"""What the documentation says to type can be typed, what it says to write can be read, links lead on."""

import re
from pathlib import Path

import pytest

from rnnlab.commands import COMMANDS, run
from rnnlab.config.comparison import read_comparison
from rnnlab.config.reading import parse_experiment
from tests.documentation import PAGES, ROOT, Block, blocks, name_of, rnnlab_commands, shortened
from tests.lectures import copy_inputs

DOCS = ROOT / "docs"
LANGUAGES = {
    "sh": "commands, each of which a test runs",
    "bash": "commands that no test runs, since they take long, need what is not here, or come later",
    "yaml": "sections of a configuration that can be read",
    "text": "what the commands above print",
    "python": "lines that a test runs, or that are those of a file of the project",
    "diff": "lines of a file of the project, before and after",
    "toml": "a file of another project",
}
"""What the fence of a block may name."""

ELSEWHERE = {
    "docs/callbacks.md": ("tests/test_callbacks_page.py", {"sh", "python", "text"}),
    "docs/tutorial.md": ("tests/test_tutorial.py", {"sh", "text"}),
    "docs/tutorial.ko.md": ("tests/test_tutorial.py", {"sh", "text"}),
    "docs/adding-a-cell.md": ("tests/test_adding_a_cell.py", {"sh", "text", "python", "diff", "toml"}),
}
"""Pages with blocks that another test runs or compares; `text`, `diff` and `toml` are in no other page."""

IN_A_SHELL = {"README.md", "docs/guide.md"}
"""Pages whose commands and Python are run in a shell, by tests/test_docs_in_a_shell.py."""

STAND_INS = {
    "dataset": "dataset: {kind: text, inline: a text that stands in for a file}\n",
    "model": "model: {kind: lstm, units: 1}\n",
}
"""What a block that shows some sections only is read with."""

every_page = pytest.mark.parametrize("page", PAGES, ids=name_of)


def titled(page: Path) -> set[str]:
    """What a link may name after `#`: the page's headings, as they are written in an address."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def yaml_blocks() -> list[tuple[Path, Block]]:
    return [(page, block) for page in PAGES for block in blocks(page) if block.language == "yaml"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with the project's configs and data, and a text and tunes of the user's own."""
    copy_inputs(tmp_path)
    (tmp_path / "my.txt").write_text("All work and no play makes Jack a dull boy. " * 50)
    (tmp_path / "my.notes").write_text("g8 e8 e4 f8 d8 d4 c8 d8 e8 f8 g8 g8 g4")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "page", [page for page in PAGES if name_of(page) not in {*ELSEWHERE, *IN_A_SHELL}], ids=name_of
)
@pytest.mark.usefixtures("folder")
# Keras' saver asks a variable for an array as NumPy 1 did.
@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
def test_every_command_and_every_line_of_python_of_a_page_works(page: Path) -> None:
    """In the page's order, in a fresh folder; training is cut to three epochs to keep the test short."""
    names: dict[str, object] = {}
    for block in blocks(page):
        if block.language == "python":
            exec(compile(block.text, page.name, "exec"), names)
        for words in block.rnnlab_commands if block.language == "sh" else ():
            assert run(shortened(words)) == 0, f"rnnlab {' '.join(words)}"


def test_every_page_of_the_folder_is_looked_at() -> None:
    """Whatever folder below docs/ it lies in; and each stands in the index, by a line of its own."""
    pages = set(DOCS.rglob("*.md"))
    lines = (DOCS / "README.md").read_text(encoding="utf-8").splitlines()
    listed = [target for line in lines for target in re.findall(r"^- .*?\]\(([^)#]+)\)", line)]

    assert pages <= set(PAGES)
    assert {DOCS / target for target in listed if not target.startswith("..")} == pages - {DOCS / "README.md"}


@every_page
def test_every_block_says_what_it_is(page: Path) -> None:
    """By its fence; what must be held by a test of its own stands only in pages that have one."""
    _, held = ELSEWHERE.get(name_of(page), ("", set[str]()))

    for block in blocks(page):
        assert block.language in LANGUAGES, f"line {block.line}"
        assert block.language not in {"text", "diff"} - held, f"line {block.line}"
        assert (block.language, name_of(page) in IN_A_SHELL) != ("bash", True), f"line {block.line}"


@pytest.mark.parametrize("name", ELSEWHERE)
def test_a_page_that_another_test_holds_is_named_in_it(name: str) -> None:
    """And there is such a page."""
    test, _ = ELSEWHERE[name]

    assert f'"{Path(name).name}"' in (ROOT / test).read_text(encoding="utf-8")
    assert (ROOT / name) in PAGES


@every_page
def test_no_fence_is_left_open(page: Path) -> None:
    """An open one would hide all that follows it from these tests."""
    fences = re.findall(r"^\s*```", page.read_text(encoding="utf-8"), re.MULTILINE)

    assert len(fences) == 2 * len(blocks(page))


@pytest.mark.parametrize(
    ("page", "block"), yaml_blocks(), ids=[f"{name_of(page)}:{block.line}" for page, block in yaml_blocks()]
)
def test_every_yaml_can_be_read(page: Path, block: Block, tmp_path: Path) -> None:
    """As a list of configurations, or as one, the sections that it does not show being there."""
    if block.text.startswith("compare:"):
        (tmp_path / "page.yaml").write_text(block.text, encoding="utf-8")
        _, configs = read_comparison(tmp_path / "page.yaml")
        assert configs
        return
    missing = [
        stand_in for key, stand_in in STAND_INS.items() if not re.search(f"^{key}:", block.text, re.MULTILINE)
    ]

    parse_experiment(block.text + "".join(missing), name=f"{name_of(page)}:{block.line}", folder=ROOT)


def test_the_readme_shows_every_command() -> None:
    """A newcomer meets each command at least once."""
    shown = {words[0] for words in rnnlab_commands(ROOT / "README.md")}

    assert shown == set(COMMANDS)


@every_page
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link names a file of the project, and after `#` a heading of that page."""
    text = page.read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?://)([^)#]*)(?:#([^)]*))?\)", text)
    targets = [((page.parent / path).resolve() if path else page, heading) for path, heading in links]

    assert [target for target, _ in targets if not target.exists()] == []
    assert [heading for target, heading in targets if heading and heading not in titled(target)] == []

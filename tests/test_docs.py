"""Commands of the documentation print what it shows, its YAML can be read, its links lead somewhere."""

import io
import math
import os
import re
import subprocess
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from rnnlab.commands import COMMANDS, run
from rnnlab.config.comparison import read_comparison
from rnnlab.config.reading import parse_any
from rnnlab.config.sweep import read_sweep
from tests.documentation import (
    PAGES,
    ROOT,
    Block,
    Comparison,
    Step,
    abridged,
    as_shown,
    blocks,
    check_outputs,
    missing,
    name_of,
    output_below,
    rnnlab_commands,
    rnnlab_words,
    steps,
)
from tests.lectures import copy_inputs

DOCS = ROOT / "docs"
EXACT, TRAINED, SHORTENED = Comparison
LANGUAGES = {
    "sh": "commands, each of which a test runs",
    "bash": "commands that no test runs, since they take long or need what is not here",
    "yaml": "sections of a configuration that can be read",
    "text": "what the commands directly above print",
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
"""Pages with blocks that another test runs or compares; `diff` and `toml` are in no other page."""

WITHOUT_OUTPUT = {"docs/reliability.md": "the guide shows the output of the same commands"}
"""Pages whose commands need no output below them, each with the reason."""

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
def folder(short_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with the project's configs and data; no width is set, as in a pipe."""
    copy_inputs(short_folder)
    monkeypatch.chdir(short_folder)
    monkeypatch.delenv("COLUMNS", raising=False)
    return short_folder


def typed(step: Step, names: dict[str, object]) -> str:
    """What a step prints in this process, on stdout and stderr; Python's names are kept in `names`."""
    if step.block.language == "python":
        exec(compile(step.block.text, "page", "exec"), names)
    printed = io.StringIO()
    for line in step.lines:
        if words := rnnlab_words(line):
            stdout = io.StringIO() if step.hides else printed
            with redirect_stdout(stdout), redirect_stderr(printed):
                code = run(words)
            assert code == 0, f"{line}\n{printed.getvalue()}"
        elif line.startswith("cd "):
            os.chdir(line.removeprefix("cd "))
        else:
            shell = subprocess.run(line, shell=True, check=True, capture_output=True, text=True)
            printed.write(shell.stdout)
    return printed.getvalue()


@pytest.mark.parametrize(
    "page", [page for page in PAGES if name_of(page) not in {*ELSEWHERE, *IN_A_SHELL}], ids=name_of
)
# Keras' saver asks a variable for an array as NumPy 1 did.
@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
def test_every_command_of_a_page_prints_what_is_shown(
    page: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the page's order, in a fresh folder, its Python too; trainings are cut to three epochs.

    For so few epochs it does not pay to compile several buckets.
    """
    monkeypatch.setattr("rnnlab.training.example_problem.LEAST_SAVED", math.inf)
    names: dict[str, object] = {}
    found = steps(page)

    printed = [as_shown(typed(step, names), folder) for step in found]

    check_outputs(found, printed)


@pytest.mark.parametrize(
    "page", [page for page in PAGES if name_of(page) not in {*ELSEWHERE, *WITHOUT_OUTPUT}], ids=name_of
)
def test_every_command_has_its_output_below_it(page: Path) -> None:
    """In a `text` block directly below; no other block is `text`, and no `bash` block has such a command."""
    below = [output_below(page, block) for block in blocks(page) if block.language == "sh"]

    for block in blocks(page):
        if block.language in {"sh", "bash"} and block.rnnlab_commands:
            assert block.language == "sh", f"line {block.line}"
            assert output_below(page, block), f"line {block.line}"
        assert block.language != "text" or block in below, f"line {block.line}"


@pytest.mark.parametrize(
    ("comparison", "shown", "printed", "lacking"),
    [
        (EXACT, "one  two\n", "one  two\n", None),
        (EXACT, "one  two\n", "one two\n", "one  two"),
        (EXACT, "one\n", "one\ntwo\n", "(more was printed)"),
        (EXACT, "one\n…\nfour\n", "one\ntwo\nthree\nfour\n", None),
        (EXACT, "one\n…\nthree\n…\n", "one\ntwo\nthree\nfour\n", None),
        (EXACT, "one\n…\nthree\n…\n", "one\ntwo\nfour\n", "three"),
        (EXACT, "…\nthree\n", "one\ntwo\n", "three"),
        (EXACT, "loss 0.5\n", "loss 0.4\n", "loss 0.5"),
        (TRAINED, "loss  4.7e-08 (50 of 50)\n", "loss 0 (50 of 50)\n", None),
        (TRAINED, "loss 4.7e-08 (50 of 50)\n", "loss 4.7e-08 (49 of 50)\n", "(50"),
        (TRAINED, "g8 e8 e4\n", "g8 e8 d8\n", "e4"),
        (TRAINED, "kept epoch 12, by rounding\n", "kept epoch 9, by luck\n", "rounding"),
        (SHORTENED, "60 epochs in 5.3 s, kept epoch 31\n", "3 epochs in 0.1 s, kept epoch 3\n", None),
        (SHORTENED, "60 epochs on g8\n", "3 epochs on g4\n", "g8"),
        (SHORTENED, "verdict  a is better\n         than b\nnote  c\n", "verdict  no\nnote  c\n", None),
        (SHORTENED, "verdict  a is better\nnote  c\n", "verdict  no\nnote  d\n", "c"),
    ],
)
def test_a_shown_word_that_is_not_printed_is_found(
    comparison: Comparison, shown: str, printed: str, lacking: str | None
) -> None:
    """Nothing trained: every character. Trained: words and whole numbers. For a few epochs: words."""
    step = Step(Block("sh", "rnnlab evaluate\n", 1), (), shown, comparison)

    found = missing(step, printed)

    assert found is None if lacking is None else found is not None and found.startswith(lacking)


def test_an_output_that_is_shortened_stays_so_when_it_is_written_again() -> None:
    """By the number of lines at its ends, and by the words of those between."""
    printed = "data 2\nparts 2\nmodel 7\nhead 8\nloss 2.5\nnext\n"

    assert abridged("data 1\n…\nmodel 1\nheads 2\n…\nlast\n", printed) == (
        "data 2\n…\nmodel 7\nhead 8\n…\nnext\n"
    )
    assert abridged("all of c4 … b8\n", printed) == printed


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
        assert block.language not in {"diff", "toml"} - held, f"line {block.line}"
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
    if block.text.startswith("sweep:"):
        copy_inputs(tmp_path)
        (tmp_path / "configs" / "page.yaml").write_text(block.text, encoding="utf-8")
        assert read_sweep(tmp_path / "configs" / "page.yaml").page.space
        return
    missing = [
        stand_in for key, stand_in in STAND_INS.items() if not re.search(f"^{key}:", block.text, re.MULTILINE)
    ]

    parse_any(block.text + "".join(missing), name=f"{name_of(page)}:{block.line}", folder=ROOT)


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

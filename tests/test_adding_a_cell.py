"""`docs/adding-a-cell.md`: a cell in a package of its own, and as a part of a copy of the project."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.documentation import ROOT, blocks, rnnlab_commands
from tests.lectures import copy_inputs
from tests.test_tutorial import cells, in_one_line, missing
from tests.trained import SONG

pytestmark = pytest.mark.slow

PAGE = ROOT / "docs" / "adding-a-cell.md"


def apply(diff: str, folder: Path) -> None:
    """Make the changes of a block: after `--- FILE`, lines as they are, and with − and + before and after."""
    for change in re.split(r"^--- ", diff, flags=re.MULTILINE)[1:]:
        name, *lines = change.splitlines()
        before = "".join(f"{line[1:]}\n" for line in lines if not line.startswith("+"))
        after = "".join(f"{line[1:]}\n" for line in lines if not line.startswith("-"))
        text = (folder / name).read_text(encoding="utf-8")

        assert text.count(before) == 1, f"{name} has {text.count(before)} times\n{before}"
        (folder / name).write_text(text.replace(before, after), encoding="utf-8")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with everything that the page says to write."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("rnnlab", "tests", "configs", "data"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    for block in blocks(PAGE):
        if block.language == "python":
            with (folder / "rnnlab" / "models" / "cells.py").open("a", encoding="utf-8") as file:
                file.write(f"\n\n{block.text[block.text.index('class ') :]}")
        if block.language == "diff":
            apply(block.text, folder)
    return folder


def python(folder: Path, *arguments: str, search: tuple[Path, ...] | list[Path] = ()) -> str:
    """What Python prints that is called in a folder, and finds its own modules; a failure fails the test."""
    result = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, search or [folder]))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package that the page says to write, as pip would install it."""
    folder = tmp_path_factory.mktemp("package")
    (code,) = (block.text for block in blocks(PAGE) if block.language == "python")
    (settings,) = (tomllib.loads(block.text) for block in blocks(PAGE) if block.language == "toml")
    project = settings["project"]
    (module,) = settings["tool"]["setuptools"]["py-modules"]
    (folder / f"{module}.py").write_text(code)
    installed = folder / f"{module}-{project['version']}.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text(f"Name: {project['name']}\nVersion: {project['version']}\n")
    points = [f"{name} = {place}" for name, place in project["entry-points"]["rnnlab.cells"].items()]
    (installed / "entry_points.txt").write_text("\n".join(["[rnnlab.cells]", *points]))
    return folder


@dataclass(frozen=True)
class Answer:
    """What a command came to."""

    code: int
    out: str
    err: str


CALLS = """
import contextlib, io, json, sys
from rnnlab.commands import run

def answer(words):
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        code = run(words)
    return code, out.getvalue(), err.getvalue()

if __name__ == "__main__":
    print(json.dumps([answer(words) for words in json.load(sys.stdin)]))
"""


def rnnlab(package: Path, folder: Path, *commands: list[str]) -> list[Answer]:
    """What commands come to in one process that finds the package."""
    (folder / "calls.py").write_text(CALLS)
    search = os.pathsep.join([str(package), str(ROOT)])
    result = subprocess.run(
        [sys.executable, "calls.py"],
        input=json.dumps(commands),
        cwd=folder,
        env={**os.environ, "PYTHONPATH": search, "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return [Answer(*each) for each in json.loads(result.stdout)]


def test_the_pages_commands_print_what_the_page_shows(package: Path, tmp_path: Path) -> None:
    """With the package, all in one folder; the text has the parameters of the cell that `describe` prints."""
    copy_inputs(tmp_path)
    shown = list(cells(PAGE))

    answers = iter(rnnlab(package, tmp_path, *rnnlab_commands(PAGE)))

    assert len(shown) == 2
    for block, output in shown:
        given = [next(answers) for _ in block.rnnlab_commands]
        assert [each.code for each in given] == [0] * len(given), given[-1].err
        assert missing(output, "".join(each.out for each in given)) is None, f"line {block.line}"
    assert re.search(r"mgu_1 +\(N, 4, 128\) +33,280\n", shown[0][1])
    assert "2 · 128 · (1 + 128 + 1) = 33280 parameters, half of an LSTM's 66560" in in_one_line(PAGE)


WORK = {
    "describe": ["describe", "page.yaml", "--json"],
    "train": ["train", "page.yaml", "--quiet"],
    "resume": ["train", "--quiet", "--resume", "--set", "training.epochs=4"],
    "evaluate": ["evaluate", "--json"],
    "per_token": ["evaluate", "--per-token"],
    "folds": ["evaluate", "--folds", "2", "--json"],
    "generate": ["generate", "--json"],
    "trace": ["trace", "--input", "g8 e8 e4 f8"],
    "step": ["trace", "--input", "g8 e8 e4 f8", "--step", "2", "--units", "1"],
    "trace_json": ["trace", "--input", "g8 e8", "--json"],
    "trace_page": ["trace", "--input", "g8 e8", "--output", "trace.html"],
    "report": ["report"],
    "compare": ["compare", "page.yaml", "lstm.yaml", "--epochs=2", "--seeds=1", "--jobs=1", "--json"],
    "compare_runs": ["compare", "runs/comparison-1", "--json"],
    "runs": ["runs", "--json"],
    "show": ["runs", "show"],
    "plot": ["plot", "runs/page-1", "--output", "history.svg"],
    "tensorboard": ["export", "--format", "tensorboard", "--output", "logs"],
    "schema": ["schema"],
    "reference": ["schema", "--markdown"],
}
"""A command line for each thing that can be done."""


@pytest.fixture(scope="module")
def answers(package: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Answer]:
    """What comes of each of them, in one process, one after the other, with a stack of two layers."""
    folder = tmp_path_factory.mktemp("work")
    song = SONG.replace("g8 g8 g4\n", "g8 g8 g4 g8 e8 e4 f8 d8 d4 c8 d8 e8 f8 g8 g8 g4\n")
    page = song.replace("kind: lstm, units: 6", "kind: mgu, units: [6, 5], residual: false")
    (folder / "page.yaml").write_text(page.replace("batch_size: 1}", "batch_size: 1, epochs: 3}"))
    (folder / "lstm.yaml").write_text(song)
    return dict(zip(WORK, rnnlab(package, folder, *WORK.values()), strict=True))


@pytest.mark.parametrize("name", list(WORK))
def test_every_command_works_with_the_package(answers: dict[str, Answer], name: str) -> None:
    """None fails, or knows only rnnlab's own kinds."""
    assert answers[name].code == 0, answers[name].err
    assert "Traceback" not in answers[name].err


def test_what_the_commands_say_of_the_cell_is_right(answers: dict[str, Answer]) -> None:
    """Its parameters; its gates in a trace; its name in lists."""
    layers = json.loads(answers["describe"].out)["model"]["layers"]
    assert [layer["parameters"] for layer in layers[1:3]] == [2 * 6 * (8 + 6 + 1), 2 * 5 * (6 + 5 + 1)]
    assert "4 epochs" in answers["resume"].out
    assert json.loads(answers["generate"].out)["samples"][0]["sequence"]
    assert '"cell": "MinimalGated"' in answers["trace_json"].out
    assert "mgu" in answers["runs"].out
    assert '"mgu"' in answers["schema"].out
    assert "- `kind: mgu`: Layers of a cell from another package." in answers["reference"].out


@pytest.mark.parametrize("target", ["song.keras", "song.onnx", "song"])
def test_formats_without_such_a_layer_say_so(package: Path, tmp_path: Path, target: str) -> None:
    """Nothing is written."""
    (tmp_path / "page.yaml").write_text(SONG.replace("kind: lstm", "kind: mgu"))
    kind = [] if "." in target else ["--format", "saved_model"]
    script = (
        "from pathlib import Path; from tests.trained import run_of; run_of(Path('page.yaml').read_text())"
    )
    python(tmp_path, "-c", script, search=[package, ROOT])

    (answer,) = rnnlab(package, tmp_path, ["export", "runs/song-1", "--output", target, *kind])

    assert (answer.code, answer.out) == (2, "")
    assert re.fullmatch(
        r"model\.kind: mgu: \w+ has no such layer; to export a model, train one of the kind"
        r" simple_rnn, lstm, gru or mlp\n",
        answer.err.splitlines(keepends=True)[-1],
    )
    assert not (tmp_path / target).exists()


def test_without_the_package_its_kind_is_unknown(tmp_path: Path) -> None:
    """In one line, with the kinds that there are."""
    (tmp_path / "page.yaml").write_text(SONG.replace("kind: lstm", "kind: mgu"))

    (answer,) = rnnlab(tmp_path, tmp_path, ["describe", "page.yaml"])

    assert answer.code == 2
    assert answer.err == (
        "page.yaml:7:15: model.kind: expected one of simple_rnn, lstm, gru, mlp, received 'mgu';"
        " did you mean 'gru'?\n"
    )


def test_a_package_that_cannot_be_imported_is_named(package: Path, tmp_path: Path) -> None:
    """In one line, with what is wrong with it."""
    other = tmp_path / "other"
    shutil.copytree(package, other, ignore=shutil.ignore_patterns("__pycache__"))
    (other / "minimal_gated.py").write_text("import nothing_of_that_name")
    (tmp_path / "page.yaml").write_text(SONG.replace("kind: lstm", "kind: mgu"))

    (answer,) = rnnlab(other, tmp_path, ["describe", "page.yaml"])

    assert answer.code == 2
    assert answer.err == (
        "page.yaml:7:15: model.kind: mgu: minimal_gated:MinimalGated cannot be loaded"
        " (ModuleNotFoundError: No module named 'nothing_of_that_name'); install its package again, or"
        " name another kind\n"
    )


def test_as_a_part_of_rnnlab_it_has_the_same_parameters(project: Path) -> None:
    """By the section and the paper that the page writes."""
    described, *_ = rnnlab_commands(PAGE)

    assert re.search(r"mgu_1 +\(N, 4, 128\) +33,280\n", python(project, "-m", "rnnlab", *described))


def test_the_new_cells_tests_pass(project: Path) -> None:
    """Some of those that the page adds it to: the equation as a loop, and gradients. None is a failure."""
    files = ["tests/engines/numpy/test_numpy_model.py", "tests/engines/tensorflow/test_recurrence.py"]

    python(project, "-m", "pytest", "-n", "0", "-k", "minimal_gated or (MinimalGated and masks)", *files)


def test_the_reference_of_the_configuration_has_the_new_cell(project: Path) -> None:
    """With its paper."""
    printed = python(project, "-m", "rnnlab", "schema", "--markdown")

    assert "- `kind: mgu`: Minimal gated layers (Zhou et al., 2016)." in printed
    assert "- Zhou et al., 2016. Minimal gated unit for recurrent neural networks." in printed

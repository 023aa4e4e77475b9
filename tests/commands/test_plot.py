"""`rnnlab plot`: histories of runs as a picture."""

import sys
from pathlib import Path

import pytest

from tests.trained import SONG, run_of

HISTORY = (
    "epoch,loss,accuracy,validation_loss,validation_accuracy,seconds\n1,2,0.1,2.5,0.1,4\n2,0.1,0.9,3,0.2,5\n"
)


@pytest.fixture(autouse=True)
def _runs(tmp_path, monkeypatch):
    """A run, and a comparison of two more; one run has not been saved yet."""
    monkeypatch.chdir(tmp_path)
    for name in ("song", "seed-10", "seed-9", "unsaved"):
        run = run_of(SONG, name=name)
        if name != "unsaved":
            (run.path / "history.csv").write_text(HISTORY)
    Path("runs/many-1").mkdir()
    for name in ("seed-10", "seed-9", "unsaved"):
        Path(f"runs/{name}-1").rename(f"runs/many-1/{name}")
    Path("runs/latest").unlink()


def test_several_runs_are_drawn_into_one_picture(rnnlab):
    """A folder of runs stands for those that have a history, in the order of their numbers."""
    answer = rnnlab("plot", "runs/song-1", "runs/many-1", "--output", "h.svg")

    svg = Path("h.svg").read_text()
    assert (answer.exit_code, answer.stdout, answer.stderr) == (0, "", "drew h.svg: 3 runs\n")
    assert -1 < svg.index("song-1") < svg.index(">seed-9<") < svg.index(">seed-10<")


def test_without_a_name_it_is_the_newest_run(rnnlab):
    """And it is said which; runs of one name are told apart by their folders."""
    assert rnnlab("plot", "--output", "h.png").stderr == "using runs/song-1\ndrew h.png: 1 run\n"

    Path("else").mkdir()
    Path("runs/many-1/seed-9").rename("else/song-1")
    assert rnnlab("plot", "runs/song-1", "else/song-1", "--output", "h.svg").exit_code == 0
    assert "else/song-1" in Path("h.svg").read_text()


@pytest.mark.parametrize(
    ("arguments", "exit_code", "line"),
    [
        ("runs/song-1", 2, "rnnlab plot: Missing option '--output'"),
        ("runs/none --output h.svg", 1, "runs/none: no such run"),
        ("runs/many-1/unsaved --output h.svg", 1, "runs/many-1/unsaved: no epoch has ended in this run yet"),
        ("runs/song-1/model.safetensors --output h.svg", 1, "runs/song-1/model.safetensors: no such run"),
        ("runs --output h", 2, "h: expected a name that ends with .svg, .png, .pdf"),
        (
            "runs/song-1 --output runs/song-1/history.csv",
            2,
            "runs/song-1/history.csv: expected a name that ends",
        ),
    ],
)
def test_what_cannot_be_drawn_is_said_in_a_line(rnnlab, arguments, exit_code, line):
    """And no file is left."""
    answer = rnnlab("plot", *arguments.split())

    assert (answer.exit_code, answer.stdout) == (exit_code, "")
    assert answer.stderr.startswith(line)
    assert answer.stderr.count("\n") == 1
    assert not Path("h.svg").exists()


def test_runs_that_differ_in_their_seed_alone_are_one_line(rnnlab):
    """Their configuration has one colour, and one entry in the key; a damaged one stands alone."""
    for seed in (1, 2):
        run = run_of(SONG, f"training.random_seed={seed}", name="mean")
        (run.path / "history.csv").write_text(HISTORY)
        run.path.rename(f"runs/many-1/mean-seed-{seed}")
    Path("runs/song-1/config.yaml").write_text("damaged: [")

    answer = rnnlab("plot", "runs/many-1", "runs/song-1", "--output", "h.svg")

    svg = Path("h.svg").read_text()
    assert answer.stderr == "drew h.svg: 5 runs of 3 configurations\n"
    assert all(f">{name}<" in svg for name in ("mean, mean of 3 runs", "seed-10", "song-1"))


def test_only_a_png_needs_the_extra(rnnlab, monkeypatch):
    """What to install is said in one line."""
    monkeypatch.setitem(sys.modules, "resvg_py", None)

    answer = rnnlab("plot", "--output", "h.png")

    assert answer.exit_code == 1
    assert (
        answer.stderr
        == "a picture as PNG needs resvg_py, which is not installed: pip install 'rnnlab[plot]'\n"
    )
    assert not Path("h.png").exists()
    assert rnnlab("plot", "--output", "h.svg").exit_code == 0
    assert rnnlab("plot", "--output", "h.pdf").exit_code == 0
    assert Path("h.pdf").read_bytes().startswith(b"%PDF-")

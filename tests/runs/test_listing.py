"""The list of runs: figures, states, and what is wrong with a folder."""

import fcntl
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rnnlab.runs.listing import Evaluated, read_entries, read_entry
from rnnlab.runs.lock import holder, locked
from rnnlab.runs.settings import Settings
from tests.runs.listed import HEADER, finished
from tests.trained import SONG, STREAM, run_of


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_an_entry_has_the_figures_of_its_run():
    """Of its configuration, its model's header, its history, its last evaluation and its log."""
    run = finished()

    (entry,) = read_entries()

    assert (entry.path, entry.state, entry.problems) == (run.path, "done", ())
    assert entry.begun == datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert entry.settings == Settings("notes", "lstm", (6,), 3)
    assert entry.parameters == sum(array.size for array in run.load_model().weights.values())
    progress = entry.progress
    assert (progress.epochs, progress.best_epoch, progress.best_loss, progress.part, progress.seconds) == (
        3, 3, 1.5, "train", 3.5
    )  # fmt: skip
    assert entry.evaluated == Evaluated("train", 0.75, 8, 9)


def test_the_best_epoch_is_that_of_the_lowest_held_out_loss():
    """Epochs that were not validated have no say."""
    run = finished(text=STREAM)
    rows = ["1,1,0.5,,,1", "2,0.9,0.5,2.5,0.2,2", "3,0.8,0.5,2.25,0.2,3", "4,0.1,0.5,2.75,0.2,4"]
    run.write("history.csv", HEADER + "\n".join(rows) + "\n")

    progress = read_entry(run.path).progress

    assert (progress.epochs, progress.best_epoch, progress.best_loss, progress.part) == (
        4, 3, 2.25, "validation"
    )  # fmt: skip


def test_a_history_with_learning_rates_has_the_same_figures():
    """Training writes the column now; an earlier rnnlab did not."""
    run = finished()
    before = read_entry(run.path).progress
    header, *rows = (run.path / "history.csv").read_text().splitlines()
    lines = [header.replace("seconds", "learning_rate,seconds")]
    lines += [f"{row.rpartition(',')[0]},0.001,{row.rpartition(',')[2]}" for row in rows]
    run.write("history.csv", "\n".join(lines) + "\n")

    assert read_entry(run.path).progress == before


@pytest.mark.parametrize(
    ("rows", "best"),
    [
        (["1,,,2.5,0.2,1"], (1, 2.5, "validation")),
        (["1,,,2.5,0.2,1", "2,0.5,0.5,2.75,0.2,2"], (1, 2.5, "validation")),
        (["1,,,,,1", "2,0.5,0.5,,,2"], (2, 0.5, "train")),
        (["1,,,,,1"], (None, None, "train")),
        (["1,0.5,0.5,inf,0.2,1"], (1, 0.5, "train")),
    ],
)
def test_an_epoch_whose_steps_were_all_skipped_has_a_validation_all_the_same(rows, best):
    """It has no training loss; the losses that are there decide which epoch is the best."""
    run = finished()
    run.write("history.csv", HEADER + "\n".join(rows) + "\n")

    progress = read_entry(run.path).progress

    assert (progress.best_epoch, progress.best_loss, progress.part) == best
    assert progress.epochs == len(rows)


def test_newest_come_first():
    """By when they began; of one second, the higher number."""
    finished("a", at="2026-03-01T10:00:00+00:00")
    finished("b", at="2026-03-01T12:00:00+03:00")
    for _ in range(10):
        finished("c", at="2026-02-01T10:00:00+00:00")

    assert [entry.path.name for entry in read_entries()] == [
        *("a-1", "b-1"),
        *(f"c-{number}" for number in range(10, 0, -1)),
    ]


@pytest.mark.parametrize(
    ("state", "listed"), [("training", "interrupted"), ("failed", "failed"), (None, "done")]
)
def test_the_last_event_says_what_has_become_of_a_run(state, listed):
    """A run in training that nobody trains was killed; an event without a state changes nothing."""
    run = finished()
    run.log("something", state=state)

    assert read_entry(run.path).state == listed


def test_a_run_without_a_log_was_interrupted():
    """Killed before its first event."""
    run = run_of(SONG)

    entry = read_entry(run.path)

    assert (entry.state, entry.progress.epochs, entry.problems) == ("interrupted", 0, ())


def test_a_run_that_someone_trains_is_running():
    """By whom is said; asking changes nothing, and is over at once."""
    run = finished()
    with locked(run.path):
        entry = read_entry(run.path)
        assert (entry.state, entry.owner) == ("running", holder(run.path))
        assert entry.owner.startswith(f"process {os.getpid()} on ")

    assert read_entry(run.path).state == "done"


def test_a_training_may_begin_while_someone_asks():
    """It waits for the instant that asking takes."""
    run = finished()
    with locked(run.path):
        pass
    asking = os.open(run.path / ".lock", os.O_RDONLY)
    fcntl.flock(asking, fcntl.LOCK_SH)

    def answered(_seconds):
        fcntl.flock(asking, fcntl.LOCK_UN)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rnnlab.runs.lock.time.sleep", answered)
        with locked(run.path):
            assert holder(run.path)
    os.close(asking)


DAMAGES = {
    "config.yaml": ["", "model: [", "a: 1\n", "model: {kind: lstm, units: -1}\n"],
    "history.csv": ["x", HEADER + "1,2\n", HEADER + "1,a,0.5,,,1\n"],
    "metrics.json": ["", "[", "[]", "{}", '{"split": 1}', '{"split": "train", "accuracy": NaN}'],
    "model.safetensors": ["", "x", "x" * 100],
}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name in DAMAGES for text in DAMAGES[name]])
def test_damage_is_said_and_stops_nothing(name, text):
    """The other figures are there all the same, and so are other runs; an empty file is none yet."""
    damaged, whole = finished("b"), finished("a")
    (damaged.path / name).write_text(text)

    first, second = read_entries()

    assert (second.path, second.state) == (whole.path, "done")
    if not text and name == "metrics.json":
        assert first.problems == ()
        return
    assert first.state == "damaged"
    assert len(first.problems) == 1
    assert first.problems[0].startswith(str(damaged.path / name))
    figures = [first.settings, first.parameters, first.progress.best_loss, first.evaluated]
    assert sum(figure is None for figure in figures) == 1


@pytest.mark.parametrize("name", ["config.yaml", "events.log", "history.csv", "metrics.json", ".lock"])
def test_pipes_and_links_in_a_strangers_run_are_not_opened(name):
    """To open a pipe would wait for a writer; a link leads to what is not the run's."""
    run = finished()
    path = run.path / name
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    piped = read_entry(run.path)
    path.unlink()
    Path("outside").write_text("2026-03-01T10:00:00+00:00 training begins\n")
    path.symlink_to(Path("outside").absolute())
    linked = read_entry(run.path)

    expected = [] if name == ".lock" else [f"{path}: expected a file, received a folder, a pipe or a device"]
    assert list(piped.problems) == expected
    assert [problem.partition(", to ")[0] for problem in linked.problems] == (
        [] if name == ".lock" else [f"{path}: leads outside its folder"]
    )


def test_what_is_no_run_is_listed_as_such():
    """A file, an empty folder, links to here and to elsewhere; hidden names are left out."""
    finished()
    Path("elsewhere").mkdir()
    runs = Path("runs")
    (runs / "empty").mkdir()
    (runs / ".hidden").mkdir()
    (runs / "file").touch()
    (runs / "out").symlink_to(Path("elsewhere").absolute())
    (runs / "again").symlink_to("song-1")
    (runs / "loop").symlink_to("loop")

    found = {entry.path.name: entry for entry in read_entries()}

    problems = {name: entry.problems[0] for name, entry in found.items() if entry.state == "no run"}
    assert found["song-1"].state == "done"
    assert problems.pop("loop").startswith("runs/loop: ")
    assert problems == {
        "again": "runs/again: a link to song-1",
        "empty": "runs/empty: not a run folder (it holds no config.yaml)",
        "file": "runs/file: not a folder",
        "out": f"runs/out: leads outside runs/, to {Path('elsewhere').absolute()}",
    }


def test_a_configuration_by_hand_is_understood():
    """Comments, sections on one line and layers a line each, as `rnnlab train` understands them."""
    run = finished()
    own = (run.path / "config.yaml").read_text()
    (run.path / "config.yaml").write_text(own.replace("units: [6]", "units:\n    - 6\n    - 7   # two"))
    by_line = read_entry(run.path).settings
    (run.path / "config.yaml").write_text(own.replace("units: [6]", "units: [6, 7]  # two"))

    assert by_line == read_entry(run.path).settings == Settings("notes", "lstm", (6, 7), 3)


def test_folds_have_an_accuracy_too():
    """The mean of them, where the run itself was not evaluated; older runs have them in `metrics.json`."""
    run = finished()
    folds = json.dumps({"folds": [], "mean": {"accuracy": 0.5, "loss": 1}})
    (run.path / "folds.json").write_text(folds)
    assert read_entry(run.path).evaluated == Evaluated("train", 0.75, 8, 9)

    (run.path / "metrics.json").unlink()
    assert read_entry(run.path).evaluated == Evaluated("folds", 0.5)

    (run.path / "metrics.json").write_text(folds)
    assert read_entry(run.path).evaluated == Evaluated("folds", 0.5)


def test_folds_without_an_accuracy_have_a_loss():
    """Those of the task from_label."""
    run = finished()
    (run.path / "metrics.json").write_text(json.dumps({"folds": [], "mean": {"loss": 1.5}}))

    assert read_entry(run.path).evaluated == Evaluated("folds", None, loss=1.5)


def test_no_runs_are_no_entries():
    """Also before there is a folder for them."""
    assert read_entries() == []
    Path("runs").mkdir()
    assert read_entries() == []

"""The run folder: numbered, claimed by one, found again."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from rnnlab.config.reading import read_experiment
from rnnlab.errors import ModelFileError, RunError
from rnnlab.runs.folder import create_run, find_run, load_trained
from rnnlab.runs.layout import is_below_runs
from tests.forging import forge
from tests.needs import needs
from tests.trained import SENTENCE, SONG, run_of, trained


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_runs_of_a_name_are_numbered_from_one():
    """Each name has its own numbers, and a gap is not filled: what is newer has the higher number."""
    experiment = trained(SONG, Path.cwd()).experiment
    for taken in ("song-4", "song-x", "my-song-9", "song"):
        Path("runs", taken).mkdir(parents=True)

    paths = [str(create_run(name, experiment).path) for name in ("song", "song", "text", "my-song")]

    assert paths == ["runs/song-5", "runs/song-6", "runs/text-1", "runs/my-song-10"]


def test_no_two_runs_claim_the_same_folder():
    """However many start at once."""
    experiment = trained(SONG, Path.cwd()).experiment
    count = 8
    barrier = Barrier(count)

    def create(_: int) -> Path:
        barrier.wait()
        return create_run("song", experiment).path

    with ThreadPoolExecutor(count) as threads:
        paths = set(threads.map(create, range(count)))

    assert paths == {Path("runs", f"song-{number}") for number in range(1, count + 1)}


AT_ONCE = """
import os, sys
from pathlib import Path
from rnnlab.runs.folder import create_run
from tests.trained import SONG, trained

experiment = trained(SONG, Path.cwd()).experiment
begin, end = os.pipe()
children = []
for _ in range(8):
    child = os.fork()
    if not child:
        os.close(end)
        os.read(begin, 1)  # until all have been made
        create_run("song", experiment)
        os._exit(0)
    children.append(child)
os.close(end)
sys.exit(any(os.waitpid(child, 0)[1] for child in children))
"""


@needs("Unix")
def test_eight_processes_at_once_make_eight_runs(monkeypatch):
    """Each is whole, `runs/latest` is one of them, and nothing else is left behind."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))

    subprocess.run([sys.executable, "-c", AT_ONCE], check=True)

    names = {f"song-{number}" for number in range(1, 9)}
    assert {path.name for path in Path("runs").iterdir()} == {*names, "latest"}
    assert find_run().path.name in names
    configurations = {(Path("runs") / name / "config.yaml").read_text() for name in names}
    assert len(configurations) == 1


def test_a_new_run_holds_the_resolved_configuration():
    """It alone is enough to describe or to train the experiment again."""
    experiment = trained(SONG, Path.cwd()).experiment

    run = create_run("song", experiment)

    assert read_experiment(run.path / "config.yaml") == experiment
    assert os.listdir(run.path) == ["config.yaml"]


def test_latest_names_the_newest_run():
    """A link that can be followed from anywhere, with no temporary link left beside it."""
    experiment = trained(SONG, Path.cwd()).experiment
    create_run("song", experiment)
    newest = create_run("text", experiment)

    assert os.readlink("runs/latest") == "text-1"
    assert find_run() == newest
    assert sorted(os.listdir("runs")) == ["latest", "song-1", "text-1"]


@pytest.mark.parametrize("break_link", [Path.unlink, lambda link: (link.unlink(), link.symlink_to("gone"))])
def test_without_the_link_the_newest_run_is_found_by_its_time(break_link):
    """Where links cannot be made, or the run that it names was deleted."""
    experiment = trained(SONG, Path.cwd()).experiment
    for name in ("a", "b", "c"):
        create_run(name, experiment)
    break_link(Path("runs/latest"))
    os.utime("runs/b-1", (4e9, 4e9))

    assert find_run().path == Path("runs/b-1")


def test_a_folder_of_ones_own_is_used_as_it_is(tmp_path):
    """It may be new, at any depth, or empty; it is not the newest run in `runs`."""
    experiment = trained(SONG, Path.cwd()).experiment
    (tmp_path / "empty").mkdir()

    runs = [create_run("song", experiment, folder=tmp_path / name) for name in ("empty", "new/deep")]

    assert [run.path for run in runs] == [tmp_path / "empty", tmp_path / "new/deep"]
    assert not Path("runs").exists()


def test_a_folder_that_holds_files_is_not_written_into(tmp_path):
    """Nothing that someone keeps is overwritten."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "config.yaml").write_text("mine")

    with pytest.raises(RunError) as caught:
        create_run("song", trained(SONG, Path.cwd()).experiment, folder=tmp_path / "full")

    assert str(caught.value) == (
        f"{tmp_path}/full: run_dir must name a new or an empty folder; this one holds files"
    )
    assert (tmp_path / "full" / "config.yaml").read_text() == "mine"


def test_a_folder_in_which_a_start_was_killed_can_be_started_in_again(tmp_path):
    """A half-written configuration is no file of the user's."""
    (tmp_path / ".config.yaml-abc.partial").write_text("dataset")

    run = create_run("song", trained(SONG, Path.cwd()).experiment, folder=tmp_path)

    assert (run.path / "config.yaml").is_file()


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    """A file is in the way."""
    (tmp_path / "runs").write_text("")

    with pytest.raises(RunError) as caught:
        create_run("song", trained(SONG, Path.cwd()).experiment)

    assert str(caught.value) == (
        "runs: cannot write (File exists); free some space, or choose another run_dir"
    )


def test_no_run_yet_says_how_to_make_one():
    """With the folder in which it was looked for."""
    with pytest.raises(RunError) as caught:
        find_run()

    assert str(caught.value) == (
        "no run yet in runs/; train one first: rnnlab.train('CONFIG'), or name a model file"
    )


def test_a_run_that_is_not_there_lists_those_that_are():
    """None of them, or the last ones by name."""
    with pytest.raises(RunError) as caught:
        find_run(Path("runs/sing-1"))
    assert str(caught.value) == (
        "runs/sing-1: no such run; expected a run folder or a model file; there is no run in runs/ yet"
    )

    run_of(SONG)
    run_of(SENTENCE, name="text")

    with pytest.raises(RunError) as caught:
        find_run(Path("runs/sing-1"))
    assert str(caught.value) == (
        "runs/sing-1: no such run; expected a run folder or a model file; in runs/ there are song-1, text-1"
    )


def test_a_folder_that_is_not_a_run_is_said_to_be_none(tmp_path):
    """It lacks the configuration that every run begins with."""
    (tmp_path / "else").mkdir()

    with pytest.raises(RunError) as caught:
        load_trained(tmp_path / "else")

    assert str(caught.value) == (
        f"{tmp_path}/else: not a run folder (it holds no config.yaml); expected a folder that a training made"
    )


def test_a_run_without_a_model_yet_is_said_to_have_none():
    """Training has begun, or broke off before its first save."""
    run = create_run("song", trained(SONG, Path.cwd()).experiment)

    with pytest.raises(RunError) as caught:
        run.load_model()

    assert str(caught.value) == (
        "runs/song-1: no model.safetensors in this run yet; wait for its first save, or train again"
    )


def test_a_model_is_found_by_run_by_file_and_as_the_newest():
    """A model file belongs to no run, so nothing is written beside it."""
    first, second = run_of(SONG), run_of(SENTENCE)

    by_folder, by_file, newest = load_trained(first.path), load_trained(first.model_path), load_trained()

    assert by_folder[1:] == (first, first.path)
    assert by_file[1:] == (None, first.model_path)
    assert newest[1:] == (second, second.path)
    assert by_folder[0].sha256 == by_file[0].sha256 != newest[0].sha256


def test_a_model_file_that_is_not_there_is_not_taken_for_a_run():
    """Its name says what was meant."""
    with pytest.raises(ModelFileError) as caught:
        load_trained(Path("model.safetensors"))

    assert str(caught.value) == (
        "model.safetensors: no such model file; expected the model.safetensors of a run"
    )


def test_events_are_added_with_their_time():
    """One line each, in order, in UTC, with the fields that are given."""
    run = create_run("song", trained(SONG, Path.cwd()).experiment)

    run.log("started")
    run.log("stopped", state="done", epochs=3, seconds=1.5)

    first, second = map(json.loads, (run.path / "events.log").read_text().splitlines())
    assert first.pop("time").endswith("+00:00")
    assert second.pop("time").endswith("+00:00")
    assert first == {"event": "started"}
    assert second == {"event": "stopped", "state": "done", "epochs": 3, "seconds": 1.5}


def test_a_log_that_cannot_be_written_is_named():
    """The folder was deleted while it was in use."""
    run = create_run("song", trained(SONG, Path.cwd()).experiment)
    (run.path / "config.yaml").unlink()
    run.path.rmdir()

    with pytest.raises(RunError, match=r"^runs/song-1/events.log: cannot write \(No such file or"):
        run.log("stopped")


@pytest.mark.parametrize("name", ["config.yaml", "model.safetensors"])
def test_a_file_of_a_run_does_not_lead_outside_its_folder(name):
    """A run is what its folder holds; whoever packed it does not choose what else is read."""
    path = run_of(SONG).path / name
    outside = path.rename(Path("outside").absolute())
    path.symlink_to(outside)

    with pytest.raises(RunError) as caught:
        load_trained(Path("runs/song-1"))

    assert str(caught.value) == (
        f"runs/song-1/{name}: leads outside its folder, to {outside}; put the file itself into the folder"
    )


def test_a_link_within_a_run_is_followed():
    """It leads nowhere else."""
    run = run_of(SONG)
    run.model_path.rename(run.path / "best.safetensors")
    run.model_path.symlink_to("best.safetensors")

    assert load_trained(run.path)[0].sha256


@pytest.mark.parametrize(
    "target", ["../elsewhere/song-1", "{here}/elsewhere/song-1", "../runs/../elsewhere/song-1"]
)
def test_the_newest_run_is_not_outside_of_the_folder_of_runs(target):
    """Neither by a path from there, nor by one from the root."""
    run_of(SONG)
    Path("elsewhere").mkdir()
    Path("runs/song-1").rename("elsewhere/song-1")
    Path("runs/latest").unlink()
    Path("runs/latest").symlink_to(target.format(here=Path.cwd()))

    with pytest.raises(RunError) as caught:
        find_run()

    assert str(caught.value) == (
        f"runs/latest: leads outside runs/, to {Path('elsewhere/song-1').absolute()};"
        " remove it, or name the run you mean"
    )


def test_the_folder_of_runs_may_itself_be_elsewhere():
    """On a larger disk: `runs` is a link that its owner made."""
    run = run_of(SONG)
    Path("runs").rename("disk")
    Path("runs").symlink_to("disk")

    assert find_run() == run
    assert is_below_runs(run.path)


def test_the_model_of_another_run_is_not_this_runs():
    """Both are named; the file alone can still be used."""
    first, second = run_of(SONG), run_of(SENTENCE, name="text")
    second.model_path.replace(first.model_path)

    with pytest.raises(RunError) as caught:
        load_trained(first.path)

    assert str(caught.value) == (
        "runs/song-1/model.safetensors: not this run's model"
        " (its model or dataset section differs from config.yaml); restore the model file or config.yaml from"
        " a copy, or name the model file instead of the run"
    )
    assert load_trained(first.model_path)[0].tokens


@pytest.mark.parametrize("is_from_before", [False, True])
def test_the_data_of_a_run_lies_where_its_configuration_says(tmp_path, is_from_before):
    """The model says which data it is; the paths of config.yaml lead to it, also after both have moved."""
    Path("a/data").mkdir(parents=True)
    Path("a/data/text.txt").write_text("if you want to build a ship")
    page = SENTENCE.replace("inline: if you want to build a ship", "path: a/data/text.txt")
    run = run_of(page)
    if is_from_before:
        forge(
            run.model_path, lambda metadata, _: metadata.update(config=(run.path / "config.yaml").read_text())
        )

    assert run.load_model().experiment == read_experiment(run.path / "config.yaml")
    assert run.load_model().experiment.dataset.path == (Path("a/data/text.txt").absolute(),)

    Path("moved").mkdir()
    Path("a").rename("moved/a")
    Path("runs").rename("moved/runs")
    moved = find_run(Path("moved") / run.path)

    assert moved.load_model().experiment.dataset.path == (Path("moved/a/data/text.txt").absolute(),)


def test_a_model_of_other_data_is_not_this_runs():
    """Data of another name, or elsewhere among the files of the run."""
    for name in ("text.txt", "other.txt"):
        Path(name).write_text("if you want to build a ship")
    page = SENTENCE.replace("inline: if you want to build a ship", "path: text.txt")
    run, other = run_of(page), run_of(page.replace("text.txt", "other.txt"))
    other.model_path.replace(run.model_path)

    with pytest.raises(RunError, match="not this run's model"):
        run.load_model()


def test_a_configuration_that_was_only_commented_is_still_the_runs():
    """And so is one with other settings of training, which the model does not depend on."""
    run = run_of(SONG)
    config = run.path / "config.yaml"
    config.write_text("# a good one\n" + config.read_text().replace("epochs: 10", "epochs: 20"))

    assert load_trained(run.path)[0].tokens


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("model: [", "runs/song-1/config.yaml:1:9: not YAML: "),
        ("a: 1\nb: 2\n", "runs/song-1/config.yaml:1:1: a: unknown key; "),
    ],
)
def test_a_damaged_configuration_is_one_line(text, message):
    """The first of what is wrong with it, and what to do."""
    run = run_of(SONG)
    (run.path / "config.yaml").write_text(text)

    with pytest.raises(RunError) as caught:
        load_trained(run.path)

    assert str(caught.value).startswith(message)
    assert str(caught.value).endswith("; the run's configuration is damaged: restore it from a copy")
    assert "\n" not in str(caught.value)


def test_a_name_that_no_file_can_have_is_no_run():
    """Too long for the system, or with what ends a name."""
    for name in ("x" * 5000, "a\0b"):
        with pytest.raises(RunError, match=r": no such run; expected a run folder or a model file"):
            load_trained(Path(name))

"""What a stranger's run or model file may make the commands open: nothing that was not asked for."""

import hashlib
import json
import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from rnnlab.runs.folder import create_run
from tests.forging import forge
from tests.needs import needs
from tests.server import Server, running, sends
from tests.trained import SENTENCE, STREAM, run_of, trained
from tests.trained_tasks import LABEL, trained_task, with_folder

TEXT = "if you want to build a ship"
NAMES_DATA = SENTENCE.replace(f"inline: {TEXT}", "path: elsewhere/data.txt")

OPENED: list[str] = []
"""Every file that Python opens, for reading or for writing, since the process began to be watched."""


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if event == "open" and isinstance(arguments[0], str):
        OPENED.append(arguments[0])


sys.addaudithook(_watch)


@pytest.fixture
def data(rnnlab):
    """A text beside the working folder's runs, and how often it was opened since."""
    path = Path("elsewhere/data.txt")
    path.parent.mkdir()
    path.write_text(TEXT)
    return path


def was_opened(path: Path) -> bool:
    """Whether a file was opened since the last time that this was asked."""
    names = [Path(name).name for name in OPENED]
    OPENED.clear()
    return path.name in names


def stranger(data: Path, folder: str = "downloaded/run") -> str:
    """A run that names data outside of it, unpacked somewhere."""
    run = run_of(NAMES_DATA)
    config = (run.path / "config.yaml").read_text()
    forge(run.model_path, lambda metadata, _: metadata.update(config=config))  # as they were once written
    Path(folder).parent.mkdir(parents=True, exist_ok=True)
    run.path.rename(folder)
    config = Path(folder, "config.yaml").read_text()
    for name in ("config.yaml", "model.safetensors"):
        assert "../../elsewhere/data.txt" in Path(folder, name).read_bytes().decode(errors="replace")
    assert "../../elsewhere/data.txt" in config
    was_opened(data)
    return folder


def test_ones_own_newest_run_is_measured_on_its_data(rnnlab, data):
    """Wherever the data lies: `rnnlab train` made the run in `runs/`, from a configuration that was named."""
    run_of(NAMES_DATA)

    assert rnnlab("evaluate").exit_code == 0
    assert was_opened(data)


def test_a_strangers_run_does_not_open_what_it_names(rnnlab, data):
    """The data may be any file of the user's; the line says how to ask for it."""
    run = stranger(data)

    answer = rnnlab("evaluate", run)

    assert (answer.exit_code, answer.stdout) == (1, "")
    assert answer.stderr == (
        f"downloaded/run: it names data, {data.absolute()}, and is not known as a run of yours"
        " (no signature.json in it); to have it opened, write:"
        f" rnnlab evaluate downloaded/run --data {data.absolute()}\n"
    )
    assert rnnlab("describe", run).stderr.endswith(
        "in it); name the file itself: rnnlab describe downloaded/run/config.yaml\n"
    )
    assert rnnlab("evaluate", run, "--folds", "3").stderr.endswith(
        "in it); to have a run of your own, write: rnnlab train downloaded/run/config.yaml\n"
    )
    assert rnnlab("generate", run).exit_code == 0
    assert not was_opened(data)


def test_a_strangers_run_is_measured_on_what_is_asked_for(rnnlab, data):
    """Also on a part of it, where it is the data that the model was trained on."""
    run = stranger(data)
    Path("other.txt").write_text(TEXT[:20])

    whole = rnnlab("evaluate", run, "--data", str(data), "--json")
    train = rnnlab("evaluate", run, "--data", str(data), "--split", "train", "--json")
    other = rnnlab("evaluate", run, "--data", "other.txt", "--split", "train")

    assert json.loads(whole.stdout)["split"] == "data"
    assert json.loads(train.stdout)["split"] == "train"
    assert (other.exit_code, other.stderr) == (
        2,
        "split train: other.txt is not the data that this model was trained on, so it has no parts;"
        " to measure all of it, write: rnnlab evaluate downloaded/run --data other.txt\n",
    )
    assert not Path(run, "metrics.json").exists()


def test_a_part_of_training_data_that_is_named_is_the_part_itself(rnnlab):
    """The figures are those of the run where it was made."""
    Path("text.txt").write_text("the quick brown fox jumps over the lazy dog, and the lazy dog jumps over it")
    run = run_of(STREAM.replace('inline: "the quick brown fox jumps over the lazy dog, and the lazy dog'
                                ' jumps over it"', "path: text.txt"))  # fmt: skip
    here = json.loads(rnnlab("evaluate", "--json").stdout)
    moved = run.path.rename("moved")

    there = json.loads(
        rnnlab("evaluate", str(moved), "--data", "text.txt", "--split", "validation", "--json").stdout
    )

    assert {**there, "run": here["run"]} == here
    assert here["split"] == "validation"


def test_a_model_file_opens_nothing_but_itself(rnnlab, data):
    """Also where it lies in a run of one's own: it is named alone, so it stands alone."""
    model = run_of(NAMES_DATA).model_path
    was_opened(data)

    answer = rnnlab("evaluate", str(model))

    assert (answer.exit_code, answer.stderr) == (
        1,
        f"{model}: it names data, {data.absolute()}, and a model file may not open data;"
        f" to have it opened, write: rnnlab evaluate {model} --data {data.absolute()}\n",
    )
    assert not was_opened(data)
    assert rnnlab("evaluate", str(model), "--data", str(data)).exit_code == 0


def test_a_run_may_bring_its_data_along(rnnlab, data):
    """What lies in its own folder is its own, unless it is a link out of it."""
    brought = Path("brought/data.txt")
    brought.parent.mkdir()
    brought.write_text(TEXT)
    model = trained(SENTENCE.replace(f"inline: {TEXT}", f"path: {brought}"), Path.cwd())
    brought.unlink()
    create_run("song", model.experiment, folder=brought.parent).save_model(model)
    brought.write_text(TEXT)

    assert rnnlab("evaluate", "brought").exit_code == 0

    brought.unlink()
    brought.symlink_to(data.absolute())
    was_opened(data)
    assert rnnlab("evaluate", "brought").exit_code == 1
    assert not was_opened(data)


def test_a_link_in_runs_does_not_make_a_strangers_run_ones_own(rnnlab, data):
    """Neither `runs/latest` nor any other."""
    run = Path(stranger(data)).absolute()
    Path("runs/song-1").symlink_to(run)

    assert rnnlab("evaluate", "runs/song-1").exit_code == 1
    Path("runs/latest").unlink()
    assert rnnlab("evaluate").stderr.startswith("no run yet in runs/;")
    Path("runs/latest").symlink_to(run)

    assert rnnlab("evaluate").stderr == (
        f"runs/latest: leads outside runs/, to {run}; remove it, or name the run you mean\n"
    )
    assert not was_opened(data)


@pytest.fixture
def served(monkeypatch):
    """A server that has the text, and the insides of a dataset that names it."""
    monkeypatch.setenv("RNNLAB_CACHE", "cache")
    with running(Server()) as server:
        url = server.url("/data.txt", sends(TEXT.encode()))
        yield server, f"url: '{url}', sha256: {hashlib.sha256(TEXT.encode()).hexdigest()}"


def test_a_strangers_run_downloads_nothing(rnnlab, served):
    """Whoever asks a server is known to it; of a run and of its model file alone, also where it is cached."""
    server, source = served
    run_of(SENTENCE.replace(f"inline: {TEXT}", source)).path.rename("downloaded")
    server.asked.clear()
    url = server.url("/data.txt")

    for named, why in (
        ("downloaded", "is not known as a run of yours (no signature.json in it)"),
        ("downloaded/model.safetensors", "a model file may not open data"),
    ):
        assert rnnlab("evaluate", named).stderr == (
            f"{named}: it names data, {url}, and {why};"
            f" to have it opened, write: rnnlab evaluate {named} --data FILE\n"
        )
        assert rnnlab("generate", named).exit_code == 0
    assert rnnlab("evaluate", "downloaded", "--folds", "3").stderr.endswith(
        "in it); to have a run of your own, write: rnnlab train downloaded/config.yaml\n"
    )
    assert rnnlab("describe", "downloaded").stderr.endswith(
        "in it); name the file itself: rnnlab describe downloaded/config.yaml\n"
    )
    Path("mine.txt").write_text(TEXT)
    assert rnnlab("evaluate", "downloaded", "--data", "mine.txt", "--split", "train").exit_code == 0
    assert server.asked == []


def test_ones_own_run_is_measured_on_what_it_downloaded(rnnlab, served):
    """From the cache, and from the server again where that is gone; without both, --data helps."""
    server, source = served
    run_of(SENTENCE.replace(f"inline: {TEXT}", source))

    assert rnnlab("evaluate").exit_code == 0
    assert len(server.asked) == 1
    shutil.rmtree("cache")
    assert rnnlab("evaluate").exit_code == 0
    assert len(server.asked) == 2
    shutil.rmtree("cache")
    url = server.url("/data.txt", sends(b"", status=404))
    assert rnnlab("evaluate").stderr.endswith(
        f"dataset.url: cannot download {url} (HTTP status 404, Not Found); check the address, or try again"
        " later; if the data lies elsewhere now, write: rnnlab evaluate runs/song-1 --data FILE\n"
    )


@needs("Unix")
@pytest.mark.parametrize("make", [os.mkfifo, lambda path: os.symlink("/dev/zero", path)])
def test_data_that_is_no_file_any_more_is_not_waited_for(rnnlab, data, make):
    """A pipe would hang and a device never end, also in a run of one's own."""
    run_of(NAMES_DATA)
    data.unlink()
    make(data)

    answer = rnnlab("evaluate", "runs/song-1")

    assert (answer.exit_code, answer.stderr) == (
        1,
        f"{data.absolute()}: a pipe or a device; expected a file or a folder;"
        f" to have it opened, write: rnnlab evaluate runs/song-1 --data {data.absolute()}\n",
    )


def test_ones_own_run_is_measured_on_the_folder_that_it_was_trained_on(rnnlab, data):
    """Files in it, or that match a pattern; a pipe among them is none."""
    for path in ("elsewhere", "elsewhere/*.txt"):
        run_of(SENTENCE.replace(f"inline: {TEXT}", f'path: "{path}"'))
        if hasattr(os, "mkfifo") and path == "elsewhere":
            os.mkfifo("elsewhere/pipe.txt")

        assert rnnlab("evaluate").exit_code == 0
        assert was_opened(data)


@pytest.mark.parametrize("path", ["brought/more", "brought/more/*.txt", "brought/*/data.txt"])
@pytest.mark.parametrize("link", ["brought/more/data.txt", "brought/more"])
def test_a_link_in_a_folder_that_a_run_brings_along_is_not_followed_out_of_it(rnnlab, data, path, link):
    """Whether the link is the file or the folder that it is in."""
    own = Path("brought/more/data.txt")
    own.parent.mkdir(parents=True)
    own.write_text(TEXT)
    model = trained(SENTENCE.replace(f"inline: {TEXT}", f'path: "{path}"'), Path.cwd())
    shutil.move(own, "data.txt")
    own.parent.rmdir()
    create_run("song", model.experiment, folder=own.parents[1]).save_model(model)
    own.parent.mkdir()
    shutil.move("data.txt", own)
    assert rnnlab("evaluate", "brought").exit_code == 0

    shutil.rmtree(own.parent) if own.parent == Path(link) else own.unlink()
    Path(link).symlink_to(data.absolute() if Path(link) == own else data.parent.absolute())
    was_opened(data)
    answer = rnnlab("evaluate", "brought")

    assert (answer.exit_code, "is not known as a run of yours" in answer.stderr) == (1, True)
    assert not was_opened(data)


@pytest.mark.parametrize("link", ["brought/texts/ko", "brought/texts/ko/0.txt"])
def test_a_link_in_a_folder_of_labels_is_not_followed_out_of_the_run(rnnlab, data, link):
    """Whether the link is the subfolder of a label or a file in it."""
    brought = Path("brought")
    page = with_folder(LABEL, brought / "texts")
    model = trained_task(page, brought.absolute())
    shutil.move("brought/texts", "texts")
    brought.rmdir()
    create_run("song", model.experiment, folder=brought).save_model(model)
    shutil.move("texts", brought)
    assert rnnlab("evaluate", "brought").exit_code == 0

    own = Path(link)
    shutil.rmtree(own) if own.is_dir() else own.unlink()
    own.symlink_to(data.absolute() if own.suffix else data.parent.absolute())
    was_opened(data)
    answer = rnnlab("evaluate", "brought")

    assert (answer.exit_code, "is not known as a run of yours" in answer.stderr) == (1, True)
    assert not was_opened(data)


@pytest.mark.parametrize("path", ["elsewhere/*.txt", "brought/**/data.txt"])
def test_nothing_is_looked_for_where_a_stranger_says(rnnlab, data, monkeypatch, path):
    """A pattern outside of the run, or one that may go through a link to everything there is."""
    model = trained(SENTENCE.replace(f"inline: {TEXT}", f"path: {data}"), Path.cwd())
    dataset = model.experiment.dataset.model_copy(update={"path": (Path.cwd() / path,)})
    experiment = model.experiment.model_copy(update={"dataset": dataset})
    create_run("song", experiment, folder=Path("brought")).save_model(replace(model, experiment=experiment))
    monkeypatch.setattr("rnnlab.datasets.source.files_of", lambda _: pytest.fail("it was looked for"))

    answer = rnnlab("evaluate", "brought")

    assert (answer.exit_code, "is not known as a run of yours" in answer.stderr) == (1, True)


@pytest.mark.parametrize("command", [["evaluate"], ["generate"], ["describe"]])
def test_no_callback_is_imported(rnnlab, monkeypatch, command):
    """Code that a configuration names is for training."""
    Path("hostile.py").write_text("open('imported', 'w').close()\n")
    monkeypatch.syspath_prepend(os.getcwd())
    run = run_of(SENTENCE, "training.callbacks=[hostile:Callback]")

    assert rnnlab(*command, str(run.path)).exit_code == 0
    assert not Path("imported").exists()
    assert "hostile" not in sys.modules


def test_a_strangers_data_is_not_opened_for_baselines(rnnlab, data):
    """A file is measured without them, and a line says why."""
    run = stranger(data)
    Path("own.txt").write_text("if you want a ship")

    answer = rnnlab("evaluate", run, "--data", "own.txt")

    assert not was_opened(data)
    assert (answer.exit_code, "baselines" in answer.stdout) == (0, False)
    assert answer.stderr.startswith(
        "no baselines: they are counted on the training data, which is opened for"
    )

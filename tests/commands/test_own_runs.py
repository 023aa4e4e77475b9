"""The data of a run that this user trained is opened wherever the run lies; that of no other run is."""

import json
import os
import re
import shlex
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

import rnnlab as api
from rnnlab.config.reading import read_experiment, resumed_experiment
from rnnlab.errors import RnnlabError
from rnnlab.runs.data import found_again
from rnnlab.runs.folder import RunFolder, create_run
from rnnlab.runs.signature import SIGNATURE
from tests.commands.test_data_access import NAMES_DATA, TEXT, data, was_opened  # noqa: F401
from tests.forging import forge
from tests.needs import needs
from tests.trained import run_of, trained

OWN = "out/song"
SECRET = "it is not to show"


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key for each test."""
    monkeypatch.setenv("RNNLAB_STATE", str(tmp_path / "state"))


@pytest.fixture
def own(data: Path) -> Path:  # noqa: F811
    """A run of the user's own outside of `runs/`, as `rnnlab train --run-dir` leaves it."""
    return signed_run(OWN)


@pytest.fixture
def secret() -> Path:
    """A file of the user's that no run of the user's own was trained on."""
    path = Path("home/.ssh/key.txt")
    path.parent.mkdir(parents=True)
    path.write_text(SECRET)
    return path


def signed_run(folder: str, *overrides: str) -> Path:
    """A run in a folder that is signed with the user's key, with random weights."""
    model = trained(NAMES_DATA, Path.cwd(), *overrides)
    run = create_run("", model.experiment, folder=Path(folder))
    run.save_model(model)
    run.sign(model.experiment)
    return run.path


def named(run: Path, path: str) -> None:
    """Have a run's configuration name another file, as a stranger may who has a copy of the run."""
    before = (run / "config.yaml").read_text()
    assert "../../elsewhere/data.txt" in before
    config = before.replace("../../elsewhere/data.txt", path)
    (run / "config.yaml").write_text(config)
    forge(run / "model.safetensors", lambda metadata, _: metadata.update(config=config))


def test_ones_own_run_is_measured_on_its_data_wherever_it_lies(rnnlab, own, data):  # noqa: F811
    """Where it was trained; and moved to another depth, renamed, copied or named by a link."""
    was_opened(data)

    first = rnnlab("evaluate", OWN, "--json")
    assert (first.exit_code, first.stderr, was_opened(data)) == (0, "", True)

    own.rename("renamed")
    os.makedirs("far/away")
    shutil.move("renamed", "far/away/song")
    shutil.copytree("far/away/song", "copy")
    Path("link").symlink_to("far/away/song")
    for folder in ("far/away/song", "copy", "link"):
        answer = rnnlab("evaluate", folder, "--json")
        assert (answer.exit_code, answer.stderr, was_opened(data)) == (0, "", True), folder
        assert {**json.loads(answer.stdout), "run": OWN} == json.loads(first.stdout)


@pytest.mark.parametrize("folder", [OWN, "far/away/song"])
def test_every_command_opens_the_data_of_ones_own_run(rnnlab, own, data, folder):  # noqa: F811
    """Also per token, by folds as far as they read it, and from Python."""
    if folder != OWN:
        os.makedirs("far/away")
        own.rename(folder)
    other = signed_run("out/other", "training.random_seed=1")
    for command in (
        ["evaluate", folder],
        ["evaluate", folder, "--per-token"],
        ["report", folder, "--output", "page.html"],
        ["compare", folder, str(other)],
        ["describe", folder],
        ["trace", folder, "--untrained", "--input", "if"],
    ):
        was_opened(data)
        answer = rnnlab(*command)
        assert (answer.exit_code, was_opened(data)) == (0, True), answer.stderr
    assert "One step at a time, on the train part" in Path("page.html").read_text()
    assert api.load_run(folder).evaluate().metrics.tokens == 5 * (len(TEXT) - 5)
    assert was_opened(data)


def test_baselines_of_a_file_are_counted_on_the_data_of_ones_own_run(rnnlab, own, data):  # noqa: F811
    """As for a run in `runs/`."""
    Path("mine.txt").write_text("if you want a ship")
    was_opened(data)

    answer = rnnlab("evaluate", OWN, "--data", "mine.txt")

    assert (answer.exit_code, answer.stderr, was_opened(data)) == (0, "", True)
    assert "baselines" in answer.stdout


def test_a_run_that_was_moved_with_its_data_is_measured_on_it(rnnlab, own):
    """The project's folder has another name now."""
    before = json.loads(rnnlab("evaluate", OWN, "--json").stdout)
    os.mkdir("thesis")
    for folder in ("out", "elsewhere"):
        os.rename(folder, f"thesis/{folder}")

    answer = rnnlab("evaluate", f"thesis/{OWN}", "--json")

    assert (answer.exit_code, answer.stderr) == (0, "")
    assert {**json.loads(answer.stdout), "run": OWN} == before


def test_a_run_that_was_moved_into_runs_is_measured_on_its_data(rnnlab, own, data):  # noqa: F811
    """What its paths lead to from there comes first, as for every run in `runs/`."""
    os.makedirs("deeper/runs")
    own.rename("deeper/runs/song-1")
    os.chdir("deeper")
    assert rnnlab("evaluate").exit_code == 0
    assert was_opened(data)

    os.mkdir("elsewhere")
    Path("elsewhere/data.txt").write_text("if you want a ship")
    assert "the data has changed" in rnnlab("evaluate").stderr


def test_no_link_that_came_with_a_run_is_followed_to_other_data(rnnlab, own, data, secret):  # noqa: F811
    """A stranger sends back a run of the user's, beside a link where its paths lead to from its new place."""
    data.unlink()
    os.makedirs("downloaded/elsewhere")
    os.rename("out", "downloaded/out")
    link = Path("downloaded/elsewhere/data.txt")
    for path, target in ((link, secret), (link.parent, secret.parent)):
        shutil.rmtree(link.parent)
        link.parent.mkdir() if path == link else secret.rename(secret.with_name("data.txt"))
        path.symlink_to(target.absolute())
        was_opened(secret)
        answer = rnnlab("evaluate", f"downloaded/{OWN}")
        assert (answer.exit_code, answer.stdout) == (1, "")
        assert answer.stderr.startswith(f"{data.absolute()}: no such file")
        assert SECRET not in answer.stderr
        assert not was_opened(secret)
        path.unlink()
        link.parent.mkdir(exist_ok=True)


def test_data_that_is_gone_is_asked_for_by_the_command_to_type(rnnlab, own, data):  # noqa: F811
    """With the run's name in it."""
    data.rename("moved.txt")

    answer = rnnlab("evaluate", OWN)

    assert answer.stderr == (
        f"{data.absolute()}: no such file; check the path;"
        " if the data lies elsewhere now, write: rnnlab evaluate out/song --data FILE\n"
    )
    assert rnnlab("evaluate", OWN, "--data", "moved.txt").exit_code == 0


def not_opened(rnnlab, run: Path, secret: Path) -> str:
    """Why no command opens what a run names; all say the same."""
    said = set()
    for command in (["evaluate"], ["evaluate", "--per-token"], ["describe"], ["compare", str(run)]):
        was_opened(secret)
        answer = rnnlab(*command, str(run))
        assert answer.exit_code == 1, answer.stdout
        assert answer.stderr.count("\n") == 1
        assert not was_opened(secret)
        said.add(answer.stderr.partition("; ")[0])
    rnnlab("report", str(run), "--output", "page.html")
    assert not was_opened(secret)
    with pytest.raises(RnnlabError):
        api.load_run(run).evaluate()
    assert not was_opened(secret)
    (why,) = said
    return why.partition("is not known as a run of yours ")[2]


def test_a_forged_configuration_is_not_covered_by_the_signature(rnnlab, own, secret):
    """A stranger has both files of a run of the user's name another file."""
    named(own, "../../home/.ssh/key.txt")

    assert not_opened(rnnlab, own, secret) == "(config.yaml is not the one that was signed)"


@pytest.mark.parametrize("is_from_before", [False, True])
def test_a_forged_configuration_may_not_name_a_file_of_the_same_name(rnnlab, own, data, is_from_before):  # noqa: F811
    """The model says which data it is, by its name; the place of the data is signed."""
    signed = (own / "config.yaml").read_text()
    if is_from_before:  # the model's own configuration is the signed one, and its data is the run's
        forge(own / "model.safetensors", lambda metadata, _: metadata.update(config=signed))
    other = Path("home/data.txt")
    other.parent.mkdir()
    other.write_text("x" * 30)
    (own / "config.yaml").write_text(signed.replace("elsewhere/data.txt", "home/data.txt"))

    answer = rnnlab("evaluate", OWN, "--json")

    if is_from_before:
        assert json.loads(answer.stdout)["run"] == OWN
        assert "changed" not in answer.stderr
    else:
        assert "(config.yaml is not the one that was signed)" in answer.stderr


def test_a_forged_model_is_not_that_of_the_run(rnnlab, own, secret):
    """The configuration is as it was signed, and the model's file names something else; or the reverse."""
    config = (own / "config.yaml").read_bytes()
    named(own, "../../home/.ssh/key.txt")
    forged = (own / "config.yaml").read_bytes()
    was_opened(secret)

    for text in (config, None):
        if text:
            (own / "config.yaml").write_bytes(text)
            answer = rnnlab("evaluate", OWN)
            assert (answer.exit_code, "not this run's model" in answer.stderr) == (1, True)
    (own / "config.yaml").write_bytes(forged)
    forge(own / "model.safetensors", lambda metadata, _: metadata.update(config=config.decode()))
    assert rnnlab("describe", OWN).exit_code == 1
    assert not was_opened(secret)


@pytest.mark.parametrize("has_signature", [False, True])
def test_a_signature_of_another_run_does_not_fit(rnnlab, own, secret, has_signature):
    """A stranger's run gets that of a run of the user's."""
    model = trained(NAMES_DATA.replace("elsewhere/data.txt", str(secret)), Path.cwd())
    create_run("", model.experiment, folder=Path("downloaded/run")).save_model(model)
    if has_signature:
        shutil.copy(own / SIGNATURE, "downloaded/run")

    assert not_opened(rnnlab, Path("downloaded/run"), secret) == (
        "(config.yaml is not the one that was signed)" if has_signature else "(no signature.json in it)"
    )


def test_a_run_that_another_key_signed_is_a_strangers(rnnlab, own, secret, monkeypatch):
    """Signed on another machine, or by another user; and so is one's own where the key was replaced."""
    named(own, "../../home/.ssh/key.txt")
    monkeypatch.setenv("RNNLAB_STATE", "theirs")
    RunFolder(own).sign(read_experiment(own / "config.yaml"))
    assert api.load_run(own).evaluate().metrics.tokens
    monkeypatch.setenv("RNNLAB_STATE", str(Path("state").absolute()))

    assert not_opened(rnnlab, own, secret) == "(signature.json was made with another key)"
    Path("state/key").unlink()
    assert not_opened(rnnlab, own, secret) == "(signature.json was made with another key)"


@needs("Unix")
def test_a_link_to_a_signature_is_none(rnnlab, own, secret):
    """It would be that of another run."""
    named(own, "../../home/.ssh/key.txt")
    genuine = signed_run("out/other") / SIGNATURE
    (own / SIGNATURE).unlink()
    (own / SIGNATURE).symlink_to(genuine.absolute())

    assert "leads outside its folder" in not_opened(rnnlab, own, secret)


def test_a_model_file_of_ones_own_run_still_opens_nothing(rnnlab, own, data):  # noqa: F811
    """The signature is of the run: a file that is named alone stands alone."""
    was_opened(data)

    answer = rnnlab("evaluate", f"{OWN}/model.safetensors")

    assert (answer.exit_code, "a model file may not open data" in answer.stderr) == (1, True)
    assert not was_opened(data)


def test_a_damaged_key_is_named_where_a_run_is_not_known(rnnlab, own):
    """Runs in `runs/` are measured all the same."""
    Path("state/key").write_bytes(b"\0" * 32)

    answer = rnnlab("evaluate", OWN)

    assert f"({Path('state/key').absolute()}: not a key of rnnlab; remove the file" in answer.stderr
    os.mkdir("runs")
    own.rename("runs/song-1")
    assert rnnlab("evaluate", "runs/song-1").exit_code == 0


@pytest.mark.parametrize("folder", [OWN, "far/away/song"])
def test_a_run_is_known_at_every_instant_of_going_on(rnnlab, own, data, folder):  # noqa: F811
    """Resuming signs the new configuration, writes it, and then the model; it may be killed after each."""
    if folder != OWN:
        os.makedirs("far/away")
        own.rename(folder)
    run = RunFolder(Path(folder))
    longer = resumed_experiment(
        run.path / "config.yaml", None, ["training.epochs=99"], located=partial(found_again, run=run)
    )
    model = replace(run.load_model(), experiment=longer)
    for step, written in (
        (run.sign, longer),
        (run.write_config, longer),
        (run.save_model, model),
        (run.sign, longer),
    ):
        step(written)
        was_opened(data)
        assert rnnlab("evaluate", folder).exit_code == 0
        assert rnnlab("describe", folder).exit_code == 0
        assert was_opened(data)


def test_a_moved_run_goes_on_with_the_configuration_that_it_was_trained_with(own, tmp_path):
    """Its data is that of the configuration; data that is another's is another setting."""
    os.makedirs("far/away")
    run = RunFolder(own.rename("far/away/song"))
    located = partial(found_again, run=run)
    Path("song.yaml").write_text(NAMES_DATA)
    Path("other.yaml").write_text(NAMES_DATA.replace("elsewhere/data.txt", "other.txt"))

    resumed = resumed_experiment(run.path / "config.yaml", Path("song.yaml"), (), located=located)
    with pytest.raises(RnnlabError, match=r"cannot be resumed with other settings: dataset\.path"):
        resumed_experiment(run.path / "config.yaml", Path("other.yaml"), (), located=located)

    assert resumed.dataset.path == (tmp_path / "elsewhere/data.txt",)


def test_what_the_user_sets_is_read_beside_what_was_signed(rnnlab, own, data):  # noqa: F811
    """`describe RUN --set` of a run that was moved."""
    os.makedirs("far/away")
    own.rename("far/away/song")
    Path("mine.txt").write_text("if you want a ship")

    assert "27 characters" in rnnlab("describe", "far/away/song", "--set", "dataset.window=4").stdout
    assert "18 characters" in rnnlab("describe", "far/away/song", "--set", "dataset.path=mine.txt").stdout


def written(answer) -> list[list[str]]:
    """The commands that a message tells the user to write, without `rnnlab`."""
    assert answer.stderr.count("\n") == 1
    (hint,) = re.findall(r"write: (.*)\n", answer.stderr)
    return [shlex.split(line)[1:] for line in re.split(r"; to measure .*?: (?=rnnlab)", hint)]


SPLITS = {
    "none": "{kind: none}",
    "contiguous": "{kind: contiguous, validation: 0.3, gap: 0}",
    "files": "{kind: files, validation: my data/held.txt}",
}


@pytest.mark.parametrize("split", SPLITS)
def test_what_a_refusal_tells_to_write_measures_what_was_asked_for(rnnlab, split):
    """Of a stranger's run and of a model file: the same figures; names with spaces are quoted."""
    Path("my data").mkdir()
    Path("my data/held.txt").write_text("you want a ship, if")
    Path("my data/data.txt").write_text(f"{TEXT}, if you want to")
    text = NAMES_DATA.replace("elsewhere/data.txt", f"my data/data.txt, split: {SPLITS[split]}")
    text = text.replace("batch_size: 8", "batch_size: 1")
    Path("downloaded").mkdir()
    run = run_of(text)
    first = json.loads(rnnlab("evaluate", "runs/song-1", "--json").stdout)
    shutil.move(run.path, "downloaded/their run")

    for named in ("downloaded/their run", "downloaded/their run/model.safetensors"):
        refused = rnnlab("evaluate", named)
        assert refused.exit_code == 1
        ((command, *words),) = written(refused)
        answer = rnnlab(command, *words, "--json")
        assert answer.exit_code == 0, answer.stderr
        found = json.loads(answer.stdout)
        assert found["loss"] == pytest.approx(first["loss"], rel=1e-9)
        assert found["split"] == ("data" if split == "none" else first["split"])


@pytest.mark.parametrize("place", ["runs/song-1", "downloaded/their run"])
@pytest.mark.parametrize("split", SPLITS)
def test_what_a_file_that_is_no_part_is_answered_with_can_be_written(rnnlab, split, place):
    """All of the file is measured, or the part that was meant, where its data may be opened or is named."""
    Path("my data").mkdir()
    Path("my data/held.txt").write_text("you want a ship, if")
    Path("my data/data.txt").write_text(f"{TEXT}, if you want to")
    Path("my file.txt").write_text("you want a ship")
    text = NAMES_DATA.replace("elsewhere/data.txt", f"my data/data.txt, split: {SPLITS[split]}")
    Path("downloaded").mkdir()
    shutil.move(run_of(text).path, "downloaded/their run")
    if place != "downloaded/their run":
        shutil.move("downloaded/their run", place)

    for extra in ([], ["--per-token"]):
        refused = rnnlab("evaluate", place, "--split", "validation", "--data", "my file.txt", *extra)
        assert (refused.exit_code, refused.stdout) == (2, "")
        first, *others = written(refused)
        assert first == ["evaluate", place, "--data", "my file.txt"]
        own = place != "downloaded/their run"
        assert len(others) == (split != "none" and (own or split == "files"))
        for command in (first, *others):
            assert rnnlab(*command).exit_code == 0
    if split == "files":
        held = rnnlab("evaluate", place, "--split", "validation", "--data", "my data/held.txt", "--json")
        assert json.loads(held.stdout)["split"] == "validation"


def test_what_is_not_there_is_not_named(rnnlab, own, secret):
    """A stranger's run names data of another machine: the line asks for a file."""
    (own / SIGNATURE).unlink()
    os.rename(own, "song")

    assert rnnlab("evaluate", "song").stderr.endswith("write: rnnlab evaluate song --data FILE\n")


@pytest.fixture
def page(data: Path) -> str:  # noqa: F811
    """A configuration that is trained in a moment."""
    text = NAMES_DATA.replace("batch_size: 8", "batch_size: 8, epochs: 2")
    Path("song.yaml").write_text(text.replace("gru, units: [5, 7]", "simple_rnn, units: 3"))
    return "song.yaml"


def test_a_run_is_signed_when_it_is_trained_and_when_it_goes_on(rnnlab, page, data):  # noqa: F811
    """From the command line and from Python; moved between, and with other settings that may change."""
    assert rnnlab("train", page, "--run-dir", "out/song").exit_code == 0
    was_opened(data)
    assert rnnlab("evaluate", "out/song").exit_code == 0
    assert was_opened(data)

    for epochs, folder, resume in (
        (3, "far/away/song", lambda run: rnnlab("train", "--resume", run, "--set", "training.epochs=3")),
        (4, "song", lambda run: api.resume(run, set={"training.epochs": 4})),
    ):
        os.makedirs(Path(folder).parent, exist_ok=True)
        shutil.move("out/song", folder)
        resume(folder)
        was_opened(data)
        assert rnnlab("evaluate", folder).exit_code == 0
        assert was_opened(data)
        assert len(api.load_run(folder).history) == epochs
        shutil.move(folder, "out/song")


def test_a_training_that_cannot_sign_says_so_once_and_goes_on(rnnlab, page, monkeypatch):
    """As where the home folder is read-only; then the run is measured in `runs/` or by naming its data."""
    Path("file").touch()
    monkeypatch.setenv("RNNLAB_STATE", "file/state")

    told = rnnlab("train", page, "--run-dir", "out/song")
    quiet = rnnlab("train", page, "--quiet")

    assert (told.exit_code, quiet.exit_code, quiet.stderr) == (0, 0, "")
    assert [line for line in told.stderr.splitlines() if "signed" in line] == [
        "the run is not signed as yours, so outside of runs/ its data will not be opened:"
        " file/state/key: cannot be read (Not a directory); expected a file of your own"
    ]
    assert rnnlab("evaluate").exit_code == 0
    assert "(no signature.json in it)" in rnnlab("evaluate", OWN).stderr

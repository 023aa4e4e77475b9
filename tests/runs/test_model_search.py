"""`rnnlab.runs.model_search`: the run in `runs/` whose model has a SHA-256."""

import re
import shutil
from pathlib import Path

import pytest

from rnnlab.errors import RnnlabError, RunError
from rnnlab.runs.model_search import model_name, model_with
from tests.needs import needs
from tests.trained import SENTENCE, SONG, run_of


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def sha256_of(run) -> str:
    return run.load_any_model().sha256


@needs("Unix")
def test_the_name_of_a_model_tells_no_folder_of_the_user(tmp_path):
    """A run in `runs/` has its path there, whatever link led to it; any other run or file its last name."""
    run = run_of(SONG)
    inner = Path("runs/comparison-1/song-seed-0")
    shutil.copytree(run.path, inner)
    shutil.copytree(run.path, tmp_path / "private" / "mine")
    Path("song.safetensors").write_bytes(run.model_path.read_bytes())

    names = {path: model_name(Path(path)) for path in (
        "runs/song-1", "runs/latest", tmp_path / "runs" / "song-1", "runs/song-1/model.safetensors",
        inner, "private/mine", "private/mine/model.safetensors", "song.safetensors",
    )}  # fmt: skip

    assert list(names.values()) == [
        *["song-1"] * 4, "comparison-1/song-seed-0", "mine", "mine", "song.safetensors",
    ]  # fmt: skip


def test_the_run_of_the_name_comes_first():
    """Its copy has the same model; the name decides."""
    run = run_of(SONG)
    shutil.copytree(run.path, "runs/a-copy")

    for name in ("song-1", "a-copy"):
        trained, path = model_with(sha256_of(run), name=name)
        assert (path, trained.sha256) == (Path("runs", name), sha256_of(run))


@pytest.mark.parametrize("place", ["runs/renamed", "runs/comparison-1/song-seed-0"])
def test_a_run_that_was_moved_within_runs_is_found(place):
    """By the SHA-256 of its model."""
    run, _ = run_of(SONG), run_of(SENTENCE, name="text")
    sha256 = sha256_of(run)
    Path(place).parent.mkdir(exist_ok=True)
    shutil.move(run.path, place)

    assert model_with(sha256, name="song-1")[1] == Path(place)


@needs("Unix")
@pytest.mark.parametrize("place", ["elsewhere", "runs/.hidden", "runs/a/b/c"])
def test_only_runs_in_runs_are_looked_at(tmp_path, place):
    """Not in a folder elsewhere, whether the name of a recipe or a link leads there; the user can name it."""
    run = run_of(SONG)
    sha256 = sha256_of(run)
    Path(place).parent.mkdir(exist_ok=True, parents=True)
    shutil.move(run.path, place)
    if "hidden" not in place:
        Path("runs/link").symlink_to(Path(place).absolute())

    for name in ("song-1", f"../{place}", str(Path(place).absolute()), "link", "latest"):
        with pytest.raises(
            RunError, match="no run in runs/ has this model; name the run or the model file: "
        ):
            model_with(sha256, name=name)

    assert model_with(sha256, name="song-1", model=Path(place))[1] == Path(place)
    assert model_with(sha256, name="song-1", model=Path(place, "model.safetensors"))[0].sha256 == sha256


def test_another_model_under_the_same_name_is_refused_by_name_and_sha256():
    """As after a training that was resumed."""
    run = run_of(SONG)

    with pytest.raises(RunError) as found:
        model_with("f" * 64, name="song-1")
    with pytest.raises(RunError) as named:
        model_with("f" * 64, name="x", model=run.path)

    other = f"runs/song-1 has another model, sha256 {sha256_of(run)[:12]}…"
    assert str(found.value).startswith(f"{other}, and no other run in runs/ has this model; name ")
    assert str(named.value) == other


@pytest.mark.parametrize("place", [3, 40, 700, -1], ids=["length", "header", "metadata", "weights"])
def test_a_changed_byte_of_the_model_is_refused(place):
    """Wherever it is; the message names the run."""
    run = run_of(SONG)
    sha256 = sha256_of(run)
    data = bytearray(run.model_path.read_bytes())
    data[place] ^= 1
    run.model_path.write_bytes(data)

    with pytest.raises(RnnlabError, match=re.escape("runs/song-1")) as error:
        model_with(sha256, name="song-1")

    assert (
        "damaged" in str(error.value)
        or "another model" in str(error.value)
        or "not a model" in str(error.value)
    )


def test_a_damaged_copy_does_not_hide_the_model():
    """The run of the name is damaged, and another run has the model."""
    run = run_of(SONG)
    sha256 = sha256_of(run)
    shutil.copytree(run.path, "runs/a-copy")
    run.model_path.write_bytes(run.model_path.read_bytes()[:-1])

    assert model_with(sha256, name="song-1")[1] == Path("runs/a-copy")

"""Damaged checkpoints: the quick form of `python -m torture.checkpoints` and `python -m torture.resumes`."""

import shutil
from pathlib import Path

import pytest

from rnnlab.training.checkpoints import newest_checkpoint, read_checkpoint
from tests.needs import needs
from torture import checkpoints, resumes
from torture.checkpoints import FOLDER, OTHERS, RUN, make_runs, restored

pytestmark = needs("Unix")

SEED = "of another seed"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with an interrupted run, one with another random seed, and what its checkpoints are like."""
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return folder, make_runs((SEED,))


@pytest.fixture
def expected(made, monkeypatch):
    monkeypatch.chdir(made[0])
    return made[1]


def test_a_damaged_checkpoint_is_passed_over_with_a_line(expected):
    """Cut, flipped, swapped, forged, a pipe, a terabyte of nothing: what is gone on from is the run's own."""
    mine = [case for case in checkpoints.cases(800) if case.damage not in set(OTHERS) - {SEED}]
    mine = [case for case in mine if case.which != "newer"]

    found = [checkpoints.problem(case, expected) for case in mine]

    assert len(found) > 500
    assert found == [None] * len(found)


def test_a_checkpoint_of_another_random_seed_is_of_another_training(expected):
    """It has the same arrays, and going on from it would silently give other results."""
    with restored():
        newest = max(FOLDER.iterdir())
        checkpoints.inflict(checkpoints.Case("newest", SEED), newest)

        _, passed = newest_checkpoint(RUN, expected)

        assert passed == [
            f"{newest}: it belongs to another training: training.random_seed is 1 in it and 0 in config.yaml"
        ]
        assert read_checkpoint(newest).facts.step == 45


def test_an_old_step_is_not_taken_for_a_newer_one(expected):
    """The step in the name of a file is that in its header."""
    with restored():
        newest = max(FOLDER.iterdir())
        shutil.copyfile(min(FOLDER.iterdir()), newest)

        _, (why,) = newest_checkpoint(RUN, expected)

    assert why.startswith(f"{newest}: the checkpoint is damaged (it was written after step 27)")


def test_checkpoints_that_are_no_folder_are_not_begun_anew_from(expected):
    """A run that has lost them says so; one that never had any begins."""
    with restored():
        shutil.rmtree(FOLDER)
        assert newest_checkpoint(RUN, expected) == (None, [])
        FOLDER.write_text("what is this")

        with pytest.raises(Exception, match=r"checkpoints: cannot be read \(Not a directory\)"):
            newest_checkpoint(RUN, expected)


def test_what_goes_wrong_is_reported_and_the_run_is_whole_again(expected, monkeypatch):
    """The check is no weaker than it says."""
    before = sorted(path.name for path in RUN.rglob("*"))
    case = checkpoints.Case("newest", "flipped", max(FOLDER.iterdir()).stat().st_size - 1)
    monkeypatch.setattr("rnnlab.training.checkpoints.digest", lambda metadata, _: metadata["sha256"])

    assert checkpoints.problem(case, expected).endswith("what is gone on from is no checkpoint of the run")
    assert sorted(path.name for path in RUN.rglob("*")) == before
    assert not Path("whole").exists()


@pytest.mark.parametrize(
    "case",
    [
        *(resumes.Case("checkpoint", damage) for damage in ("remove", "another step", "put_pipe", SEED)),
        *(resumes.Case("checkpoint", "flipped", place) for place in (9, -1)),
        *(resumes.Case("checkpoint", poison) for poison in resumes.POISON),
        *(resumes.Case("losses.csv", damage) for damage in ("remove", "put_folder", "put_pipe")),
        *(resumes.Case("events.log", damage) for damage in ("remove", "put_folder", "put_pipe")),
        *(resumes.Case("environment.json", damage) for damage in ("remove", "draw", "put_pipe")),
        *(resumes.Case(".lock", damage) for damage in ("remove", "put_folder", "put_pipe")),
        *(resumes.Case("signature.json", damage) for damage in ("draw", "put_folder", "put_pipe")),
        *(resumes.Case("config.yaml", damage) for damage in ("remove", "empty")),
    ],
    ids=str,
)
def test_resuming_ends_with_the_same_bits_or_says_which_file_is_wrong(expected, left, case):
    """By the command line, whatever file of the run is damaged."""
    assert resumes.problem(case, left) is None


@pytest.fixture(scope="module")
def left(made):
    """What the run leaves when it is resumed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(made[0])
        with restored():
            assert resumes.resume().exit_code == 0
            return resumes.results()

"""The folder of a study where a run is expected, in the list, and before a removal."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from rnnlab.errors import RunError
from rnnlab.runs.folder import find_run
from rnnlab.runs.listing import read_entries, read_study_entry
from rnnlab.runs.lock import locked
from rnnlab.runs.removal import check_removable
from rnnlab.runs.study import read_study_folder
from rnnlab.sweeps.results import COMPLETE, TrialRecord
from tests.reports.studies import TRIALS, plan_of, study_of

STUDY = Path("runs/names-1")


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_a_study_is_summed_up():
    """The configuration, the measure, the trials that have ended of those to come, and the best run."""
    study_of(STUDY)

    held = read_study_folder(STUDY)

    assert (held.searched, held.measure, held.ended, held.total) == ("configs/names.yaml", "loss", 4, 40)
    assert (held.best, held.best_run) == (1.75, STUDY / "trial-0001")
    assert (held.training, held.owner) == (0, None)


def test_the_best_of_a_measure_to_maximise_is_the_highest():
    """The earlier of equals."""
    trials = tuple(
        replace(TRIALS[0], number=n, value=[0.5, 0.75, 0.75][n], run=f"trial-000{n}") for n in range(3)
    )
    study_of(STUDY, trials, plan=plan_of(objective={"measure": "accuracy"}))  # fmt: skip

    assert read_study_folder(STUDY).best_run == STUDY / "trial-0001"


def test_a_trial_in_training_is_counted():
    """A trial that has not ended, and whose run a process holds."""
    study_of(STUDY)
    running = STUDY / "trial-0004"
    running.mkdir()
    (running / "config.yaml").touch()

    before = read_study_entry(STUDY)
    with locked(running):
        during = read_study_entry(STUDY)

    assert (before.study.training, before.owner) == (0, None)
    assert during.study.training == 1
    assert str(os.getpid()) in during.owner


def test_a_study_is_listed_as_one():
    """Since the beginning of its first training; a damaged one is called damaged."""
    study_of(STUDY)
    (STUDY / "trial-0000" / "events.log").write_text("2026-03-01T10:00:00+00:00 training begins\n")
    study_of(Path("runs/names-2"))
    Path("runs/names-2/study.json").write_text("{}")

    entries = {entry.path.name: entry for entry in read_entries()}

    assert {name: entry.state for name, entry in entries.items()} == {
        "names-1": "study",
        "names-2": "damaged",
    }
    assert f"{entries['names-1'].begun:%Y-%m-%d %H:%M}" == "2026-03-01 10:00"
    assert entries["names-2"].problems == ("runs/names-2/study.json: damaged; restore it from a copy",)


FOLDS = (TrialRecord(0, COMPLETE, {"model.units": "1"}, 0.5),)


@pytest.mark.parametrize(
    ("trials", "said"),
    [
        (TRIALS, "its best run is runs/names-1/trial-0001"),
        ((), "no trial of it has a model yet"),
        (FOLDS, "its trials are measured over folds, and have no model"),
        ((replace(TRIALS[0], run="../other"),), "its trials are measured over folds, and have no model"),
    ],
)
def test_a_study_is_no_run(trials, said):
    """The message has the path of the best run; a name that leads elsewhere is not shown."""
    STUDY.parent.mkdir()
    study_of(STUDY, trials)

    with pytest.raises(RunError) as refusal:
        find_run(STUDY)

    assert str(refusal.value) == f"runs/names-1: the study of a sweep, not a run; {said}"


def test_a_damaged_study_is_no_run_either():
    """One line says so."""
    study_of(STUDY)
    (STUDY / "study.json").write_text("[")

    with pytest.raises(RunError, match=r"^runs/names-1: the study of a sweep, not a run; .*damaged"):
        find_run(STUDY)


def test_a_study_is_not_removed():
    """Its runs would be lost with one word; whoever wants that deletes the folder."""
    study_of(STUDY)

    with pytest.raises(RunError, match="the study of a sweep, not a run; delete the folder yourself"):
        check_removable(STUDY)

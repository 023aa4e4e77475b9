"""`rnnlab report`: where the file goes, and what may be opened for it."""

import os
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from rnnlab.sweeps.improvement import Improvement
from tests.commands.test_data_access import data, stranger, was_opened  # noqa: F401
from tests.reports.comparisons import comparison_of
from tests.reports.studies import TRIALS, study_of
from tests.trained import SENTENCE, SONG, run_of
from tests.trained_tasks import TASKS, task_run_of, with_file

STUDY = Path("runs/names-1")


def test_the_report_of_the_newest_run_lies_in_its_folder(rnnlab):
    """Its path is all that is on stdout; which run was taken is said."""
    run_of(SENTENCE)

    answer = rnnlab("report")

    assert (answer.exit_code, answer.stdout) == (0, "runs/song-1/report.html\n")
    assert answer.stderr == "using runs/song-1\n"
    assert Path("runs/song-1/report.html").read_text().startswith("<!DOCTYPE html>")


def test_the_report_goes_where_it_is_sent(rnnlab):
    """Nothing else is written."""
    run = run_of(SONG)
    before = sorted(run.path.iterdir())

    answer = rnnlab("report", str(run.path), "--output", "mine.html")

    assert (answer.exit_code, answer.stdout, answer.stderr) == (0, "mine.html\n", "")
    assert "</html>" in Path("mine.html").read_text()
    assert sorted(run.path.iterdir()) == before
    assert sorted(os.listdir()) == ["mine.html", "runs"]


def test_another_file_is_replaced_only_if_that_is_said(rnnlab):
    """As with the files of other commands; the report in the run's own folder is written anew."""
    run_of(SENTENCE)
    Path("mine.html").write_text("old")

    refused = rnnlab("report", "--output", "mine.html")
    kept = Path("mine.html").read_text()
    replaced = rnnlab("report", "--output", "mine.html", "--overwrite")

    assert (refused.exit_code, refused.stdout, kept) == (2, "", "old")
    assert refused.stderr.splitlines()[-1] == (
        "mine.html: the file exists; name another, or replace it with --overwrite"
    )
    assert replaced.exit_code == 0
    assert "</html>" in Path("mine.html").read_text()
    assert [rnnlab("report").exit_code for _ in range(2)] == [0, 0]


@pytest.mark.parametrize("task", TASKS)
def test_the_report_of_a_task_is_written(rnnlab, task):
    """Into the folder of its run; another person's data is not opened."""
    task_run_of(with_file(TASKS[task], Path("rows.tsv")))

    answer = rnnlab("report")
    os.rename("runs/task-1", "theirs")
    theirs = rnnlab("report", "theirs")

    assert (answer.exit_code, answer.stdout) == (0, "runs/task-1/report.html\n")
    assert theirs.exit_code == 0
    page = Path("theirs/report.html").read_text()
    assert "is not known as a run of yours" in page
    assert f"task {task}" in page or f"{task}: " in page


def test_a_report_that_cannot_be_written_leaves_the_old_one(rnnlab):
    """One line says why."""
    run_of(SENTENCE)

    answer = rnnlab("report", "--output", "nowhere/mine.html")

    assert (answer.exit_code, answer.stdout) == (1, "")
    assert "nowhere/mine.html: cannot write (No such file or directory)" in answer.stderr


def test_a_link_out_of_the_run_is_not_written_through(rnnlab):
    """As with every other file of a run."""
    run = run_of(SENTENCE)
    Path("precious.txt").write_text("mine")
    (run.path / "report.html").symlink_to(Path("precious.txt").absolute())

    answer = rnnlab("report")

    assert answer.exit_code == 1
    assert "report.html: leads outside its folder" in answer.stderr
    assert Path("precious.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("run", "exit_code", "message"),
    [
        (None, 1, "no run yet in runs/"),
        ("runs/none-1", 1, "runs/none-1: no such run"),
        ("file.txt", 2, "file.txt: expected a run folder, received a file; name the run: ."),
    ],
)
def test_what_is_no_run_is_said(rnnlab, run, exit_code, message):
    """One line, and no file."""
    Path("file.txt").write_text("x")

    answer = rnnlab("report", *filter(None, [run]))

    assert (answer.exit_code, answer.stdout) == (exit_code, "")
    assert message in answer.stderr
    assert answer.stderr.count("\n") == 1


def test_a_strangers_data_is_not_opened_and_the_page_says_so(rnnlab, data):  # noqa: F811
    """The same rule as `evaluate` has; what the model writes needs no data."""
    run = stranger(data)

    answer = rnnlab("report", run)

    assert answer.exit_code == 0
    assert not was_opened(data)
    page = Path(run, "report.html").read_text()
    assert "is not known as a run of yours" in page
    assert "Sample 1" in page


def test_ones_own_data_is_opened(rnnlab, data):  # noqa: F811
    """The figures are there."""
    run_of(SENTENCE.replace("inline: if you want to build a ship", "path: elsewhere/data.txt"))

    rnnlab("report")

    assert was_opened(data)
    assert "One step at a time, on the train part" in Path("runs/song-1/report.html").read_text()


def test_the_report_says_whether_the_model_is_stuck_and_which_tokens_counted(rnnlab):
    """A model that always prefers d8, and the song that it was trained on; without a style of its own."""
    run = run_of(SONG, "generation.length=40", f"dataset.inline=g8 e8 e4 f8 {'c8 e8 d8 f8 g8 ' * 8}")
    before = rnnlab("report") and (run.path / "report.html").read_text()
    model = run.load_model()
    model.weights["head/kernel"][:] = 0
    model.weights["head/bias"][model.tokens.index("d8")] += 100
    run.save_model(model)
    rnnlab("report")

    page = (run.path / "report.html").read_text()

    stuck = page.partition('<h2 id="stuck">')[2].partition("</section>")[0]
    counted = before.partition('<h2 id="counted">')[2].partition("</section>")[0]
    assert "The free run and sample 1 are stuck: from generated note 1 on only d8, 40 times." in stuck
    assert "<code>generation.temperature: 1</code>" in stuck
    assert "The last token of sample 1: after 43 tokens, " in counted
    assert re.search(r'<span class="(adds|takes)-5" title="[+-]', counted)
    assert "style=" not in counted


def test_the_report_of_a_study_lies_in_its_folder(rnnlab):
    """With the table of all trials beside it; the trials here have no model, and the page says so."""
    study_of(STUDY)

    answer = rnnlab("report", str(STUDY))

    assert (answer.exit_code, answer.stdout, answer.stderr) == (0, "runs/names-1/report.html\n", "")
    page = (STUDY / "report.html").read_text()
    assert "no model.safetensors in this run yet" in page
    rows = (STUDY / "trials.csv").read_text().splitlines()
    assert rows[0].startswith("trial,state,loss,model.kind,")
    assert len(rows) == 5


def test_the_report_of_a_study_goes_where_it_is_sent(rnnlab):
    """A file that exists is kept unless --overwrite is given."""
    study_of(STUDY)
    sent = rnnlab("report", str(STUDY), "--output", "mine.html")
    again = rnnlab("report", str(STUDY), "--output", "mine.html")

    assert (sent.exit_code, sent.stdout) == (0, "mine.html\n")
    assert again.exit_code == 2
    assert not (STUDY / "report.html").exists()
    assert (STUDY / "trials.csv").exists()


@pytest.fixture
def gains(monkeypatch):
    """The studies whose gain was measured; each measured gain is the same made-up one."""
    asked = []
    gain = Improvement(2.25, 1.75, (0.4, 0.6))
    monkeypatch.setattr(
        "rnnlab.sweeps.improvement.improvement", lambda found: asked.append(found.folder) or gain
    )
    return asked


def test_the_report_of_a_study_has_the_measured_gain(rnnlab, gains):
    """With its interval."""
    study_of(STUDY, TRIALS[:2])
    for trial in TRIALS[:2]:
        shutil.rmtree(STUDY / trial.run)
        shutil.copytree(run_of(SENTENCE).path, STUDY / trial.run)

    assert rnnlab("report", str(STUDY)).exit_code == 0
    assert "lower by 0.5 nats per token" in (STUDY / "report.html").read_text()
    assert gains == [STUDY]


def test_a_strangers_study_does_not_open_what_it_names(rnnlab, data, gains):  # noqa: F811
    """The gain is not measured, and the page says why."""
    run = stranger(data)
    folder = study_of(Path("theirs/names-1"), TRIALS[:2]).folder
    for trial in TRIALS[:2]:
        shutil.rmtree(folder / trial.run)
        shutil.copytree(run, folder / trial.run)

    answer = rnnlab("report", str(folder))

    assert answer.exit_code == 0
    assert "and is not known as a run of yours" in (folder / "report.html").read_text()
    assert gains == []
    assert not was_opened(data)


def test_the_table_of_a_study_is_not_written_through_a_link(rnnlab):
    """As with the report itself."""
    study_of(STUDY)
    Path("precious.txt").write_text("mine")
    (STUDY / "trials.csv").symlink_to(Path("precious.txt").absolute())

    answer = rnnlab("report", str(STUDY))

    assert answer.exit_code == 1
    assert "trials.csv: leads outside its folder" in answer.stderr
    assert Path("precious.txt").read_text() == "mine"


def test_a_study_that_is_damaged_has_no_report(rnnlab):
    """One line says so; also if a trial names a run outside of the folder."""
    study_of(STUDY, (replace(TRIALS[0], run="../song-1"),))

    answer = rnnlab("report", str(STUDY))

    assert (answer.exit_code, answer.stdout) == (1, "")
    assert answer.stderr.startswith("runs/names-1/study.json: damaged")


COMPARISON = Path("runs/song-1")


@pytest.mark.parametrize("typed", ["runs/song-1", "song-1"])
def test_the_report_of_a_comparison_lies_in_its_folder(rnnlab, typed):
    """With the YAML that makes it again beside it; the name may lack runs/, as in the list."""
    comparison_of(SONG)

    answer = rnnlab("report", typed)

    assert (answer.exit_code, answer.stdout, answer.stderr) == (0, "runs/song-1/report.html\n", "")
    page = (COMPARISON / "report.html").read_text()
    assert "How they compare" in page
    assert "95 % interval" in page
    assert (COMPARISON / "comparison.yaml").read_text().startswith("compare:\n")


def test_the_newest_of_runs_and_comparisons_is_taken(rnnlab):
    """By the time at which it began; which one was taken is said."""
    comparison_of(SONG)
    alone = rnnlab("report")
    run = run_of(SENTENCE, name="later")
    run.write("events.log", "2026-02-01T12:00:00+00:00 training begins\n")
    later = rnnlab("report")
    run.write("events.log", "2026-01-01T12:00:00+00:00 training begins\n")
    earlier = rnnlab("report")

    assert [each.stderr for each in (alone, later, earlier)] == [
        "using runs/song-1\n",
        "using runs/later-1\n",
        "using runs/song-1\n",
    ]
    assert later.stdout == "runs/later-1/report.html\n"


def test_a_damaged_comparison_has_no_report(rnnlab):
    """One line says so, and an old page stays."""
    comparison_of(SONG)
    (COMPARISON / "comparison.json").write_text("{")
    (COMPARISON / "report.html").write_text("old")

    answer = rnnlab("report", str(COMPARISON))

    assert (answer.exit_code, answer.stdout) == (1, "")
    assert answer.stderr.startswith("runs/song-1/comparison.json: damaged")
    assert answer.stderr.count("\n") == 1
    assert (COMPARISON / "report.html").read_text() == "old"


def test_the_yaml_of_a_comparison_is_not_written_through_a_link(rnnlab):
    """As with the report itself."""
    comparison_of(SONG)
    Path("precious.txt").write_text("mine")
    (COMPARISON / "comparison.yaml").symlink_to(Path("precious.txt").absolute())

    answer = rnnlab("report", str(COMPARISON))

    assert answer.exit_code == 1
    assert "comparison.yaml: leads outside its folder" in answer.stderr
    assert Path("precious.txt").read_text() == "mine"


def test_a_strangers_comparison_does_not_open_what_it_names(rnnlab, data):  # noqa: F811
    """The page says why nothing is measured; what the networks write needs no data."""
    run = Path(stranger(data))
    for seed in (0, 1):
        shutil.copytree(run, Path(f"theirs/page-1/small-seed-{seed}"))

    answer = rnnlab("report", "theirs/page-1")

    assert answer.exit_code == 0
    assert not was_opened(data)
    page = Path("theirs/page-1/report.html").read_text()
    assert "is not known as a run of yours" in page
    assert "What each of them writes" in page

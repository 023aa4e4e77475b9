"""The report of a study: what it says of the trials, from `study.json` alone."""

import csv
import io
import re
from dataclasses import replace
from pathlib import Path

import pytest

from rnnlab.reports.study_contents import StudyContents, study_contents_of, trials_csv
from rnnlab.reports.study_page import study_report_page
from rnnlab.sweeps.improvement import Improvement
from rnnlab.sweeps.results import COMPLETE, StudyResults, TrialRecord, read_results
from tests.reports.html import Page, data_of
from tests.reports.studies import TRIALS, plan_of, settings_of, study_of

STUDY = Path("runs/names-1")

GRID = plan_of(sampler="grid", space={"model.units": [8, 16]})


def page_of(results: StudyResults, gain: Improvement | None = None, **fields: object) -> Page:
    """The report of a study."""
    contents = StudyContents(results, gain, "", "epochs: 4\n", 0, "2026-03-01 10:00")
    return Page(study_report_page(replace(contents, **fields)))  # type: ignore[arg-type]


def section_of(page: Page, name: str) -> str:
    """All that is to be read in a section."""
    (section,) = page.all("section", **{"aria-labelledby": name})
    return " ".join(section.text.split())


def test_the_page_says_what_was_found():
    """The best trial, the first guess beside it, the interval, the configuration and the command."""
    page = page_of(study_of(STUDY), Improvement(2.25, 1.75, (0.4, 0.6)))

    best = section_of(page, "best")
    assert "4 of 40 trials have ended" in page.text
    assert "lower by 0.5 nats per token than that of the first guess: 95 % interval" in best
    assert "interval of the difference 0.4 to 0.6." in best
    assert "rnnlab train runs/names-1/best.yaml" in best
    assert "epochs: 4" in best
    assert "model.units1661" in best.replace(" ", "")
    assert "model.dropout0.00.1" in best.replace(" ", "")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"gain": Improvement(2.25, 1.75, (-0.1, 0.6))}, "so the difference may be chance."),
        ({"gain": Improvement(2.0, 2.1, (-0.2, 0.1))}, "higher by 0.1 nats"),
        ({"why_no_gain": "the data is gone"}, "the first guess is not measured: the data is gone."),
        ({"best_yaml": ""}, "The folder of the study has no best.yaml."),
    ],
)
def test_the_page_says_how_sure_the_result_is(changes, said):
    """Also why there is no interval, and that a file is missing."""
    assert said in section_of(page_of(study_of(STUDY), **changes), "best")


@pytest.mark.parametrize(
    ("trials", "fields", "said"),
    [
        ((), {}, "No trial has ended yet."),
        (TRIALS[3:], {}, "No trial has a measure: all have failed."),
        (TRIALS[:1], {}, "No trial is better than the first guess"),
        (TRIALS[1:], {}, "The first guess, trial 0, has no measure."),
        (TRIALS, {"has_first_guess": False}, "values outside of the space"),
        (TRIALS, {"has_first_guess": False, "plan": GRID}, "A grid has no first guess"),
    ],
)
def test_a_study_without_a_comparison_has_a_page(trials, fields, said):
    """While no trial has ended, if all have failed, and if there is no first guess."""
    page = page_of(study_of(STUDY, trials, **fields))

    assert said in section_of(page, "best")
    assert len(page.all("section")) == 7


def test_the_page_says_what_was_searched():
    """Each setting with its values, how they were drawn and its condition; and how the search was done."""
    page = page_of(study_of(STUDY, plan=plan_of(seconds=600.0, pruning="halving", set={})))

    searched = section_of(page, "searched")
    assert "lstm, gru, simple_rnn" in searched
    assert "8 to 64evenly by logarithm" in searched
    assert "0.0005 to 0.02evenly by logarithm" in searched
    assert "0 to 0.5, in steps of 0.1evenlymodel.kind is lstm or gru" in searched
    assert "40 trials and 600 s for each call" in searched
    assert "the lowest loss, on the validation set" in searched
    assert "TPE, which learns" in searched
    assert "successive halving" in searched
    assert "2 complete, 1 ended early, 1 failed" in searched


def test_the_history_has_a_mark_for_each_trial():
    """A dot for a measure, a hollow one for a trial ended early, a cross for a failure; a line of steps."""
    page = page_of(study_of(STUDY))

    inside = [each for each in page.elements if "still" in each.attributes.get("class", "")]
    assert len(inside) == 1
    source = re.search(r'<svg[^>]*class="still".*?</svg>', page.source, re.DOTALL)
    assert source is not None
    drawn = source[0]
    assert [drawn.count(f'class="{kind}"') for kind in ("complete", "early", "failed")] == [2, 1, 1]
    steps = re.search(r'd="M([\d.]+),([\d.]+)H([\d.]+)V([\d.]+)H[\d.]+V([\d.]+)H690"', drawn)
    assert steps is not None
    assert float(steps[4]) > float(steps[2])  # trial 1 is better: lower, with a larger y
    assert steps[5] == steps[4]  # trial 2 is worse: the best stays


def test_the_losses_of_all_trials_are_drawn():
    """The best and the first guess are strong, the others faint; a failed trial has no line."""
    drawn = page_of(study_of(STUDY)).source

    assert drawn.count('class="strong line-0"') == 1
    assert drawn.count('class="strong line-1"') == 1
    assert len(re.findall(r'<path d="M[^"]*" fill="none"[^>]*class="faint"', drawn)) == 1
    assert "trial 1, the best" in drawn


def lines_of(page: Page) -> dict[str, list[tuple[float, float]]]:
    """The points of each line of the parallel coordinates, by the words of the trial."""
    found = re.findall(r'<g><path d="M([^"]*)" class="fifth-\d"/><title>(trial \d+), ', page.source)
    return {
        words: [(float(x), float(y)) for x, y in (point.split(",") for point in points.split())]
        for points, words in found
    }


def test_parallel_coordinates_have_an_axis_for_each_setting():
    """Choices are evenly spaced, ranges are logarithmic, and a setting that is not varied has its place."""
    lines = lines_of(page_of(study_of(STUDY)))

    first, second, third = (lines[f"trial {number}"] for number in range(3))
    assert sorted(lines) == ["trial 0", "trial 1", "trial 2"]
    assert len(first) == 5
    assert [each[0][1] for each in (first, second, third)] == [300, 174, 48]  # lstm, gru, simple_rnn
    assert first[1][1] == pytest.approx(300 - 252 / 3, abs=0.01)  # 16 is a third of the way from 8 to 64
    assert third[1][1] == 300
    assert third[2][1] == 48  # 0.02, the highest
    assert [first[3][1], third[3][1]] == [300, 334]  # no dropout, and none to vary
    assert second[4][1] > first[4][1] > third[4][1]  # a low loss lies low


def test_the_best_fifth_has_its_colour_and_lies_above():
    """The last line that is drawn is that of the best trial; the worst fifth is drawn first."""
    trials = tuple(
        TrialRecord(number, COMPLETE, settings_of("lstm", 8 + number, "0.001"), 2 + number / 10)
        for number in range(10)
    )
    page = page_of(study_of(STUDY, trials))

    found = re.findall(r'class="fifth-(\d)"/><title>trial (\d+),', page.source)
    assert found[-2:] == [("0", "1"), ("0", "0")]
    assert found[0] == ("4", "9")
    assert "best fifth, 2 to 2.1" in section_of(page, "settings")


def test_a_measure_far_from_the_others_does_not_squeeze_them():
    """It is drawn at the edge, and the chart says so."""
    far = replace(TRIALS[0], number=9, value=900.0)
    near = [replace(TRIALS[0], number=number, value=2 + number / 10) for number in range(9)]
    page = page_of(study_of(STUDY, (*near, far)))

    assert "1 value lies outside, and is drawn at the edge." in section_of(page, "history")
    low, high = (lines_of(page)[f"trial {number}"][4][1] for number in (0, 8))
    assert low - high > 200


def test_importance_is_a_share_of_the_variance():
    """As bars, the largest first, with what it means; without it, the page says when there is one."""
    shares = {"training.optimizer.learning_rate": 0.25, "model.units": 0.75}
    page, without = page_of(study_of(STUDY, importance=shares)), page_of(study_of(STUDY))

    said = section_of(page, "matters")
    assert said.index("model.units75%") < said.index("training.optimizer.learning_rate25%")
    assert "fANOVA" in said
    assert "Not every trial has model.kind and model.dropout" in said
    assert "needs 8 complete trials" in section_of(without, "matters")


def test_all_trials_are_in_the_table_and_in_the_csv_file():
    """The file is inside of the page; a missing value is empty in it, and a dash in the table."""
    page = page_of(results := study_of(STUDY))

    (link,) = [each for each in page.all("a") if each.attributes.get("download")]
    assert link.attributes["download"] == "trials.csv"
    held = data_of(link.attributes["href"]).decode()
    assert held == trials_csv(results)
    rows = list(csv.DictReader(io.StringIO(held)))
    assert [row["state"] for row in rows] == ["complete", "complete", "pruned", "failed"]
    assert [row["loss"] for row in rows] == ["2.25", "1.75", "2.5", ""]
    assert rows[1]["training.optimizer.learning_rate"] == "0.00161837"
    assert rows[2]["model.dropout"] == ""
    assert rows[3]["failure"] == "no epoch has a finite <loss>"
    assert [rows[1][name] for name in ("epochs", "best_epoch", "seconds", "attempts", "run")] == [
        *("4", "3", "5.0", "2", "trial-0001"),
    ]
    table = section_of(page, "trials")
    assert "1 (best)complete1.7500gru610.001618370.1435.02" in table
    assert "2ended early2.5000simple_rnn80.02–221.51pruned" in table
    assert "no epoch has a finite <loss>" in table


def test_folds_have_a_page():
    """Their trials have no run, no epochs and no best epoch; the curves show the measure of each fold."""
    trials = tuple(
        TrialRecord(
            *(number, COMPLETE, {"model.units": str(number)}, 0.5 + number / 10),
            epochs=2,
            losses=((0, 0.5), (1, 0.5 + number / 5)),
        )
        for number in range(1, 3)
    )
    plan = plan_of(space={"model.units": [1, 2]}, objective={"measure": "accuracy", "folds": 2})
    page = page_of(study_of(STUDY, trials, plan=plan, has_first_guess=False))

    assert "the highest accuracy, mean over 2 folds" in section_of(page, "searched")
    assert "Accuracy of each fold" in section_of(page, "trained")
    assert "best epoch" not in section_of(page, "trials")
    assert "best accuracy 0.7" in page.text


def test_the_page_fetches_nothing_and_escapes_what_it_shows():
    """All addresses are inside of it."""
    page = page_of(study_of(STUDY))

    assert all(each.startswith("data:") for each in page.references)
    assert "finite <loss>" not in page.source
    assert "finite &lt;loss&gt;" in page.source


def test_the_contents_come_from_the_folder():
    """The best configuration from its file, and the beginning of the first training."""
    results = study_of(STUDY)
    (STUDY / "best.yaml").write_text("model: {}\n")
    (STUDY / "trial-0000" / "events.log").write_text("2026-03-01T10:00:00+00:00 training begins\n")

    contents = study_contents_of(read_results(STUDY))

    assert (contents.best_yaml, contents.training, contents.begun) == ("model: {}\n", 0, "2026-03-01 10:00")
    assert contents.results == results

"""What the report of a study shows, and the table of its trials as CSV."""

import csv
import io
from dataclasses import dataclass

from rnnlab.config.yaml_tree import MOST_CHARACTERS
from rnnlab.runs.layout import small_text
from rnnlab.runs.listing import read_study_entry
from rnnlab.sweeps.improvement import Improvement
from rnnlab.sweeps.results import StudyResults

TRIALS = "trials.csv"
BEST = "best.yaml"


@dataclass(frozen=True)
class StudyContents:
    """A study as its report shows it.

    Attributes:
        results: the sweep and its trials that have ended.
        gain: the difference of the best trial to the first guess; None if it is not measured.
        why_no_gain: why it could not be measured; empty if it was, or if there is nothing to measure.
        best_yaml: the configuration of the best trial as YAML; empty if there is none.
        training: number of trials that are in training now on this machine.
        begun: when the first training began, in UTC.
    """

    results: StudyResults
    gain: Improvement | None
    why_no_gain: str
    best_yaml: str
    training: int
    begun: str


def study_contents_of(
    results: StudyResults, gain: Improvement | None = None, *, why_no_gain: str = ""
) -> StudyContents:
    """Return what the report of a study shows, from the files in its folder.

    Raises:
        RunError: `best.yaml` cannot be read.
    """
    entry = read_study_entry(results.folder)
    return StudyContents(
        results,
        gain,
        why_no_gain,
        best_yaml=small_text(results.folder / BEST, most_bytes=4 * MOST_CHARACTERS) or "",
        training=entry.study.training if entry.study else 0,
        begun=f"{entry.begun:%Y-%m-%d %H:%M}",
    )


def trials_csv(results: StudyResults) -> str:
    """Return a row for each trial that has ended, under a row of names; a value that is missing is empty."""
    space, measure = results.plan.page.space, results.plan.page.objective.measure
    file = io.StringIO()
    rows = csv.writer(file, lineterminator="\n")
    after = ("epochs", "best_epoch", "seconds", "attempts", "ended", "failure", "run")
    rows.writerow(["trial", "state", measure, *space, *after])
    for trial in results.trials:
        value = "" if trial.value is None else repr(trial.value)
        settings = [trial.values.get(key, "") for key in space]
        rows.writerow(
            [trial.number, trial.state, value, *settings, *(getattr(trial, name) for name in after)]
        )
    return file.getvalue()

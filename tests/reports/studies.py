"""Folders of studies as a sweep leaves them, without a training: `study.json` and empty run folders."""

from pathlib import Path
from typing import Any

from rnnlab.config.sweep import SweepPage, SweepPlan
from rnnlab.sweeps.results import COMPLETE, FAILED, PRUNED, StudyResults, TrialRecord, write_results

CONFIG = "dataset: {kind: text, inline: abcd, window: 2}\nmodel: {kind: lstm, units: 16}\n"

SPACE: dict[str, Any] = {
    "model.kind": ["lstm", "gru", "simple_rnn"],
    "model.units": {"integer": [8, 64], "log": True},
    "training.optimizer.learning_rate": {"float": [0.0005, 0.02], "log": True},
    "model.dropout": {"float": [0.0, 0.5], "step": 0.1, "when": {"model.kind": ["lstm", "gru"]}},
}
"""A choice, two logarithmic ranges, and a range that only two kinds have."""


def plan_of(**page: Any) -> SweepPlan:
    """A sweep over `SPACE` with a budget of 40 trials, unless the page says something else."""
    given = {"sweep": "configs/names.yaml", "space": SPACE, "trials": 40, **page}
    if given.get("sampler") == "grid":
        del given["trials"]
    return SweepPlan(
        SweepPage.model_validate(given), CONFIG, name="configs/names.yaml", folder=Path("configs")
    )


def settings_of(kind: str, units: int, rate: str, dropout: str = "0.0") -> dict[str, str]:
    """The values of a trial; a simple RNN has no dropout."""
    values = {"model.kind": kind, "model.units": str(units), "training.optimizer.learning_rate": rate}
    return values if kind == "simple_rnn" else {**values, "model.dropout": dropout}


TRIALS = (
    TrialRecord(
        *(0, COMPLETE, settings_of("lstm", 16, "0.003"), 2.25, "trial-0000", 4, 4, 4.25),
        losses=((1, 2.6), (2, 2.4), (3, 2.3), (4, 2.25)),
    ),
    TrialRecord(
        *(1, COMPLETE, settings_of("gru", 61, "0.00161837", "0.1"), 1.75, "trial-0001", 4, 3, 5.0),
        losses=((1, 2.5), (2, 2.0), (3, 1.75), (4, 1.8)),
        attempts=2,
    ),
    TrialRecord(
        *(2, PRUNED, settings_of("simple_rnn", 8, "0.02"), 2.5, "trial-0002", 2, 2, 1.5),
        ended="pruned",
        losses=((1, 2.75), (2, 2.5)),
    ),
    TrialRecord(3, FAILED, settings_of("lstm", 64, "0.0199", "0.5"), failure="no epoch has a finite <loss>"),
)
"""A first guess, a better trial that two workers had, one that was ended early, and one that failed."""


def study_of(folder: Path, trials: tuple[TrialRecord, ...] = TRIALS, **fields: Any) -> StudyResults:
    """Write `study.json` with these trials, and an empty folder for each run; return the results."""
    fields.setdefault("has_first_guess", True)
    results = StudyResults(folder, fields.pop("plan", None) or plan_of(), trials, **fields)
    folder.mkdir(parents=True, exist_ok=True)
    for trial in trials:
        if trial.run:
            (folder / trial.run).mkdir(exist_ok=True)
            (folder / trial.run / "config.yaml").touch()
    write_results(results)
    return results

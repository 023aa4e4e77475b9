"""The results of a sweep as lines, as rows and as JSON."""

from typing import TYPE_CHECKING, Any

from rnnlab.errors import command_line, count_of
from rnnlab.sweeps.results import COMPLETE, FAILED, PRUNED, StudyResults, TrialRecord, settings_words

if TYPE_CHECKING:
    from rnnlab.sweeps.improvement import Improvement

Row = tuple[str, str]


def trial_line(trial: TrialRecord, results: StudyResults) -> str:
    """Return a line on a trial that has ended: its measure, its settings, and the best trial so far."""
    name, best = results.plan.page.objective.measure, results.best
    total = results.plan.page.trials
    count = f"{len(results.trials)} of {total}" if total else str(len(results.trials))
    if trial.state == FAILED:
        found = f"failed: {trial.failure}"
    else:
        found = f"{trial.ended}" if trial.value is None else f"{name} {trial.value:.4f}{_ended(trial)}"
    settings = settings_words(trial.values)
    leads = f"; best {best.value:.4f}, trial {best.number}" if best and best.value is not None else ""
    return f"{count}  trial {trial.number}: {found}  {settings}{leads}"


def sweep_rows(results: StudyResults, gain: "Improvement | None") -> list[Row]:
    """Return the results of a sweep as rows."""
    counts = {
        state: sum(each.state == state for each in results.trials) for state in (COMPLETE, PRUNED, FAILED)
    }
    rows = [
        (
            "trials",
            f"{count_of(len(results.trials), 'trial')}: {counts[COMPLETE]} complete,"
            f" {counts[PRUNED]} ended early, {counts[FAILED]} failed",
        )
    ]
    name, best, first = results.plan.page.objective.measure, results.best, results.first
    if best is None:
        return [*rows, ("best", "no trial has a measure"), ("study", str(results.folder))]
    rows.append(("best", f"{name} {best.value:.4f}{_ended(best)}, trial {best.number}"))
    rows += [(key, value) for key, value in best.values.items()]
    if first:
        rows.append(("first guess", f"{name} {first.value:.4f}{_ended(first)}{_verdict(best, first, gain)}"))
    if results.importance:
        shares = ", ".join(f"{key} {share:.0%}" for key, share in results.importance.items())
        rows.append(("importance", shares))
    rows.append(("study", str(results.folder)))
    rows.append(("next", command_line("train", results.folder / "best.yaml")))
    return rows


def _ended(trial: TrialRecord) -> str:
    """Return why a trial was ended early, in brackets; an empty text if it was not."""
    return f" ({trial.ended})" if trial.ended else ""


def _verdict(best: TrialRecord, first: TrialRecord, gain: "Improvement | None") -> str:
    if best is first:
        return ": no trial is better"
    if gain is None:
        return ""
    low, high = gain.interval
    sure = "" if gain.is_sure else ", which may be chance"
    return (
        f": the best is lower by {gain.first - gain.best:.4f} nats per token, 95 % interval {low:.4f} to"
        f" {high:.4f} over the validation set{sure}"
    )


def sweep_json(results: StudyResults, gain: "Improvement | None") -> dict[str, Any]:
    """Return the results of a sweep as JSON has them."""
    best, first = results.best, results.first
    return {
        "study": str(results.folder),
        "measure": results.plan.page.objective.measure,
        "trials": len(results.trials),
        **{
            state: sum(each.state == state for each in results.trials) for state in (COMPLETE, PRUNED, FAILED)
        },
        "best": best and _trial_json(best, results),
        "first_guess": first and _trial_json(first, results),
        "improvement": gain
        and {"loss": gain.first - gain.best, "interval": list(gain.interval), "is_sure": gain.is_sure},
        "importance": results.importance,
        "config": str(results.folder / "best.yaml") if best else None,
    }


def _trial_json(trial: TrialRecord, results: StudyResults) -> dict[str, Any]:
    run = str(results.folder / trial.run) if trial.run else None
    return {"trial": trial.number, "value": trial.value, "values": trial.values, "run": run}

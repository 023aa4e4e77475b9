"""The results of a comparison, as JSON or as a table with a verdict; `compare` prints one of the two."""

import statistics
from typing import TYPE_CHECKING, Any

from rnnlab.comparison.measures import TESTS, verdict
from rnnlab.errors import count_of
from rnnlab.evaluation.significance import MOST_SIGNED
from rnnlab.terminal.tables import facts_table, table

if TYPE_CHECKING:
    from rnnlab.comparison.measures import Comparison, Contender, Difference, Trial

HEADER = ("", "parameters", "epochs", "seconds", "one step", "running free", "loss", "95 % interval")


def comparison_json(comparison: "Comparison") -> dict[str, Any]:
    """Return a comparison as an object of JSON; scripts may rely on its fields."""
    return {
        "split": comparison.contenders[0].trials[0].split,
        "contenders": [_contender_json(contender) for contender in comparison.contenders],
        "differences": [_difference_json(comparison, each) for each in comparison.differences()],
        "verdict": verdict(comparison),
        "notes": list(comparison.notes),
    }


def comparison_text(comparison: "Comparison", *, folder: str | None) -> str:
    """Return the table of the contenders; below it the part, the verdict, the test, notes and the folder.

    Args:
        comparison: the comparison.
        folder: the folder of the runs; None if `compare` did not train them.
    """
    first, sentences = comparison.contenders[0].trials[0], verdict(comparison)
    rows = [("part", f"{first.split}, {count_of(first.metrics.tokens, 'target')}")]
    rows += [("" if number else "verdict", sentence) for number, sentence in enumerate(sentences)]
    rows += [("test", _test(comparison))] if any(each.test for each in comparison.differences()) else []
    rows += [("note", note) for note in comparison.notes]
    rows += [("runs", folder)] if folder else []
    return (
        table(HEADER, [_row(contender) for contender in comparison.contenders]) + "\n\n" + facts_table(rows)
    )


def _row(contender: "Contender") -> tuple[str, ...]:
    trials, interval = contender.trials, contender.loss_interval
    epochs = {trial.epochs for trial in trials}
    seconds = [trial.seconds for trial in trials if trial.seconds is not None]
    return (
        contender.name,
        f"{trials[0].parameters:,}",
        " or ".join(
            "—" if each is None else f"{each:,}" for each in sorted(epochs, key=lambda each: each or 0)
        ),
        f"{statistics.fmean(seconds):.1f}" if seconds else "—",
        f"{contender.accuracy:.4f}",
        _free(contender),
        f"{statistics.fmean(contender.losses):.4g}",
        f"{interval[0]:.4g} to {interval[1]:.4g}" if interval else "—",
    )


def _free(contender: "Contender") -> str:
    """Return the result of the free runs, as `16.3 of 50, 0 of 3 exact`; a dash without free runs."""
    runs = contender.free_runs
    if not runs:
        return "—"
    correct = statistics.fmean(run.correct for run in runs)
    exact = sum(run.exact for run in runs)
    counts = f"{correct:.0f}" if correct.is_integer() else f"{correct:.1f}"
    suffix = f", {exact} of {len(runs)} exact" if len(runs) > 1 else ", exact" * exact
    return f"{counts} of {runs[0].length}{suffix}"


def _test(comparison: "Comparison") -> str:
    """Return the names of the tests that give the p-values; for few seeds also what a t-test assumes."""
    tests = [each.test for each in comparison.differences() if each.test]
    named = " or ".join(sorted({TESTS[test.method] for test in tests}))
    corrected = f", Holm-corrected for {len(tests)} pairs" if len(tests) > 1 else ""
    few = any(test.method == "paired_t" and test.pairs < MOST_SIGNED for test in tests)
    why = "; it assumes normally distributed differences, since an exact test needs more seeds"
    return f"{named} of the losses, paired by random seed{corrected}{why * few}"


def _contender_json(contender: "Contender") -> dict[str, Any]:
    interval, runs = contender.loss_interval, contender.free_runs
    result: dict[str, Any] = {
        "name": contender.name,
        "parameters": contender.trials[0].parameters,
        "accuracy": contender.accuracy,
        "loss": statistics.fmean(contender.losses),
        "loss_confidence_interval": list(interval) if interval else None,
    }
    if runs:
        result["free_running"] = {
            "correct": statistics.fmean(run.correct for run in runs),
            "length": runs[0].length,
            "exact": sum(run.exact for run in runs),
        }
    return {**result, "trials": [_trial_json(trial) for trial in contender.trials]}


def _trial_json(trial: "Trial") -> dict[str, Any]:
    metrics, ceiling, run = trial.metrics, trial.ceiling, trial.free_running
    result: dict[str, Any] = {
        "run": trial.run,
        "random_seed": trial.random_seed,
        "epochs": trial.epochs,
        "seconds": trial.seconds,
        "loss": metrics.loss,
        "accuracy": metrics.accuracy,
        "correct": metrics.correct,
        "tokens": metrics.tokens,
        "left_out": dict(trial.left_out),
    }
    if ceiling:
        result["accuracy_ceiling"] = ceiling.accuracy
    if run:
        result["free_running"] = {
            "correct": run.correct,
            "length": run.length,
            "exact": run.exact,
            "first_divergence": run.first_divergence,
        }
    return result


def _difference_json(comparison: "Comparison", difference: "Difference") -> dict[str, Any]:
    test = difference.test
    return {
        "first": comparison.contenders[difference.first].name,
        "second": comparison.contenders[difference.second].name,
        "loss_difference": test and test.difference,
        "test": test and test.method,
        "pairs": test.pairs if test else 0,
        "p": test and test.p,
        "p_corrected": difference.p,
        "significant": difference.is_significant,
    }

"""The results of a comparison, as JSON or as a table with a verdict; `compare` prints one of the two."""

import statistics
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnnlab.comparison.measures import FIGURES, SOLVED, TESTS
from rnnlab.comparison.verdict import verdict
from rnnlab.errors import count_of
from rnnlab.evaluation.significance import MOST_SIGNED
from rnnlab.terminal.tables import Column, facts_table, table

if TYPE_CHECKING:
    from rnnlab.comparison.measures import Comparison, Contender, Difference, Figures, Trial


def comparison_json(comparison: "Comparison") -> dict[str, Any]:
    """Return a comparison as an object of JSON; scripts may rely on its fields.

    The fields of a task with examples have the names that `evaluate` gives them.
    """
    figures = comparison.figures
    task = {"task": comparison.first.task} if figures.example else {}
    return {
        **task,
        "split": comparison.first.split,
        "contenders": [_contender_json(contender, figures) for contender in comparison.contenders],
        "differences": [_difference_json(comparison, each) for each in comparison.differences()],
        "verdict": verdict(comparison),
        "notes": list(comparison.notes),
    }


def comparison_rows(comparison: "Comparison") -> list[dict[str, Any]]:
    """Return a row for each training: its configuration, and the fields that the JSON has of it."""
    rows = []
    for contender in comparison.contenders:
        for trial in contender.trials:
            fields = _trial_json(trial)
            fields.pop("left_out", None)
            first = {"configuration": contender.name, "random_seed": fields.pop("random_seed")}
            last = {"run": fields.pop("run")}
            known = {"parameters": trial.parameters, "split": trial.split}
            rows.append({**first, **known, **fields, **last, "failure": ""})
    return rows


def failed_rows(failures: dict[str, str]) -> list[dict[str, Any]]:
    """Return a row for each training that failed, without measures; `failures` has why, by run folder."""
    rows = []
    for run, why in failures.items():
        configuration, _, seed = Path(run).name.rpartition("-seed-")
        rows.append({"configuration": configuration, "random_seed": seed, "run": run, "failure": why})
    return rows


def comparison_text(comparison: "Comparison", *, folder: str | None) -> str:
    """Return the table of the contenders; below it the part, the verdict, the test, notes and the folder.

    Args:
        comparison: the comparison.
        folder: the folder of the runs; None if `compare` did not train them.
    """
    cells = comparison_cells(comparison)
    rows = comparison_facts(comparison)
    rows += [("runs", folder)] if folder else []
    columns = [_column(title) for title in cells[0]]
    return table(columns, [tuple(each.values()) for each in cells]) + "\n\n" + facts_table(rows)


def comparison_cells(comparison: "Comparison") -> list[dict[str, str]]:
    """Return the row of each contender: its cells by the headers of their columns."""
    return [_cells(contender, comparison.figures) for contender in comparison.contenders]


def comparison_facts(comparison: "Comparison") -> list[tuple[str, str]]:
    """Return what stands below the table: (name, text) of the part, the verdict, the test and the notes."""
    sentences = verdict(comparison)
    rows = [("part", f"{comparison.first.split}, {_size(comparison)}")]
    rows += [("" if number else "verdict", sentence) for number, sentence in enumerate(sentences)]
    rows += [("solved", _solved())] if comparison.contenders[0].lengths else []
    rows += [("test", _test(comparison))] if any(each.test for each in comparison.differences()) else []
    return rows + [("note", note) for note in comparison.notes]


_RANKS = {"": 0, "loss": 0, "running free": 2, "95 % interval": 3, "seconds": 5, "epochs": 6, "parameters": 7}
"""The rank of each column but the main figure and the lengths; see `Column`."""


def _column(title: str) -> Column:
    """Return the column of a title; of the lengths, a narrow table leaves out the shortest first."""
    if title == "":
        return Column(title, left=True, least=12)
    return Column(title, rank=_RANKS.get(title, 2 if title.startswith("length ") else 1))


def _cells(contender: "Contender", figures: "Figures") -> dict[str, str]:
    """Return the row of a contender: its cells by the headers of their columns."""
    trials, interval = contender.trials, contender.loss_interval
    epochs = {trial.epochs for trial in trials}
    seconds = [trial.seconds for trial in trials if trial.seconds is not None]
    return {
        "": contender.name,
        "parameters": f"{trials[0].parameters:,}",
        "epochs": " or ".join(
            "—" if each is None else f"{each:,}" for each in sorted(epochs, key=lambda each: each or 0)
        ),
        "seconds": f"{statistics.fmean(seconds):.1f}" if seconds else "—",
        **({figures.share: f"{statistics.fmean(contender.accuracies):.4f}"} if figures.share else {}),
        **({"running free": _free(contender)} if not figures.example else {}),
        **{f"length {length:,}": _at_length(contender, length) for length in contender.lengths},
        "loss": f"{statistics.fmean(contender.losses):.4g}",
        "95 % interval": f"{interval[0]:.4g} to {interval[1]:.4g}" if interval else "—",
    }


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


def _at_length(contender: "Contender", length: int) -> str:
    """Return the mean fraction of examples of a length without a mistake, as `0.9980, 3 of 3`.

    The second figure is the number of random seeds that solve the length; it is left out for a single seed.
    """
    mean, total = statistics.fmean(contender.shares(length)), len(contender.trials)
    return f"{mean:.4f}" + (f", {contender.solving(length)} of {total}" if total > 1 else "")


def _size(comparison: "Comparison") -> str:
    """Return the number of targets of the measured part; of a task with examples, the number of examples."""
    first, figures = comparison.first, comparison.figures
    if first.examples is None:
        return count_of(first.targets, "target")
    tokens = "" if figures.unit == "example" else f", {count_of(first.targets, 'target token')}"
    return f"{count_of(first.examples, figures.example)}{tokens}"


def _solved() -> str:
    """Return what the figures of a length mean."""
    return (
        "a random seed solves a length if its network makes no mistake in at least"
        f" {SOLVED} of the test examples of the length; the table shows the mean of this fraction, and how"
        " many of the random seeds solve the length"
    )


def _test(comparison: "Comparison") -> str:
    """Return the names of the tests that give the p-values; for few seeds also what a t-test assumes."""
    tests = [each.test for each in comparison.differences() if each.test]
    named = " or ".join(sorted({TESTS[test.method] for test in tests}))
    corrected = f", Holm-corrected for {len(tests)} pairs" if len(tests) > 1 else ""
    few = any(test.method == "paired_t" and test.pairs < MOST_SIGNED for test in tests)
    why = "; it assumes normally distributed differences, since an exact test needs more seeds"
    return f"{named} of the losses, paired by random seed{corrected}{why * few}"


def _contender_json(contender: "Contender", figures: "Figures") -> dict[str, Any]:
    interval, runs = contender.loss_interval, contender.free_runs
    accuracies = contender.accuracies
    result: dict[str, Any] = {
        "name": contender.name,
        "parameters": contender.trials[0].parameters,
        **({figures.key: statistics.fmean(accuracies)} if accuracies else {}),
        "loss": statistics.fmean(contender.losses),
        "loss_confidence_interval": list(interval) if interval else None,
    }
    if runs:
        result["free_running"] = {
            "correct": statistics.fmean(run.correct for run in runs),
            "length": runs[0].length,
            "exact": sum(run.exact for run in runs),
        }
    if contender.lengths:
        result["lengths"] = {
            str(length): {
                figures.perfect: statistics.fmean(contender.shares(length)),
                "solved": contender.solving(length),
            }
            for length in contender.lengths
        }
    return {**result, "trials": [_trial_json(trial) for trial in contender.trials]}


def _trial_json(trial: "Trial") -> dict[str, Any]:
    ceiling, run, figures = trial.ceiling, trial.free_running, FIGURES[trial.task]
    share = {} if trial.accuracy is None else {figures.key: trial.accuracy, "correct": trial.correct}
    result: dict[str, Any] = {
        "run": trial.run,
        "random_seed": trial.random_seed,
        "epochs": trial.epochs,
        "seconds": trial.seconds,
        "loss": trial.loss,
        **share,
    }
    if trial.examples is not None:
        result["sequences"] = trial.examples
    if figures.unit == "token":
        result["tokens"] = trial.targets
    if not figures.example:
        result["left_out"] = dict(trial.left_out)
    if ceiling:
        result["accuracy_ceiling"] = ceiling.accuracy
    if run:
        result["free_running"] = {
            "correct": run.correct,
            "length": run.length,
            "exact": run.exact,
            "first_divergence": run.first_divergence,
        }
    if trial.by_length:
        result["lengths"] = {str(length): {figures.perfect: each} for length, each in trial.by_length.items()}
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

"""What `rnnlab runs show` prints about a folder that holds runs: that of a comparison or of a study."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rnnlab.errors import command_line, count_of

if TYPE_CHECKING:
    from rnnlab.runs.listing import ComparisonFolder, RunEntry
    from rnnlab.runs.study import StudyFolder


def folder_rows(entry: "RunEntry", *, state: str, begun: str) -> list[tuple[str, str]]:
    """Return a row for each fact about a comparison or a study: (name, text).

    Args:
        entry: its entry in the list of runs.
        state: its state in words.
        begun: when it began, in words.

    Raises:
        RunError: `comparison.json` is damaged.
    """
    rows = [("comparison" if entry.comparison else "study", str(entry.path)), ("state", state)]
    rows.append(("begun", begun))
    if entry.comparison:
        rows += _comparison_rows(entry, entry.comparison)
    elif entry.study:
        rows += _study_rows(entry, entry.study)
    return rows


def trials_words(held: "StudyFolder") -> str:
    """Return the number of trials that have ended, `12 of 40`, or `12 trials` if their number is open."""
    return count_of(held.ended, "trial") if held.total is None else f"{held.ended:,} of {held.total:,}"


def _comparison_rows(entry: "RunEntry", held: "ComparisonFolder") -> Iterator[tuple[str, str]]:
    from rnnlab.comparison.report.stored import stored_comparison
    from rnnlab.comparison.verdict import verdict

    yield "compares", ", ".join(held.configurations)
    if stored := stored_comparison(entry.path):
        for number, sentence in enumerate(verdict(stored.comparison)):
            yield "" if number else "verdict", sentence
        for run, why in stored.failures.items():
            yield "failed", f"{run}: {why}"
    else:
        command = command_line("compare", entry.path)
        yield "verdict", f"none yet; to compare the networks that are trained: {command}"
    yield "next", command_line("report", entry.path)


def _study_rows(entry: "RunEntry", held: "StudyFolder") -> Iterator[tuple[str, str]]:
    training = f", {count_of(held.training, 'trial')} in training now ({held.owner})"
    yield "searches", f"the settings of {held.searched}"
    yield "trials", f"{trials_words(held)} ended{training if held.training else ''}"
    yield "best", "no trial has a measure" if held.best is None else f"{held.measure} {held.best:.4f}"
    if held.best_run:
        yield "best run", str(held.best_run)
    yield "next", command_line("report", entry.path)

"""What the report of a comparison shows: its trainings, their histories, the measures and the works."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rnnlab.comparison.contenders import Entry, compare
from rnnlab.comparison.measures import Comparison, Trial
from rnnlab.comparison.report.stored import StoredComparison, stored_comparison
from rnnlab.comparison.report.works import Works, works_of
from rnnlab.config.reading import AnyExperiment, read_any
from rnnlab.errors import ConfigError, RnnlabError, RunError
from rnnlab.files import Report, unreported
from rnnlab.models.model_file import Trained
from rnnlab.reports.contents import read_record
from rnnlab.runs.details import details_of
from rnnlab.runs.events import FAILED
from rnnlab.runs.folder import RunFolder
from rnnlab.runs.history import History, read_history
from rnnlab.runs.layout import COMPARISON, CONFIG, MODEL, runs_of_comparison
from rnnlab.runs.listing import RunEntry, read_entry

_NUMBERED = re.compile(r".+-seed-(0|[1-9][0-9]{0,5})")

Opened = Callable[[RunFolder], tuple[Trained, str | None]]
"""Returns the model of a run, and why its data may not be opened; None if the data may be opened."""


@dataclass(frozen=True)
class ComparedTraining:
    """One training of a comparison.

    Attributes:
        name: the configuration.
        random_seed: the random seed.
        path: path of the run folder, which may be missing.
        entry: what the list of runs knows of it; None if the training has not begun.
        trial: its measures; None if it was not measured.
        failure: why it failed, or cannot be read; empty if it did not.
    """

    name: str
    random_seed: int
    path: Path
    entry: RunEntry | None
    trial: Trial | None
    failure: str = ""

    @property
    def state(self) -> str:
        """Done, interrupted, failed, running, damaged, not begun, or removed after it was measured."""
        if self.entry:
            return self.entry.state
        return "removed" if self.trial else FAILED if self.failure else "not begun"


@dataclass(frozen=True, eq=False)
class Configuration:
    """One of the configurations that are compared.

    Attributes:
        name: its name.
        trainings: its trainings, by random seed.
        experiment: its settings; None if no run of it has a configuration that can be read.
        histories: the histories of its trainings that have an epoch.
    """

    name: str
    trainings: tuple[ComparedTraining, ...]
    experiment: AnyExperiment | None
    histories: tuple[History, ...]


@dataclass(frozen=True, eq=False)
class ComparisonContents:
    """All that the report of a comparison shows.

    Attributes:
        folder: the folder of the comparison.
        configurations: the configurations; those that are measured are in the order of the contenders.
        comparison: the measures, or a sentence that says why there are none.
        works: what a network of each configuration plays, writes or predicts, or why this is not shown.
        environment: versions, processor and cores of the first training, by name.
        begun: time at which the first training began, in UTC, as `2026-01-31 12:00`.
        table: the rows of the table that `compare` prints: cells by the headers of the columns.
        facts: the lines that `compare` prints below the table, as (name, text).
    """

    folder: Path
    configurations: tuple[Configuration, ...]
    comparison: Comparison | str
    works: Works | str
    environment: dict[str, str]
    begun: str
    table: tuple[dict[str, str], ...] = ()
    facts: tuple[tuple[str, str], ...] = ()

    @property
    def trainings(self) -> list[ComparedTraining]:
        """All trainings, those of the first configuration first."""
        return [each for configuration in self.configurations for each in configuration.trainings]

    @property
    def is_finished(self) -> bool:
        """Whether every training is done and measured."""
        return all(each.state == "done" and each.trial for each in self.trainings)


def comparison_contents_of(
    folder: Path, opened: Opened, *, report: Report = unreported
) -> ComparisonContents:
    """Return what the report of a comparison shows, without `table` and `facts`.

    The measures are those of `comparison.json`, if it has those of all trained networks and no network was
    changed since. Otherwise all trained networks are measured.

    Args:
        folder: the folder, which holds at least one run of a comparison.
        opened: returns the model of a run, and why its data may not be opened.
        report: is called with the progress of reading the data.

    Raises:
        RunError: `comparison.json` is damaged, or no run in the folder has the number of a random seed.
    """
    paths = [path for path in runs_of_comparison(folder) if _NUMBERED.fullmatch(path.name)]
    if not paths:
        raise RunError(f"{folder}: expected runs such as song-seed-0 in it, found none; name a comparison")
    stored = stored_comparison(folder)
    entries = {path.name: read_entry(path) for path in paths}
    models, failures = _models(paths, opened)
    failures = {**_failures(entries), **(stored.failures if stored else {}), **failures}
    comparison = _measures(folder, stored, models, entries, report)
    configurations = tuple(_configurations(folder, entries, comparison, failures))
    first = min(entries.values(), key=lambda each: each.begun)
    return ComparisonContents(
        folder=folder,
        configurations=configurations,
        comparison=comparison,
        works=_works(comparison, models, report),
        environment=read_record(RunFolder(first.path)).environment,
        begun=f"{first.begun:%Y-%m-%d %H:%M}",
    )


Models = dict[str, tuple[Entry, str | None]]
"""By the name of a run folder: the trained model, and why its data may not be opened."""


def _models(paths: Sequence[Path], opened: Opened) -> tuple[Models, dict[str, str]]:
    """Return the trained models, and why a model cannot be read, both by the name of the run folder."""
    models: Models = {}
    failures = dict[str, str]()
    for path in paths:
        if (path / MODEL).exists():
            run = RunFolder(path)
            try:
                trained, refusal = opened(run)
            except RnnlabError as error:
                failures[path.name] = str(error)
            else:
                models[path.name] = (Entry(path, trained, run), refusal)
    return models, failures


def _failures(entries: dict[str, RunEntry]) -> dict[str, str]:
    """Return why trainings failed, from their logs; and the first problem of a run that is damaged."""
    found = {}
    for name, entry in entries.items():
        if entry.problems:
            found[name] = entry.problems[0]
        elif entry.state == FAILED:
            said = [each.sentence for each in details_of(entry.path).events if each.state == FAILED]
            found[name] = said[-1].removeprefix("training failed: ") if said else "training failed"
    return found


def _measures(
    folder: Path,
    stored: StoredComparison | None,
    models: Models,
    entries: dict[str, RunEntry],
    report: Report,
) -> Comparison | str:
    """Return the stored measures if they are complete and may be used; else measure the models."""
    refusals = [refusal for _, refusal in models.values() if refusal]
    if stored and (refusals or (stored.runs == models.keys() and _is_newest(folder, models))):
        return stored.comparison
    if not models:
        return stored.comparison if stored else "no training has a model yet"
    if refusals:
        return refusals[0]
    names = [each.name for each in stored.comparison.contenders] if stored else []
    ordered = sorted(models, key=lambda each: (entries[each].begun, each))
    names += [_split(each)[0] for each in ordered]
    groups = {
        name: sorted(
            (entry for run, (entry, _) in models.items() if _split(run)[0] == name),
            key=lambda each: _split(each.path.name)[1],
        )
        for name in dict.fromkeys(names)
    }
    try:
        return compare({name: own for name, own in groups.items() if own}, report=report)
    except RnnlabError as error:
        return str(error)


def _is_newest(folder: Path, models: Models) -> bool:
    """Return whether no model was changed after `comparison.json`."""
    try:
        written = (folder / COMPARISON).stat().st_mtime_ns
        return all((entry.path / MODEL).stat().st_mtime_ns <= written for entry, _ in models.values())
    except OSError:
        return False


def _configurations(
    folder: Path, entries: dict[str, RunEntry], comparison: Comparison | str, failures: dict[str, str]
) -> Iterator[Configuration]:
    """Yield each configuration with all trainings that the comparison has, begun or not."""
    contenders = () if isinstance(comparison, str) else comparison.contenders
    trials = {Path(trial.run).name: trial for each in contenders for trial in each.trials}
    runs = [*entries, *(run for run in (*trials, *failures) if run not in entries)]
    begun = sorted(entries, key=lambda each: (entries[each].begun, each))
    names = [*(each.name for each in contenders), *(_split(each)[0] for each in (*begun, *runs))]
    seeds = sorted({_split(run)[1] for run in runs})
    for name in dict.fromkeys(names):
        own = [f"{name}-seed-{seed}" for seed in seeds]
        trainings = tuple(
            ComparedTraining(
                name, seed, folder / run, entries.get(run), trials.get(run), failures.get(run, "")
            )
            for seed, run in zip(seeds, own, strict=True)
        )
        paths = [entries[run].path for run in own if run in entries]
        histories = (read_history(path, with_steps=False, lenient=True) for path in paths)
        yield Configuration(
            name, trainings, _experiment(paths), tuple(each for each in histories if len(each))
        )


def _experiment(paths: Sequence[Path]) -> AnyExperiment | None:
    """Return the settings of the first run whose configuration can be read."""
    for path in paths:
        try:
            return read_any(path / CONFIG)
        except ConfigError:
            continue
    return None


def _works(comparison: Comparison | str, models: Models, report: Report) -> Works | str:
    """Return what the first measured network of each contender does; without measures, the first network."""
    if isinstance(comparison, str):
        first: dict[str, str] = {}
        for run in sorted(models, key=_split):
            first.setdefault(_split(run)[0], run)
    else:
        runs = (
            (each.name, [Path(trial.run).name for trial in each.trials]) for each in comparison.contenders
        )
        first = {name: own[0] for name, names in runs if (own := [run for run in names if run in models])}
    if not first:
        return "no network of it can be read"
    refusal = next((why for run in first.values() if (why := models[run][1])), None)
    return works_of({name: models[run][0] for name, run in first.items()}, refusal=refusal, report=report)


def _split(run: str) -> tuple[str, int]:
    """Return the configuration and the random seed of a run folder `<configuration>-seed-<seed>`."""
    name, _, digits = run.rpartition("-seed-")
    return name, int(digits)

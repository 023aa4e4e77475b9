"""The configurations of a comparison: they are read, and must have the same task and data."""

from collections.abc import Sequence
from typing import Any

from rnnlab.comparison.same_data import check_same_data, measured_part
from rnnlab.config.comparison import Candidate
from rnnlab.config.reading import AnyExperiment, places_named, read_any
from rnnlab.datasets.task_loading import load_any_data
from rnnlab.errors import Argument, UsageError
from rnnlab.files import Report, unreported

_RANDOM_SEED = "training.random_seed"


def read_experiments(
    candidates: Sequence[Candidate],
    overrides: Sequence[str] = (),
    *,
    epochs: int | None = None,
    report: Report = unreported,
) -> dict[str, AnyExperiment]:
    """Return the experiments of configurations by name, and check that all have the same task and data.

    Args:
        candidates: the configurations.
        overrides: settings that replace those of each configuration.
        epochs: number of epochs of each experiment; None: the number in the file of the experiment.
        report: is called with the progress of reading the data.

    Raises:
        ConfigError: a file cannot be read or has mistakes; the message is about the first such file.
        DataError: the data of a file cannot be found or read, or is too short.
        UsageError: two configurations have different tasks, data or parts, or a setting sets the random
            seed.
    """
    own = [setting.name for each in candidates for setting in each.settings]
    if _RANDOM_SEED in {*own, *(override.partition("=")[0].strip() for override in overrides)}:
        raise UsageError(
            "training.random_seed: each configuration is trained with the random seeds 0, 1, …; leave this"
            " setting out, and give the number of seeds with ",
            Argument("seeds"),
        )
    budget = [] if epochs is None else [f"training.epochs={epochs}"]
    found: dict[str, AnyExperiment] = {}
    for each in candidates:
        experiment = read_any(each.path, [*each.settings, *overrides, *budget])
        found[_free_name(each.name or each.path.stem, found)] = experiment
    measured = []
    for each, experiment in zip(candidates, found.values(), strict=True):
        with places_named(each.path, [*each.settings, *overrides, *budget]):
            measured.append(measured_part(str(each), load_any_data(experiment, report=report)))
        check_same_data([measured[0], measured[-1]])
    return found


def _free_name(name: str, taken: Any) -> str:
    """Return the name; if the name is taken, with the first free number after it, as in `song(2)`."""
    names = [name, *(f"{name}({number})" for number in range(2, len(taken) + 2))]
    return next(each for each in names if each not in taken)

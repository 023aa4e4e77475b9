"""The network of `rnnlab trace --untrained`: that of a configuration, or one simple recurrent layer."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rnnlab.errors import UsageError, command_line

if TYPE_CHECKING:
    from rnnlab.config.schema import Experiment
    from rnnlab.models.model_file import TrainedModel

LONGEST_WINDOW = 64
"""Longest window of the one simple recurrent layer."""


def untrained_model(
    path: Path | None, overrides: Sequence[str], *, hidden: int | None, inputs: Sequence[str]
) -> "TrainedModel":
    """Return the network of a configuration or of a run with the weights with which its training would begin.

    Args:
        path: the YAML file or the run folder; None for one simple recurrent layer, whose vocabulary is the
            characters of the inputs.
        overrides: settings that replace those of the configuration.
        hidden: number of units of that layer; None with a configuration.
        inputs: the texts.

    Raises:
        UsageError: both or none of `path` and `hidden` are given, or there is no input for the layer.
        ConfigError: the configuration has a mistake.
        DataError: the data cannot be read or may not be opened.
    """
    from rnnlab.datasets.corpus import load_corpus
    from rnnlab.models.architecture import architecture_of
    from rnnlab.models.initial_weights import initial_weights
    from rnnlab.models.model_file import TrainedModel

    if (path is None) == (hidden is None):
        raise UsageError(
            "rnnlab trace: --untrained needs a configuration, or --hidden N for one simple recurrent layer;"
            " and not both (with a configuration, --set model.units=N)"
        )
    if path is not None:
        experiment = _configured(path, overrides, inputs)
    else:
        experiment = _one_layer(hidden or 1, overrides, inputs)
    tokens = load_corpus(experiment.dataset).vocabulary.tokens
    architecture = architecture_of(experiment, len(tokens))
    weights = initial_weights(architecture, experiment.training.random_seed)
    return TrainedModel(experiment, tokens, weights, "")


def _configured(path: Path, overrides: Sequence[str], inputs: Sequence[str]) -> "Experiment":
    """Return the experiment of a configuration, or of a run whose data may be opened.

    Raises:
        DataError: the data of the run may not be opened; reading it would give the vocabulary.
    """
    from rnnlab.config.reading import read_experiment
    from rnnlab.runs.data import opened
    from rnnlab.runs.folder import find_run
    from rnnlab.runs.layout import CONFIG

    run = find_run(path) if os.path.isdir(path) else None
    file = run.path / CONFIG if run else path
    experiment = read_experiment(file, overrides)
    if run:
        given = [word for text in inputs for word in ("--input", text)]
        remedy = f"name the file itself: {command_line('trace', '--untrained', file, *given)}"
        return opened(experiment, run, run.path, remedy=remedy, overrides=overrides)
    return experiment


def _one_layer(hidden: int, overrides: Sequence[str], inputs: Sequence[str]) -> "Experiment":
    """Return an experiment of one layer; its vocabulary is the characters of the inputs, by occurrence."""
    from rnnlab.config.reading import parse_experiment
    from rnnlab.suggestions.choices import quoted

    characters = "".join(dict.fromkeys("".join(inputs)))
    if not characters:
        raise UsageError("--input: expected at least one token, received none; e.g.: --input hello")
    text = quoted(characters)
    window = min(max(map(len, inputs)), LONGEST_WINDOW)
    page = (
        f"dataset: {{kind: text, inline: {text}, vocabulary: {text}, window: {window}, target: shifted}}\n"
        f"model: {{kind: simple_rnn, units: {hidden}}}\ntraining: {{batching: windows}}\n"
    )
    return parse_experiment(page, name="--hidden", folder=Path.cwd(), overrides=overrides)

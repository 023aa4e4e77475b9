"""The model that `rnnlab trace` follows: a trained one, or one with its initial weights."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rnnlab.commands.hints import of_unfinished
from rnnlab.errors import UsageError
from rnnlab.shell import command_line

if TYPE_CHECKING:
    from rnnlab.config.schema import Experiment
    from rnnlab.models.model_file import TrainedModel

LONGEST_WINDOW = 64


def trained_model(path: Path | None) -> "tuple[TrainedModel, str]":
    """A model by its run folder, its file, or the newest run, and what is to be known of it."""
    from rnnlab.runs import load_trained

    if path is not None and path.suffix.lower() in (".yaml", ".yml"):
        raise UsageError(
            f"{path}: a configuration has no trained weights; name its run, or add --untrained to see the"
            " network as it begins"
        )
    model, run, named = load_trained(path)
    return model, "; ".join([f"using {named}", *of_unfinished(run)])


def untrained_model(
    path: Path | None, overrides: Sequence[str], *, hidden: int | None, inputs: Sequence[str]
) -> "TrainedModel":
    """The network of a configuration with the weights that its training would begin with.

    Without a configuration, one simple recurrent layer, with the characters of the inputs as vocabulary.
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
    """The experiment of a configuration, or of a run's; whose data is read for the vocabulary."""
    from rnnlab.config.reading import read_experiment
    from rnnlab.data_access import opened
    from rnnlab.runs import CONFIG, find_run

    run = find_run(path) if os.path.isdir(path) else None
    file = run.path / CONFIG if run else path
    experiment = read_experiment(file, overrides)
    if run:
        given = [word for text in inputs for word in ("--input", text)]
        remedy = f"name the file itself: {command_line('trace', '--untrained', file, *given)}"
        return opened(experiment, run, run.path, remedy=remedy, overrides=overrides)
    return experiment


def _one_layer(hidden: int, overrides: Sequence[str], inputs: Sequence[str]) -> "Experiment":
    """An experiment of one layer on the characters of the inputs, in the order in which they come."""
    from rnnlab.config.reading import parse_experiment
    from rnnlab.pages.yaml_text import quoted

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

"""A run as a notebook shows it: a table of facts, curves, and music."""

from collections.abc import Iterator

import numpy as np

from rnnlab.errors import RnnlabError, count_of
from rnnlab.models.architecture import architecture_of
from rnnlab.models.model_file import Trained, TrainedTask
from rnnlab.models.task_architecture import task_architecture_of
from rnnlab.reports.contents import contents_of
from rnnlab.reports.curves import training_curves
from rnnlab.reports.markup import Markup, tag
from rnnlab.reports.page import fragment
from rnnlab.runs.folder import RunFolder
from rnnlab.runs.history import History, read_history
from rnnlab.runs.listing import read_entry

_UNMEASURED = "a notebook does not measure a run, which may take minutes"


def fragment_of(run: RunFolder) -> Markup:
    """Return HTML about a run. The HTML loads nothing from elsewhere, and the data of the run is not read."""
    rows = [
        tag("tr", tag("th", name, style=_LEFT), tag("td", fact, style=_LEFT)) for name, fact in _facts(run)
    ]
    try:
        shown = [fragment(contents_of(run, refusal=_UNMEASURED))]
    except RnnlabError:  # the table shows the error
        shown = training_curves(read_history(run.path, lenient=True))
    return tag("div", tag("table", *rows), *shown)


def _facts(run: RunFolder) -> Iterator[tuple[str, str]]:
    """Yield rows of a name and a fact; if a file cannot be read, the fact is the error.

    Without an epoch in the history there is no row `trained`.
    """
    yield "run", str(run.path)
    try:
        model = run.load_any_model()
        yield "model", _network(model)
        yield "vocabulary", _vocabulary(model)
    except RnnlabError as error:
        yield "model", str(error)
    try:
        history = read_history(run.path)
        if len(history):
            yield "trained", _trained(run, history)
    except RnnlabError as error:
        yield "history", str(error)


def _network(model: Trained) -> str:
    """Return the task, the kind of the network, its units and its number of parameters."""
    experiment = model.experiment
    if isinstance(model, TrainedTask):
        units = " → ".join(map(str, model.experiment.model.units))
        parameters = task_architecture_of(model.experiment, model.sizes).parameters
        kind = f"{model.experiment.task}, {experiment.model.kind}"
    else:
        layers = architecture_of(model.experiment, len(model.tokens))
        units, parameters = " → ".join(str(layer.units) for layer in layers.layers), layers.parameters
        kind = experiment.model.kind
    return f"{kind} {units}, {count_of(parameters, 'parameter')}"


def _vocabulary(model: Trained) -> str:
    """Return the number of tokens."""
    if isinstance(model, TrainedTask):
        inputs, targets = (count_of(len(tokens), "token") for tokens in (model.tokens, model.targets))
        return f"inputs: {inputs}; targets: {targets}"
    return count_of(len(model.tokens), "note" if model.experiment.dataset.kind == "notes" else "character")


def _trained(run: RunFolder, history: History) -> str:
    """Return the length of the training, and the kept epoch with its losses."""
    try:
        progress = history.progress(run.load_any_model().epoch)
    except RnnlabError:  # the row `model` shows the error
        progress = history.progress()
    counts = f"{count_of(len(history), 'epoch')}, {count_of(len(history.steps), 'step')}"
    said = f"{counts}, {history.seconds[-1]:.1f} s"
    if (best := progress.best_epoch) is None:
        return said
    losses = [("train", history.loss[best - 1]), ("validation", history.validation_loss[best - 1])]
    named = ", ".join(f"{part} loss {loss:.4g}" for part, loss in losses if np.isfinite(loss))
    settings = read_entry(run.path).settings
    return f"{said}; kept epoch {best:,}: {named} nats per {settings.counted if settings else 'token'}"


_LEFT = "text-align: left"

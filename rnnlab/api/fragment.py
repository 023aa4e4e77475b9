"""What a notebook shows of a run: a table of facts, its curves, and of notes the score and a player."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from rnnlab.errors import RnnlabError, count_of
from rnnlab.history import History
from rnnlab.models.architecture import architecture_of
from rnnlab.reports.contents import gather
from rnnlab.reports.fragment import fragment
from rnnlab.reports.history import read_history
from rnnlab.reports.markup import Markup, tag
from rnnlab.reports.training_curves import training_curves

if TYPE_CHECKING:
    from rnnlab.api.run import Run

_UNMEASURED = "a notebook shows a run at once, and measuring one may take minutes"


def fragment_of(run: "Run") -> Markup:
    """HTML that stands by itself: nothing is fetched, and nothing of the data is read."""
    rows = [
        tag("tr", tag("th", name, style=_LEFT), tag("td", fact, style=_LEFT)) for name, fact in _facts(run)
    ]
    try:
        shown = [fragment(gather(run.folder, refusal=_UNMEASURED))]
    except RnnlabError:  # which the table says
        shown = training_curves(read_history(run.folder))
    return tag("div", tag("table", *rows), *shown)


def _facts(run: "Run") -> Iterator[tuple[str, str]]:
    """Rows of (what, fact); what cannot be read is said in place of its fact."""
    yield "run", str(run.path)
    try:
        model = run.model
        layers = architecture_of(model.experiment, len(model.tokens))
        units = " → ".join(str(layer.units) for layer in layers.layers)
        yield "model", f"{model.experiment.model.kind} {units}, {count_of(layers.parameters, 'parameter')}"
        noun = "note" if model.experiment.dataset.kind == "notes" else "character"
        yield "vocabulary", f"{count_of(len(model.tokens), noun)}"
    except RnnlabError as error:
        yield "model", str(error)
    try:
        if len(run.history):
            yield "trained", _trained(run.history)
    except RnnlabError as error:
        yield "history", str(error)


def _trained(history: History) -> str:
    """How long, and what it came to."""
    held_out = history.validation_loss[np.isfinite(history.validation_loss)]
    lowest = f", validation {held_out.min():.4g}" if len(held_out) else ""
    return (
        f"{count_of(len(history), 'epoch')}, {count_of(len(history.steps), 'step')},"
        f" {history.seconds[-1]:.1f} s;"
        f" lowest loss {np.nanmin(history.loss):.4g}{lowest} nats per token"
    )


_LEFT = "text-align: left"

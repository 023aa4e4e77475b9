"""A run in a notebook: its curves and what it plays, as a piece of HTML without a page around it."""

from rnnlab.reports.contents import Contents, Measured
from rnnlab.reports.markup import Markup, tag
from rnnlab.reports.training_curves import training_curves
from rnnlab.reports.works import pieces, played


def fragment(contents: Contents) -> Markup:
    """The curves, and for notes the first piece with its score and its player."""
    measured = contents.measured if isinstance(contents.measured, Measured) else None
    curves = training_curves(contents.history, measured.evaluation if measured else None)
    notes = contents.trained.experiment.dataset.kind == "notes"
    music = played(pieces(contents)[-1:], contents) if notes else []
    return tag("div", tag("h2", contents.run.path.name), *curves, *music)
